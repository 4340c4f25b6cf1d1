"""What a person has without asking: mailboxes with names of their language, every address that leads to them, mail to themselves as one item."""

import email
import imaplib
import re
import smtplib
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.lasting import lasting
from tests.scenario.server import PASSWORD, RoostServer
from tests.scenario.waiting import eventually
from tests.web.visitor import Browser, signed_in

server = lasting(lambda: RoostServer(listeners=("smtp", "submission", "imap", "http"), people=4))


def messages(server: RoostServer, address: str, subject: str, box: str = "INBOX") -> list[tuple[str, bytes]]:
    """(flags, message) with that subject."""
    with imaplib.IMAP4("127.0.0.1", server.ports["imap"]) as imap:
        imap.login(address, PASSWORD)
        imap.select(box, readonly=True)
        found = [imap.fetch(n, "(FLAGS BODY.PEEK[])")[1][0] for n in imap.search(None, "SUBJECT", f'"{subject}"')[1][0].split()]
    return [(one[0].decode(), one[1]) for one in found]


def compose(person: Browser, subject: str, to: str, **more: str) -> None:
    draft = re.search(r'data-draft="([^"]+)"', person.get("/compose").text)[1]  # type: ignore[index]
    assert person.post(f"/compose/{draft}/send", {"to": to, "subject": subject, "body": "x", "format": "text", "op": "send", **more}).status_code == 200


def rows(person: Browser, icon: str, subject: str) -> list[str]:
    """The rows of a mailbox's list with that subject, as HTML."""
    box = re.search(rf'href="(/mail/\d+)"[^>]*>(?:(?!</a>).)*?#{icon}"', person.get("/").text, re.DOTALL)[1]  # type: ignore[index]
    return [row for row in re.findall(r"<li class=\"row.*?</li>", person.get(box).text, re.DOTALL) if subject in row]


def named(line: bytes) -> str:
    """The name in an answer to LIST."""
    return line.rpartition(b" ")[2].strip(b'"').decode()


def test_new_mailboxes_are_english_on_the_wire_subscribed_and_translated_in_the_webmail(server: RoostServer) -> None:
    server.run("account", "set", "u4@x.test", "--language", "de")
    wanted = {"INBOX", "Drafts", "Sent", "Junk", "Trash", "Archive"}
    with imaplib.IMAP4("127.0.0.1", server.ports["imap"]) as imap:
        imap.login("u4@x.test", PASSWORD)
        listed = {named(line): line for line in imap.list()[1] if isinstance(line, bytes)}
        subscribed = {named(line) for line in imap.lsub()[1] if isinstance(line, bytes)}
    assert set(listed) == subscribed == wanted
    assert all(f"\\{name}".encode() in line for name, line in listed.items() if name != "INBOX")
    page = signed_in(server, "u4@x.test").get("/").text
    assert all(name in page for name in ("Entwürfe", "Gesendet", "Papierkorb", "Archiv")) and ">Drafts<" not in page


def test_mail_to_oneself_is_one_item_of_a_conversation_and_unread_in_the_inbox(server: RoostServer) -> None:
    me = signed_in(server, "u1@x.test")
    compose(me, "Do not forget", "u1@x.test", **{"from": "u1@x.test"})
    eventually(lambda: messages(server, "u1@x.test", "Do not forget"))
    ((here, _data),) = messages(server, "u1@x.test", "Do not forget")
    ((sent, _data),) = messages(server, "u1@x.test", "Do not forget", "Sent")
    assert "\\Seen" not in here and "\\Seen" in sent
    (row,) = rows(me, "inbox", "Do not forget")
    assert "unread" in row and "row-n" not in row
    path = re.search(r'href="(/mail/\d+/\d+)"', row)[1]  # type: ignore[index]
    page = me.get(path).text
    assert len(re.findall(r"<article\b", page)) == 1
    (row,) = rows(me, "send", "Do not forget")
    path = re.search(r'href="(/mail/\d+/\d+)"', row)[1]  # type: ignore[index]
    assert len(re.findall(r"<article\b", me.get(path).text)) == 1


def test_two_messages_with_one_message_id_that_came_from_outside_are_two(server: RoostServer) -> None:
    for text in ("first", "second"):
        with smtplib.SMTP("127.0.0.1", server.ports["smtp"]) as client:
            client.sendmail("ann@out.test", ["u1@x.test"], f"From: ann@out.test\r\nTo: u1@x.test\r\nSubject: Same id\r\nMessage-ID: <same@out.test>\r\n\r\n{text}\r\n")
    eventually(lambda: len(messages(server, "u1@x.test", "Same id")) == 2)
    me = signed_in(server, "u1@x.test")
    row = rows(me, "inbox", "Same id")[0]
    path = re.search(r'href="(/mail/\d+/\d+)"', row)[1]  # type: ignore[index]
    assert len(re.findall(r"<article\b", me.get(path).text)) == 2


@pytest.fixture(scope="module")
def addresses(server: RoostServer) -> tuple[str, ...]:
    """Every address that leads to u2@x.test."""
    server.run("domain", "add-name", "x.test", "also.test")
    server.run("alias", "add", "two@x.test", "u2@x.test")
    server.run("alias", "add", "deep@x.test", "two@also.test")
    server.run("account", "set", "u2@x.test", "--name", "Una Two")
    return ("u2@x.test", "u2@also.test", "two@x.test", "two@also.test", "deep@x.test", "deep@also.test", "u2+shop@x.test", "two+shop@also.test")


