"""SELECT, EXAMINE, CLOSE, UNSELECT; QRESYNC's catching up with what a client missed."""

from array import array
from typing import TYPE_CHECKING, Any

from mailcore.base.errors import MailError, Reason
from mailcore.sessions.imap.steps import Asking, LongRead, Read, Steps, Write
from mailcore.sessions.imap.view import BITS, View, bits_for, flag_names
from mailcore.store import Tx, listing, mailboxes, messages, sharing
from mailcore.store.sharing import Place
from mailcore.wire.imap import commands as c
from mailcore.wire.imap import responses as r
from mailcore.wire.imap.sequence import SequenceSet
from mailcore.wire.imap.states import State

if TYPE_CHECKING:
    from mailcore.sessions.imap.session import Session

DELIMITER = "/"
LARGE = 5000
"""A mailbox with more messages is read in the store pool, not on the loop."""


def find(session: "Session", name: str, needed: str = "r") -> Asking[Place]:
    """The mailbox called *name*, where the rights *needed* are given, as the generator's value. Raises MailError(NOT_FOUND, NOT_PERMITTED)."""
    place: Place = yield Read(lambda tx: sharing.find(tx, session.someone, name, needed))
    if place.box.is_noselect:
        raise MailError(Reason.NOT_FOUND, f"There is no mailbox {name}.")
    return place


def select(session: "Session", command: c.Select | c.Examine) -> Steps:
    """SELECT and EXAMINE. RFC 3501 §6.3.1, RFC 9051 §6.3.2; a failed one leaves no mailbox selected."""
    if session.view is not None and (session.is_rev2 or "QRESYNC" in session.enabled):
        yield r.untagged("OK", "The old mailbox is closed.", "CLOSED")
    session.view, session.state = None, State.AUTHENTICATED
    place = yield from find(session, str(command.mailbox))
    box = place.box
    is_read_only = isinstance(command, c.Examine) or not set("swiet") & set(place.rights)
    if command.has_condstore or command.qresync is not None:
        session.enabled.add("CONDSTORE")

    def look(tx: Tx) -> tuple[mailboxes.Mailbox, "array[int]", int | None, list[str]]:
        now = mailboxes.get(tx, box.id)
        if now is None:
            raise MailError(Reason.NOT_FOUND, f"There is no mailbox {box.name}.")
        return now, listing.uids(tx, box.id), listing.first_unseen(tx, box.id) if now.unseen_count else None, listing.keywords_used(tx, box.id)

    box, uids, unseen, words = yield LongRead(look) if box.message_count > LARGE else Read(look)
    view = View(box, uids, is_read_only=is_read_only, rights=place.rights, is_own=place.is_own, has_recent=not session.is_rev2)
    yield r.flags([name for _, name in BITS] + words)
    kept = bits_for(place.rights)
    names = [name for bit, name in BITS if bit & kept] + ([*words, "\\*"] if "w" in place.rights else [])
    yield r.untagged("OK", "Flags that stay.", "PERMANENTFLAGS (" + " ".join([] if is_read_only else names) + ")")
    yield r.exists(len(uids))
    if view.has_recent:
        yield r.recent(sum(1 for uid in uids if uid >= view.recent_from) if box.recent_uid < box.uidnext - 1 else 0)
    if session.is_rev2:
        yield r.list_reply([], session.delimiter, box.name, spelling=session.spelling)
    elif unseen is not None and (number := view.number_of(unseen)) is not None:
        yield r.untagged("OK", "The first unseen message.", f"UNSEEN {number}")
    yield r.untagged("OK", "UIDs are valid.", f"UIDVALIDITY {box.uidvalidity}")
    yield r.untagged("OK", "The next UID.", f"UIDNEXT {box.uidnext}")
    yield r.untagged("OK", "The highest mod-sequence.", f"HIGHESTMODSEQ {max(1, box.modseq)}")
    yield r.untagged("OK", "The mailbox's id.", f"MAILBOXID (F{box.id})")
    session.view, session.state = view, State.SELECTED
    if not is_read_only and box.recent_uid < box.uidnext - 1:
        yield Write(lambda tx: mailboxes.claim_recent(tx, box.id))
    if command.qresync is not None and command.qresync.uidvalidity == box.uidvalidity:
        yield from catch_up(session, view, command.qresync)
    yield r.tagged(command.tag, "OK", "Selected.", "READ-ONLY" if is_read_only else "READ-WRITE")


def catch_up(session: "Session", view: View, known: Any) -> Steps:
    """Tell what changed since the client's MODSEQ. RFC 7162 §3.2.5."""
    rows = yield LongRead(
        lambda tx: (listing.expunged_since(tx, view.mailbox_id, known.modseq), listing.changed_since(tx, view.mailbox_id, known.modseq))
    )
    gone, changed = rows
    if known.known_uids is not None:
        gone = [uid for uid in gone if uid in known.known_uids]
    if gone:
        yield r.vanished(SequenceSet.of(gone), is_earlier=True)
    out = []
    for uid, flags, words, modseq in changed:
        number = view.number_of(uid)
        if number is not None and (known.known_uids is None or uid in known.known_uids):
            out.append(r.fetch_flags(number, flag_names(flags, words, view.is_recent(uid)), uid=uid, modseq=modseq))
    if out:
        yield b"".join(out)


def expunge_marked(session: "Session", tx: Tx, view: View, ranges: list[tuple[int, int]] | None) -> None:
    """Remove what is marked \\Deleted; undelete keeps it, unless the domain wants nothing kept."""
    now, keep = session.runtime.clock.micros(), session.runtime.settings.get("undelete.days", domain_id=session.someone.domain_id) > 0
    messages.expunge(tx, view.account_id, view.mailbox_id, ranges, actor=session.writer(view.account_id), now=now, only_deleted=True, keep=keep)


def close(session: "Session", command: c.Close) -> Steps:
    """CLOSE: expunge without a word, and leave. RFC 3501 §6.4.2."""
    view = session.view
    assert view is not None
    if not view.is_read_only and view.may("e"):
        yield Write(lambda tx: expunge_marked(session, tx, view, None))
    yield from unselect(session, command)


def unselect(session: "Session", command: c.Command) -> Steps:
    """UNSELECT: leave."""
    session.view, session.state = None, State.AUTHENTICATED
    yield r.tagged(command.tag, "OK", "Done.")


