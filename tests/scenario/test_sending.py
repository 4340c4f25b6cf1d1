"""What leaves: signatures of domains and of DKIM, blind copies, receipts and auto-replies, each clause of POLICY over the wire."""

import email
import email.policy
import imaplib
import json
import re
import smtplib
import time
from collections.abc import Iterator

import pytest

from mailcore.mail.headers import scan_headers
from mailcore.net.dns import DnsResolver
from mailcore.runtime.machine import SystemClock
from mailcore.senderauth import dkim
from tests.lasting import lasting
from tests.scenario.dns_server import LocalDns
from tests.scenario.server import PASSWORD, RoostServer
from tests.scenario.sink import Behaviour, Sink, Taken
from tests.scenario.waiting import eventually
from tests.web.visitor import signed_in

RECORDS = [
    ("far.test", "MX", "10 mx.far.test."), ("mx.far.test", "A", "127.0.0.1"), ("old.test", "MX", "10 mx.old.test."), ("mx.old.test", "A", "127.0.0.1"),
    ("plain.test", "A", "127.0.0.1"),
]  # fmt: skip


class Place:
    """The server with its keys in DNS, a host outside that knows all, and one that knows little."""

    def __init__(self) -> None:
        self.dns, self.sink = LocalDns(RECORDS), Sink(Behaviour(rcpt={"gone@far.test": "550 5.1.1 Nobody of that name"}))
        self.old = Sink(Behaviour(ehlo=("PIPELINING", "ENHANCEDSTATUSCODES")))
        settings = {"relay.host": "127.0.0.1", "relay.port": str(self.sink.port), "relay.security": "none"}
        self.server = RoostServer(listeners=("smtp", "submission", "imap", "http"), people=5, dns=self.dns.where, settings=settings)
        for key in json.loads(self.run("dkim", "list", "x.test", "--json")):
            self.dns.table.put(key["name"], "TXT", key["record"][:200] + '" "' + key["record"][200:])
        self.run("route", "add", "old.test", "127.0.0.1", "--port", str(self.old.port), "--security", "none")
        self.server.stop()  # what DNS did not show at the first start is believed for a while
        self.server.start()

    def run(self, *words: str, input: str = "") -> str:
        return self.server.run(*words, input=input)

    def set(self, **settings: str) -> None:
        """Settings of x.test."""
        for name, value in settings.items():
            self.run("settings", "set", name.replace("__", "."), value, "--domain", "x.test")
        self.server.settle()

    def submit(self, data: bytes, *to: str, number: int = 1) -> None:
        """Send as a program of a person does."""
        with smtplib.SMTP("127.0.0.1", self.server.ports["submission"]) as client:
            client.login(f"u{number}@x.test", PASSWORD)
            client.sendmail(f"u{number}@x.test", list(to), data, mail_options=["BODY=8BITMIME"])

    def send(self, to: str, subject: str, sender: str = "ann@far.test", *, author: str = "", text: str = "Hello", **headers: str) -> None:
        """Send as a stranger."""
        lines = {"From": author or f"Ann <{sender or 'ann@far.test'}>", "To": to, "Subject": subject, "Message-ID": f"<{time.monotonic_ns()}@far.test>"} | {k.replace("_", "-"): v for k, v in headers.items()}
        with smtplib.SMTP("127.0.0.1", self.server.ports["smtp"]) as client:
            client.sendmail(sender, [to], ("".join(f"{k}: {v}\r\n" for k, v in lines.items()) + f"\r\n{text}\r\n").encode())

    def raw(self, number: int, subject: str, box: str = "INBOX") -> list[bytes]:
        """Whole messages of a person with that subject."""
        with imaplib.IMAP4("127.0.0.1", self.server.ports["imap"]) as imap:
            imap.login(f"u{number}@x.test", PASSWORD)
            imap.select(box, readonly=True)
            return [imap.fetch(n, "BODY.PEEK[]")[1][0][1] for n in imap.search(None, "SUBJECT", f'"{subject}"')[1][0].split()]

    def arrived(self, number: int, subject: str) -> bytes:
        """Wait for the one message with that subject."""
        eventually(lambda: self.raw(number, subject))
        (found,) = self.raw(number, subject)
        return found

    def left(self, subject: str, sink: Sink | None = None) -> Taken:
        """Wait for the one message with that subject at the host outside."""

        def find() -> list[Taken]:
            return [one for one in (sink or self.sink).taken if email.message_from_bytes(one.data, policy=email.policy.default)["Subject"] == subject]

        eventually(find)
        (found,) = find()
        return found

    def story(self, subject: str) -> str:
        """What the timeline says of the messages with that subject."""
        return "".join(self.run("trace", one["trace_id"], "--json") for one in json.loads(self.run("trace", subject, "--json")))

    def remove(self) -> None:
        self.server.remove()
        self.sink.stop()
        self.old.stop()
        self.dns.stop()


