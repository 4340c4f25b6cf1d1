"""A mailbox that fills up: its owner is told at 80 and at 95 percent, once each; drafts and Sent have a reserve; moving and deleting always work."""

import contextlib
import email
import email.policy
import imaplib
import smtplib
import sqlite3
import time
from collections.abc import Iterator

import pytest

from tests.scenario.server import PASSWORD, RoostServer
from tests.scenario.waiting import eventually
from tests.web.visitor import signed_in

QUOTA = 200 * 1024


@pytest.fixture(scope="module")
def server() -> Iterator[RoostServer]:
    one = RoostServer(listeners=("smtp", "imap", "http"), people=3)
    for name in ("u1", "u2"):
        one.run("account", "set", f"{name}@x.test", "--quota", "200K")
    yield one
    one.remove()


def imap_of(server: RoostServer, who: str) -> imaplib.IMAP4:
    imap = imaplib.IMAP4("127.0.0.1", server.ports["imap"])
    imap.login(who, PASSWORD)
    return imap


def letter(size: int, subject: str = "Fill") -> bytes:
    head = f"From: ann@out.test\r\nSubject: {subject}\r\n\r\n"
    return (head + "x" * 70 + "\r\n" + ("y" * 70 + "\r\n") * ((size - len(head) - 72) // 72)).encode()


def put(server: RoostServer, who: str, box: str, size: int) -> str:
    with imap_of(server, who) as imap:
        return imap.append(box, None, None, letter(size))[0]


def warnings(server: RoostServer, who: str) -> list[str]:
    with imap_of(server, who) as imap:
        imap.select("INBOX", readonly=True)
        found = []
        for number in imap.search(None, "FROM", "postmaster")[1][0].split():
            made = email.message_from_bytes(imap.fetch(number, "(BODY.PEEK[])")[1][0][1], policy=email.policy.default)
            found.append(f"{made['Subject']} | {made.get_body(('plain',)).get_content()}")  # type: ignore[union-attr]
        return found


def wait_for(server: RoostServer, who: str, count: int) -> list[str]:
    return eventually(lambda: found if len(found := warnings(server, who)) >= count else [])


def test_the_owner_is_told_once_at_80_and_once_at_95_percent_in_their_language(server: RoostServer) -> None:
    server.run("account", "set", "u1@x.test", "--language", "de")
    assert put(server, "u1@x.test", "INBOX", 165 * 1024) == "OK"
    first = wait_for(server, "u1@x.test", 1)
    assert len(first) == 1 and first[0].startswith("Ihr Postfach ist zu 82 % voll") and "200.0 KB" in first[0]
    assert put(server, "u1@x.test", "Archive", 27 * 1024) == "OK"
    assert len(wait_for(server, "u1@x.test", 2)) == 2
    time.sleep(11)
    assert len(warnings(server, "u1@x.test")) == 2, "each level is told once"


def test_a_full_mailbox_keeps_drafts_and_sent_mail_to_its_reserve_and_lets_go_of_everything(server: RoostServer) -> None:
    who = "u2@x.test"
    assert put(server, who, "INBOX", 198 * 1024) == "OK"
    assert put(server, who, "INBOX", 4 * 1024) == "NO" and put(server, who, "Archive", 4 * 1024) == "NO"
    assert put(server, who, "Drafts", 8 * 1024) == "OK" and put(server, who, "Sent", 4 * 1024) == "OK"
    assert put(server, who, "Drafts", 20 * 1024) == "NO", "the reserve has an end"
    with smtplib.SMTP("127.0.0.1", server.ports["smtp"]) as smtp, pytest.raises(smtplib.SMTPRecipientsRefused):
        smtp.sendmail("ann@out.test", [who], letter(2000))
    with imap_of(server, who) as imap:
        imap.select("INBOX")
        big = imap.search(None, "LARGER", "100000")[1][0].decode()
        assert imap.uid("MOVE", imap.fetch(big, "(UID)")[1][0].decode().rpartition("UID ")[2].rstrip(")"), "Trash")[0] == "OK"  # type: ignore[union-attr]
        imap.select("Trash")
        imap.store("1", "+FLAGS", "\\Deleted")
        assert imap.expunge()[0] == "OK"
    assert put(server, who, "INBOX", 50 * 1024) == "OK"


def test_the_week_of_trying_again_begins_anew_once_mail_has_fitted(server: RoostServer) -> None:
    """`452` for a week, `552` after it; a mailbox that was full last year and again today is given its week again."""
    who = "u3@x.test"
    server.run("account", "set", who, "--quota", "100K")

    def answer(size: int) -> int:
        with smtplib.SMTP("127.0.0.1", server.ports["smtp"]) as smtp:
            smtp.ehlo()
            smtp.mail("ann@out.test", [f"SIZE={size}"])
            return smtp.rcpt(who)[0]

    def full_since(days: float) -> None:
        with contextlib.closing(sqlite3.connect(server.folder / "data" / "roost.db", timeout=20)) as base:
            base.execute("UPDATE accounts SET over_quota_since = ? WHERE address = ?", (int((time.time() - days * 86_400) * 1_000_000), who))
            base.commit()

    def is_noted() -> bool:
        with contextlib.closing(sqlite3.connect(f"file:{server.folder / 'data' / 'roost.db'}?mode=ro", uri=True)) as base:
            return base.execute("SELECT over_quota_since FROM accounts WHERE address = ?", (who,)).fetchone()[0] is not None

    assert answer(200_000) == 452
    full_since(6.9)
    assert answer(200_000) == 452
    full_since(7.1)
    assert answer(200_000) == 552
    assert answer(1_000) == 250
    eventually(lambda: not is_noted())
    assert answer(200_000) == 452


def test_the_admin_sees_who_is_nearly_full(server: RoostServer) -> None:
    admin = signed_in(server, "admin@x.test")
    assert "u3@x.test" not in admin.get("/admin/").text
    server.run("account", "set", "u3@x.test", "--quota", "100K")
    assert put(server, "u3@x.test", "INBOX", 85 * 1024) == "OK"
    assert "One account is more than four fifths full" in admin.get("/admin/").text and "u3@x.test" in admin.get("/admin/accounts?state=filling").text
    assert put(server, "u3@x.test", "INBOX", 12 * 1024) == "OK"
    page = admin.get("/admin/").text
    assert "u3@x.test" in page and "nearly full" in page and "four fifths" not in page
