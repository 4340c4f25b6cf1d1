"""Mail that leaves later: what is made when the hold ends, in one write, and what calls it off."""

import email
import imaplib
import json
import re
import smtplib
import time
from email.message import Message
from email.utils import parsedate_to_datetime

import pytest

from mailcore.base.errors import MailError, Reason
from mailcore.mail.headers import scan_headers
from mailcore.net.dns import DnsResolver
from mailcore.runtime.machine import SystemClock
from mailcore.senderauth import dkim
from mailcore.sessions import webmail_drafts, webmail_held
from mailcore.store import accounts, listing, mailboxes, outbox
from tests.lasting import lasting
from tests.scenario.dns_server import LocalDns
from tests.scenario.server import PASSWORD, RoostServer
from tests.scenario.sink import Sink
from tests.scenario.test_queue import Post, post
from tests.scenario.waiting import eventually
from tests.web.visitor import Browser, signed_in

__all__ = ["post"]

HOLD = 4
"""Seconds that mail of u1 is held."""


class Place:
    """The server, its Internet, and the one host outside."""

    def __init__(self) -> None:
        self.dns, self.sink = LocalDns([("far.test", "MX", "10 mx.far.test."), ("mx.far.test", "A", "127.0.0.1")]), Sink()
        settings = {"relay.host": "127.0.0.1", "relay.port": str(self.sink.port), "relay.security": "none"}
        self.server = RoostServer(listeners=("smtp", "submission", "imap", "http"), people=3, dns=self.dns.where, settings=settings)
        for key in json.loads(self.server.run("dkim", "list", "x.test", "--json")):
            self.dns.table.put(key["name"], "TXT", key["record"][:200] + '" "' + key["record"][200:])
        self.server.stop()  # what DNS did not show at the first start is believed for a while
        self.server.start()
        self.me = signed_in(self.server, "u1@x.test")
        self.me.get("/settings/display")
        self.me.post("/settings/display", {"theme": "auto", "density": "comfortable", "undo_seconds": str(HOLD)})

    def messages(self, address: str, box: str, subject: str) -> list[tuple[str, Message]]:
        """(flags, message) of each message with that subject."""
        with imaplib.IMAP4("127.0.0.1", self.server.ports["imap"]) as imap:
            imap.login(address, PASSWORD)
            imap.select(box, readonly=True)
            found = [imap.fetch(n, "(FLAGS BODY.PEEK[])")[1][0] for n in imap.search(None, "SUBJECT", f'"{subject}"')[1][0].split()]
        return [(one[0].decode(), email.message_from_bytes(one[1])) for one in found]

    def remove(self) -> None:
        self.server.remove()
        self.sink.stop()
        self.dns.stop()


place = lasting(Place)


def compose(person: Browser, subject: str, to: str, **more: str) -> str:
    """Send a message from the webmail; the page that follows."""
    draft = re.search(r'data-draft="([^"]+)"', person.get("/compose").text)[1]  # type: ignore[index]
    return person.post(f"/compose/{draft}/send", {"from": "u1@x.test", "to": to, "subject": subject, "body": "x", "format": "text", "op": "send", **more}).text


def test_date_signature_dkim_and_the_sent_copy_are_made_when_the_hold_ends(place: Place) -> None:
    pressed = time.time()
    compose(place.me, "Held a while", "out@far.test", bcc="u2@x.test")
    ((flags, draft),) = place.messages("u1@x.test", "Drafts", "Held a while")
    assert "$Scheduled" in flags and draft["Bcc"] == "u2@x.test", "a draft like any other, and it knows whom it is hidden from"
    assert not place.messages("u1@x.test", "Sent", "Held a while") and not place.sink.taken
    for name, value in (("signature.mode", "append"), ("signature.text", "As it is now"), ("signature.local", "on")):
        place.server.run("settings", "set", name, value, "--domain", "x.test")
    eventually(lambda: place.sink.taken)
    (left,) = place.sink.taken
    made = email.message_from_bytes(left.data)
    assert parsedate_to_datetime(made["Date"]).timestamp() >= int(pressed) + HOLD - 1
    assert b"As it is now" in left.data and b"Bcc" not in left.data and b"u2@x.test" not in left.data
    results = dkim.verify(DnsResolver(place.dns.where, SystemClock()), dkim.message_of(left.data, scan_headers(left.data)), int(time.time()))
    assert {one.result for one in results} == {"pass"} and len(results) == 2
    assert all(int(re.search(r"\bt=(\d+)", value)[1]) >= int(pressed) + HOLD - 1 for value in made.get_all("DKIM-Signature"))  # type: ignore[index]
    ((flags, copy),) = place.messages("u1@x.test", "Sent", "Held a while")
    assert (copy["Date"], copy["Message-ID"], copy["Bcc"]) == (made["Date"], made["Message-ID"], "u2@x.test") and "$Scheduled" not in flags
    assert not place.messages("u1@x.test", "Drafts", "Held a while")
    ((_flags, hidden),) = place.messages("u2@x.test", "INBOX", "Held a while")
    assert hidden["Bcc"] is None and not any(" for " in value for value in hidden.get_all("Received"))
    place.server.run("settings", "set", "signature.mode", "off", "--domain", "x.test")