place = lasting(Place)


def text_of(data: bytes, kind: str = "plain") -> str:
    found = email.message_from_bytes(data, policy=email.policy.default).get_body((kind,))
    assert found is not None
    return str(found.get_content()).replace("\r\n", "\n")


def verified(place: Place, data: bytes) -> list[str]:
    """The results of every DKIM signature on *data*."""
    return [one.result for one in dkim.verify(DnsResolver(place.dns.where, SystemClock()), dkim.message_of(data, scan_headers(data)), int(time.time()))]


# DKIM, conversions


def test_each_route_gets_a_signature_over_what_leaves_by_it(place: Place) -> None:
    data = "From: u1@x.test\r\nTo: a@far.test\r\nSubject: Two routes\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nGrüße aus dem Süden, und zwar von Herzen\r\n".encode()
    place.submit(data, "a@far.test", "b@old.test")
    far, old = place.left("Two routes").data, place.left("Two routes", place.old).data
    assert b"8bit" in far and "Grüße".encode() in far and old.isascii() and b"quoted-printable" in old
    assert text_of(far) == text_of(old)
    assert verified(place, far) == verified(place, old) == ["pass", "pass"]
    assert re.search(rb"bh=[^;]+", far)[0] != re.search(rb"bh=[^;]+", old)[0]  # type: ignore[index]


def test_dkim_comes_after_the_domains_signature(place: Place) -> None:
    place.set(signature__mode="append", signature__text="X Ltd")
    place.submit(b"From: u1@x.test\r\nTo: a@far.test\r\nSubject: With both\r\n\r\nHello\r\n", "a@far.test")
    place.set(signature__mode="off")
    made = place.left("With both").data
    assert text_of(made) == "Hello\n\nX Ltd\n" and verified(place, made) == ["pass", "pass"]


SEALED_INSIDE = (
    b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\nContent-Type: text/plain\r\n\r\nSee below\r\n--o\r\n"
    b'Content-Type: multipart/signed; boundary=i; protocol="application/pgp-signature"\r\n\r\n--i\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n%s\r\n--i\r\n'
    b"Content-Type: application/pgp-signature\r\n\r\nsigned\r\n--i--\r\n--o--\r\n"
)
PLAIN_8BIT = b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nGr\xc3\xbc\xc3\x9fe\r\n"


@pytest.mark.parametrize(
    ("subject", "body"),
    [("Signed inside", SEALED_INSIDE % b"Gr\xc3\xbc\xc3\x9fe"), ("Long inside", SEALED_INSIDE % (b"word " * 300)), ("Signed by others", b"DKIM-Signature: v=1; a=rsa-sha256; d=other.test; b=AAAA\r\n" + PLAIN_8BIT)],
)
def test_nothing_is_converted_below_a_signature_and_the_writer_reads_why(place: Place, subject: str, body: bytes) -> None:
    place.submit(f"From: u1@x.test\r\nTo: b@old.test\r\nSubject: {subject}\r\n".encode() + body, "b@old.test")
    eventually(lambda: any(b"5.6.3" in one for one in place.raw(1, subject)))
    assert not any(f"Subject: {subject}".encode() in one.data for one in place.old.taken)


