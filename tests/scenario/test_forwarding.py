"""What is passed on elsewhere: never junk or a virus, byte for byte, from a sender that finds its way back for a week, and only where somebody said yes."""

import contextlib
import imaplib
import json
import re
import smtplib
import time
from email import message_from_bytes

from mailcore.base.clock import DAY
from mailcore.config.environment import Config
from mailcore.mail import srs
from mailcore.runtime.runtime import open_runtime
from mailcore.store import Tx, jobs
from tests.lasting import lasting
from tests.scenario.dns_server import LocalDns
from tests.scenario.server import PASSWORD, RoostServer
from tests.scenario.sink import Behaviour, Sink, Taken
from tests.scenario.waiting import eventually
from tests.web.visitor import signed_in

STRANGER, FORGED = "127.0.0.9", "eve@forged.test"
RECORDS = [
    ("far.test", "MX", "10 mx.far.test."), ("mx.far.test", "A", "127.0.0.1"), ("plain.test", "A", "127.0.0.1"), ("forged.test", "A", "127.0.0.1"),
    ("_dmarc.forged.test", "TXT", "v=DMARC1; p=quarantine"), ("old.test", "MX", "10 mx.old.test."), ("mx.old.test", "A", "127.0.0.1"),
]  # fmt: skip
SCANNER = "/bin/grep -q EVIL %FILE%"


class Place:
    """The server, its Internet, and the one host outside."""

    def __init__(self) -> None:
        self.dns = LocalDns(RECORDS)
        self.sink = Sink()
        self.old = Sink(Behaviour(ehlo=("PIPELINING", "ENHANCEDSTATUSCODES")))
        settings = {
            "relay.host": "127.0.0.1", "relay.port": str(self.sink.port), "relay.security": "none", "virus.scanner": "command", "virus.command": f"/bin/sh -c '! {SCANNER}'", "virus.command_code": "1",
            "virus.action": "strip",
        }  # fmt: skip
        self.server = RoostServer(listeners=("smtp", "submission", "imap", "http"), people=4, dns=self.dns.where, settings=settings)
        self.run("alias", "add", "away@x.test", "out@far.test")
        self.run("alias", "add", "both@x.test", "u2@x.test", "out@far.test")
        self.run("route", "add", "old.test", "127.0.0.1", "--port", str(self.old.port), "--security", "none")
        for number, target in ((1, "me@far.test"), (3, "me@old.test")):
            self.run("account", "forward", f"u{number}@x.test", target)
        self.server.settle()

    def run(self, *words: str, input: str = "") -> str:
        return self.server.run(*words, input=input)

    def send(self, to: list[str], subject: str, *, sender: str = "ann@plain.test", body: bytes = b"Hello\r\n", source: str = "127.0.0.1", more: str = "") -> str:
        """Send a message; what a refusal says, else ""."""
        head = f"From: <{sender}>\r\nTo: {to[0]}\r\nSubject: {subject}\r\nMessage-ID: <{time.monotonic_ns()}@plain.test>\r\n{more}\r\n".encode()
        with smtplib.SMTP("127.0.0.1", self.server.ports["smtp"], source_address=(source, 0)) as client:
            try:
                client.sendmail(sender, to, head + body)
            except smtplib.SMTPDataError as error:
                return f"{error.smtp_code} {error.smtp_error!r}"
        return ""

    def left(self, subject: str, sink: Sink | None = None) -> list[Taken]:
        """What the host outside was given with that subject."""
        return [one for one in (sink or self.sink).taken if message_from_bytes(one.data)["Subject"] == subject]

    def inbox(self, number: int, box: str = "INBOX") -> list[str]:
        return subjects(self.server, f"u{number}@x.test", box)

    def story(self, subject: str) -> str:
        return "".join(self.run("trace", one["trace_id"], "--json") for one in json.loads(self.run("trace", subject, "--json")))

    def remove(self) -> None:
        self.server.remove()
        self.sink.stop()
        self.old.stop()
        self.dns.stop()


place = lasting(Place)


def test_what_an_alias_sends_elsewhere_leaves_with_a_sender_that_finds_its_way_back(place: Place) -> None:
    assert place.send(["away@x.test"], "By an alias") == ""
    eventually(lambda: place.left("By an alias"))
    (one,) = place.left("By an alias")
    assert one.recipients == ["out@far.test"] and re.fullmatch(r"SRS0=\w{8}=\w\w=plain\.test=ann@x\.test", one.sender)


