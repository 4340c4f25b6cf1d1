"""Mailboxes of an account: create, rename, delete, subscribe, and the counts that are kept with every change.

A name is the whole path with `/`; "INBOX" is always spelt so. A deleted mailbox that has children stays as \\Noselect only
when the caller asks for it; its messages go to `expunged`, where undelete finds them.
"""

from dataclasses import dataclass

from mailcore.base.clock import Micros
from mailcore.base.errors import MailError, Reason
from mailcore.store import changes
from mailcore.store.engine import Tx

NAME_BYTES = 1000
"""Longest mailbox path in UTF-8: stops names that fill rows and indexes."""
DEPTH = 25
"""Deepest nesting of mailboxes: the same as hMailServer's."""
PER_ACCOUNT = 10_000
"""Most mailboxes one account may have: stops CREATE in a loop."""

ROLES = ("inbox", "drafts", "sent", "junk", "trash", "archive")
STANDARD = (("INBOX", "inbox"), ("Drafts", "drafts"), ("Sent", "sent"), ("Junk", "junk"), ("Trash", "trash"), ("Archive", "archive"))
"""What a new account has: names on the wire, roles for SPECIAL-USE (RFC 6154)."""

COLUMNS = (
    "id, account_id, name, role, uidvalidity, uidnext, modseq, message_count, unseen_count, deleted_count, size_bytes, recent_uid, is_noselect"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailbox:
    """A mailbox as stored. `role` is "" or one of ROLES; sizes in bytes."""

    id: int
    account_id: int
    name: str
    role: str
    uidvalidity: int
    uidnext: int
    modseq: int
    message_count: int
    unseen_count: int
    deleted_count: int
    size_bytes: int
    recent_uid: int
    is_noselect: bool


def of_row(row: tuple[object, ...]) -> Mailbox:
    """A row of COLUMNS as a Mailbox."""
    return Mailbox(
        id=row[0], account_id=row[1], name=row[2], role=row[3], uidvalidity=row[4], uidnext=row[5], modseq=row[6],  # type: ignore[arg-type]
        message_count=row[7], unseen_count=row[8], deleted_count=row[9], size_bytes=row[10], recent_uid=row[11], is_noselect=bool(row[12]),  # type: ignore[arg-type]
    )  # fmt: skip


def list_all(tx: Tx, account_id: int) -> list[Mailbox]:
    """Every mailbox of an account, by name."""
    return [of_row(r) for r in tx.all(f"SELECT {COLUMNS} FROM mailboxes WHERE account_id = :a ORDER BY name", {"a": account_id})]


def get(tx: Tx, mailbox_id: int) -> Mailbox | None:
    """The mailbox with this id."""
    row = tx.one(f"SELECT {COLUMNS} FROM mailboxes WHERE id = :i", {"i": mailbox_id})
    return None if row is None else of_row(row)


def by_name(tx: Tx, account_id: int, name: str) -> Mailbox | None:
    """The mailbox of this name; INBOX in any case."""
    row = tx.one(f"SELECT {COLUMNS} FROM mailboxes WHERE account_id = :a AND name = :n", {"a": account_id, "n": canonical(name)})
    return None if row is None else of_row(row)


def by_role(tx: Tx, account_id: int, role: str) -> Mailbox | None:
    """The mailbox that plays *role*."""
    row = tx.one(f"SELECT {COLUMNS} FROM mailboxes WHERE account_id = :a AND role = :r ORDER BY id LIMIT 1", {"a": account_id, "r": role})
    return None if row is None else of_row(row)


def canonical(name: str) -> str:
    """*name* with INBOX, alone or as the first level, in capitals. RFC 3501 §5.1."""
    head, slash, rest = name.partition("/")
    return "INBOX" + slash + rest if head.upper() == "INBOX" else name


def check_name(name: str) -> str:
    """*name* made canonical. Raises MailError(SYNTAX) with what is wrong."""
    name = canonical(name)
    if not name or len(name.encode("utf-8", "surrogatepass")) > NAME_BYTES:
        raise MailError(Reason.SYNTAX, f"A mailbox name has 1 to {NAME_BYTES} bytes.")
    if any(ord(c) < 32 or ord(c) == 127 or 0xD800 <= ord(c) < 0xE000 for c in name):
        raise MailError(Reason.SYNTAX, "A mailbox name holds no control characters.")
    levels = name.split("/")
    if len(levels) > DEPTH:
        raise MailError(Reason.LIMIT, f"Mailboxes nest at most {DEPTH} deep.")
    if any(not level.strip() or level in (".", "..") for level in levels):
        raise MailError(Reason.SYNTAX, "Every level of a mailbox name needs a name.")
    return name


def create(tx: Tx, account_id: int, name: str, *, role: str = "", actor: str, now: Micros, is_subscribed: bool = False) -> Mailbox:
    """A new mailbox; missing parents are made too. Raises MailError(ALREADY_EXISTS, SYNTAX, LIMIT)."""
    name = check_name(name)
    modseq = changes.begin(tx, account_id)
    existing = by_name(tx, account_id, name)
    if existing is not None and not existing.is_noselect:
        raise MailError(Reason.ALREADY_EXISTS, f"There is already a mailbox {name}.")
    if tx.value("SELECT count(*) FROM mailboxes WHERE account_id = :a", {"a": account_id}) >= PER_ACCOUNT:
        raise MailError(Reason.LIMIT, f"An account has at most {PER_ACCOUNT} mailboxes.")
    levels = name.split("/")
    for depth in range(1, len(levels)):
        parent = "/".join(levels[:depth])
        if by_name(tx, account_id, parent) is None:
            _insert(tx, account_id, parent, "", modseq, actor, now)
    if existing is not None:
        tx.run("UPDATE mailboxes SET is_noselect = 0, modseq = :m WHERE id = :i", {"i": existing.id, "m": modseq})
        changes.log(tx, account_id, modseq, "mailbox-created", container=existing.id, actor=actor, now=now)
    else:
        _insert(tx, account_id, name, role, modseq, actor, now)
    if is_subscribed:
        subscribe(tx, account_id, name)
    made = by_name(tx, account_id, name)
    assert made is not None
    return made


def _insert(tx: Tx, account_id: int, name: str, role: str, modseq: int, actor: str, now: Micros) -> int:
    mailbox_id = tx.insert(
        "INSERT INTO mailboxes (account_id, name, role, uidvalidity, uidnext, modseq, created_at) VALUES (:a, :n, :r, :v, 1, :m, :t)",
        {"a": account_id, "n": name, "r": role, "v": next_uidvalidity(tx, account_id, now), "m": modseq, "t": now},
    )
    parent = name.rpartition("/")[0]
    if parent and parent != "INBOX":  # what is shared is shared with all below it; a mailbox under INBOX stays private
        tx.run(
            "INSERT INTO mailbox_rights (mailbox_id, holder_kind, holder_id, rights) SELECT :i, r.holder_kind, r.holder_id, r.rights"
            " FROM mailbox_rights r JOIN mailboxes m ON m.id = r.mailbox_id WHERE m.account_id = :a AND m.name = :p",
            {"i": mailbox_id, "a": account_id, "p": parent},
        )
    changes.log(tx, account_id, modseq, "mailbox-created", container=mailbox_id, actor=actor, now=now)
    return mailbox_id


def next_uidvalidity(tx: Tx, account_id: int, now: Micros) -> int:
    """A value never given in this account before: the time in seconds, or one more than the last. RFC 3501 §2.3.1.1."""
    value: int = tx.value(
        "UPDATE accounts SET uidvalidity = CASE WHEN uidvalidity >= :s THEN uidvalidity + 1 ELSE :s END WHERE id = :a RETURNING uidvalidity",
        {"a": account_id, "s": now // 1_000_000},
    )
    return value


def create_standard(tx: Tx, account_id: int, *, actor: str, now: Micros) -> None:
    """INBOX and the five mailboxes with roles, subscribed."""
    for name, role in STANDARD:
        create(tx, account_id, name, role=role, actor=actor, now=now, is_subscribed=True)


def rename(tx: Tx, account_id: int, old: str, new: str, *, actor: str, now: Micros) -> None:
    """Rename a mailbox and all below it; ids and UIDs stay. INBOX's messages move and INBOX stays (RFC 3501 §6.3.5).

    Raises MailError(NOT_FOUND, ALREADY_EXISTS, SYNTAX).
    """
    old, new = canonical(old), check_name(new)
    modseq = changes.begin(tx, account_id)
    source = by_name(tx, account_id, old)
    if source is None:
        raise MailError(Reason.NOT_FOUND, f"There is no mailbox {old}.")
    if by_name(tx, account_id, new) is not None:
        raise MailError(Reason.ALREADY_EXISTS, f"There is already a mailbox {new}.")
    if new.startswith(old + "/"):
        raise MailError(Reason.SYNTAX, "A mailbox cannot move into itself.")
    if old == "INBOX":
        _rename_inbox(tx, source, new, actor, now)
        return
    levels = new.split("/")
    for depth in range(1, len(levels)):
        parent = "/".join(levels[:depth])
        if by_name(tx, account_id, parent) is None:
            _insert(tx, account_id, parent, "", modseq, actor, now)
    for box in list_all(tx, account_id):
        if box.name == old or box.name.startswith(old + "/"):
            target = check_name(new + box.name[len(old) :])
            tx.run("UPDATE mailboxes SET name = :n, modseq = :m WHERE id = :i", {"n": target, "m": modseq, "i": box.id})
            if tx.run("DELETE FROM subscriptions WHERE account_id = :a AND name = :n", {"a": account_id, "n": box.name}):
                subscribe(tx, account_id, target)
            changes.log(tx, account_id, modseq, "mailbox-renamed", container=box.id, actor=actor, now=now)


def _rename_inbox(tx: Tx, inbox: Mailbox, new: str, actor: str, now: Micros) -> None:
    from mailcore.store import messages

    target = create(tx, inbox.account_id, new, actor=actor, now=now)
    messages.move(tx, inbox.account_id, inbox.id, target.id, [(1, 2**32 - 1)], actor=actor, now=now)


def delete(tx: Tx, account_id: int, name: str, *, actor: str, now: Micros, keep_until: Micros | None = None) -> None:
    """Delete a mailbox; its messages can be brought back until *keep_until*. Raises MailError(NOT_FOUND, NOT_PERMITTED).

    One with children becomes \\Noselect and loses its messages (RFC 3501 §6.3.4).
    """
    from mailcore.store import messages

    name = canonical(name)
    box = by_name(tx, account_id, name)
    if box is None:
        raise MailError(Reason.NOT_FOUND, f"There is no mailbox {name}.")
    if name == "INBOX":
        raise MailError(Reason.NOT_PERMITTED, "INBOX cannot be deleted.")
    modseq = changes.begin(tx, account_id)
    has_children = any(b.name.startswith(name + "/") for b in list_all(tx, account_id))
    if has_children and box.is_noselect:
        raise MailError(Reason.IN_USE, f"{name} has mailboxes below it; delete those first.")
    messages.expunge(tx, account_id, box.id, None, actor=actor, now=now, keep=keep_until is not None)
    if has_children:
        tx.run(
            "UPDATE mailboxes SET is_noselect = 1, role = '', modseq = :m, uidvalidity = :v, uidnext = 1 WHERE id = :i",
            {"i": box.id, "m": modseq, "v": next_uidvalidity(tx, account_id, now)},
        )
    else:
        tx.run("DELETE FROM mailbox_rights WHERE mailbox_id = :i", {"i": box.id})
        tx.run("DELETE FROM mailboxes WHERE id = :i", {"i": box.id})
    changes.log(tx, account_id, modseq, "mailbox-deleted", container=box.id, actor=actor, now=now)


def set_role(tx: Tx, account_id: int, mailbox_id: int, role: str, *, actor: str, now: Micros) -> None:
    """Let *mailbox_id* play *role* ("" for none); whoever played it stops."""
    modseq = changes.begin(tx, account_id)
    if role:
        tx.run("UPDATE mailboxes SET role = '' WHERE account_id = :a AND role = :r", {"a": account_id, "r": role})
    tx.run("UPDATE mailboxes SET role = :r, modseq = :m WHERE id = :i AND account_id = :a", {"r": role, "m": modseq, "i": mailbox_id, "a": account_id})
    changes.log(tx, account_id, modseq, "mailbox-renamed", container=mailbox_id, actor=actor, now=now)


def subscribe(tx: Tx, account_id: int, name: str) -> None:
    """Show *name* in LSUB, whether it exists or not."""
    tx.run(
        "INSERT INTO subscriptions (account_id, name) VALUES (:a, :n) ON CONFLICT (account_id, name) DO NOTHING",
        {"a": account_id, "n": canonical(name)},
    )


def unsubscribe(tx: Tx, account_id: int, name: str) -> bool:
    """Stop showing *name*; whether it was shown."""
    return tx.run("DELETE FROM subscriptions WHERE account_id = :a AND name = :n", {"a": account_id, "n": canonical(name)}) > 0


def subscriptions(tx: Tx, account_id: int) -> list[str]:
    """Every subscribed name."""
    return [r[0] for r in tx.all("SELECT name FROM subscriptions WHERE account_id = :a ORDER BY name", {"a": account_id})]


def claim_recent(tx: Tx, mailbox_id: int) -> None:
    """The session that selected the mailbox has seen every message so far as \\Recent."""
    tx.run("UPDATE mailboxes SET recent_uid = uidnext - 1 WHERE id = :i AND recent_uid < uidnext - 1", {"i": mailbox_id})
