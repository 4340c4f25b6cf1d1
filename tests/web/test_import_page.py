"""A person brings in mail by a page: from files and from an account on another server, with progress, once, and stopped when they say so."""

import io
import re
import sqlite3
import zipfile

from tests.lasting import lasting
from tests.scenario.server import PASSWORD, RoostServer
from tests.scenario.waiting import eventually
from tests.web.mail import found, imap_of, letter, put
from tests.web.visitor import Browser, signed_in

ME, OTHER = "u1@x.test", "u2@x.test"


server = lasting(lambda: RoostServer(listeners=("imap", "http"), people=4, settings={"outgoing.private": "true"}))


def ended(browser: Browser) -> str:
    """The page once nothing is at work any more."""
    return eventually(lambda: "" if "At work" in (text := browser.get("/settings/import").text) else text)


def upload(browser: Browser, files: dict[str, bytes], into: str = "") -> str:
    browser.get("/settings/import")
    sent = [("files", (name, data, "application/octet-stream")) for name, data in files.items()]
    answer = browser.session.post(browser.base + "/settings/import", data={"csrf_token": browser.token, "op": "files", "into": into}, files=sent, timeout=30)
    return browser._seen(answer).text


def mbox(*subjects: str) -> bytes:
    return b"".join(b"From ann@out.test Tue Nov 24 10:00:00 2026\n" + letter(one, to=ME).replace(b"\r\n", b"\n") + b"\n" for one in subjects)


def zipped(entries: dict[str, bytes]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return held.getvalue()


def test_files_come_in_once_with_their_folders_and_are_gone_afterwards(server: RoostServer) -> None:
    me = signed_in(server, ME)
    maildir = {"mail/cur/1:2,S": letter("Read one", to=ME), "mail/new/2": letter("New one", to=ME), "Work/a.eml": letter("At work", to=ME)}
    told = upload(me, {"old.mbox": mbox("First", "Second", "Third"), "more.zip": zipped(maildir)})
    assert "The import has begun" in told
    text = ended(me)
    assert "6 messages were brought." in text
    assert found(server, "INBOX", "SUBJECT", "Second", address=ME) == 1 and found(server, "Work", "ALL", address=ME) == 1
    assert list((server.folder / "data" / "imports").glob("*")) == [], "what was uploaded is gone"
    upload(me, {"old.mbox": mbox("First", "Second", "Fourth")})
    text = ended(me)
    assert "One message was brought." in text and "2 were here already." in text
    assert "mail import" in signed_in(server, "admin@x.test").get("/admin/audit?q=mail_import").text


def test_they_go_to_the_mailbox_one_names_and_what_is_no_file_says_so(server: RoostServer) -> None:
    me = signed_in(server, "u3@x.test")
    me.get("/settings/import")
    assert "Choose a file first." in me.post("/settings/import", {"op": "files"}).text
    upload(me, {"letter.eml": letter("Away", to=ME)}, into="Archive")
    ended(me)
    assert found(server, "Archive", "SUBJECT", "Away", address="u3@x.test") == 1
    with imap_of(server, "u3@x.test") as imap:
        assert imap.select("INBOX")[1][0] == b"0"


def test_an_account_elsewhere_is_tried_then_brought_whole_and_its_password_forgotten(server: RoostServer) -> None:
    me = signed_in(server, "u4@x.test")
    put(server, "INBOX", letter("There", to=OTHER), OTHER)
    put(server, "Sent", letter("Sent", to=OTHER), OTHER)
    me.get("/settings/import")
    form = {"op": "account", "host": "127.0.0.1", "port": str(server.ports["imap"]), "security": "none", "username": OTHER, "password": "wrong words 9"}
    wrong = me.post("/settings/import", form)
    assert wrong.status_code == 422 and f'value="{OTHER}"' in wrong.text and 'aria-invalid="true"' in wrong.text
    begun = me.post("/settings/import", form | {"password": PASSWORD})
    assert "The import has begun" in begun.text, re.findall(r'class="error"[^>]*>.*?</p>', begun.text, re.DOTALL)
    assert "2 messages were brought." in ended(me)
    assert found(server, "INBOX", "SUBJECT", "There", address="u4@x.test") == 1 and found(server, "Sent", "SUBJECT", "Sent", address="u4@x.test") == 1
    assert found(server, "INBOX", "ALL", address=OTHER) >= 1, "nothing is changed there"
    with sqlite3.connect(f"file:{next((server.folder / 'data').glob('*.db'))}?mode=ro", uri=True) as database:
        assert all(PASSWORD not in row[0] for row in database.execute("SELECT payload FROM jobs WHERE kind = 'mail-import'"))


def test_one_at_a_time_and_stopped_when_one_says_so(server: RoostServer) -> None:
    me = signed_in(server, OTHER)
    upload(me, {"long.mbox": mbox(*(f"Number {n} of many" for n in range(6000)))})
    again = upload(me, {"letter.eml": letter("Second", to=ME)})
    assert "at work already" in again or "At work" not in again
    me.post("/settings/import", {"op": "stop"})
    text = ended(me)
    assert "Stopped." in text or "6,000 messages were brought." in text
    assert found(server, "INBOX", "SUBJECT", "Second", address=OTHER) == 0
