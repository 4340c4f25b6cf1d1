"""Accounts elsewhere whose mail comes here, as a form that tries what it adds: of one's own in the webmail and of somebody's in the panel."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext

from mailcore.base.errors import MailError, Reason
from mailcore.directory import fetching
from mailcore.store import fetched, mailboxes
from mailcore.store.accounts import Account
from mailcore.store.fetched import Fetched
from web import words
from web.site import actor, site
from web.values import Choice


@dataclass(frozen=True, slots=True, kw_only=True)
class ElsewhereRow:
    """One account elsewhere; *trouble* says why the last look did not work."""

    id: int
    name: str
    text: str
    trouble: str
    mailbox: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ElsewherePage:
    """Accounts elsewhere, and the form for one more as it was typed."""

    rows: tuple[ElsewhereRow, ...]
    kinds: tuple[Choice, ...]
    boxes: tuple[Choice, ...]
    keeps: tuple[Choice, ...]
    every: tuple[Choice, ...]
    kind: str
    host: str
    port: str
    username: str
    mailbox: str
    keep: str
    seconds: str
    ways: tuple[Choice, ...] = ()
    """How one signs in there; empty where a password is the only way."""
    way: str = "password"


def page_of(account: Account, typed: Mapping[str, str], ways: tuple[Choice, ...] = ()) -> ElsewherePage:
    """What is fetched, and the form for one more as it was typed."""
    tx = site().read()
    boxes = tuple(Choice(value=b.name, label=words.mailbox_name(b) if b.role else b.name) for b in mailboxes.list_all(tx, account.id) if not b.is_noselect)
    kinds = (
        Choice(value="imap tls", label=_("IMAP with TLS")), Choice(value="pop3 tls", label=_("POP3 with TLS")), Choice(value="imap starttls", label=_("IMAP with STARTTLS")),
        Choice(value="pop3 starttls", label=_("POP3 with STARTTLS")), Choice(value="imap none", label=_("IMAP without encryption")), Choice(value="pop3 none", label=_("POP3 without encryption")),
    )  # fmt: skip
    keeps = (Choice(value="-1", label=_("Leave it there")), Choice(value="0", label=_("Delete it there at once")), *(Choice(value=str(d), label=ngettext("Delete it there after one day", "Delete it there after %(num)d days", d)) for d in (7, 14, 30, 90)))
    every = (Choice(value="300", label=_("5 minutes")), Choice(value="900", label=_("15 minutes")), Choice(value="1800", label=_("30 minutes")), Choice(value="3600", label=_("an hour")), Choice(value="86400", label=_("a day")))
    return ElsewherePage(
        rows=tuple(_row(one) for one in fetched.of_account(tx, account.id)), kinds=kinds, boxes=boxes, keeps=keeps, every=every, kind=typed.get("kind", "imap tls"),
        host=typed.get("host", ""), port=typed.get("port", ""), username=typed.get("username", ""), mailbox=typed.get("mailbox", "INBOX"), keep=typed.get("keep", "-1"),
        seconds=typed.get("every", "900"), ways=ways, way=typed.get("way", "password"),
    )  # fmt: skip


def _row(one: Fetched) -> ElsewhereRow:
    """One of them in words."""
    brought = ngettext("one message brought", "%(num)d messages brought", one.brought)
    when = _("looked %(when)s", when=words.short(one.last_at)) if one.last_at else _("not looked yet")
    return ElsewhereRow(id=one.id, name=f"{one.username} · {one.host}", text=f"{when} · {brought}", trouble=one.trouble, mailbox="" if one.mailbox == "INBOX" else one.mailbox)


def at(field: str, error: MailError) -> MailError:
    """*error* as a mistake of one field."""
    error.field = field  # type: ignore[attr-defined]
    return error


def add(account: Account, form: Any, secret: str) -> str:
    """Try the account of *form* with a password or a grant, and keep it. Raises MailError."""
    protocol, _space, security = form.get("kind", "").partition(" ")
    numbers = [form.get(name, "").strip() or default for name, default in (("port", "0"), ("every", "900"), ("keep", "-1"))]
    if not all(n.removeprefix("-").isascii() and n.removeprefix("-").isdigit() and len(n) < 10 for n in numbers):
        raise at("port", MailError(Reason.SYNTAX, _("The port is a number.")))
    port, every, keep = (int(n) for n in numbers)
    one = Fetched(
        account_id=account.id, protocol=protocol, security=security, host=form.get("host", ""), port=port, username=form.get("username", ""), password=secret,
        mailbox=form.get("mailbox", "INBOX"), every_seconds=every, keep_days=keep,
    )  # fmt: skip
    try:
        _number, waiting = fetching.add(site().runtime, actor(), account, one)
    except MailError as error:
        raise at("password" if error.reason is Reason.AUTH_FAILED else "host" if error.reason in (Reason.NETWORK, Reason.NOT_PERMITTED, Reason.SYNTAX) else "form", error) from error
    return ngettext("It works. One message is there and comes now.", "It works. %(num)d messages are there; new ones come now.", waiting)
