"""Files behind links: which there are, how often each was fetched, until when; prolonged, locked, ended, removed."""

from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext

from mailcore.base.errors import MailError
from mailcore.directory import file_links
from mailcore.store import file_links as store
from mailcore.store.file_links import FileLink
from web import words
from web.signed_in import account
from web.site import actor, site
from webmail.links import days_of, url_of
from webmail.presenters.forms import day_choices
from webmail.settings.values import Errors, SharedFileRow, SharedFilesPage


def shown(_errors: Errors) -> dict[str, Any]:
    """The page."""
    mine = account()
    may, found = file_links.limits(site().runtime, mine), store.of_account(site().read(), mine.id)
    used = sum(one.size for one in found)
    return {
        "form": SharedFilesPage(
            rows=tuple(row(one) for one in found), days=day_choices(may.days), is_on=may.is_on, used_percent=min(100, used * 100 // may.total_bytes),
            used_text=_("%(size)s of %(limit)s", size=words.size(used), limit=words.size(may.total_bytes)), largest=words.size(may.file_bytes),
        )
    }  # fmt: skip


def row(one: FileLink) -> SharedFileRow:
    """One file in words."""
    is_open = one.expires_at > site().now()
    fetched = ngettext("fetched once", "fetched %(num)d times", one.downloads) if one.downloads else _("not fetched yet")
    last = _(", last %(when)s", when=words.short(one.last_at)) if one.last_at else ""
    until = _("until %(when)s", when=words.long(one.expires_at)) if is_open else _("ended")
    return SharedFileRow(id=one.id, name=one.name, size_text=words.size(one.size), until=until, fetched=fetched + last, url=url_of(one), is_open=is_open, is_locked=bool(one.password_hash))


def save(form: Any) -> str:
    """Change, end or remove one. Raises MailError."""
    mine, now, op = account(), site().now(), form.get("op")
    number = int(form["id"]) if form.get("id", "").isdigit() else 0
    if op == "remove":
        site().write(lambda tx: file_links.remove(tx, actor(), mine, number, now))
        return _("The file is removed")
    if op == "end":
        site().write(lambda tx: file_links.change(tx, actor(), mine, number, ends=now, password_hash=None, now=now))
        return _("The link has ended. For a day it can be opened again.")
    try:
        locked = "" if form.get("password_off") else file_links.hashed(form.get("link_password", "")) or None
    except MailError as error:
        error.field = f"link_password-{number}"  # type: ignore[attr-defined]
        raise
    ends = file_links.until(site().runtime, mine, days_of(form))
    site().write(lambda tx: file_links.change(tx, actor(), mine, number, ends=ends, password_hash=locked, now=now))
    return _("Saved")