def test_redirected_bytes_are_the_same_below_our_received(place: Place) -> None:
    body = "Grüße\r\n".encode() + b"a long line " * 200 + b"\r\n.\r\n..two dots\r\n \r\n"
    more = "X-Odd:  two  blanks\t\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n"
    assert place.send(["u1@x.test"], "Byte for byte", body=body, more=more) == ""
    eventually(lambda: place.left("Byte for byte"))
    (one,) = place.left("Byte for byte")
    ours, _, theirs = one.data.partition(b"From: <ann@plain.test>")
    assert theirs.endswith(more.encode() + b"\r\n" + body), "nothing is folded, encoded or added"
    assert re.fullmatch(rb"X-Roost-Redirected: \w+\r\nReceived: from .*?\r\n(?:[ \t].*?\r\n)*", ours, re.DOTALL), ours


def test_what_would_have_to_be_changed_for_the_next_server_comes_back_instead(place: Place) -> None:
    more = "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n"
    assert place.send(["u3@x.test"], "Seven bits") == "" and place.send(["u3@x.test"], "Eight bits", body="Grüße\r\n".encode(), more=more) == ""
    eventually(lambda: place.left("Seven bits", place.old) and "5.6.3" in place.story("Eight bits"))
    assert place.left("Eight bits", place.old) == []
    eventually(lambda: any(b"5.6.3" in one.data and one.recipients == ["ann@plain.test"] and one.sender == "" for one in place.sink.taken))


def test_junk_leaves_by_no_alias_and_stays_with_who_has_a_mailbox(place: Place) -> None:
    assert "550" in (said := place.send(["away@x.test"], "Bait alone", sender=FORGED, source=STRANGER)) and "neither junk nor a virus is passed on" in said
    place.run("alias", "add", "abuse@x.test", "out@far.test")
    assert place.send(["abuse@x.test"], "Bait reported", sender=FORGED, source=STRANGER) == "", "abuse is never refused as spam"
    assert place.send(["both@x.test"], "Bait for two", sender=FORGED, source=STRANGER) == ""
    assert place.send(["u1@x.test"], "Bait forwarded", sender=FORGED, source=STRANGER) == ""
    eventually(lambda: "Bait for two" in place.inbox(2, "Junk") and "Bait forwarded" in place.inbox(1, "Junk"))
    waiting = [(one["subject"], one["state"]) for one in json.loads(place.run("queue", "list", "--json"))]
    assert [one for one in waiting if "Bait" in one[0]] == [("Bait reported", "held"), ("Bait for two", "held")], "an admin may look at it and let it go"
    assert "not redirected" in place.story("Bait for two") and not any(place.left(one) for one in ("Bait alone", "Bait reported", "Bait for two", "Bait forwarded"))


def test_junk_that_waits_for_an_admin_goes_after_thirty_days_as_all_junk_does(place: Place) -> None:
    def waiting() -> set[str]:
        return {one["subject"] for one in json.loads(place.run("queue", "list", "--json")) if "Waiting" in one["subject"]}

    for subject in ("Waiting long", "Waiting since lately", "Waiting by an admin's will"):
        assert place.send(["both@x.test"], subject, sender=FORGED, source=STRANGER) == ""
    assert len(waiting()) == 3
    with contextlib.closing(open_runtime(Config(data_dir=place.server.folder / "data", dns="none", hostname="mx.x.test"), name="test")) as runtime:
        now = runtime.clock.micros()

        def later(tx: Tx) -> None:
            tx.run("UPDATE queue_items SET created_at = :d WHERE subject = 'Waiting long'", {"d": now - 31 * DAY})
            tx.run("UPDATE queue_items SET created_at = :d, kind = 'mail' WHERE subject LIKE '%will'", {"d": now - 31 * DAY})
            jobs.put(tx, "sweep", {}, now)

        runtime.store.write(later)
    eventually(lambda: waiting() == {"Waiting since lately", "Waiting by an admin's will"}, waiting)


def test_what_held_a_virus_is_passed_on_to_nobody_even_when_it_was_taken_off(place: Place) -> None:
    assert place.send(["u1@x.test"], "Sick", body=b"EVIL\r\n") == ""
    eventually(lambda: "Sick" in place.inbox(1))
    assert "what held a virus is never redirected" in place.story("Sick") and place.left("Sick") == []
    assert "neither junk nor a virus is passed on" in place.send(["away@x.test"], "Sick alone", body=b"EVIL\r\n")


