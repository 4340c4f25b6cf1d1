"""A Bayes filter of our own: words counted in what people call spam and what they do not, combined by Robinson's inverse chi-square.

An account's own counts decide once it has taught enough; until then everyone's do. `learn` is the one way in: called when mail
moves in or out of Junk, in whatever program; moving back unlearns.
"""

import hashlib
import math
import re

from mailcore.base.clock import DAY
from mailcore.base.errors import MailError
from mailcore.mail.headers import scan_headers
from mailcore.policy.facts import Finding
from mailcore.policy.look import Look, scored
from mailcore.runtime.runtime import Runtime
from mailcore.store import Tx, protection
from mailcore.store.blobs import Locator

MAX_WORDS = 400
"""Different words of one message that are looked at. Stops a dictionary from drowning the few words that tell."""
LOOKED_BYTES = 64 * 1024
TELLING = 30
"""The most telling words decide."""
TAUGHT = 20
"""Messages of each kind before counts are believed."""
KEPT = 2
"""Good messages learned beside each spam."""
SURE = 0.95
"""Above this it is called spam."""

_MARKUP = re.compile(rb"<[^<>]{0,500}>|=\r?\n")
_WORD = re.compile(r"[^\W_][\w'$.-]{2,38}[^\W_]", re.UNICODE)
_HEADERS = (b"subject", b"from", b"reply-to", b"list-id", b"x-mailer")


def words_of(data: bytes) -> list[int]:
    """The words of a message as 63-bit hashes, each once: of its body, and of a few header fields under their names."""
    headers = scan_headers(data)
    texts = [(name.decode(), headers.text(name)[:1000]) for name in _HEADERS]
    texts.append(("", _MARKUP.sub(b" ", data[headers.end : headers.end + LOOKED_BYTES]).decode("utf-8", "replace")))
    found: dict[str, None] = {}
    for name, text in texts:
        for word in _WORD.findall(text.lower()):
            found[f"{name}:{word}" if name else word] = None
            if len(found) >= MAX_WORDS:
                break
    return [hash_of(word) for word in found]


def hash_of(word: str) -> int:
    """A word's number, never that under which messages are counted."""
    return (int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest(), "big") >> 1) or 1


def probability(counts: dict[int, tuple[int, int]], words: list[int]) -> float | None:
    """How surely it is spam, 0..1; None when too little was taught."""
    spam, good = counts.get(protection.MESSAGES, (0, 0))
    if spam < TAUGHT or good < TAUGHT:
        return None
    chances = []
    for word in words:
        in_spam, in_good = counts.get(word, (0, 0))
        if in_spam + in_good == 0:
            continue
        share = (in_spam / spam) / (in_spam / spam + in_good / good)
        count = in_spam + in_good
        chances.append(min(0.999, max(0.001, (0.45 * 0.5 + count * share) / (0.45 + count))))
    chances = sorted(chances, key=lambda one: -abs(one - 0.5))[:TELLING]
    if not chances:
        return None
    count = 2 * len(chances)
    is_spam = 1 - _chi(-2 * sum(math.log(1 - one) for one in chances), count)
    is_good = 1 - _chi(-2 * sum(math.log(one) for one in chances), count)
    return (1 + is_spam - is_good) / 2


def _chi(value: float, freedom: int) -> float:
    """The probability that chi-square with *freedom* (even) exceeds *value*."""
    half = value / 2
    term = total = math.exp(-half)
    for number in range(1, freedom // 2):
        term *= half / number
        total += term
    return min(total, 1.0)


def check(look: Look) -> list[Finding]:
    """The filter's word: the account's own when the message is for one account that taught enough, else everyone's."""
    score = look.get("spam.bayes")
    if not score or len(look.data) > look.get("spam.max_size"):
        return []
    tx = look.runtime.store.read()
    accounts = (*look.account_ids, protection.EVERYONE) if len(look.account_ids) == 1 else (protection.EVERYONE,)
    taught = [one for one in accounts if min(protection.word_counts(tx, one, [protection.MESSAGES]).get(protection.MESSAGES, (0, 0))) >= TAUGHT]
    asked = [protection.MESSAGES, *words_of(look.data)] if taught else []
    for account_id in taught:
        found = probability(protection.word_counts(tx, account_id, asked), asked[1:])
        if found is not None:
            return [scored("bayes", score if found >= SURE else 0, "Its words are those of spam.", probability=round(found, 3))]
    return []


def learn(runtime: Runtime, account_id: int, email_id: int, is_spam: bool) -> bool:
    """Learn an email as spam or not, unlearning what it was learned as before; whether anything changed. Never raises MailError.

    Reads the message and waits for a write: call it outside of any write, and not on a loop.
    """
    try:
        has_changed = _learn_one(runtime, account_id, email_id, is_spam)
        if has_changed and is_spam:
            # People move spam into Junk and hardly ever good mail out of it: what they read and kept teaches the other side.
            for kept in _kept(runtime, account_id):
                _learn_one(runtime, account_id, kept, False)
    except MailError as error:
        runtime.log.warning("could not learn", email=email_id, detail=error.detail)
        return False
    return has_changed


def _learn_one(runtime: Runtime, account_id: int, email_id: int, is_spam: bool) -> bool:
    row = runtime.store.read().one(
        'SELECT b.segment, b."offset", b.length FROM emails e JOIN blobs b ON b.id = e.blob_id WHERE e.id = :e AND e.account_id = :a',
        {"e": email_id, "a": account_id},
    )
    if row is None:
        return False
    locator = Locator(segment=row[0], offset=row[1], length=row[2])
    words = [protection.MESSAGES, *words_of(runtime.store.blobs.read(locator, 0, min(row[2], LOOKED_BYTES * 2)))]
    now = runtime.clock.micros()
    return runtime.store.write(lambda tx: _learned(tx, account_id, email_id, is_spam, words, now), bulk=True)


def _kept(runtime: Runtime, account_id: int) -> list[int]:
    """Up to KEPT emails that were read, lie in INBOX or Archive for a day, and taught nothing yet."""
    rows = runtime.store.read().all(
        "SELECT m.email_id FROM messages m JOIN mailboxes b ON b.id = m.mailbox_id WHERE b.account_id = :a AND b.role IN ('inbox', 'archive')"
        " AND (m.flags & 1) <> 0 AND m.save_date < :t AND NOT EXISTS (SELECT 1 FROM learned l WHERE l.account_id = :a AND l.email_id = m.email_id)"
        " ORDER BY m.id DESC LIMIT :n",
        {"a": account_id, "t": runtime.clock.micros() - DAY, "n": KEPT},
    )
    return [row[0] for row in rows]


def _learned(tx: Tx, account_id: int, email_id: int, is_spam: bool, words: list[int], now: int) -> bool:
    before = protection.learned(tx, account_id, email_id)
    if before is is_spam:
        return False
    if before is not None:
        protection.count_words(tx, account_id, words, spam=-1 if before else 0, good=0 if before else -1)
    protection.count_words(tx, account_id, words, spam=1 if is_spam else 0, good=0 if is_spam else 1)
    protection.put_learned(tx, account_id, email_id, is_spam, now)
    return True
