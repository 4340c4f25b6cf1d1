"""Rules, forwarding and auto-replies in a running server: what a person sets is what happens to their mail."""

import imaplib
import json
import re
import smtplib
import time
from collections.abc import Callable, Iterator

import pytest

from tests.scenario.server import PASSWORD, RoostServer
from tests.web.visitor import Browser

AWAY = "/settings/away"


@pytest.fixture(scope="module")
def server() -> Iterator[RoostServer]:
    one = RoostServer(listeners=("smtp", "imap", "http"), people=6)
    yield one
    one.remove()


def person(server: RoostServer, number: int) -> Browser:
    browser = Browser(server)
    assert browser.sign_in(f"u{number}@x.test").status_code == 200
    return browser


def send(server: RoostServer, to: str, subject: str, sender: str = "ann@out.test", text: str = "Hello", **headers: str) -> None:
    lines = {"From": f"<{sender or 'ann@out.test'}>", "To": to, "Subject": subject, "Message-ID": f"<{time.monotonic_ns()}@out.test>", **{k.replace("_", "-"): v for k, v in headers.items()}}
    data = "".join(f"{k}: {v}\r\n" for k, v in lines.items()) + f"\r\n{text}\r\n"
    with smtplib.SMTP("127.0.0.1", server.ports["smtp"]) as client:
        client.sendmail(sender, [to], data)


def subjects(server: RoostServer, number: int, box: str = "INBOX") -> list[str]:
    with imaplib.IMAP4("127.0.0.1", server.ports["imap"]) as imap:
        imap.login(f"u{number}@x.test", PASSWORD)
        if imap.select(f'"{box}"', readonly=True)[0] != "OK":
            return []
        found = imap.fetch("1:*", "BODY.PEEK[HEADER.FIELDS (SUBJECT)]")[1] if imap.search(None, "ALL")[1][0] else []
    return [part[1].decode().partition(":")[2].strip() for part in found if isinstance(part, tuple)]


def message(server: RoostServer, number: int, subject: str, box: str = "INBOX") -> str:
    with imaplib.IMAP4("127.0.0.1", server.ports["imap"]) as imap:
        imap.login(f"u{number}@x.test", PASSWORD)
        imap.select(f'"{box}"', readonly=True)
        found = imap.search(None, "SUBJECT", f'"{subject}"')[1][0].split()
        return imap.fetch(found[-1], "BODY.PEEK[]")[1][0][1].decode() if found else ""


def eventually(check: Callable[[], object], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)


def queue(server: RoostServer) -> str:
    return server.run("queue", "list", "--json")


def test_an_auto_reply_answers_a_colleague_once_and_says_what_it_is(server: RoostServer) -> None:
    away = person(server, 1)
    away.get(AWAY)
    assert away.post(AWAY, {"op": "away", "is_on": "1", "subject": "Away: %SUBJECT%", "text": "Back on Monday.\nBcc: x@y.test", "days": "7"}).status_code == 200
    assert "Auto-reply on" in away.get("/").text
    send(server, "u1@x.test", "First", sender="u2@x.test")
    eventually(lambda: "Away: First" in subjects(server, 2))
    send(server, "u1@x.test", "Second", sender="u2@x.test")
    eventually(lambda: "Second" in subjects(server, 1))
    assert "Away: Second" not in subjects(server, 2), "one reply a sender in seven days"
    reply = message(server, 2, "Away: First")
    head = reply.partition("\r\n\r\n")[0].lower()
    assert "auto-submitted: auto-replied" in head and "return-path: <>" in head and "in-reply-to: <" in head and "\nbcc:" not in head
    assert "Back on Monday." in reply