def test_a_way_back_is_good_for_seven_days_for_reports_only_and_no_catch_all_takes_it(place: Place) -> None:
    place.run("domain", "set", "x.test", "--catch-all", "u4@x.test")
    place.server.settle()
    key, today = srs_key(place.server), int(time.time() // 86_400)

    def answer(sender: str, recipient: str) -> int:
        with smtplib.SMTP("127.0.0.1", place.server.ports["smtp"]) as client:
            client.helo("far.test")
            client.mail(sender)
            return client.rcpt(recipient)[0]

    try:
        assert answer("bob@plain.test", "whoever@x.test") == 250, "the catch-all is there"
        for days, code in ((0, 250), (7, 250), (8, 554), (-1, 554)):
            assert answer("", srs.rewrite("ann@plain.test", "x.test", key=key, day=today - days)) == code, days
        good = srs.rewrite("ann@plain.test", "x.test", key=key, day=today)
        assert answer("bob@plain.test", good) == 550
        for wrong in (good.replace("=ann@", "=bob@"), good.replace("SRS0=", "SRS0=a"), "SRS0=@x.test", "SRS0=aaaaaaaa=aa=plain.test=ann@x.test", good.lower().replace("plain.test", "other.test")):
            assert answer("", wrong) == 550, wrong
    finally:
        place.run("domain", "set", "x.test", "--catch-all", "")


def srs_key(server: RoostServer) -> bytes:
    """The server's key for rewritten senders."""
    import contextlib

    from mailcore.config.environment import Config
    from mailcore.runtime.runtime import open_runtime

    with contextlib.closing(open_runtime(Config(data_dir=server.folder / "data", dns="none", hostname="mx.x.test"), name="test")) as runtime:
        return runtime.key("srs")


def test_following_a_link_confirms_nothing_and_the_owner_reads_of_what_was_added(place: Place) -> None:
    me = signed_in(place.server, "u4@x.test")
    me.get("/settings/away")
    assert "waiting for its code" in me.post("/settings/away", {"op": "forward", "is_forwarding": "1", "targets": "new@far.test", "keeps_copy": "1"}).text
    eventually(lambda: any(one.recipients == ["new@far.test"] for one in place.sink.taken))
    asked = next(one for one in place.sink.taken if one.recipients == ["new@far.test"])
    text = message_from_bytes(asked.data).get_payload(decode=True).decode()
    code = re.search(r"\b(\d{8})\b", text)[1]  # type: ignore[index]
    assert asked.sender == "" and "http" not in text, "there is nothing to follow"
    for query in (f"?op=code&address=new@far.test&code={code}", f"?code={code}"):
        me.get(f"/settings/away{query}")
    assert place.send(["u4@x.test"], "Before the button") == ""
    eventually(lambda: "Before the button" in place.inbox(4))
    assert place.left("Before the button") == [] and not any("new@far.test" in one for one in place.inbox(4))
    me.get("/settings/away")
    assert me.post("/settings/away", {"op": "code", "address": "new@far.test", "code": code}).status_code == 200
    eventually(lambda: any("new@far.test" in one for one in place.inbox(4)))
    assert place.send(["u4@x.test"], "After the button") == ""
    eventually(lambda: place.left("After the button"))


def test_a_long_chain_of_forwards_ends_with_a_copy_and_a_word_why(place: Place) -> None:
    for number in range(1, 8):
        place.run("account", "add", f"chain{number}@x.test", "--password-stdin", input=PASSWORD + "\n")
    for number in range(1, 7):
        place.run("account", "forward", f"chain{number}@x.test", f"chain{number + 1}@x.test", "--no-copy")
    place.server.settle()
    assert place.send(["chain1@x.test"], "On and on") == ""
    eventually(lambda: "it was redirected 5 times already: a loop" in place.story("On and on"))
    kept = [number for number in range(1, 8) if "On and on" in subjects(place.server, f"chain{number}@x.test")]
    assert kept == [6], "who may not pass it on keeps it"


def subjects(server: RoostServer, address: str, box: str = "INBOX") -> list[str]:
    with imaplib.IMAP4("127.0.0.1", server.ports["imap"]) as imap:
        imap.login(address, PASSWORD)
        imap.select(box, readonly=True)
        found = imap.fetch("1:*", "BODY.PEEK[HEADER.FIELDS (SUBJECT)]")[1] if imap.search(None, "ALL")[1][0] else []
    return [part[1].decode().partition(":")[2].strip() for part in found if isinstance(part, tuple)]


def test_junk_gets_no_auto_reply_though_its_sender_is_not_forged(place: Place) -> None:
    place.run("account", "add", "away2@x.test", "--password-stdin", input=PASSWORD + "\n")
    place.run("account", "away", "away2@x.test", "--text", "Back on Monday.")
    place.run("settings", "set", "spam.mark", "1")
    place.server.settle()
    try:
        assert place.send(["away2@x.test"], "Merely junk", source=STRANGER) == ""
    finally:
        place.run("settings", "set", "spam.mark")
    eventually(lambda: "Merely junk" in subjects(place.server, "away2@x.test", "Junk"))
    assert "it is junk" in place.story("Merely junk") and '"dmarc", "result": "fail"' not in place.story("Merely junk")
    assert not any(b"Back on Monday" in one.data for one in place.sink.taken)
