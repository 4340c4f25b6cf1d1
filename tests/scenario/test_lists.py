"""Distribution lists in a running server: who may write, whom it reaches, what each copy says, and what comes back."""

import imaplib
import json
import re
import smtplib
import sqlite3
import time
import urllib.request
from email import message_from_string
from email.message import Message

import pytest

from mailcore.mail.headers import scan_headers
from mailcore.net.dns import DnsResolver
from mailcore.runtime.machine import SystemClock
from mailcore.senderauth import dkim
from tests.lasting import lasting
from tests.scenario.dns_server import LocalDns
from tests.scenario.server import PASSWORD, RoostServer
from tests.scenario.sink import Behaviour, Sink
from tests.scenario.waiting import eventually
from tests.web.visitor import Browser

GONE = "550 5.1.1 nobody here"
RECORDS = [
    ("far.test", "MX", "10 mx.far.test."), ("mx.far.test", "A", "127.0.0.1"),
    ("_dmarc.strict.test", "TXT", "v=DMARC1; p=reject"), ("strict.test", "A", "127.0.0.1"), ("plain.test", "A", "127.0.0.1"), ("soft.test", "A", "127.0.0.1"),
    ("_dmarc.soft.test", "TXT", "v=DMARC1; p=none"), ("forged.test", "A", "127.0.0.1"), ("_dmarc.forged.test", "TXT", "v=DMARC1; p=quarantine"),
]  # fmt: skip


class Place:
    """The server, its Internet, and the one outside host, which the relay setting leads to."""

    def __init__(self) -> None:
        self.dns = LocalDns(RECORDS)
        self.sink = Sink(Behaviour(rcpt={f"gone{n}@far.test": GONE for n in range(9)}))
        settings = {"relay.host": "127.0.0.1", "relay.port": str(self.sink.port), "relay.security": "none", "lists.pause_bounces": "2"}
        self.server = RoostServer(listeners=("smtp", "submission", "imap", "http"), people=5, dns=self.dns.where, settings=settings)
        for key in json.loads(self.run("dkim", "list", "x.test", "--json")):
            self.dns.table.put(key["name"], "TXT", key["record"][:200] + '" "' + key["record"][200:])
        self.run("domain", "add-name", "x.test", "also.test")

    def run(self, *words: str, input: str = "", is_checked: bool = True) -> str:
        return self.server.run(*words, input=input, is_checked=is_checked)

    def make(self, name: str, *words: str, members: tuple[str, ...] = ()) -> str:
        """A list of that name; its address."""
        address = f"{name}@x.test"
        self.run("list", "add", address, *words, *(w for m in members for w in ("--member", m)))
        return address

    def show(self, address: str) -> dict[str, object]:
        return json.loads(self.run("list", "show", address, "--json"))

    def send(self, to: str | list[str], subject: str, sender: str = "ann@plain.test", *, login: int = 0, author: str = "", source: str = "127.0.0.1", **headers: str) -> str:
        """Send a message; the reply of a refusal, else ""."""
        many = [to] if isinstance(to, str) else to
        lines = {"From": author or f"Ann <{sender or 'ann@plain.test'}>", "To": many[0], "Subject": subject, "Message-ID": f"<{time.monotonic_ns()}@plain.test>"}
        lines |= {k.replace("_", "-"): v for k, v in headers.items()}
        data = "".join(f"{k}: {v}\r\n" for k, v in lines.items()) + "\r\nHello\r\n"
        with smtplib.SMTP("127.0.0.1", self.server.ports["submission" if login else "smtp"], source_address=(source, 0)) as client:
            if login:
                client.login(f"u{login}@x.test", PASSWORD)
            try:
                client.sendmail(sender, many, data.encode())
            except smtplib.SMTPRecipientsRefused as error:
                return next(iter(error.recipients.values()))[1].decode()
            except smtplib.SMTPDataError as error:
                return error.smtp_error.decode() if isinstance(error.smtp_error, bytes) else error.smtp_error
        return ""

    def inbox(self, number: int, subject: str, box: str = "INBOX") -> list[Message]:
        """The messages of a person with that subject."""
        with imaplib.IMAP4("127.0.0.1", self.server.ports["imap"]) as imap:
            imap.login(f"u{number}@x.test", PASSWORD)
            if imap.select(box, readonly=True)[0] != "OK":
                return []
            found = imap.search(None, "SUBJECT", f'"{subject}"')[1][0].split()
            return [message_from_string(imap.fetch(one, "BODY.PEEK[]")[1][0][1].decode()) for one in found]

    def arrived(self, number: int, subject: str, box: str = "INBOX") -> Message:
        """Wait for the one message with that subject."""
        eventually(lambda: self.inbox(number, subject, box))
        found = self.inbox(number, subject, box)
        assert len(found) == 1
        return found[0]

    def left(self, address: str, subject: str) -> tuple[str, Message]:
        """Wait for the one message to an outside address: its envelope sender and itself."""

        def find() -> list[tuple[str, Message]]:
            return [(t.sender, m) for t in self.sink.taken if address in t.recipients and (m := message_from_string(t.data.decode()))["Subject"] == subject]

        eventually(find)
        found = find()
        assert len(found) == 1
        return found[0]

    def quiet(self) -> None:
        """Wait until the queue is empty."""
        eventually(lambda: not json.loads(self.run("queue", "list", "--json")))

    def story(self, subject: str) -> str:
        """All that the trace says about the newest message with that subject."""
        found = json.loads(self.run("trace", subject, "--json"))
        return self.run("trace", found[0]["trace_id"]) if found else ""

    def remove(self) -> None:
        self.server.remove()
        self.sink.stop()
        self.dns.stop()


