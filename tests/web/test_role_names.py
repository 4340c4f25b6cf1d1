"""Mailboxes that mail programs make under names of their own are offered once to be put together with ours: in the panel and by command."""

import imaplib
import json
import re
from collections.abc import Iterator

import pytest

from tests.scenario.server import PASSWORD, RoostServer
from tests.web.visitor import Browser, signed_in

HERE = "/admin/accounts/u1@x.test"


@pytest.fixture(scope="module")
def server() -> Iterator[RoostServer]:
    one = RoostServer(listeners=("imap", "http"), people=2, workers=1)
    with imap_of(one, "u1@x.test") as imap:
        for name in ('"Sent Items"', '"Gel&APY-scht"', '"Junk E-mail"', '"Projects"', '"Spam"', '"Spam/Old"'):
            assert imap.create(name)[0] == "OK"
        for number in range(3):
            imap.append('"Sent Items"', "\\Seen \\Flagged", None, f"Subject: {number}\r\n\r\nx\r\n".encode())
        imap.append("Sent", None, None, b"Subject: ours\r\n\r\nx\r\n")
    yield one
    one.remove()


@pytest.fixture
def admin(server: RoostServer) -> Browser:
    return signed_in(server, "admin@x.test")


def imap_of(server: RoostServer, who: str) -> imaplib.IMAP4:
    imap = imaplib.IMAP4("127.0.0.1", server.ports["imap"])
    imap.login(who, PASSWORD)
    return imap


def offered(server: RoostServer) -> set[tuple[str, str]]:
    return {(row["mailbox"], row["into"]) for row in json.loads(server.run("account", "merge", "u1@x.test", "--json"))}


def test_only_names_of_a_role_without_mailboxes_below_are_offered(server: RoostServer, admin: Browser) -> None:
    assert offered(server) == {("Sent Items", "Sent"), ("Gelöscht", "Trash"), ("Junk E-mail", "Junk")}
    page = admin.get(HERE).text
    assert "Two mailboxes for the same thing" in page and "3 messages, to go into Sent" in page
    assert "Two mailboxes for the same thing" not in admin.get("/admin/accounts/u2@x.test").text


def test_put_together_every_message_keeps_its_flags_and_the_other_mailbox_is_gone(server: RoostServer, admin: Browser) -> None:
    admin.get(HERE)
    assert "Sent Items" not in admin.post(HERE, {"op": "merge", "mailbox": "Sent Items"}).text
    with imap_of(server, "u1@x.test") as imap:
        assert imap.select("Sent")[1] == [b"4"] and len(imap.search(None, "FLAGGED", "SEEN")[1][0].split()) == 3
        assert imap.select('"Sent Items"')[0] == "NO"
    assert "mailbox merged" in admin.get("/admin/audit?q=merged").text


def test_the_person_is_asked_in_the_mailbox_itself_and_on_the_page_of_mailboxes(server: RoostServer) -> None:
    with imap_of(server, "u2@x.test") as imap:
        for name in ('"Sent Messages"', '"Papierkorb"'):
            imap.create(name)
        imap.append('"Sent Messages"', None, None, b"Subject: from the phone\r\n\r\nx\r\n")
    person = signed_in(server, "u2@x.test")
    page = person.get("/mail/mailboxes").text
    assert "Two mailboxes for the same thing" in page and "1 message, to go into Sent" in page
    number = dict(reversed(pair) for pair in re.findall(r'name="merge" value="(\d+)" aria-label="Put ([^"]+?) into', page))
    assert "Shall its messages stand there?" in person.get(f"/mail/{number['Sent Messages']}").text
    merged = person.post("/mail/mailboxes/merge", {"merge": number["Sent Messages"]}).text
    assert "Sent Messages is in Sent now." in merged and "from the phone" in merged
    person.post("/mail/mailboxes/merge", {"apart": number["Papierkorb"]})
    assert "Two mailboxes" not in person.get("/mail/mailboxes").text and "Shall its" not in person.get(f"/mail/{number['Papierkorb']}").text
    stranger = signed_in(server, "u1@x.test")
    assert stranger.post("/mail/mailboxes/merge", {"merge": number["Papierkorb"]}).status_code == 404


def test_one_that_stays_apart_is_offered_no_more(server: RoostServer, admin: Browser) -> None:
    admin.get(HERE)
    admin.post(HERE, {"op": "apart", "mailbox": "Gelöscht"})
    assert ("Gelöscht", "Trash") not in offered(server)
    server.run("account", "merge", "u1@x.test", "--mailbox", "Junk E-mail", "--leave")
    assert offered(server) == set() and "Two mailboxes" not in admin.get(HERE).text
    assert admin.post(HERE, {"op": "merge", "mailbox": "Projects"}).status_code == 422
    with imap_of(server, "u1@x.test") as imap:
        assert imap.select('"Gel&APY-scht"')[0] == "OK"
