"""Runs the filters of one recipient: the server's, the domain's, the account's forms, then its own script, while a keep is left.

Scripts are compiled once a version and process. The server's and domains' programs are looked at again every SHARED_SECONDS, an
account's with each message, because its row carries the version. Nothing is performed here; see `act`.
"""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from mailcore import sieve
from mailcore.base.clock import DAY, Micros, from_micros
from mailcore.base.errors import MailError, Reason
from mailcore.delivery.decision import Copy, Decision
from mailcore.delivery.parcel import Parcel
from mailcore.directory import personal
from mailcore.directory.resolve import LocalTarget
from mailcore.mail.headers import scan_headers
from mailcore.policy.facts import Mail
from mailcore.runtime.runtime import Runtime
from mailcore.sieve import actions as a
from mailcore.sieve.limits import Limits
from mailcore.sieve.message import Mail as Message
from mailcore.sieve.message import Surroundings
from mailcore.sieve.rulescript import ATTEMPTS_ITEM, RECIPIENTS_ITEM
from mailcore.store import Tx, access, accounts, filters, mailboxes, messages, scripts
from mailcore.store.records import TraceEvent
from mailcore.wire.imap.mutf7 import Spelling

if TYPE_CHECKING:
    from mailcore.sieve import Script

SHARED_SECONDS = 1.0
"""How long the server's and the domains' programs are believed."""
COMPILED = 2000
"""Accounts whose compiled filters a process keeps."""
ROLES = {"\\inbox": "inbox", "\\sent": "sent", "\\junk": "junk", "\\trash": "trash", "\\archive": "archive", "\\drafts": "drafts"}
OWN = "own"
"""Stands for a scope where a program put the script here itself, by ManageSieve: its mailboxes may be written as IMAP shows them."""
SYSTEM_FLAGS = {"\\seen": messages.SEEN, "\\answered": messages.ANSWERED, "\\flagged": messages.FLAGGED, "\\deleted": messages.DELETED, "\\draft": messages.DRAFT}


class Programs:
    """Compiled filters of one process."""

    def __init__(self) -> None:
        self._shared: dict[str, tuple[str, Script]] = {}
        self._looked = float("-inf")
        self._own: OrderedDict[int, tuple[int, list[tuple[Script, str]]]] = OrderedDict()

    def of(self, runtime: Runtime, tx: Tx, target: LocalTarget) -> "list[tuple[Script, str]]":
        """The programs for *target*, in order, with the scope of those that an admin made, "" for the person's forms, OWN for a script. Raises MailError(SYNTAX) for one that does not compile."""
        shared = self.shared(runtime, tx)
        found = [(shared[scope][1], scope) for scope in ("system", f"domain:{target.domain_id}") if scope in shared]
        return [*found, *(self._of_account(tx, target) if target.filters_version else [])]

    def shared(self, runtime: Runtime, tx: Tx) -> "dict[str, tuple[str, Script]]":
        """The server's and the domains' programs by scope, looked at again when they may be old."""
        now = runtime.clock.monotonic()
        if now - self._looked >= SHARED_SECONDS:
            texts = filters.shared_programs(tx)
            self._shared = {
                scope: self._shared[scope] if self._shared.get(scope, ("",))[0] == text else (text, sieve.compile(text, sieve.OWN_EXTENSIONS))
                for scope, text in texts.items()
            }
            self._looked = now
        return self._shared

    def _of_account(self, tx: Tx, target: LocalTarget) -> "list[tuple[Script, str]]":
        version, compiled = self._own.pop(target.account_id, (0, []))  # and put back as the newest: another thread may drop it meanwhile
        if version != target.filters_version:
            scope = f"account:{target.account_id}"
            made = [(sieve.compile(text, sieve.OWN_EXTENSIONS), "") for kind in filters.PROGRAMS if (text := filters.form(tx, scope, kind))]
            own = scripts.active(tx, target.account_id)
            compiled = [*made, (sieve.compile(own), OWN)] if own else made
        self._own[target.account_id] = (target.filters_version, compiled)
        while len(self._own) > COMPILED:
            self._own.popitem(last=False)
        return compiled


