"""Which conversation a message belongs to, by the Message-IDs it names (RFC 5322 §3.6.4).

Decision: a conversation has an end. A stranger who answers one thread for ever would make every page of it walk all of it, so
a full one takes no more, and the message that finds it full begins a new one, which takes over the names it gives.
"""

import hashlib
from collections.abc import Sequence

from mailcore.store.engine import Tx

THREAD_MESSAGES = 400
"""Messages of one conversation. Stops a thread that is answered without end from slowing every page that shows it."""

NAMES = 100
"""Message-IDs of one message that are looked up for what was said of its conversation."""


def msgid_hash(msgid: str) -> int:
    """A Message-ID as a positive 63-bit number, the key of `thread_refs`."""
    return int.from_bytes(hashlib.blake2b(msgid.encode("utf-8", "replace"), digest_size=8).digest(), "big") >> 1


def find_thread(tx: Tx, account_id: int, names: Sequence[str]) -> int | None:
    """The thread that the first of *names* belongs to; None when there is none with room."""
    full: set[int] = set()
    for name in names:
        found = tx.value("SELECT thread_id FROM thread_refs WHERE account_id = :a AND msgid_hash = :h", {"a": account_id, "h": msgid_hash(name)})
        if found is None or int(found) in full:
            continue
        if not is_full(tx, int(found)):
            return int(found)
        full.add(int(found))
    return None


def named(tx: Tx, account_id: int, names: Sequence[str]) -> set[int]:
    """Every thread that *names* lead to, full ones too."""
    found = (tx.value("SELECT thread_id FROM thread_refs WHERE account_id = :a AND msgid_hash = :h", {"a": account_id, "h": msgid_hash(name)}) for name in names[:NAMES])
    return {int(thread_id) for thread_id in found if thread_id is not None}


def is_full(tx: Tx, thread_id: int) -> bool:
    """Whether a thread has THREAD_MESSAGES."""
    return tx.one("SELECT 1 FROM messages WHERE thread_id = :t LIMIT 1 OFFSET :n", {"t": thread_id, "n": THREAD_MESSAGES - 1}) is not None


def remember_thread(tx: Tx, account_id: int, names: Sequence[str], thread_id: int, *, is_new: bool) -> None:
    """Let later messages that name this one, or what it names, find its thread; a new one takes names over from the full one before it."""
    kept = "DO UPDATE SET thread_id = excluded.thread_id" if is_new else "DO NOTHING"
    for name in names:
        tx.run(
            f"INSERT INTO thread_refs (account_id, msgid_hash, thread_id) VALUES (:a, :h, :t) ON CONFLICT (account_id, msgid_hash) {kept}",
            {"a": account_id, "h": msgid_hash(name), "t": thread_id},
        )
