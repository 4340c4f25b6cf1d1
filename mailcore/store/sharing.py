"""Rights in mailboxes (RFC 4314): rows a holder (user, group, anyone), and what an account may do and see by them.

What an account sees of others is found from its own rights, never from the name it asks for, so no name leads past them.
"anyone" is everyone in the owner's domain; for the server's public mailboxes it is everyone. The owner has every right.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from mailcore.base.clock import Micros
from mailcore.base.errors import MailError, Reason
from mailcore.store import accounts, changes, mailboxes, messages, threads
from mailcore.store.accounts import Account
from mailcore.store.engine import Tx
from mailcore.store.mailboxes import Mailbox

ALL = "lrswipkxtea"
"""Every right, in the order they are told."""
OTHERS, PUBLIC = "Other Users/", "Public/"
HOLDERS_A_MAILBOX = 200
"""Most holders of rights in one mailbox: stops SETACL in a loop."""
TOLD_AT_ONCE = 200
"""Members of a group whose open pages are told at once of a mailbox that was shared; others see it with the next page."""
PUBLIC_ADDRESS = ":public"
"""Account of public mailboxes: the colon keeps the name from ever being an address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A mailbox as one account meets it: `box.name` is the name there, `rights` what it may do, *own_name* the owner's name for it."""

    box: Mailbox
    rights: str
    own_name: str
    is_own: bool
    own_role: str = ""
    """What the mailbox is for its owner; `box.role` is "" in others' hands."""
    owner: str = ""
    """The owner's address, of others' mailboxes only."""
    owner_name: str = ""
    is_public: bool = False

    def may(self, needed: str) -> bool:
        """Whether every right of *needed* is there."""
        return set(needed) <= set(self.rights)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One row of a mailbox's rights. *name* is an address, `$group` or `anyone`."""

    kind: str
    holder_id: int
    name: str
    rights: str


def ordered(rights: str) -> str:
    """*rights* each once, in the usual order."""
    return "".join(r for r in ALL if r in rights)


def own(box: Mailbox) -> Place:
    """A mailbox as its owner meets it."""
    return Place(box=box, rights=ALL, own_name=box.name, own_role=box.role, is_own=True)


_HELD = (
    "((r.holder_kind = 'user' AND r.holder_id = :me)"
    " OR (r.holder_kind = 'group' AND r.holder_id IN (SELECT group_id FROM group_members WHERE account_id = :me))"
    " OR (r.holder_kind = 'anyone' AND o.domain_id IN (0, :d)))"
)


def rights(tx: Tx, account: Account, mailbox_id: int) -> str:
    """What *account* may do in a mailbox: the union of its own rows, its groups' and anyone's."""
    owner = tx.value("SELECT account_id FROM mailboxes WHERE id = :i", {"i": mailbox_id})
    if owner == account.id:
        return ALL
    rows = tx.all(
        "SELECT r.rights FROM mailbox_rights r JOIN mailboxes m ON m.id = r.mailbox_id JOIN accounts o ON o.id = m.account_id"
        f" WHERE m.id = :i AND o.deleted_at IS NULL AND {_HELD}",
        {"i": mailbox_id, "me": account.id, "d": account.domain_id},
    )
    return ordered("".join(row[0] for row in rows))


_PLACES = (
    "WITH held AS (SELECT mailbox_id, rights FROM mailbox_rights WHERE holder_kind = 'user' AND holder_id = :me"
    " UNION ALL SELECT r.mailbox_id, r.rights FROM mailbox_rights r JOIN group_members g ON g.group_id = r.holder_id"
    " WHERE r.holder_kind = 'group' AND g.account_id = :me"
    " UNION ALL SELECT r.mailbox_id, r.rights FROM mailbox_rights r JOIN mailboxes a ON a.id = r.mailbox_id JOIN accounts w ON w.id = a.account_id"
    " WHERE r.holder_kind = 'anyone' AND r.holder_id = 0 AND w.domain_id IN (0, :d))"
    f" SELECT {', '.join('m.' + name.strip() for name in mailboxes.COLUMNS.split(','))}, h.rights, o.address, o.kind, o.display_name FROM held h"
    " JOIN mailboxes m ON m.id = h.mailbox_id JOIN accounts o ON o.id = m.account_id WHERE m.account_id <> :me AND o.deleted_at IS NULL"
)


