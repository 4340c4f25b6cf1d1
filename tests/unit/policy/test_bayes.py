"""The Bayes filter: what it learns from, when it is believed, and that it can be told otherwise."""

from mailcore.delivery.parcel import new_email
from mailcore.mail.structure import summarise
from mailcore.policy import bayes
from mailcore.store import mailboxes, messages, protection
from tests.unit.policy.conftest import Desk


def letter(number: int, words: str) -> bytes:
    return f"From: p{number}@far.test\r\nTo: ann@x.test\r\nSubject: Number {number}\r\n\r\n{words} nr{number}\r\n".encode()


def put(desk: Desk, data: bytes) -> int:
    """An email in INBOX; its id."""
    runtime, now = desk.runtime, desk.runtime.clock.micros()
    box = mailboxes.by_name(runtime.store.read(), desk.account, "INBOX")
    assert box is not None
    staged = runtime.store.blobs.add(data)
    desk.write(lambda tx: messages.append(tx, runtime.store.blobs, desk.account, box.id, new_email(staged, summarise(data)), actor="t", now=now))
    return int(runtime.store.read().value("SELECT max(email_id) FROM messages"))


def taught(desk: Desk) -> None:
    for number in range(bayes.TAUGHT):
        bayes.learn(desk.runtime, desk.account, put(desk, letter(number, "lottery winner claim million dollars pills")), True)
        bayes.learn(desk.runtime, desk.account, put(desk, letter(1000 + number, "meeting agenda budget invoice project schedule")), False)


def test_what_people_moved_to_junk_teaches_it_what_spam_is(desk: Desk) -> None:
    taught(desk)
    desk.arrive(letter(5000, "You are a lottery winner: claim one million dollars and pills"))
    assert desk.points() == 4
    desk.arrive(letter(5001, "The agenda of the project meeting, with the budget and schedule"))
    assert desk.points() == 0


def test_it_says_nothing_until_it_was_taught_enough(desk: Desk) -> None:
    for number in range(bayes.TAUGHT - 1):
        bayes.learn(desk.runtime, desk.account, put(desk, letter(number, "lottery winner claim million dollars")), True)
    assert [f for f in desk.arrive(letter(5000, "lottery winner claim million dollars")) if f.check == "bayes"] == []


def test_moving_back_unlearns_and_moving_twice_counts_once(desk: Desk) -> None:
    one = put(desk, letter(1, "lottery winner"))
    word = bayes.hash_of("lottery")
    assert bayes.learn(desk.runtime, desk.account, one, True)
    assert not bayes.learn(desk.runtime, desk.account, one, True)
    assert protection.word_counts(desk.runtime.store.read(), desk.account, [word]) == {word: (1, 0)}
    assert bayes.learn(desk.runtime, desk.account, one, False)
    assert protection.word_counts(desk.runtime.store.read(), desk.account, [word]) == {word: (0, 1)}


def test_another_accounts_email_is_not_learned(desk: Desk) -> None:
    assert not bayes.learn(desk.runtime, desk.account + 1, put(desk, letter(1, "lottery")), True)


def test_a_message_of_a_million_words_counts_few() -> None:
    assert len(bayes.words_of(b"Subject: x\r\n\r\n" + b" ".join(b"word%d" % n for n in range(200_000)))) <= bayes.MAX_WORDS + 6
