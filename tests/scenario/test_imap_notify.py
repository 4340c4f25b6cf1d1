"""NOTIFY on a whole server: news of other mailboxes while the client says nothing."""


import pytest

from tests.lasting import lasting
from tests.scenario.server import RoostServer
from tests.scenario.test_imap import Raw, deliver, raw, sign_in

BOTH = "MessageNew MessageExpunge"


server = lasting(lambda: RoostServer(listeners=("smtp", "imap"), people=4))


def watching(server: RoostServer, user: str, groups: str, *, selected: str = "") -> Raw:
    wire = raw(server, user)
    if selected:
        wire.say(f"s SELECT {selected}")
    assert wire.say(f"n NOTIFY SET {groups}")[-1].startswith(b"n OK"), groups
    return wire


def test_mail_elsewhere_is_told_by_status_and_names_by_list(server: RoostServer) -> None:
    wire = watching(server, "u1@x.test", f"(personal ({BOTH} MailboxName SubscriptionChange))", selected="Sent")
    deliver(server, "u1@x.test")
    assert wire.until(b"* STATUS")[-1].startswith(b"* STATUS INBOX (MESSAGES 1 UIDNEXT 2 UIDVALIDITY ")
    with sign_in(server) as other:
        other.create("Plans")
        assert wire.until(b"* LIST")[-1] == b'* LIST () "/" "Plans"'
        other.subscribe("Plans")
        assert wire.until(b"* LIST")[-1] == b'* LIST (\\Subscribed) "/" "Plans"'
        other.rename("Plans", '"Old plans"')
        lines = [wire.file.readline().rstrip() for _ in range(3)]
        assert b'* LIST () "/" "Old plans" ("OLDNAME" ("Plans"))' in lines
        other.delete('"Old plans"')
        assert b"\\NonExistent" in wire.until(b"* LIST (\\NonExistent)")[-1]


def test_of_the_open_mailbox_new_messages_come_with_what_was_asked_for_and_stay_unread(server: RoostServer) -> None:
    wire = watching(server, "u2@x.test", "(selected (MessageNew (UID BODY[HEADER.FIELDS (SUBJECT)]) MessageExpunge FlagChange))", selected="INBOX")
    deliver(server, "u2@x.test", 7)
    told = wire.until(b"* 1 FETCH")
    assert b"* 1 EXISTS" in told and b"UID 1 BODY[HEADER.FIELDS (SUBJECT)]" in told[-1]
    with sign_in(server, "u2@x.test") as other:
        other.select("INBOX")
        assert b"\\Seen" not in other.fetch("1", "FLAGS")[1][0]  # type: ignore[operator]
        other.store("1", "+FLAGS", "\\Flagged")
        assert b"\\Flagged" in wire.until(b"* 1 FETCH (FLAGS")[-1]
        other.store("1", "+FLAGS", "\\Deleted")
        other.expunge()
    assert wire.until(b"* 1 EXPUNGE")[-1] == b"* 1 EXPUNGE"


def test_expunges_that_are_delayed_wait_for_a_command(server: RoostServer) -> None:
    for number in (1, 2):
        deliver(server, "u3@x.test", number)
    wire = watching(server, "u3@x.test", f"(selected-delayed ({BOTH}))", selected="INBOX")
    with sign_in(server, "u3@x.test") as other:
        other.select("INBOX")
        other.store("1", "+FLAGS", "\\Deleted")
        other.expunge()
    deliver(server, "u3@x.test", 3)
    assert not any(b"EXPUNGE" in line for line in wire.until(b"* 3 EXISTS"))
    assert b"* 1 EXPUNGE" in wire.say("p NOOP")


def test_what_is_there_is_told_at_once_and_the_first_group_counts(server: RoostServer) -> None:
    wire = raw(server, "u4@x.test")
    told = wire.say(f"n NOTIFY SET STATUS (mailboxes Junk NONE) (subtree (Junk Trash) ({BOTH})) (inboxes ({BOTH}))")
    assert sorted(line.split(b" ")[2].strip(b'"') for line in told[:-1]) == [b"INBOX", b"Trash"]
    with sign_in(server, "u4@x.test") as other:
        other.append("Junk", None, None, b"Subject: 1\r\n\r\n1\r\n")  # type: ignore[arg-type]
        other.append("Trash", None, None, b"Subject: 2\r\n\r\n2\r\n")  # type: ignore[arg-type]
    lines = wire.until(b'* STATUS "Trash"')
    assert not any(b"Junk" in line for line in lines)
    assert wire.say("x NOTIFY NONE")[-1].startswith(b"x OK")
    deliver(server, "u4@x.test")
    assert not any(line.startswith(b"* STATUS") for line in wire.say("y NOOP"))


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("NOTIFY SET (personal (MessageNew))", b"BAD"), ("NOTIFY SET (personal (FlagChange))", b"BAD"), ("NOTIFY SET (selected (MailboxName))", b"BAD"),
        (f"NOTIFY SET (selected ({BOTH})) (selected-delayed ({BOTH}))", b"BAD"), ("NOTIFY SET", b"BAD"), ("NOTIFY SET (nowhere NONE)", b"BAD"), ("NOTIFY SET (personal (Sunshine))", b"BAD"),
        ("NOTIFY SET (mailboxes " + "(" + " ".join(f"a{n}" for n in range(300)) + ") NONE)", b"BAD"), ("NOTIFY SET " + " ".join(["(personal NONE)"] * 60), b"BAD"),
        (f"NOTIFY SET (personal ({BOTH} AnnotationChange))", b"NO [BADEVENT (MessageNew MessageExpunge FlagChange MailboxName SubscriptionChange)]"),
    ],
)  # fmt: skip
def test_what_cannot_be_told_is_refused(server: RoostServer, command: str, answer: bytes) -> None:
    wire = raw(server, "u4@x.test")
    assert wire.say(f"n {command}")[-1].startswith(b"n " + answer)