def test_every_address_that_leads_to_a_person_is_an_identity_and_answers_what_came_to_it(server: RoostServer, addresses: tuple[str, ...]) -> None:
    me = signed_in(server, "u2@x.test")
    offered = set(re.findall(r'<option value="([^"]+@[^"]+)"', me.get("/compose").text))
    assert offered == {one for one in addresses if "+" not in one}, "each by itself; with a plus there are endless ones"
    for number, address in enumerate(addresses):
        with smtplib.SMTP("127.0.0.1", server.ports["smtp"]) as client:
            client.sendmail("ann@out.test", [address], f"From: ann@out.test\r\nTo: {address}\r\nSubject: Letter {number}\r\nMessage-ID: <{number}@out.test>\r\n\r\nText\r\n")
        eventually(lambda n=number: messages(server, "u2@x.test", f"Letter {n}"))  # type: ignore[misc]
        row = rows(me, "inbox", f"Letter {number}")[0]
        number_here = re.search(r'data-id="(\d+)"', row)[1]  # type: ignore[index]
        answer = me.get(f"/compose/reply/{number_here}").text
        assert re.search(rf'<option value="{re.escape(address)}" selected', answer), address
        compose(me, f"From {number}", "u3@x.test", **{"from": address})
        eventually(lambda n=number: messages(server, "u3@x.test", f"From {n}"))  # type: ignore[misc]
        ((_flags, data),) = messages(server, "u3@x.test", f"From {number}")
        made = email.message_from_bytes(data)
        assert made["From"] == f"Una Two <{address}>" and made["Return-Path"] == f"<{address}>", "with the person's name, which is not the user name"


def test_a_program_sends_by_each_of_them_too_and_by_no_other(server: RoostServer, addresses: tuple[str, ...]) -> None:
    with smtplib.SMTP("127.0.0.1", server.ports["submission"]) as client:
        client.login("u2@x.test", PASSWORD)
        for address in addresses:
            assert client.sendmail(address, ["u3@x.test"], f"From: {address}\r\nTo: u3@x.test\r\nSubject: program\r\n\r\nText\r\n") == {}
        with pytest.raises(smtplib.SMTPSenderRefused):
            client.sendmail("u1@x.test", ["u3@x.test"], "From: u1@x.test\r\nSubject: program\r\n\r\nText\r\n")


def test_an_address_that_an_admin_grants_is_an_identity_until_it_is_taken_back(server: RoostServer) -> None:
    server.run("account", "add", "support@x.test", "--password-stdin", input=PASSWORD + "\n")
    admin, me = signed_in(server, "admin@x.test"), signed_in(server, "u3@x.test")

    def grant(text: str) -> str:
        admin.get("/admin/accounts/u3@x.test")
        return admin.post("/admin/accounts/u3@x.test", {"op": "save", "name": "Una Three", "quota": "", "role": "user", "also_as": text}).text

    def submits() -> bool:
        with smtplib.SMTP("127.0.0.1", server.ports["submission"]) as client:
            client.login("u3@x.test", PASSWORD)
            try:
                return client.sendmail("support@x.test", ["u1@x.test"], "From: support@x.test\r\nTo: u1@x.test\r\nSubject: granted\r\n\r\nText\r\n") == {}
            except smtplib.SMTPSenderRefused:
                return False

    assert not submits() and "support@x.test" not in me.get("/compose").text
    assert "is not of this account&#39;s domain" in grant("boss@elsewhere.test")
    assert "support@x.test" in grant("support@x.test")
    assert submits() and '<option value="support@x.test"' in me.get("/compose").text
    compose(me, "From us all", "u1@x.test", **{"from": "support@x.test"})
    eventually(lambda: messages(server, "u1@x.test", "From us all"))
    assert email.message_from_bytes(messages(server, "u1@x.test", "From us all")[0][1])["From"] == "Una Three <support@x.test>"
    grant("")
    assert not submits()


@pytest.mark.parametrize("how", ["new", "saved", "opened among the drafts"])
def test_two_clicks_at_once_send_one_message(server: RoostServer, how: str) -> None:
    me = signed_in(server, "u1@x.test")
    me.get("/settings/display")
    me.post("/settings/display", {"theme": "auto", "density": "comfortable", "undo_seconds": "0"})
    subject = f"Clicked twice, {how}"
    draft = re.search(r'data-draft="([^"]+)"', me.get("/compose").text)[1]  # type: ignore[index]
    form = {"from": "u1@x.test", "to": "u3@x.test", "subject": subject, "body": "x", "format": "text"}
    if how != "new":
        me.post(f"/compose/{draft}/draft", form)
    if how == "opened among the drafts":
        box = re.search(r'href="(/mail/\d+)"[^>]*>(?:(?!</a>).)*?#draft"', me.get("/").text, re.DOTALL)[1]  # type: ignore[index]
        draft = re.search(r'data-id="(\d+)"', next(row for row in re.findall(r"<li class=\"row.*?</li>", me.get(box).text, re.DOTALL) if subject in row))[1]  # type: ignore[index]
        form["revision"] = "1"
    others = [signed_in(server, "u1@x.test") for _ in range(4)]
    for one in others:
        one.get("/compose")
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda one: one.post(f"/compose/{draft}/send", form | {"op": "send"}), others))
    others[0].post(f"/compose/{draft}/send", form | {"op": "send"})  # a click that comes when all is done
    eventually(lambda: messages(server, "u3@x.test", subject))
    time.sleep(1)  # nothing more may come
    assert len(messages(server, "u3@x.test", subject)) == len(messages(server, "u1@x.test", subject, "Sent")) == 1