def test_binary_is_not_offered_and_not_taken(place: Place) -> None:
    with smtplib.SMTP("127.0.0.1", place.server.ports["smtp"]) as client:
        client.ehlo()
        assert not client.has_extn("binarymime") and client.has_extn("8bitmime")
        assert client.docmd("MAIL FROM:<ann@far.test> BODY=BINARYMIME")[0] == 555


# The domain's signature

OWN = "Hello\r\n\r\n-- \r\nUna\r\n"


@pytest.mark.parametrize(
    ("mode", "wanted", "told"),
    [
        ("missing", "Hello\n\n-- \nUna\n", "left out: the person has a signature"), ("replace", "Hello\n\nX Ltd, Žofie\n", "signature was added"),
        ("append", "Hello\n\n-- \nUna\n\nX Ltd, Žofie\n", "signature was added"),
    ],
)
def test_a_domains_signature_is_set_where_none_is_replaces_or_is_added(place: Place, mode: str, wanted: str, told: str) -> None:
    place.set(signature__mode=mode, signature__text="X Ltd, Žofie", signature__replies="on", signature__local="on")
    place.submit(f"From: u1@x.test\r\nTo: u2@x.test\r\nSubject: Mode {mode}\r\n\r\n{OWN}".encode(), "u2@x.test")
    assert text_of(place.arrived(2, f"Mode {mode}")) == wanted and told in place.story(f"Mode {mode}")
    place.submit(f"From: u1@x.test\r\nTo: u2@x.test\r\nSubject: Bare {mode}\r\n\r\nHello\r\n".encode(), "u2@x.test")
    assert text_of(place.arrived(2, f"Bare {mode}")) == "Hello\n\nX Ltd, Žofie\n"


@pytest.fixture
def signing(place: Place) -> Iterator[Place]:
    """x.test adds its signature to everything."""
    place.set(signature__mode="append", signature__text="X Ltd, Žofie", signature__replies="on", signature__local="on")
    yield place
    place.set(signature__mode="off")


def test_it_stands_above_the_quote_once_a_thread_and_in_the_parts_charset_or_utf_8(signing: Place) -> None:
    quote = "Yes.\r\n\r\nOn Monday Ben wrote:\r\n> Shall we?\r\n"
    signing.submit(f"From: u1@x.test\r\nTo: u2@x.test\r\nSubject: Above\r\nReferences: <a@b>\r\n\r\n{quote}".encode(), "u2@x.test")
    assert text_of(signing.arrived(2, "Above")) == "Yes.\n\nX Ltd, Žofie\n\nOn Monday Ben wrote:\n> Shall we?\n"
    latin = "From: u1@x.test\r\nTo: u2@x.test\r\nSubject: Charset\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: 8bit\r\n\r\nGrüße\r\n".encode("latin-1")
    signing.submit(latin, "u2@x.test")
    made = signing.arrived(2, "Charset")
    assert b"charset=utf-8" in made.lower() and text_of(made) == "Grüße\n\nX Ltd, Žofie\n"
    signing.submit("From: u1@x.test\r\nTo: u2@x.test\r\nSubject: Again\r\nReferences: <a@b>\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nAnd?\r\n\r\n> Yes.\r\n>\r\n> X Ltd, Žofie\r\n".encode(), "u2@x.test")
    assert text_of(signing.arrived(2, "Again")).count("Žofie") == 1 and "left out: the conversation has it already" in signing.story("Again")
    signing.set(signature__text="Müller & Söhne")
    signing.submit(latin.replace(b"Charset", b"Same one"), "u2@x.test")
    made = signing.arrived(2, "Same one")
    assert b"charset=iso-8859-1" in made and text_of(made) == "Grüße\n\nMüller & Söhne\n"