def places(tx: Tx, account: Account) -> list[Place]:
    """Every mailbox of others in which *account* has a right, by the name it has for *account*."""
    held: dict[int, Place] = {}
    for row in tx.all(_PLACES, {"me": account.id, "d": account.domain_id}):
        box, (letters, address, kind, name) = mailboxes.of_row(row[:-4]), row[-4:]
        known = held.get(box.id)
        held[box.id] = Place(
            box=replace(box, name=prefix_of(address, kind) + box.name, role=""), rights=ordered(letters + (known.rights if known else "")), own_name=box.name,
            is_own=False, own_role=box.role, owner=address, owner_name=name, is_public=kind == "public",
        )  # fmt: skip
    return sorted((place for place in held.values() if place.rights), key=lambda place: place.box.name)


def place(tx: Tx, account: Account, mailbox_id: int) -> Place | None:
    """A mailbox as *account* meets it; None when it is not there for them."""
    box = mailboxes.get(tx, mailbox_id)
    if box is not None and box.account_id == account.id:
        return own(box)
    return None if box is None else next((found for found in places(tx, account) if found.box.id == mailbox_id), None)


def prefix_of(address: str, kind: str) -> str:
    """What stands before the names of an account's mailboxes for others."""
    if kind != "public":
        return f"{OTHERS}{address}/"
    domain = address.partition("@")[2]
    return f"{PUBLIC}{domain}/" if domain else PUBLIC


def find(tx: Tx, account: Account, name: str, needed: str = "") -> Place:
    """The mailbox *account* calls *name*, with the rights *needed*. Raises MailError(NOT_FOUND, NOT_PERMITTED).

    Without `l` a mailbox that lacks the right is as if it were not there. RFC 4314 §6.
    """
    box = mailboxes.by_name(tx, account.id, name)
    if box is not None:
        return own(box)
    if is_shared_name(name):
        for place in places(tx, account):
            if place.box.name == name:
                if place.may(needed):
                    return place
                if place.may("l"):
                    raise MailError(Reason.NOT_PERMITTED, f"You have no right to do this in {name}.")
    raise MailError(Reason.NOT_FOUND, f"There is no mailbox {name}.")


def is_shared_name(name: str) -> bool:
    """Whether *name* lies where others' mailboxes are."""
    return name.startswith((OTHERS, PUBLIC)) or name + "/" in (OTHERS, PUBLIC)


def leads_out(tx: Tx, account: Account, name: str) -> bool:
    """Whether a mailbox *name* would be another's: it lies in a shared name space, and *account* has nothing of its own of that name from before."""
    return is_shared_name(name) and mailboxes.by_name(tx, account.id, name.partition("/")[0]) is None


def parent_place(tx: Tx, account: Account, name: str) -> Place:
    """The nearest mailbox above the shared *name* where *account* may create (`k`). Raises MailError(NOT_PERMITTED)."""
    best = None
    for place in places(tx, account):
        if name.startswith(place.box.name + "/") and (best is None or len(place.box.name) > len(best.box.name)):
            best = place
    if best is None or not best.may("k"):
        raise MailError(Reason.NOT_PERMITTED, "You have no right to create a mailbox there.")
    return best


def create_inside(tx: Tx, account: Account, name: str, *, actor: str, now: Micros) -> Mailbox:
    """Create the shared *name* below a mailbox where *account* may create; it belongs to that one's owner. Raises MailError."""
    above = parent_place(tx, account, name)
    return mailboxes.create(tx, above.box.account_id, above.own_name + name[len(above.box.name) :], actor=actor, now=now)


def entries(tx: Tx, mailbox_id: int) -> list[Entry]:
    """Who has which rights in a mailbox, the owner left out."""
    rows = tx.all(
        "SELECT r.holder_kind, r.holder_id, r.rights, a.address, g.address FROM mailbox_rights r"
        " LEFT JOIN accounts a ON r.holder_kind = 'user' AND a.id = r.holder_id"
        " LEFT JOIN member_groups g ON r.holder_kind = 'group' AND g.id = r.holder_id WHERE r.mailbox_id = :i ORDER BY r.id",
        {"i": mailbox_id},
    )
    return [Entry(kind=r[0], holder_id=r[1], name=r[3] or (f"${r[4]}" if r[4] else "anyone"), rights=r[2]) for r in rows]