@pytest.mark.parametrize(
    "headers", [{"List_Id": "<l.out.test>"}, {"Auto_Submitted": "auto-replied"}, {"Precedence": "bulk"}, {"X_Auto_Response_Suppress": "All"}, {"To": "somebody@else.test"}]
)
def test_no_auto_reply_goes_to_lists_robots_and_mail_for_others(server: RoostServer, headers: dict[str, str]) -> None:
    before = len(subjects(server, 3))
    name = next(iter(headers))
    send(server, "u1@x.test", f"No answer {name}", sender="u3@x.test", **headers)
    eventually(lambda: f"No answer {name}" in subjects(server, 1))
    assert len(subjects(server, 3)) == before
    trace = json.loads(server.run("trace", f"No answer {name}", "--json"))[0]["trace_id"]
    assert "no auto-reply" in server.run("trace", trace, "--json")


def test_the_null_sender_gets_no_auto_reply(server: RoostServer) -> None:
    send(server, "u1@x.test", "A bounce", sender="")
    eventually(lambda: "A bounce" in subjects(server, 1))
    assert "A bounce" not in queue(server)


def test_mail_is_forwarded_to_a_colleague_and_kept(server: RoostServer) -> None:
    me = person(server, 4)
    me.get(AWAY)
    me.post(AWAY, {"op": "forward", "is_forwarding": "1", "targets": "u5@x.test", "keeps_copy": "1"})
    send(server, "u4@x.test", "For both")
    eventually(lambda: "For both" in subjects(server, 4) and "For both" in subjects(server, 5))


def test_forwards_that_lead_in_a_circle_end_by_themselves(server: RoostServer) -> None:
    back = person(server, 5)
    back.get(AWAY)
    back.post(AWAY, {"op": "forward", "is_forwarding": "1", "targets": "u4@x.test"})
    send(server, "u4@x.test", "Round and round")
    eventually(lambda: "Round and round" in subjects(server, 4))
    assert subjects(server, 4).count("Round and round") == 1 and subjects(server, 5).count("Round and round") <= 1
    back.get(AWAY)
    back.post(AWAY, {"op": "forward", "targets": ""})


def test_an_address_elsewhere_must_say_yes_before_mail_goes_there(server: RoostServer) -> None:
    me = person(server, 6)
    me.get(AWAY)
    answer = me.post(AWAY, {"op": "forward", "is_forwarding": "1", "targets": "me@elsewhere.test"})
    assert "waiting for its code" in answer.text
    assert "me@elsewhere.test" in queue(server)
    send(server, "u6@x.test", "Before the code")
    eventually(lambda: "Before the code" in subjects(server, 6))
    assert "Before the code" not in queue(server), "nothing leaves before it is confirmed"
    me.get(AWAY)
    assert "not the code" in me.post(AWAY, {"op": "code", "address": "me@elsewhere.test", "code": "00000000"}).text
    code = re.search(r"\n +(\d{8})\r?\n", queued_text(server))[1]  # type: ignore[index]
    me.get(AWAY)
    assert me.post(AWAY, {"op": "code", "address": "me@elsewhere.test", "code": code}).status_code == 200
    assert "Your mail can now go to me@elsewhere.test" in subjects(server, 6), "the owner is told"
    send(server, "u6@x.test", "After the code")
    eventually(lambda: "After the code" in queue(server))
    assert "After the code" not in subjects(server, 6), "no copy was asked for"
    assert "SRS0=" in queue(server)


def queued_text(server: RoostServer) -> str:
    """The bytes of every blob, where the code's message is."""
    return b"".join(path.read_bytes() for path in (server.folder / "data" / "blobs").rglob("*") if path.is_file()).decode("utf-8", "replace")


def test_a_bounce_of_forwarded_mail_goes_back_to_its_sender(server: RoostServer) -> None:
    sender = re.search(r'"sender": "(SRS0=[^"]+)"', queue(server))[1]  # type: ignore[index]
    with smtplib.SMTP("127.0.0.1", server.ports["smtp"]) as client:
        client.helo("mx.elsewhere.test")
        client.mail("<>")
        assert client.rcpt(f"<{sender}>")[0] == 250
        client.rset()
        client.mail("<>")
        forged = sender.replace("=out.test=", "=other.test=")
        assert client.rcpt(f"<{forged}>")[0] == 550
        client.rset()
        client.mail("<spam@out.test>")
        assert client.rcpt(f"<{sender}>")[0] == 550, "only reports come back this way"