PGP = "-----BEGIN PGP SIGNED MESSAGE-----\r\nHash: SHA512\r\n\r\nHello\r\n-----BEGIN PGP SIGNATURE-----\r\nabc\r\n-----END PGP SIGNATURE-----\r\n"
UNTOUCHED = {
    "signed": 'Content-Type: multipart/signed; boundary=b; protocol="application/pgp-signature"\r\n\r\n--b\r\n\r\nHello\r\n--b\r\nContent-Type: application/pgp-signature\r\n\r\nx\r\n--b--\r\n',
    "encrypted": 'Content-Type: multipart/encrypted; boundary=b; protocol="application/pgp-encrypted"\r\n\r\n--b\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n--b--\r\n',
    "smime": "Content-Type: application/x-pkcs7-mime; smime-type=enveloped-data\r\nContent-Transfer-Encoding: base64\r\n\r\nAAAA\r\n",
    "inline": f"Content-Type: text/plain\r\n\r\n{PGP}",
    "calendar": "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nHello\r\n--b\r\nContent-Type: text/calendar\r\n\r\nBEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n--b--\r\n",
    "report": "Content-Type: multipart/report; report-type=disposition-notification; boundary=b\r\n\r\n--b\r\n\r\nRead\r\n--b\r\nContent-Type: message/disposition-notification\r\n\r\nFinal-Recipient: rfc822; u1@x.test\r\n--b--\r\n",
    "redirected": "Resent-From: u1@x.test\r\n\r\nHello\r\n",
    "auto": "Auto-Submitted: auto-generated\r\n\r\nHello\r\n",
}


def test_what_must_not_change_gets_none_and_the_timeline_says_why(signing: Place) -> None:
    for name, rest in UNTOUCHED.items():
        author = "someone@far.test" if name == "redirected" else "u1@x.test"
        signing.submit(f"From: {author}\r\nTo: u2@x.test\r\nSubject: Kept {name}\r\nDate: Thu, 26 Nov 2026 10:00:00 +0000\r\nMessage-ID: <{name}@x.test>\r\nMIME-Version: 1.0\r\n{rest}".encode(), "u2@x.test")
    for name, rest in UNTOUCHED.items():
        assert signing.arrived(2, f"Kept {name}").endswith(rest.encode()), name
        assert "The domain's signature was left out: it " in signing.story(f"Kept {name}"), name


def test_what_the_server_writes_itself_gets_none(signing: Place) -> None:
    signing.run("account", "away", "u3@x.test", "--text", "Back on Monday.")
    signing.run("account", "forward", "u4@x.test", "on@far.test")
    signing.server.settle()
    signing.send("u3@x.test", "Are you there")
    assert "Žofie" not in text_of(signing.left("Auto: Are you there").data)
    signing.send("u4@x.test", "Passed on")
    assert text_of(signing.left("Passed on").data) == "Hello\n"
    signing.run("account", "away", "u3@x.test", "--off")


# Blind copies


def test_a_blind_copy_is_on_no_wire_and_in_no_received_line(place: Place) -> None:
    head = "From: u1@x.test\r\nTo: u2@x.test\r\nBcc: u3@x.test\r\nResent-Bcc: u3@x.test\r\nX-Roost-Draft: dTNAeC50ZXN0\r\nSubject: Hidden\r\n\r\nText\r\n"
    place.submit(head.encode(), "u2@x.test", "u3@x.test", "out@far.test")
    for data in (place.arrived(2, "Hidden"), place.arrived(3, "Hidden"), place.left("Hidden").data):
        made = email.message_from_bytes(data)
        assert b"u3@x.test" not in data and b"dTNAeC50ZXN0" not in data and not {"Bcc", "Resent-Bcc", "X-Roost-Draft"} & set(made.keys())
        assert not any(re.search(r"\bfor <", line) for line in made.get_all("Received"))
    place.submit(b"From: u1@x.test\r\nTo: u2@x.test\r\nSubject: Alone\r\n\r\nText\r\n", "u2@x.test")
    assert "for <u2@x.test>" in email.message_from_bytes(place.arrived(2, "Alone")).get_all("Received")[0]


