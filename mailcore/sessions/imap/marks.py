"""STORE, COPY, MOVE, EXPUNGE: what changes messages. Large sets are written in pieces, so that nobody waits long for the store."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from mailcore.base.clock import Micros
from mailcore.base.errors import MailError, Reason
from mailcore.sessions.imap.selecting import expunge_marked, find
from mailcore.sessions.imap.steps import Asking, Read, Steps, Write
from mailcore.sessions.imap.view import View, bits_for, flag_names, split_flags
from mailcore.store import Tx, listing, mailboxes, messages, sharing
from mailcore.store.sharing import Place
from mailcore.wire.imap import commands as c
from mailcore.wire.imap import responses as r
from mailcore.wire.imap.errors import ImapSyntaxError
from mailcore.wire.imap.options import FlagChange
from mailcore.wire.imap.sequence import SequenceSet

if TYPE_CHECKING:
    from mailcore.sessions.imap.session import Session

PIECE = 5000
"""Messages one write touches."""
OPS = {FlagChange.ADD: "add", FlagChange.REMOVE: "remove", FlagChange.REPLACE: "replace"}


def writable(session: "Session") -> View:
    """The selected mailbox. Raises MailError(READ_ONLY) after EXAMINE."""
    view = session.view
    assert view is not None
    if view.is_read_only:
        raise MailError(Reason.READ_ONLY, "This mailbox was opened to read only.")
    return view


def require(view: View, needed: str) -> None:
    """Raises MailError(NOT_PERMITTED) unless the rights *needed* are there."""
    if not view.may(needed):
        raise MailError(Reason.NOT_PERMITTED, f"You have no right to do this in {view.name}.")


def allowed_flags(rights: str, bits: int, words: tuple[str, ...]) -> tuple[int, tuple[str, ...]]:
    """The flags and keywords that *rights* let somebody set. RFC 4314 §4."""
    return bits & bits_for(rights), words if "w" in rights else ()


def chosen(view: View, command: c.Store | c.Copy | c.Move | c.Fetch) -> list[tuple[int, int]]:
    """The command's messages as UID ranges; BAD for a sequence number that does not exist."""
    if not command.is_uid and view.is_out_of_range(command.messages):
        raise ImapSyntaxError(command.tag, "There is no message of that number.")
    return view.ranges(command.messages, is_uid=command.is_uid)


def pieces(view: View, ranges: list[tuple[int, int]]) -> Iterator[list[tuple[int, int]]]:
    """*ranges* cut so that each piece names at most PIECE known messages."""
    from bisect import bisect_left, bisect_right

    batch: list[tuple[int, int]] = []
    count = 0
    for low, high in ranges:
        first, last = bisect_left(view.uids, low), bisect_right(view.uids, high)
        while first < last:
            take = min(last - first, PIECE - count)
            batch.append((view.uids[first], view.uids[first + take - 1]))
            first += take
            count += take
            if count >= PIECE:
                yield batch
                batch, count = [], 0
    if batch:
        yield batch


def store(session: "Session", command: c.Store) -> Steps:
    """STORE. RFC 3501 §6.4.6, RFC 7162 §3.1.3."""
    view = writable(session)
    bits, words = permitted(view, command)
    if command.unchanged_since is not None:
        session.enabled.add("CONDSTORE")
    now, refused = session.runtime.clock.micros(), []
    for batch in pieces(view, chosen(view, command)):
        told = yield Write(
            lambda tx, b=batch: messages.store_flags(  # type: ignore[misc]
                tx, view.account_id, view.mailbox_id, b, OPS[command.change], bits, words, actor=session.writer(view.account_id), now=now,
                unchanged_since=command.unchanged_since, kept_flags=31 & ~bits_for(view.rights), keeps_words="w" not in view.rights,
            )
        )  # fmt: skip
        refused += told.refused
        view.wrote(told.modseq)
        said = yield Read(lambda tx, b=batch, t=told: flag_lines(session, view, command, tx, b, t))  # type: ignore[misc]
        if said:
            yield said
    code = b""
    if refused:
        numbers = refused if command.is_uid else [n for uid in refused if (n := view.number_of(uid))]
        code = r.modified(SequenceSet.of(numbers))
    yield from session.done(command, code=code)


def permitted(view: View, command: c.Store) -> tuple[int, tuple[str, ...]]:
    """The part of STORE's flags that may be changed. Raises MailError(NOT_PERMITTED) when none may. RFC 4314 §4."""
    asked = split_flags(command.flags)
    bits, words = allowed_flags(view.rights, *asked)
    is_empty = not bits and not words
    if is_empty and (any(asked) or not set("swt") & set(view.rights)):
        require(view, "w" if asked[1] or asked[0] & 22 else "t" if asked[0] & 8 else "s")
    return bits, words