def programs(runtime: Runtime) -> Programs:
    """The process's compiled filters."""
    found = runtime.caches.setdefault(__name__, Programs())
    assert isinstance(found, Programs)
    return found


def is_needed(runtime: Runtime, tx: Tx, targets: Sequence[LocalTarget]) -> bool:
    """Whether any filter would run for *targets*: then the work belongs in a pool, not on the loop."""
    return any(t.filters_version for t in targets) or bool(programs(runtime).shared(runtime, tx))


def sift(runtime: Runtime, tx: Tx, mail: Mail, parcel: Parcel, target: LocalTarget, reached_by: str) -> Decision:
    """What the filters of *target* want done. An error keeps the mail in INBOX and is written on the decision."""
    decision = Decision(target=target, reached_by=reached_by)
    now = runtime.clock.micros()
    home = home_of(runtime, tx, mail, parcel, decision)
    try:
        chain = programs(runtime).of(runtime, tx, target)
    except MailError as error:
        decision.error, chain = error.detail, []
        decision.events.append(TraceEvent(at=now, kind="filter", address=target.address, data={"did": "not run", "why": error.detail}))
    if not chain:
        decision.copies.append(replace(home, edits=len(decision.edits)))
        return decision
    account = accounts.account(tx, target.account_id)
    if account is None:
        raise MailError(Reason.NOT_FOUND, f"{target.address} is gone.")
    message = Message(parcel.data)
    around = surroundings(runtime, tx, mail, account, reached_by, now)
    kept_flags: tuple[str, ...] = ()
    limits = Limits(redirects=int(runtime.settings.get("sieve.max_redirects")))
    for script, scope in chain:
        spelled = _spelling(runtime, tx, target.account_id) if scope == OWN else str
        asked = around if spelled is str else replace(around, has_mailbox=lambda name, s=spelled: around.has_mailbox(s(name)))  # type: ignore[misc]
        result = script.run(message, asked, limits)
        keep = _take(decision, result, now, scope, spelled)
        if keep is None:
            return decision
        kept_flags = tuple(dict.fromkeys((*kept_flags, *keep.flags)))
    flags, keywords = flags_of(kept_flags)
    decision.copies.append(Copy(mailbox=home.mailbox, role=home.role, flags=flags, keywords=keywords, edits=len(decision.edits)))
    return decision


def home_of(runtime: Runtime, tx: Tx, mail: Mail, parcel: Parcel, decision: Decision) -> Copy:
    """Where *mail* goes unless a filter says otherwise. Who sees only POP3's inbox gets a mark on the subject instead of Junk (POLICY, Mailboxes)."""
    if not mail.is_junk:
        return Copy(mailbox=mail.home) if mail.home else Copy()
    mark, now = str(runtime.settings.get("spam.pop3_mark", domain_id=decision.target.domain_id)), runtime.clock.micros()
    if not mark or not access.uses_only_pop3(tx, decision.target.account_id, now - access.ALONE_DAYS * DAY):
        return Copy(role="junk")
    headers = scan_headers(parcel.data)
    fields = len(headers.all(b"subject"))
    decision.edits = (*(a.DeleteHeader(name="Subject", nth=1) for _ in range(fields)), a.AddHeader(name="Subject", value=f"{mark} {headers.text(b'subject')}".rstrip()))
    decision.events.append(TraceEvent(at=now, kind="filter", address=decision.target.address, data={"did": "marked the subject", "why": "junk for an account that only POP3 reads"}))
    return Copy(mailbox=mail.home) if mail.home else Copy()


def _spelling(runtime: Runtime, tx: Tx, account_id: int) -> Callable[[str], str]:
    """How a person's own script names mailboxes: as IMAP shows them, or with the slash that the webmail and older scripts have.

    Where IMAP has the dot and a name reads either way, a mailbox that is there decides, and else the dot parts levels.
    """
    if runtime.settings.get("imap.delimiter") == "/":
        return str
    there = {box.name for box in mailboxes.list_all(tx, account_id)}
    swapped = Spelling(delimiter=str(runtime.settings.get("imap.delimiter"))).swapped
    return lambda name: name if "." not in name or (mailboxes.canonical(name) in there and swapped(name) not in there) else swapped(name)


