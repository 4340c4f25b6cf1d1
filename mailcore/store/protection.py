"""Rows of protection: greylisting, sender rules, ranges of addresses, block lists' health, and the counts of words in spam.

Every verb takes a Tx; what a row means is `policy`'s.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from mailcore.base.clock import Micros
from mailcore.store.engine import Tx

MESSAGES = 0
"""The word under which messages themselves are counted."""
EVERYONE = 0
"""The account under which everyone's words are counted."""
WORDS_A_QUERY = 300
BAN_PRIORITY = 100
"""What a ban has among ranges, as hMailServer gives it: addresses of a range above it are never banned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Triplet:
    """What greylisting remembers of a network, sender and recipient."""

    first_at: Micros
    last_at: Micros
    passed_at: Micros | None


def triplet(tx: Tx, network: str, sender: str, recipient: str) -> Triplet | None:
    """The triplet, if it came before."""
    row = tx.one(
        "SELECT first_at, last_at, passed_at FROM greylisted WHERE network = :n AND sender = :s AND recipient = :r",
        {"n": network, "s": sender, "r": recipient},
    )
    return None if row is None else Triplet(first_at=row[0], last_at=row[1], passed_at=row[2])


def put_triplet(tx: Tx, network: str, sender: str, recipient: str, made: Triplet) -> None:
    """Remember a triplet."""
    tx.run(
        "INSERT INTO greylisted (network, sender, recipient, first_at, last_at, passed_at) VALUES (:n, :s, :r, :f, :l, :p)"
        " ON CONFLICT (network, sender, recipient) DO UPDATE SET first_at = :f, last_at = :l, passed_at = :p",
        {"n": network, "s": sender, "r": recipient, "f": made.first_at, "l": made.last_at, "p": made.passed_at},
    )


def forget_triplets(tx: Tx, unused_before: Micros, used_before: Micros, limit: int) -> int:
    """Drop triplets that never came again, and those not seen for long; how many."""
    return tx.run(
        "DELETE FROM greylisted WHERE id IN (SELECT id FROM greylisted WHERE (passed_at IS NULL AND last_at < :u) OR last_at < :l LIMIT :n)",
        {"u": unused_before, "l": used_before, "n": limit},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderRule:
    """Who is let past ("allow") or refused ("deny"); `network` in CIDR form, `sender` with * and ?; "" is anyone."""

    id: int
    kind: str
    network: str
    sender: str
    note: str


def sender_rules(tx: Tx) -> list[SenderRule]:
    """Every rule, oldest first."""
    rows = tx.all("SELECT id, kind, network, sender, note FROM sender_rules ORDER BY id")
    return [SenderRule(id=r[0], kind=r[1], network=r[2], sender=r[3], note=r[4]) for r in rows]


def add_sender_rule(tx: Tx, kind: str, network: str, sender: str, note: str, now: Micros) -> int:
    """A new rule; its id."""
    return tx.insert(
        "INSERT INTO sender_rules (kind, network, sender, note, created_at) VALUES (:k, :n, :s, :t, :at)",
        {"k": kind, "n": network, "s": sender, "t": note, "at": now},
    )


def remove_sender_rule(tx: Tx, rule_id: int) -> int:
    """Take a rule out; how many there were."""
    return tx.run("DELETE FROM sender_rules WHERE id = :i", {"i": rule_id})


@dataclass(frozen=True, slots=True, kw_only=True)
class IpRange:
    """Addresses from `lower` to `upper` (32 hex digits) and what they may do. Lists are space separated words."""

    id: int = 0
    name: str
    priority: int
    lower: str
    upper: str
    protocols: str
    allowed: str
    needs_auth: str
    checks_spam: bool = True
    checks_virus: bool = True
    needs_tls: bool = False
    expires_at: Micros | None = None


_RANGE = "id, name, priority, lower, upper, protocols, allowed, needs_auth, checks_spam, checks_virus, needs_tls, expires_at"


def ranges(tx: Tx, now: Micros) -> list[IpRange]:
    """Every range that has not expired, highest priority first."""
    rows = tx.all(f"SELECT {_RANGE} FROM ip_ranges WHERE expires_at IS NULL OR expires_at > :t ORDER BY priority DESC, id", {"t": now})
    return [
        IpRange(
            id=r[0], name=r[1], priority=r[2], lower=r[3], upper=r[4], protocols=r[5], allowed=r[6], needs_auth=r[7], checks_spam=bool(r[8]),
            checks_virus=bool(r[9]), needs_tls=bool(r[10]), expires_at=r[11],
        )
        for r in rows
    ]  # fmt: skip


def is_above_bans(tx: Tx, key: str, now: Micros) -> bool:
    """Whether a range of more than BAN_PRIORITY holds the address of *key*."""
    sql = "SELECT 1 FROM ip_ranges WHERE priority > :p AND lower <= :k AND upper >= :k AND (expires_at IS NULL OR expires_at > :t)"
    return tx.value(sql, {"p": BAN_PRIORITY, "k": key, "t": now}) is not None


def put_range(tx: Tx, one: IpRange) -> None:
    """Add a range, or change the one of its name."""
    values = {
        "name": one.name, "priority": one.priority, "lower": one.lower, "upper": one.upper, "protocols": one.protocols, "allowed": one.allowed,
        "needs_auth": one.needs_auth, "checks_spam": int(one.checks_spam), "checks_virus": int(one.checks_virus), "needs_tls": int(one.needs_tls),
        "expires_at": one.expires_at,
    }  # fmt: skip
    names = list(values)
    tx.run(
        f"INSERT INTO ip_ranges ({', '.join(names)}) VALUES ({', '.join(':' + n for n in names)})"
        f" ON CONFLICT (name) DO UPDATE SET {', '.join(f'{n} = :{n}' for n in names if n != 'name')}",
        values,
    )


def remove_range(tx: Tx, name: str) -> int:
    """Take a range out; how many there were."""
    return tx.run("DELETE FROM ip_ranges WHERE name = :n", {"n": name})


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockListState:
    """How a list did at its last probe."""

    host: str
    state: str
    detail: str
    checked_at: Micros


def block_list_states(tx: Tx) -> dict[str, BlockListState]:
    """Every list that was probed, by host."""
    rows = tx.all("SELECT host, state, detail, checked_at FROM block_list_states")
    return {r[0]: BlockListState(host=r[0], state=r[1], detail=r[2], checked_at=r[3]) for r in rows}


def put_block_list_state(tx: Tx, one: BlockListState) -> None:
    """Remember a probe."""
    tx.run(
        "INSERT INTO block_list_states (host, state, detail, checked_at) VALUES (:h, :s, :d, :t)"
        " ON CONFLICT (host) DO UPDATE SET state = :s, detail = :d, checked_at = :t",
        {"h": one.host, "s": one.state, "d": one.detail, "t": one.checked_at},
    )


def word_counts(tx: Tx, account_id: int, words: Sequence[int]) -> dict[int, tuple[int, int]]:
    """(in spam, in good mail) of each word that was seen."""
    found: dict[int, tuple[int, int]] = {}
    for start in range(0, len(words), WORDS_A_QUERY):
        some = ",".join(str(int(word)) for word in words[start : start + WORDS_A_QUERY])
        rows = tx.all(f"SELECT word, spam, good FROM word_counts WHERE account_id = :a AND word IN ({some})", {"a": account_id})
        found.update({r[0]: (r[1], r[2]) for r in rows})
    return found


def count_words(tx: Tx, account_id: int, words: Iterable[int], *, spam: int, good: int) -> None:
    """Add to the counts of *words*; a count never falls below zero."""
    for table in (account_id, EVERYONE):
        tx.many(
            "INSERT INTO word_counts (account_id, word, spam, good) VALUES (:a, :w, :sp, :gp)"
            " ON CONFLICT (account_id, word) DO UPDATE SET"
            " spam = CASE WHEN word_counts.spam + :s > 0 THEN word_counts.spam + :s ELSE 0 END,"
            " good = CASE WHEN word_counts.good + :g > 0 THEN word_counts.good + :g ELSE 0 END",
            [_counted(table, word, spam, good) for word in words],
        )


def _counted(account_id: int, word: int, spam: int, good: int) -> Mapping[str, int]:
    return {"a": account_id, "w": word, "s": spam, "g": good, "sp": max(spam, 0), "gp": max(good, 0)}


def filed_by_people(tx: Tx, after: int, until: int, limit: int) -> list[tuple[int, int, bool]]:
    """(account, email, whether into Junk) of what programs and the webmail put into Junk or took out of it between two log ids, oldest first."""
    rows = tx.all(
        "SELECT c.account_id, c.container, b.role, c.ids, c.modseq FROM changes c JOIN mailboxes b ON b.id = c.container WHERE c.id > :a AND c.id <= :u AND c.kind = 'append'"
        " AND (c.actor LIKE 'imap:%' OR c.actor LIKE 'webmail:%') AND b.role NOT IN ('trash', 'drafts', 'sent') ORDER BY c.id LIMIT :n",
        {"a": after, "u": until, "n": limit},
    )
    found: list[tuple[int, int, bool]] = []
    for account_id, mailbox_id, role, ids, modseq in rows:
        for low, high in _spans(ids):
            span = {"b": mailbox_id, "l": low, "h": high, "n": limit - len(found)}
            known = "" if role == "junk" else f" AND ({_WAS_JUNK})"
            bound = span if role == "junk" else span | {"a": account_id, "m": modseq}
            emails = tx.all(f"SELECT m.email_id FROM messages m WHERE m.mailbox_id = :b AND m.uid BETWEEN :l AND :h{known} ORDER BY m.uid LIMIT :n", bound)
            found += [(account_id, r[0], role == "junk") for r in emails]
    return found


_OF_JUNK = "(SELECT id FROM mailboxes WHERE account_id = :a AND role = 'junk')"
_WAS_JUNK = (
    f"EXISTS (SELECT 1 FROM messages j WHERE j.email_id = m.email_id AND +j.mailbox_id IN {_OF_JUNK})"
    f" OR EXISTS (SELECT 1 FROM expunged x WHERE x.email_id = m.email_id AND +x.mailbox_id IN {_OF_JUNK})"
    f" OR EXISTS (SELECT 1 FROM expunged x WHERE x.mailbox_id IN {_OF_JUNK} AND x.modseq = :m AND x.email_id IS NULL)"
    " OR EXISTS (SELECT 1 FROM learned l WHERE l.account_id = :a AND l.email_id = m.email_id AND l.is_spam = 1)"
)
"""Whether an email that is in another mailbox now lies or lay in Junk, or left it by the change of *m*. Asked of all messages of a change at
once, each part by its own index (+ keeps the planner from reading all of an account's Junk or past for each): a person may move a million."""


JUNK_WORDS, GOOD_WORDS = frozenset({"$junk", "junk"}), frozenset({"$notjunk", "notjunk", "nonjunk"})
"""Keywords by which programs say what they or their people think of a message."""


def marked_by_people(tx: Tx, after: int, until: int, limit: int) -> list[tuple[int, int, bool]]:
    """(account, email, whether as junk) of what programs marked by keyword alone between two log ids; what was moved before is left as the move said."""
    rows = tx.all(
        "SELECT c.account_id, c.container, b.role, c.ids FROM changes c JOIN mailboxes b ON b.id = c.container WHERE c.id > :a AND c.id <= :u AND c.kind = 'flags'"
        " AND c.actor LIKE 'imap:%' ORDER BY c.id LIMIT :n",
        {"a": after, "u": until, "n": limit},
    )
    found: list[tuple[int, int, bool]] = []
    for account_id, mailbox_id, role, ids in rows:
        for low, high in _spans(ids):
            span = {"b": mailbox_id, "l": low, "h": high, "n": limit - len(found)}
            for email_id, keywords in tx.all("SELECT email_id, keywords FROM messages WHERE mailbox_id = :b AND uid BETWEEN :l AND :h AND keywords <> '' ORDER BY uid LIMIT :n", span):
                words = set(keywords.lower().split())
                is_junk, is_good = bool(words & JUNK_WORDS), bool(words & GOOD_WORDS)
                if is_junk != is_good and not (is_good and role == "junk") and learned(tx, account_id, email_id) is None:
                    found.append((account_id, email_id, is_junk))
    return found


def _spans(ids: str) -> list[tuple[int, int]]:
    """The ends of each part of a sequence set such as 1:4,7."""
    ends = [part.partition(":") for part in ids.split(",") if part]
    return [(int(low), int(high or low)) for low, _, high in ends]


def learned(tx: Tx, account_id: int, email_id: int) -> bool | None:
    """What an email was last learned as; None when it never was."""
    found = tx.value("SELECT is_spam FROM learned WHERE account_id = :a AND email_id = :e", {"a": account_id, "e": email_id})
    return None if found is None else bool(found)


def put_learned(tx: Tx, account_id: int, email_id: int, is_spam: bool, now: Micros) -> None:
    """Remember what an email was learned as."""
    tx.run(
        "INSERT INTO learned (account_id, email_id, is_spam, at) VALUES (:a, :e, :s, :t)"
        " ON CONFLICT (account_id, email_id) DO UPDATE SET is_spam = :s, at = :t",
        {"a": account_id, "e": email_id, "s": int(is_spam), "t": now},
    )


def forget_learned(tx: Tx, before: Micros, limit: int) -> int:
    """Drop what was learned long ago: its mail is settled; how many."""
    return tx.run("DELETE FROM learned WHERE id IN (SELECT id FROM learned WHERE at < :b LIMIT :n)", {"b": before, "n": limit})