def flag_lines(session: "Session", view: View, command: c.Store, tx: Tx, batch: list[tuple[int, int]], told: messages.Flagged) -> bytes:
    """The FETCH lines that answer STORE: every message unless .SILENT; with CONDSTORE the changed ones' MODSEQ even then."""
    has_condstore = "CONDSTORE" in session.enabled
    if command.is_silent and not has_condstore:
        return b""
    changed = {row[0] for row in told.changed}
    refused = set(told.refused)
    out = []
    for uid, flags, words, modseq in listing.flags(tx, view.mailbox_id, batch):
        number = view.number_of(uid)
        if number is None or (command.is_silent and uid not in changed) or uid in refused:
            continue
        if command.is_silent:
            out.append(r.fetch(number, [b"UID %d" % uid, b"MODSEQ (%d)" % modseq]))
            continue
        names = flag_names(flags, words, view.is_recent(uid))
        out.append(r.fetch_flags(number, names, uid=uid if command.is_uid or has_condstore else None, modseq=modseq if has_condstore else None))
    return b"".join(out)


def copy(session: "Session", command: c.Copy) -> Steps:
    """COPY. RFC 3501 §6.4.7 (all or nothing), RFC 4315 §3 (COPYUID)."""
    view = session.view
    assert view is not None
    ranges = chosen(view, command)
    place = yield from target(session, str(command.mailbox))
    box, now = place.box, session.runtime.clock.micros()

    def write(tx: Tx) -> messages.Copied:
        check_quota(tx, box, view, ranges)
        return transfer(session, tx, view, place, ranges, now)

    told = yield Write(write)
    code = r.copyuid(box.uidvalidity, SequenceSet.of(told.source), SequenceSet.of(told.target)) if told.source else b""
    yield from session.done(command, code=code)


def transfer(session: "Session", tx: Tx, view: View, place: Place, ranges: list[tuple[int, int]], now: Micros) -> messages.Copied:
    """Copy within the account, or to another's with the flags that may be set there."""
    box = place.box
    if box.account_id == view.account_id and place.is_own:
        return messages.copy(tx, box.account_id, view.mailbox_id, box.id, ranges, actor=session.actor, now=now)
    source = mailboxes.get(tx, view.mailbox_id)
    if source is None:
        raise MailError(Reason.NOT_FOUND, "The mailbox no longer exists.")
    return sharing.copy_over(
        tx, source, box, ranges, flags=bits_for(place.rights), keeps_words="w" in place.rights, actor=session.writer(box.account_id), now=now
    )


def target(session: "Session", name: str) -> Asking[Place]:
    """The mailbox to copy into. Raises MailError(NOT_FOUND) as NO [TRYCREATE], MailError(NOT_PERMITTED)."""
    try:
        return (yield from find(session, name, "i"))
    except MailError as error:
        if error.reason is not Reason.NOT_FOUND:
            raise
        raise ImapSyntaxError(None, error.detail, status="NO", code="TRYCREATE") from error


def check_quota(tx: Tx, box: mailboxes.Mailbox, view: View, ranges: list[tuple[int, int]]) -> None:
    """Raises MailError(OVER_QUOTA) when the copies would not fit into their owner's room. Into one's own Trash they always do: so do programs without MOVE delete."""
    if box.role == "trash" and box.account_id == view.account_id:
        return
    row = tx.one("SELECT quota_bytes, used_bytes FROM accounts WHERE id = :a", {"a": box.account_id})
    if row is None or not row[0]:
        return
    size = sum(int(tx.value("SELECT coalesce(sum(size), 0) FROM messages WHERE mailbox_id = :b AND uid BETWEEN :f AND :l", {"b": view.mailbox_id, "f": f, "l": last})) for f, last in ranges)
    if row[1] + size > row[0]:
        raise MailError(Reason.OVER_QUOTA, "The copies would not fit into the mailbox's quota.")


def move(session: "Session", command: c.Move) -> Steps:
    """MOVE. RFC 6851: COPYUID untagged first, then the EXPUNGEs."""
    view = writable(session)
    require(view, "te")
    ranges = chosen(view, command)
    place = yield from target(session, str(command.mailbox))
    box, now, writer = place.box, session.runtime.clock.micros(), session.writer(view.account_id)
    if box.id == view.mailbox_id:
        raise MailError(Reason.NOT_SUPPORTED, "The messages are in that mailbox already.")

    def carry(tx: Tx, batch: list[tuple[int, int]]) -> messages.Copied:
        if box.account_id == view.account_id:
            return messages.move(tx, view.account_id, view.mailbox_id, box.id, batch, actor=writer, now=now)
        check_quota(tx, box, view, batch)
        told = transfer(session, tx, view, place, batch, now)
        messages.expunge(tx, view.account_id, view.mailbox_id, [(uid, uid) for uid in told.source], actor=writer, now=now)
        return told

    for batch in pieces(view, ranges):
        told = yield Write(lambda tx, b=batch: carry(tx, b))  # type: ignore[misc]
        if told.source:
            yield r.untagged("OK", "Moved.", r.copyuid(box.uidvalidity, SequenceSet.of(told.source), SequenceSet.of(told.target)))
    yield from session.done(command)


def expunge(session: "Session", command: c.Expunge) -> Steps:
    """EXPUNGE and UID EXPUNGE."""
    view = writable(session)
    require(view, "e")
    ranges = None if command.uids is None else view.ranges(command.uids, is_uid=True)
    if ranges is None or ranges:
        yield Write(lambda tx: expunge_marked(session, tx, view, ranges))
    yield from session.done(command)