def test_no_answer_and_no_forward_tells_who_was_hidden(place: Place) -> None:
    me = signed_in(place.server, "u1@x.test")
    draft = re.search(r'data-draft="([^"]+)"', me.get("/compose").text)[1]  # type: ignore[index]
    me.post(f"/compose/{draft}/send", {"from": "u1@x.test", "to": "u2@x.test", "cc": "u4@x.test", "bcc": "u3@x.test", "subject": "Secretly", "body": "x", "format": "text", "op": "send"})
    eventually(lambda: place.raw(1, "Secretly", "Sent"))
    assert b"Bcc: u3@x.test" in place.raw(1, "Secretly", "Sent")[0]
    sent = re.search(r'href="(/mail/\d+)"[^>]*>(?:(?!</a>).)*?#send"', me.get("/").text, re.DOTALL)[1]  # type: ignore[index]
    number = re.search(r'href="/mail/\d+/(\d+)"[^>]*>(?:(?!</li>).)*?Secretly', me.get(sent).text, re.DOTALL)[1]  # type: ignore[index]
    for kind in ("reply", "all", "forward", "attached"):
        page = me.get(compose_path(number, kind))
        assert page.status_code == 200 and "Secretly" in page.text and "u3@x.test" not in page.text, kind
    assert "u4@x.test" in me.get(compose_path(number, "all")).text
    form = me.get(compose_path(number, "attached")).text
    draft = re.search(r'data-draft="([^"]+)"', form)[1]  # type: ignore[index]
    me.post(f"/compose/{draft}/send", {"from": "u1@x.test", "to": "u5@x.test", "subject": "As a file", "body": "x", "format": "text", "op": "send"})
    made = place.arrived(5, "As a file")
    assert b"Subject: Secretly" in made and b"u3@x.test" not in made


def compose_path(number: str, kind: str) -> str:
    """Where the webmail writes an answer to a message."""
    return f"/compose/reply/{number}?how={kind}"


# Bounces


def test_a_bounce_is_written_for_people_in_the_language_of_who_sent_it_by_any_of_their_addresses(place: Place) -> None:
    place.run("account", "set", "u4@x.test", "--language", "de")
    place.run("alias", "add", "fourth@x.test", "u4@x.test")
    for sender in ("u4@x.test", "fourth@x.test", "u4+shop@x.test"):
        with smtplib.SMTP("127.0.0.1", place.server.ports["submission"]) as client:
            client.login("u4@x.test", PASSWORD)
            client.sendmail(sender, ["gone@far.test"], f"From: {sender}\r\nTo: gone@far.test\r\nSubject: An {sender.partition('@')[0]}\r\n\r\nHallo\r\n")
        report = place.arrived(4, f"An {sender.partition('@')[0]}")
        made = email.message_from_bytes(report, policy=email.policy.default)
        text = made.get_body(("plain",)).get_content()  # type: ignore[union-attr]
        assert made["Subject"].startswith("Nicht zugestellt") and "richtig geschrieben" in text and "Nobody of that name" in text, sender


# Receipts


def test_a_receipt_leaves_from_nobody_to_the_return_path_and_is_not_asked_for_where_another_program_answered(place: Place) -> None:
    me = signed_in(place.server, "u5@x.test")
    for subject, keyword in (("Please confirm", ""), ("Confirmed by a phone", "$MDNSent")):
        place.send("u5@x.test", subject, Disposition_Notification_To="ann@far.test")
        place.arrived(5, subject)
        if keyword:
            with imaplib.IMAP4("127.0.0.1", place.server.ports["imap"]) as imap:
                imap.login("u5@x.test", PASSWORD)
                imap.select("INBOX")
                imap.store(imap.search(None, "SUBJECT", f'"{subject}"')[1][0].decode(), "+FLAGS", f"({keyword})")
    inbox = re.search(r'href="(/mail/\d+)"[^>]*>(?:(?!</a>).)*?#inbox"', me.get("/").text, re.DOTALL)[1]  # type: ignore[index]

    def opened(subject: str) -> tuple[str, str]:
        path = re.search(rf'href="(/mail/\d+/\d+)"[^>]*>(?:(?!</li>).)*?{subject}', me.get(inbox).text, re.DOTALL)[1]  # type: ignore[index]
        return path.rpartition("/")[2], me.get(path).text

    number, page = opened("Confirmed by a phone")
    assert "asks to be told" not in page and me.post(f"/mail/{number}/receipt", {"op": "send"}).status_code == 403
    number, page = opened("Please confirm")
    assert "ann@far.test asks to be told" in page
    me.post(f"/mail/{number}/receipt", {"op": "send"})
    eventually(lambda: any(b"disposition-notification" in one.data for one in place.sink.taken))
    (receipt,) = [one for one in place.sink.taken if b"disposition-notification" in one.data]
    assert (receipt.sender, receipt.recipients) == ("", ["ann@far.test"]) and b"Auto-Submitted: auto-replied" in receipt.data


