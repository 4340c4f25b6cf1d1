"""Mail as other programs keep it: what is one message, when it came, and what was noted of it."""

from mailcore.base.clock import to_micros
from mailcore.mail import mbox

MBOX = (
    b"From ann@out.test Wed Nov 25 08:09:10 2026\nSubject: one\nStatus: RO\nX-Status: AF\n\nfirst\n>From here\n\n"
    b"From - Thu Nov 26 00:00:01 2026\nSubject: two\nX-Mozilla-Status: 0001\n\nFrom the top of a paragraph\n\n\n"
    b"From bob@out.test Fri Nov  6 00:00 2026\nSubject: three\n\n"
)


def test_messages_end_where_the_next_begins() -> None:
    found = list(mbox.messages(MBOX.splitlines(keepends=True), 10_000))
    assert [data.split(b"\r\n")[0] for data, _ in found if data] == [b"Subject: one", b"Subject: two", b"Subject: three"]
    assert found[0][0] == b"Subject: one\r\nStatus: RO\r\nX-Status: AF\r\n\r\nfirst\r\nFrom here\r\n"
    assert found[1][0] is not None and found[1][0].endswith(b"From the top of a paragraph\r\n\r\n")


def test_the_from_line_says_when() -> None:
    from datetime import UTC, datetime

    times = [at for _, at in mbox.messages(MBOX.splitlines(keepends=True), 10_000)]
    assert times == [to_micros(datetime(2026, 11, 25, 8, 9, 10, tzinfo=UTC)), to_micros(datetime(2026, 11, 26, 0, 0, 1, tzinfo=UTC)), to_micros(datetime(2026, 11, 6, tzinfo=UTC))]


def test_a_large_message_is_passed_over_and_the_next_one_is_whole() -> None:
    big = b"From a@b Wed Nov 25 08:09:10 2026\nSubject: big\n\n" + b"x" * 90 + b"\n" * 2 + MBOX
    found = [data for data, _ in mbox.messages(big.splitlines(keepends=True), 80)]
    assert found[0] is None and found[1] is not None and found[1].startswith(b"Subject: one")


def test_what_is_no_mbox_holds_no_message() -> None:
    assert list(mbox.messages([b"Subject: x\n", b"\n", b"From nobody\n"], 100)) == []


def test_marks_of_mutt_and_of_thunderbird() -> None:
    (one, _), (two, _), (three, _) = mbox.messages(MBOX.splitlines(keepends=True), 10_000)
    assert one and two and three
    marks = mbox.read_marks(one)
    assert (marks.is_seen, marks.is_answered, marks.is_flagged, marks.is_draft, marks.is_told) == (True, True, True, False, True)
    assert mbox.read_marks(two).is_seen and not mbox.read_marks(two).is_flagged
    assert not mbox.read_marks(three).is_told


def test_labels_of_gmail_and_keywords() -> None:
    marks = mbox.read_marks(b"X-Gmail-Labels: Inbox,Starred,=?UTF-8?Q?Caf=C3=A9?=\r\nX-Keywords: work todo\r\n\r\n")
    assert marks.is_flagged and marks.is_seen and set(marks.labels) == {"Inbox", "Starred", "Café", "work", "todo"}
    assert not mbox.read_marks(b"X-Gmail-Labels: Unread,Inbox\r\n\r\n").is_seen


def test_notes_are_taken_off_with_their_folded_lines() -> None:
    data = b"Subject: x\r\nX-Mozilla-Keys: a\r\n b\r\nStatus: RO\r\nTo: y\r\n\r\nStatus: stays\r\n"
    assert mbox.without_notes(data) == b"Subject: x\r\nTo: y\r\n\r\nStatus: stays\r\n"