def test_a_program_calls_it_off_by_editing_moving_away_or_marking_the_draft(place: Place) -> None:
    for subject in ("Edited there", "Replaced there", "Thrown away there", "Marked there", "Left alone"):
        compose(place.me, subject, "u2@x.test")
    with imaplib.IMAP4("127.0.0.1", place.server.ports["imap"]) as imap:
        imap.login("u1@x.test", PASSWORD)
        imap.select("Drafts")

        def number(subject: str) -> str:
            return imap.search(None, "SUBJECT", f'"{subject}"')[1][0].decode()

        text = imap.fetch(number("Edited there"), "BODY.PEEK[]")[1][0][1]
        assert imap.append("Drafts", "(\\Draft \\Seen)", None, text.replace(b"\r\n\r\nx", b"\r\n\r\nedited"))[0] == "OK"
        old = number("Edited there").split()[0]
        imap.store(old, "+FLAGS", "\\Deleted")
        imap.expunge()
        assert imap._simple_command("MOVE", number("Thrown away there"), "Trash")[0] == "OK"
        imap.store(number("Marked there"), "+FLAGS", "\\Deleted")
        old = number("Replaced there")
        text = imap.fetch(old, "BODY.PEEK[]")[1][0][1]
        imaplib.Commands["REPLACE"] = ("SELECTED",)  # type: ignore[attr-defined]
        imap.literal = text.replace(b"\r\n\r\nx", b"\r\n\r\nedited")
        assert imap._simple_command("REPLACE", old, "Drafts", "(\\Draft)")[0] == "OK"
    eventually(lambda: place.messages("u2@x.test", "INBOX", "Left alone"))
    jobs_are_done(place)
    for subject, box in (("Edited there", "Drafts"), ("Replaced there", "Drafts"), ("Thrown away there", "Trash"), ("Marked there", "Drafts")):
        assert not place.messages("u2@x.test", "INBOX", subject), subject
        assert not place.messages("u1@x.test", "Sent", subject), subject
        ((flags, _message),) = place.messages("u1@x.test", box, subject)
        assert "$Scheduled" not in flags, subject


def jobs_are_done(place: Place) -> None:
    """Wait until no send of u1 is due."""
    import sqlite3

    with sqlite3.connect(place.server.folder / "data" / "roost.db") as database:
        eventually(lambda: not database.execute("SELECT 1 FROM jobs WHERE kind = 'send' AND state <> 'done'").fetchone())


def test_mail_from_programs_is_never_held(place: Place) -> None:
    place.me.get("/settings/display")
    place.me.post("/settings/display", {"theme": "auto", "density": "comfortable", "undo_seconds": "30"})
    with smtplib.SMTP("127.0.0.1", place.server.ports["submission"]) as client:
        client.login("u1@x.test", PASSWORD)
        client.sendmail("u1@x.test", ["u3@x.test"], b"From: u1@x.test\r\nTo: u3@x.test\r\nSubject: From a program\r\n\r\nText\r\n")
    eventually(lambda: place.messages("u3@x.test", "INBOX", "From a program"), seconds=10)


class Cut(MailError):
    """What the test lets happen in the middle of the write."""


def held(post: Post) -> tuple[accounts.Account, webmail_drafts.Draft]:
    """A draft to bob@far.test that is due."""
    account = accounts.account(post.runtime.store.read(), post.account)
    assert account is not None
    draft = webmail_drafts.save(post.runtime, account, webmail_drafts.new_key(post.runtime), webmail_drafts.Typed(to="bob@far.test", subject="Whole", text="x"), 0)
    webmail_held.hold(post.runtime, account, draft, post.runtime.clock.micros())
    return account, draft


def boxes(post: Post) -> dict[str, int]:
    tx = post.runtime.store.read()
    return {box.role: len(listing.page(tx, box.id)) for box in mailboxes.list_all(tx, post.account) if box.role in ("drafts", "sent", "inbox")} | {"queue": outbox.count(tx)}


@pytest.mark.parametrize("is_cut", [True, False])
def test_queue_sent_copy_and_the_drafts_end_are_one_write(post: Post, monkeypatch: pytest.MonkeyPatch, is_cut: bool) -> None:
    account, draft = held(post)
    if is_cut:
        real = mailboxes.by_role

        def cut(tx: object, account_id: int, role: str) -> object:
            if role == "sent":
                raise Cut(Reason.STORAGE, "The disk went away.", temporary=True)
            return real(tx, account_id, role)  # type: ignore[arg-type]

        monkeypatch.setattr(mailboxes, "by_role", cut)
    with pytest.raises(MailError) if is_cut else pytest.MonkeyPatch.context():
        webmail_drafts.send(post.runtime, account, draft.key, draft.typed, start=draft)
    assert boxes(post) == ({"inbox": 0, "drafts": 1, "sent": 0, "queue": 0} if is_cut else {"inbox": 0, "drafts": 0, "sent": 1, "queue": 1})


def test_a_draft_that_is_saved_anew_while_it_is_sent_is_not_sent(post: Post) -> None:
    account, draft = held(post)
    webmail_drafts.save(post.runtime, account, draft.key, webmail_drafts.Typed(to="bob@far.test", subject="Whole", text="changed"), draft.revision)
    with pytest.raises(MailError, match="changed in another window"):
        webmail_drafts.send(post.runtime, account, draft.key, draft.typed, start=draft)
    assert boxes(post) == {"inbox": 0, "drafts": 1, "sent": 0, "queue": 0}