def _take(decision: Decision, result: a.Result, now: Micros, scope: str, spelled: Callable[[str], str]) -> a.Keep | None:
    """Add what one script asked for; its Keep, if it leaves the message in the inbox. *spelled* gives a mailbox's name inside."""
    base, keep, is_by_admin = len(decision.edits), None, scope not in ("", OWN)
    decision.edits += result.header_edits
    for action in result.actions:
        match action:
            case a.Keep():
                keep = action
            case a.FileInto():
                flags, keywords = flags_of(action.flags)
                role = ROLES.get(action.special_use.lower(), "")
                decision.copies.append(
                    Copy(mailbox=spelled(action.mailbox), role=role, creates=action.create, flags=flags, keywords=keywords, edits=base + action.edits)
                )
            case a.Redirect():
                decision.redirects.append((action, is_by_admin))
            case a.Vacation():
                decision.vacations.append(action)
            case a.Notify():
                decision.notices.append(action)
            case a.Remember():
                decision.marks.append(action)
            case a.Reject():
                decision.refusal = action.reason
            case a.SendBy():
                decision.route = action.route
            case a.RunProgram():
                if is_by_admin:
                    decision.programs.append(action.name)
            case a.Discard():
                decision.events.append(TraceEvent(at=now, kind="filter", address=decision.target.address, data={"did": "discard"}))
    for step in result.trace:
        decision.events.append(TraceEvent(at=now, kind="filter", address=decision.target.address, data={"did": step.text, "line": step.line}))
    if result.error and is_by_admin:  # not the owner's to mend: the timeline and Home tell it to the admin
        decision.shared_errors[scope] = result.error
        decision.events.append(TraceEvent(at=now, kind="filter", address=decision.target.address, data={"did": "failed", "why": result.error}))
    elif result.error:
        decision.error = decision.error or result.error
    return keep


def flags_of(names: Sequence[str]) -> tuple[int, tuple[str, ...]]:
    """IMAP flag names as bits and keywords."""
    bits, keywords = 0, []
    for name in names:
        if name.startswith("\\"):
            bits |= SYSTEM_FLAGS.get(name.lower(), 0)
        elif name:
            keywords.append(name)
    return bits, tuple(dict.fromkeys(keywords))


def surroundings(runtime: Runtime, tx: Tx, mail: Mail, account: accounts.Account | None, reached_by: str, now: Micros) -> Surroundings:
    """What a script may ask about besides the message."""
    boxes: dict[str, str] = {}
    account_id = account.id if account is not None else 0

    def all_boxes() -> dict[str, str]:
        if not boxes:
            boxes.update({box.name: box.role for box in mailboxes.list_all(tx, account_id)})
        return boxes

    def has_special_use(name: str | None, use: str) -> bool:
        role = ROLES.get(use.lower(), "?")
        return role in all_boxes().values() if name is None else all_boxes().get(name) == role

    return Surroundings(
        sender=str(mail.sender.address or ""), recipient=reached_by, original_recipient=reached_by,
        signed_in_as=mail.client.account.address if mail.client.account is not None else "", spam_percent=mail.spam_percent,
        now=from_micros(now), zone=personal.zone_of(runtime, account),
        environment={"domain": runtime.hostname.partition(".")[2], "host": runtime.hostname, "location": "MDA", "name": "Roost", "phase": "during", "remote-ip": mail.client.ip, RECIPIENTS_ITEM: ";".join(one.path for one in mail.recipients), ATTEMPTS_ITEM: "1"},
        has_mailbox=lambda name: mailboxes.canonical(name) in all_boxes(), has_special_use=has_special_use,
        is_seen=lambda mark: filters.is_seen(tx, account_id, mark, now), find_script=lambda name, is_global: _script(tx, account_id, name, is_global),
    )  # fmt: skip


def _script(tx: Tx, account_id: int, name: str, is_global: bool) -> "Script | None":
    found = None if is_global else scripts.get(tx, account_id, name)
    return sieve.compile(found.content) if found is not None else None