place = lasting(Place)


def test_a_public_list_reaches_members_here_and_outside_once_each_with_its_marks(place: Place) -> None:
    team = place.make("team", "--name", "The Team", members=("u1@x.test", "u2@x.test", "bob@far.test", "U1@also.test"))
    assert place.send([team, "u1@x.test"], "news one") == ""
    here, (sender, there) = place.arrived(2, "news one"), place.left("bob@far.test", "news one")
    place.quiet()
    assert len(place.inbox(1, "news one")) == 1, "by the list and by the address: one copy"
    for one in (here, there):
        assert one["List-Id"] == "The Team <team.x.test>"
        assert one["List-Post"] == "<mailto:team@x.test>"
        assert one["Precedence"] == "list"
        assert one["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert one["From"] == "Ann <ann@plain.test>", "a domain without DMARC keeps its From"
    assert here["List-Unsubscribe"] != there["List-Unsubscribe"], "each member has a link of their own"
    assert re.fullmatch(r"list-bounces\+[a-z2-7]{12}\.[a-z2-7]{2}\.\d+@x\.test", sender)
    assert "Return-Path" not in there and here["Return-Path"].startswith("<list-bounces+")


@pytest.mark.parametrize("sender,author", [("ann@strict.test", "Änn <ann@strict.test>"), ("ann@soft.test", "Ann <ann@soft.test>"), ("u3@x.test", "u3@x.test")])
def test_from_is_rewritten_where_it_could_not_be_proved(place: Place, sender: str, author: str) -> None:
    name = sender.partition("@")[2].partition(".")[0]
    via = place.make(f"via-{name}", "--name", "Choir", members=("u1@x.test", "bob@far.test"))
    assert place.send(via, f"via {name}", sender, author=author) == ""
    there = place.left("bob@far.test", f"via {name}")[1]
    assert there["From"].endswith(f"<{via}>")
    assert " via Choir" in there["From"] or "=?utf-8?" in there["From"]
    assert sender in there["Reply-To"]


def test_a_colleague_who_signed_in_keeps_their_from_and_answers_can_go_to_the_list(place: Place) -> None:
    crew = place.make("crew", "--replies", "list", members=("bob@far.test",))
    assert place.send(crew, "from inside", "u1@x.test", login=1) == ""
    there = place.left("bob@far.test", "from inside")[1]
    assert there["From"] == "Ann <u1@x.test>"
    assert there["Reply-To"] == crew


def test_only_members_may_write_to_a_members_list_by_any_of_their_addresses(place: Place) -> None:
    club = place.make("club", "--mode", "members", members=("u1@x.test", "bob@far.test"))
    assert f"Only members may write to {club}" in place.send(club, "no", "u2@x.test")
    assert place.send("club@also.test", "club one", "u1@also.test") == ""
    assert place.send(club, "club two", "bob@far.test") == ""
    for subject in ("club one", "club two"):
        place.arrived(1, subject)


def test_only_the_owner_announces_and_only_after_signing_in_where_that_is_asked(place: Place) -> None:
    notices = place.make("notices", "--mode", "announcement", "--owner", "u1@x.test", "--sign-in", "on", members=("u2@x.test",))
    assert "signed in" in place.send(notices, "no", "u1@x.test")
    assert "Only its owner" in place.send(notices, "no", "u3@x.test", login=3)
    assert place.send(notices, "announced", "u1@x.test", login=1) == ""
    place.arrived(2, "announced")


def test_a_whole_domain_list_needs_no_rows_and_cannot_be_left(place: Place) -> None:
    everyone = place.make("everyone", "--mode", "domain")
    assert "Only people of x.test" in place.send(everyone, "no", "ann@plain.test")
    assert place.send(everyone, "to all", "u1@also.test") == ""
    for number in (1, 5):
        assert place.arrived(number, "to all")["List-Unsubscribe"] is None
    assert "takes no members" in place.run("list", "join", everyone, "a@far.test", "--json", is_checked=False)


def test_lists_in_lists_end_and_reach_each_once_and_ask_for_themselves(place: Place) -> None:
    place.make("inner", members=("u1@x.test", "outer@x.test", "inner@x.test"))
    outer = place.make("outer", members=("inner@x.test", "outer@x.test", "u1@x.test", "u2@x.test"))
    assert place.send(outer, "round") == ""
    for number in (1, 2):
        place.arrived(number, "round")
    place.quiet()
    assert len(place.inbox(1, "round")) == 1
    place.run("list", "set", "inner@x.test", "--mode", "members")
    assert "Only members may write to inner@x.test, which is part of outer@x.test" in place.send(outer, "no")


@pytest.mark.parametrize(
    "sender,headers", [
        ("", {}), ("robot@plain.test", {"Auto_Submitted": "auto-replied"}), ("robot@plain.test", {"Precedence": "bulk"}),
        ("ann@plain.test", {"List_Id": "other words <loop.x.test>"}),
    ],
)  # fmt: skip
def test_what_would_go_round_is_refused(place: Place, sender: str, headers: dict[str, str]) -> None:
    if "loop@x.test" not in place.run("list", "list"):
        place.make("loop", members=("u1@x.test", "loop@far.test"))
    assert "loop@x.test" in place.send("loop@x.test", "going round", sender, **headers)
    assert place.inbox(1, "going round") == []


def test_a_list_that_gets_its_own_mail_back_from_another_list_stops(place: Place) -> None:
    mirror = place.make("mirror", members=("other-list@far.test",))
    assert place.send(mirror, "mirrored") == ""
    back = place.left("other-list@far.test", "mirrored")[1]
    assert "has been through this list" in place.send(mirror, "mirrored", "other-list-bounces@far.test", X_Roost_List=back["X-Roost-List"])


def test_a_member_whose_mail_comes_back_is_paused_and_can_be_resumed(place: Place) -> None:
    paper = place.make("paper", members=("gone1@far.test", "bob@far.test"))
    for subject in ("paper one", "paper two", "paper three"):
        assert place.send(paper, subject) == ""
        place.left("bob@far.test", subject)
        place.quiet()
    people = {m["address"]: m for m in place.show(paper)["addresses"]}
    assert people["gone1@far.test"]["paused_at"] and not people["bob@far.test"]["paused_at"]
    assert sum("gone1@far.test" in line for line in place.sink.lines) == 2, "the third was not even tried"
    assert place.inbox(1, "Not delivered") == []
    place.run("list", "resume", paper, "gone1@far.test")
    assert place.show(paper)["paused"] == 0


def test_five_failures_for_good_within_fourteen_days_pause_a_member(place: Place) -> None:
    place.run("settings", "set", "lists.pause_bounces")
    daily = place.make("daily", members=("gone2@far.test", "busy@far.test"))
    place.sink.behaviour.rcpt["busy@far.test"] = "452 4.2.2 mailbox full"

    def fail(*numbers: int) -> tuple[int, bool]:
        """Send so many; the count of the first member, and whether it is paused."""
        for number in numbers:
            assert place.send(daily, f"daily {number}") == ""
            eventually(lambda n=number: "list bounce" in place.story(f"daily {n}"))  # type: ignore[misc]
        people = {m["address"]: m for m in place.show(daily)["addresses"]}
        assert people["busy@far.test"]["bounces"] == 0, "what may still arrive counts for nothing"
        return people["gone2@far.test"]["bounces"], bool(people["gone2@far.test"]["paused_at"])

    try:
        assert fail(1, 2, 3, 4) == (4, False)
        with sqlite3.connect(place.server.folder / "data" / "roost.db", timeout=20) as database:
            (times,) = database.execute("SELECT bounced FROM list_members WHERE address = 'gone2@far.test'").fetchone()
            old = [str(int(at) - 15 * 86_400_000_000) for at in times.split()[:2]]
            database.execute("UPDATE list_members SET bounced = ? WHERE address = 'gone2@far.test'", (" ".join([*old, *times.split()[2:]]),))
        assert fail(5) == (3, False), "two were longer than fourteen days ago"
        assert fail(6) == (4, False) and fail(7) == (5, True)
    finally:
        place.run("settings", "set", "lists.pause_bounces", "2")
        for item in json.loads(place.run("queue", "list", "--json")):
            place.run("queue", "remove", str(item["id"]))


def test_a_bounce_counts_only_from_nobody_to_an_address_that_was_made_here(place: Place) -> None:
    post = place.make("post", members=("late@far.test",))
    assert place.send(post, "will bounce") == ""
    token = place.left("late@far.test", "will bounce")[0]
    report = (
        "From: <mailer@far.test>\r\nSubject: {s}\r\nMIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"
        "--b\r\nContent-Type: text/plain\r\n\r\nNo.\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; far.test\r\n\r\n"
        "Final-Recipient: rfc822; late@far.test\r\nAction: failed\r\nStatus: {s}\r\n\r\n--b--\r\n"
    )

    def bounce(sender: str, to: str, status: str) -> int:
        with smtplib.SMTP("127.0.0.1", place.server.ports["smtp"]) as client:
            client.helo("far.test")
            client.mail(sender)
            code = client.rcpt(to)[0]
            return client.data(report.format(s=status))[0] if code == 250 else code

    assert bounce("", token, "4.2.2") == 250
    assert bounce("mailer@far.test", token, "5.1.1") == 550
    assert bounce("", token.replace("+", "+a", 1), "5.1.1") == 550
    assert bounce("", f"list-bounces+{'a' * 12}.aa.1@x.test", "5.1.1") == 550
    assert bounce("", "list-bounces@x.test", "5.1.1") == 550
    assert bounce("", token, "5.1.1") == 250
    assert place.show(post)["addresses"][0]["bounces"] == 1


def test_leaving_takes_one_click_without_a_sign_in_and_looking_changes_nothing(place: Place) -> None:
    letter = place.make("letter", "--name", "Letter", members=("u4@x.test", "bob@far.test"))
    assert place.send(letter, "leave me") == ""
    link = place.left("bob@far.test", "leave me")[1]["List-Unsubscribe"].strip("<>")
    path = re.fullmatch(r"https://mx\.x\.test(/lists/leave/\S+)", link)[1]
    url = f"http://127.0.0.1:{place.server.ports['http']}{path}"
    page = urllib.request.urlopen(url).read().decode()
    assert "Leave Letter?" in page and "bob@far.test" in page and "<button" in page
    assert place.show(letter)["members"] == 2
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(url[:-1] + ("a" if url[-1] != "a" else "b"), data=b"List-Unsubscribe=One-Click")
    assert place.show(letter)["members"] == 2
    for _ in range(2):
        assert "left the list" in urllib.request.urlopen(url, data=b"List-Unsubscribe=One-Click").read().decode()
    assert [m["address"] for m in place.show(letter)["addresses"]] == ["u4@x.test"]


def test_a_list_that_is_switched_off_says_so_and_a_removed_one_is_gone(place: Place) -> None:
    shut = place.make("shut", "--enabled", "off", members=("u1@x.test",))
    assert "switched off" in place.send(shut, "no")
    place.run("list", "remove", shut)
    assert "does not exist" in place.send(shut, "no")


def test_what_a_list_rewrote_leaves_signed_with_its_links_under_the_signature(place: Place) -> None:
    sealed = place.make("sealed", members=("bob@far.test",))
    assert place.send(sealed, "sealed", "ann@strict.test") == ""
    place.left("bob@far.test", "sealed")
    data = next(t.data for t in place.sink.taken if b"Subject: sealed" in t.data)
    resolver = DnsResolver(place.dns.where, SystemClock())
    found = dkim.verify(resolver, dkim.message_of(data, scan_headers(data)), int(time.time()))
    assert [(one.result, one.domain) for one in found] == [("pass", "x.test"), ("pass", "x.test")]
    signed = re.sub(r"\s", "", message_from_string(data.decode())["DKIM-Signature"])
    assert "list-unsubscribe:list-unsubscribe-post" in signed


def test_junk_goes_to_the_junk_of_members_here_and_never_elsewhere(place: Place) -> None:
    bait = place.make("bait", members=("u1@x.test", "bob@far.test"))
    assert place.send(bait, "forged offer", "ann@forged.test", source="127.0.0.2") == ""
    place.arrived(1, "forged offer", "Junk")
    place.quiet()
    assert not any(b"forged offer" in t.data for t in place.sink.taken)


def test_a_rename_of_the_domain_takes_its_lists_and_what_bounces_along(place: Place) -> None:
    place.run("domain", "add", "old.test")
    place.run("list", "add", "all@old.test", "--mode", "announcement", "--owner", "boss@old.test", "--member", "bob@far.test", "--member", "sub@old.test")
    place.run("domain", "rename", "old.test", "new.test")
    data = place.show("all@new.test")
    assert data["owner"] == "boss@new.test" and {m["address"] for m in data["addresses"]} == {"bob@far.test", "sub@new.test"}
    place.run("domain", "remove", "new.test")
    assert "all@new.test" not in place.run("list", "list")


def test_the_limits_of_lists_hold(place: Place) -> None:
    place.run("settings", "set", "lists.members", "3")
    few = place.make("few", members=("a@far.test", "b@far.test"))
    assert "at most 3" in place.run("list", "join", few, "c@far.test", "d@far.test", "--json", is_checked=False)
    assert place.show(few)["members"] == 2
    place.run("settings", "set", "lists.members", "10000")
    assert "list-bounces is kept" in place.run("list", "add", "list-bounces@x.test", "--json", is_checked=False)
    place.run("domain", "set", "x.test", "--max-lists", "1")
    assert "may have 1 lists" in place.run("list", "add", "one-more@x.test", "--json", is_checked=False)
    place.run("domain", "set", "x.test", "--max-lists", "0")
    assert "is no address" in place.run("list", "join", few, "not an address", "--json", is_checked=False)


def test_the_trace_tells_what_a_list_did(place: Place) -> None:
    told = place.make("told", members=("u1@x.test", "nobody@x.test", "bob@far.test"))
    assert place.send(told, "traced", "ann@strict.test") == ""
    place.left("bob@far.test", "traced")
    place.quiet()
    said = place.story("traced")
    for word in ("did=expanded", "did=From rewritten", "p=reject", "nobody@x.test", "left out", "delivered", "sent"):
        assert word in said


def test_a_list_is_made_filled_changed_and_removed_in_the_panel(place: Place) -> None:
    admin = Browser(place.server)
    admin.sign_in("admin@x.test")
    admin.get("/admin/lists/new")
    asked = {"localpart": "Panel", "domain": "x.test", "name": "Panel list", "mode": "public", "reply_to": "author", "enabled": "1", "op": "save"}
    wrong = admin.post("/admin/lists/new", asked | {"members": "not an address"})
    assert wrong.status_code == 422 and "is no address" in wrong.text and "Panel list" in wrong.text
    made = admin.post("/admin/lists/new", asked | {"members": "Ann <u1@x.test>, bob@far.test"})
    assert made.url.endswith("/admin/lists/panel@x.test") and "2 members" in made.text
    where = "/admin/lists/panel@x.test"
    assert "gone7@far.test" in admin.post(where, {"op": "join", "members": "gone7@far.test\nbob@far.test"}).text
    for subject in ("panel one", "panel two"):
        assert place.send("panel@x.test", subject) == ""
        place.left("bob@far.test", subject)
        place.quiet()
    assert "paused since" in admin.get(where).text and "1 paused" in admin.get("/admin/lists").text
    assert "paused since" not in admin.post(where, {"op": "resume", "which": "gone7@far.test"}).text
    assert "<b>gone7@far.test" not in admin.post(where, {"op": "remove", "which": "gone7@far.test"}).text
    saved = admin.post(where, {"name": "Panel list", "mode": "announcement", "owner": "", "reply_to": "list", "enabled": "1", "op": "save"})
    assert saved.status_code == 422 and "needs the address that may write" in saved.text
    assert "u1@x.test" in admin.post(where, {"mode": "announcement", "owner": "u1@x.test", "reply_to": "list", "enabled": "1", "op": "save"}).text
    assert place.show("panel@x.test")["mode"] == "announcement"
    trace = next(re.finditer(r'href="(/admin/messages/[^"?]+)"', admin.get("/admin/messages?q=panel+two").text))[1]
    assert "The list panel@x.test sends it on" in admin.get(trace).text and "is paused on" in admin.get(trace).text
    assert admin.post(where, {"op": "delete", "confirm": "panel"}).status_code == 422
    assert "panel@x.test is removed" in admin.post(where, {"op": "delete", "confirm": "panel@x.test"}).text
    assert admin.get(where).status_code == 404
    audit = admin.get("/admin/audit?q=panel@x.test").text
    for act in ("added", "joined", "paused", "resumed", "left", "changed", "removed"):
        assert f"<b>list {act}</b>" in audit