def entries_of(tx: Tx, mailbox_ids: Sequence[int]) -> dict[int, list[Entry]]:
    """The same of several mailboxes by id, read at once."""
    if not mailbox_ids:
        return {}
    rows = tx.all(
        "SELECT r.mailbox_id, r.holder_kind, r.holder_id, r.rights, a.address, g.address FROM mailbox_rights r"
        " LEFT JOIN accounts a ON r.holder_kind = 'user' AND a.id = r.holder_id"
        f" LEFT JOIN member_groups g ON r.holder_kind = 'group' AND g.id = r.holder_id WHERE r.mailbox_id IN ({', '.join(str(int(i)) for i in mailbox_ids)}) ORDER BY r.id"
    )
    found: dict[int, list[Entry]] = {}
    for mailbox_id, kind, holder_id, rights, address, group in rows:
        found.setdefault(mailbox_id, []).append(Entry(kind=kind, holder_id=holder_id, name=address or (f"${group}" if group else "anyone"), rights=rights))
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A mailbox in which others have rights, or a public one."""

    mailbox_id: int
    name: str
    owner: str
    is_public: bool
    domain_id: int
    message_count: int


_GIVEN = (
    " FROM mailboxes m JOIN accounts o ON o.id = m.account_id WHERE o.deleted_at IS NULL AND (o.kind = 'public' OR m.id IN (SELECT mailbox_id FROM mailbox_rights))"
)


def given(tx: Tx, domain_id: int | None, *, limit: int, offset: int = 0, contains: str = "", group_id: int | None = None) -> tuple[list[Given], int]:
    """Public mailboxes, and people's that others may see, of one domain or all (None), public ones first; and how many there are in all.

    *contains* looks into the mailbox's name, its owner's and its holders'; *group_id* keeps those in which that group has rights.
    """
    rows = tx.all(
        f"SELECT m.id, m.name, o.address, o.kind, o.domain_id, m.message_count, count(*) OVER (){_GIVEN}{_given_where(domain_id, contains, group_id)}"
        " ORDER BY CASE WHEN o.kind = 'public' THEN 0 ELSE 1 END, o.address, m.name LIMIT :n OFFSET :o",
        {"d": domain_id, "c": accounts.like(contains), "g": group_id, "n": limit, "o": offset},
    )
    found = [Given(mailbox_id=r[0], name=r[1], owner=r[2], is_public=r[3] == "public", domain_id=r[4], message_count=r[5]) for r in rows]
    return found, int(rows[0][6]) if rows else 0


def _given_where(domain_id: int | None, contains: str, group_id: int | None) -> str:
    where = "" if domain_id is None else " AND o.domain_id = :d"
    if group_id is not None:
        where += " AND m.id IN (SELECT mailbox_id FROM mailbox_rights WHERE holder_kind = 'group' AND holder_id = :g)"
    if contains:
        where += (
            " AND (lower(m.name) LIKE :c ESCAPE '\\' OR o.address LIKE :c ESCAPE '\\' OR m.id IN (SELECT r.mailbox_id FROM mailbox_rights r JOIN accounts h"
            " ON r.holder_kind = 'user' AND h.id = r.holder_id WHERE h.address LIKE :c ESCAPE '\\') OR m.id IN (SELECT r.mailbox_id FROM mailbox_rights r"
            " JOIN member_groups g ON r.holder_kind = 'group' AND g.id = r.holder_id WHERE g.address LIKE :c ESCAPE '\\'))"
        )
    return where


def set_rights(tx: Tx, box: Mailbox, kind: str, holder_id: int, letters: str, *, actor: str, now: Micros) -> None:
    """Give a holder exactly *letters* ("" takes the row away). Raises MailError(LIMIT)."""
    modseq = changes.begin(tx, box.account_id)
    values = {"m": box.id, "k": kind, "h": holder_id, "r": ordered(letters)}
    if not letters:
        tx.run("DELETE FROM mailbox_rights WHERE mailbox_id = :m AND holder_kind = :k AND holder_id = :h", values)
    else:
        others = "SELECT count(*) FROM mailbox_rights WHERE mailbox_id = :m AND NOT (holder_kind = :k AND holder_id = :h)"
        if tx.value(others, values) >= HOLDERS_A_MAILBOX:
            raise MailError(Reason.LIMIT, f"A mailbox is shared with at most {HOLDERS_A_MAILBOX} people and groups.")
        tx.run(
            "INSERT INTO mailbox_rights (mailbox_id, holder_kind, holder_id, rights) VALUES (:m, :k, :h, :r)"
            " ON CONFLICT (mailbox_id, holder_kind, holder_id) DO UPDATE SET rights = :r",
            values,
        )
    changes.log(tx, box.account_id, modseq, "mailbox-shared", container=box.id, actor=actor, now=now)
    tx.hints += [(account_id, 0) for account_id in _people(tx, kind, holder_id)]  # their open pages learn of it


def _people(tx: Tx, kind: str, holder_id: int) -> list[int]:
    """The accounts behind a holder, as far as they are told at once."""
    if kind != "group":
        return [holder_id] if kind == "user" else []
    return [row[0] for row in tx.all("SELECT account_id FROM group_members WHERE group_id = :g ORDER BY account_id LIMIT :n", {"g": holder_id, "n": TOLD_AT_ONCE})]


def public_account(tx: Tx, domain: accounts.Domain | None) -> Account | None:
    """The account that owns the public mailboxes of *domain*, or of the server (None)."""
    return accounts.account_by_address(tx, PUBLIC_ADDRESS if domain is None else f"{PUBLIC_ADDRESS}@{domain.name}")


def make_public_account(tx: Tx, domain: accounts.Domain | None, now: Micros) -> Account:
    """The same, made if it is missing: of kind "public", so nobody signs in as it and no mail goes to it."""
    found = public_account(tx, domain)
    if found is None:
        address = PUBLIC_ADDRESS if domain is None else f"{PUBLIC_ADDRESS}@{domain.name}"
        tx.insert(
            "INSERT INTO accounts (domain_id, address, kind, role, created_at) VALUES (:d, :a, 'public', 'user', :t)",
            {"d": 0 if domain is None else domain.id, "a": address, "t": now},
        )
        found = public_account(tx, domain)
    assert found is not None
    return found


def copy_over(
    tx: Tx, source: Mailbox, target: Mailbox, uids: messages.Uids | None, *, flags: int, keeps_words: bool, actor: str, now: Micros
) -> messages.Copied:  # fmt: skip
    """Copy messages to another account's mailbox with those of their *flags* that may be set there; the bytes are shared, the quota is the target's."""
    modseqs = {account_id: changes.begin(tx, account_id) for account_id in sorted({source.account_id, target.account_id})}
    modseq = modseqs[target.account_id]
    found = messages.select(tx, source.id, uids, "uid, email_id, flags, keywords, size, internal_date")
    placed = []
    for _, email_id, bits, words, size, date in found:
        new_id, thread_id = _email_for(tx, target.account_id, email_id)
        tx.run("UPDATE accounts SET used_bytes = used_bytes + :b, used_count = used_count + 1 WHERE id = :a", {"b": size, "a": target.account_id})
        placed.append(
            messages.place(
                tx, target.account_id, target.id, new_id, thread_id, size, modseq, flags=bits & flags, keywords=words if keeps_words else "",
                internal_date=date, actor=actor, now=now,
            )
        )  # fmt: skip
    return messages.Copied(
        uidvalidity=target.uidvalidity, source=[r[0] for r in found], target=[p.uid for p in placed], message_ids=[p.message_id for p in placed]
    )


_EMAIL = (
    "blob_id, prefix, size, sent_at, subject, base_subject, from_name, from_addr, to_display, preview, msgid, in_reply_to, has_attachments,"
    " trace_id, envelope, body, bodystructure, parts, extra"
)


def _email_for(tx: Tx, account_id: int, email_id: int) -> tuple[int, int]:
    """The (id, thread) of a copy of an email for another account, which shares its blob."""
    row = tx.one("SELECT msgid, in_reply_to FROM emails WHERE id = :i", {"i": email_id})
    assert row is not None
    names = [name for name in row if name]
    thread_id = threads.find_thread(tx, account_id, names)
    new_id = tx.insert(
        f"INSERT INTO emails (account_id, thread_id, {_EMAIL}) SELECT :a, :t, {_EMAIL} FROM emails WHERE id = :i", {"a": account_id, "t": thread_id or 0, "i": email_id}
    )
    is_new = thread_id is None
    if thread_id is None:
        thread_id = new_id
        tx.run("UPDATE emails SET thread_id = id WHERE id = :i", {"i": new_id})
    threads.remember_thread(tx, account_id, names, thread_id, is_new=is_new)
    return new_id, thread_id