# Auto-replies


@pytest.fixture(scope="module")
def away(place: Place) -> Place:
    place.run("account", "away", "u3@x.test", "--text", "Back on Monday.")
    place.run("alias", "add", "third@x.test", "u3@x.test")
    place.run("alias", "add", "everyone@x.test", "u3@x.test", "u5@x.test")
    place.server.settle()
    return place


def test_an_auto_reply_goes_from_nobody_to_the_return_path_and_joins_the_conversation(away: Place) -> None:
    away.send("third@x.test", "By another name", "envelope@far.test", author="Ann <ann@far.test>", Message_ID="<two@far.test>", References="<one@far.test>")
    reply = away.left("Auto: By another name")
    made = email.message_from_bytes(reply.data)
    assert (reply.sender, reply.recipients) == ("", ["envelope@far.test"])
    assert (made["In-Reply-To"], made["References"].split(), made["Auto-Submitted"]) == ("<two@far.test>", ["<one@far.test>", "<two@far.test>"], "auto-replied")


NO_REPLY = [
    ("null", "", {}, "null path"), ("daemon", "MAILER-DAEMON@far.test", {}, "is a robot"), ("owner", "owner-list@far.test", {}, "is a robot"), ("request", "list-request@far.test", {}, "is a robot"),
    ("oneself", "u3@x.test", {}, "own address"), ("alias", "third@x.test", {}, "own address"), ("auto", "a1@far.test", {"Auto_Submitted": "auto-generated"}, "sent automatically"),
    ("bulk", "a2@far.test", {"Precedence": "bulk"}, "bulk"), ("junk", "a3@far.test", {"Precedence": "junk"}, "bulk"), ("list", "a4@far.test", {"Precedence": "list"}, "bulk"),
    ("listid", "a5@far.test", {"List_Id": "<l.far.test>"}, "mailing list"), ("leave", "a6@far.test", {"List_Unsubscribe": "<mailto:l@far.test>"}, "mailing list"),
    ("other", "a7@far.test", {"List_Software": "Lister"}, "mailing list"), ("oof", "a8@far.test", {"X_Auto_Response_Suppress": "DR, OOF"}, "no auto-replies"),
    ("hidden", "a9@far.test", {"To": "undisclosed-recipients:;"}, "not addressed"), ("group", "b1@far.test", {"To": "everyone@elsewhere.test", "Cc": "u5@x.test"}, "not addressed"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "sender", "headers", "why"), NO_REPLY, ids=[one[0] for one in NO_REPLY])
def test_no_auto_reply_goes_where_none_should(away: Place, name: str, sender: str, headers: dict[str, str], why: str) -> None:
    away.send("u3@x.test", f"Silent {name}", sender, **headers)
    away.arrived(3, f"Silent {name}")
    assert why in away.story(f"Silent {name}") and "auto-reply sent" not in away.story(f"Silent {name}")


def test_an_auto_reply_goes_to_who_names_the_person_in_cc(away: Place) -> None:
    away.send("u3@x.test", "In a copy", "carol@far.test", To="somebody@elsewhere.test", Cc="Una <u3@x.test>")
    assert away.left("Auto: In a copy").recipients == ["carol@far.test"]
