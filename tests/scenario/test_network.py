"""A small Internet on loopback: a DNS server, Debian's Postfix as a neighbour, and hosts that are dead, busy, silent or cut off.

Every message comes to its reader once or back to its sender once, and what could go round for ever ends by itself.
"""

import imaplib
import json
import re
import smtplib
import time
from collections import Counter
from collections.abc import Iterator
from email import message_from_bytes, policy

import pytest

from tests.scenario.dns_server import LocalDns
from tests.scenario.postfix import Postfix, why_not
from tests.scenario.server import PASSWORD, RoostServer, free_ports
from tests.scenario.sink import Behaviour, Sink, Taken
from tests.scenario.waiting import eventually
from tests.web.visitor import Browser

SENDERS = ("u1@x.test", "u2@x.test")
LETTERS = 4
"""From each sender, to everybody at once and one by one."""
HOPS = 12
WELL = ("busy", "silent", "cut", "two", "plain")
GONE = ("dead", "later", "refusing", "nowhere")


class Network:
    """The servers, each at an address of its own and all at one port, as on the Internet."""

    def __init__(self) -> None:
        (self.port,) = free_ports(1)
        hosts = {"busy": 3, "silent": 4, "cut": 5, "two": 6, "plain": 7, "dead": 8, "later": 9, "refusing": 10, "robot": 11}
        records = [("neighbour.test", "MX", "10 mx.neighbour.test."), ("mx.neighbour.test", "A", "127.0.1.2"), ("two.test", "MX", "5 mx.dead.test.")]
        for name, number in hosts.items():
            records += [(f"mx.{name}.test", "A", f"127.0.1.{number}"), (f"{name}.test", "MX" if name != "plain" else "A", f"10 mx.{name}.test." if name != "plain" else "127.0.1.7")]
        self.dns = LocalDns(records)
        behaviours = {
            "busy": Behaviour(mail="451 4.7.1 greylisted, come back", is_well_after=6), "silent": Behaviour(silent_seconds=4, is_well_after=4), "cut": Behaviour(drops_in_data=True, is_well_after=6),
            "two": Behaviour(), "plain": Behaviour(), "later": Behaviour(mail="450 4.2.1 never ready"), "robot": Behaviour(),
            "refusing": Behaviour(rcpt={f"bob{n}@refusing.test": "550 5.1.1 nobody of that name" for n in ("", *range(LETTERS))}),
        }  # fmt: skip
        self.sinks = {name: Sink(how, where=(f"127.0.1.{hosts[name]}", self.port)) for name, how in behaviours.items()}
        self.server = RoostServer(
            dns=self.dns.where, listeners=("smtp", "submission", "imap", "http"), people=6,
            settings={"outgoing.port": str(self.port), "outgoing.patience": "1", "smtp.max_received": str(HOPS), "spam.enabled": "off"},
        )  # fmt: skip
        for name in ("busy", "silent", "cut"):
            self.server.run("route", "add", f"{name}.test", f"mx.{name}.test", "--port", str(self.port), "--security", "none", "--retry", "1")
        for name in ("dead", "later"):
            self.server.run("route", "add", f"{name}.test", f"mx.{name}.test", "--port", str(self.port), "--security", "none", "--retry", "1", "--lifetime", "3")

    def stop(self) -> None:
        self.server.remove()
        for sink in self.sinks.values():
            sink.stop()
        self.dns.stop()


@pytest.fixture(scope="module")
def network() -> Iterator[Network]:
    made = Network()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def neighbour(network: Network) -> Iterator[Postfix]:
    if reason := why_not():
        pytest.skip(reason)
    made = Postfix(
        "neighbour.test", ("127.0.1.2", network.port), people=["pat"], aliases={"circle@neighbour.test": "u3@x.test"}, their_domain="x.test",
        their_port=network.server.ports["smtp"], strips="X-Roost-Redirected",
    )  # fmt: skip
    yield made
    made.remove()


def queue(network: Network) -> list[dict[str, str]]:
    found: list[dict[str, str]] = json.loads(network.server.run("queue", "list", "--json"))
    return found


def submit(network: Network, sender: str, recipients: list[str], subject: str) -> None:
    with smtplib.SMTP("127.0.0.1", network.server.ports["submission"], timeout=20) as client:
        client.login(sender, PASSWORD)
        client.sendmail(sender, recipients, f"From: {sender}\r\nTo: undisclosed:;\r\nSubject: {subject}\r\nMessage-ID: <{subject}@x.test>\r\n\r\nText {subject}\r\n")


def inbox(network: Network, address: str) -> list[str]:
    with imaplib.IMAP4("127.0.0.1", network.server.ports["imap"], timeout=20) as imap:
        imap.login(address, PASSWORD)
        count = imap.select("INBOX", readonly=True)[1][0]
        found = imap.fetch("1:*", "BODY.PEEK[]")[1] if count != b"0" else []
    return [part[1].decode() for part in found if isinstance(part, tuple)]


def subject_of(text: str) -> str:
    found = re.search(r"^Subject: (.*?)\r?$", text, re.MULTILINE)
    return found[1] if found else ""


def bounced(letters: list[str]) -> Counter[tuple[str, str]]:
    """(subject, recipient) of everything that reports say did not arrive."""
    found: Counter[tuple[str, str]] = Counter()
    for text in letters:
        made = message_from_bytes(text.encode(), policy=policy.default)
        if made.get_content_type() != "multipart/report" or "delivery-status" not in str(made.get("content-type")):
            continue
        original = re.search(r"^Subject: (\w+-\d+-\w+)\s*$", text, re.MULTILINE)
        assert original is not None, text
        found.update((original[1], address) for address in re.findall(r"^Final-Recipient: rfc822; ?(\S+?)\r?\n(?:.*\n)*?Action: failed", text, re.MULTILINE | re.IGNORECASE))
    return found


def taken_at(taken: list[Taken]) -> Counter[tuple[str, str]]:
    return Counter((subject_of(one.data.decode()), address) for one in taken for address in one.recipients)


def test_every_message_comes_once_or_comes_back_once(network: Network) -> None:
    expected: set[tuple[str, str]] = set()
    for sender in SENDERS:
        for number in range(LETTERS):
            together, alone = [f"bob@{name}.test" for name in (*WELL, *GONE)], f"bob{number}@{(*WELL, *GONE)[(number * 2 + len(sender)) % 9]}.test"
            for recipients, subject in ((together, f"{sender[:2]}-{number}-all"), ([alone], f"{sender[:2]}-{number}-one")):
                submit(network, sender, recipients, subject)
                expected |= {(subject, address) for address in recipients}
    eventually(lambda: queue(network) == [], lambda: queue(network))
    arrived: Counter[tuple[str, str]] = Counter()
    for sink in network.sinks.values():
        arrived += taken_at(sink.taken)
    returned = sum((bounced(inbox(network, sender)) for sender in SENDERS), Counter())
    assert arrived + returned == Counter(expected), ((arrived + returned) - Counter(expected), Counter(expected) - (arrived + returned))
    assert all(network.sinks[name].sessions > network.sinks[name].behaviour.is_well_after for name in ("busy", "silent", "cut")), "they were tried again"
    assert {address.partition("@")[2].removesuffix(".test") for _, address in arrived} == set(WELL)
    assert {address.partition("@")[2].removesuffix(".test") for _, address in returned} == set(GONE)


def test_a_neighbour_and_we_exchange_mail_both_ways(network: Network, neighbour: Postfix) -> None:
    for number in range(5):
        submit(network, "u1@x.test", ["pat@neighbour.test", "nobody@neighbour.test"], f"out-{number}-pat")
        with smtplib.SMTP("127.0.1.2", network.port, timeout=20) as client:
            client.sendmail("pat@neighbour.test", ["u2@x.test", "nobody@x.test"], f"From: pat@neighbour.test\r\nTo: u2@x.test\r\nSubject: in-{number}-ann\r\n\r\nText\r\n")
    eventually(lambda: queue(network) == [] and neighbour.waiting() == 0, lambda: (queue(network), neighbour.log()[-2000:]))
    subjects = Counter(subject_of(text) for text in neighbour.letters("pat"))
    assert [subjects[f"out-{n}-pat"] for n in range(5)] == [1] * 5
    assert bounced(neighbour.letters("pat")) == Counter({(f"in-{n}-ann", "nobody@x.test"): 1 for n in range(5)})
    ours = Counter(subject_of(text) for text in inbox(network, "u2@x.test"))
    assert [ours[f"in-{n}-ann"] for n in range(5)] == [1] * 5
    back = bounced(inbox(network, "u1@x.test"))
    assert {k: v for k, v in back.items() if k[0].startswith("out-")} == {(f"out-{n}-pat", "nobody@neighbour.test"): 1 for n in range(5)}


def test_a_circle_through_a_neighbour_that_takes_our_mark_off_ends_by_its_hops(network: Network, neighbour: Postfix) -> None:
    me = Browser(network.server)
    assert me.sign_in("u3@x.test").status_code == 200
    me.get("/settings/away")
    me.post("/settings/away", {"op": "forward", "is_forwarding": "1", "targets": "circle@neighbour.test", "keeps_copy": "1"})
    eventually(lambda: any(re.search(r"\n +\d{8}\r\n", text) for text in inbox(network, "u3@x.test")), lambda: neighbour.log()[-2000:])
    code = next(found[1] for text in inbox(network, "u3@x.test") if (found := re.search(r"\n +(\d{8})\r\n", text)))
    me.get("/settings/away")
    me.post("/settings/away", {"op": "code", "address": "circle@neighbour.test", "code": code})
    submit(network, "u4@x.test", ["u3@x.test"], "circle-1-u3")
    eventually(lambda: queue(network) == [] and neighbour.waiting() == 0 and len(bounced(inbox(network, "u4@x.test"))) > 0, lambda: (queue(network), neighbour.log()[-3000:]))
    time.sleep(1)
    rounds = Counter(subject_of(text) for text in inbox(network, "u3@x.test"))["circle-1-u3"]
    assert 1 < rounds <= HOPS, "it went round, and not for ever"
    assert sum(bounced(inbox(network, "u4@x.test")).values()) == 1 and queue(network) == []


def test_two_that_answer_everything_stop_answering_each_other(network: Network) -> None:
    """A robot elsewhere that marks its answers in no way, and a person here who is away."""
    me = Browser(network.server)
    assert me.sign_in("u5@x.test").status_code == 200
    me.get("/settings/away")
    me.post("/settings/away", {"op": "away", "is_on": "1", "subject": "Away: %SUBJECT%", "text": "Back on Monday.", "days": "7"})
    robot = network.sinks["robot"]
    answered = 0

    def answers() -> None:
        nonlocal answered
        while answered < len(robot.taken):
            answered += 1
            with smtplib.SMTP("127.0.0.1", network.server.ports["smtp"], timeout=20) as client:
                client.sendmail("robot@robot.test", ["u5@x.test"], f"From: robot@robot.test\r\nTo: u5@x.test\r\nSubject: Got it {answered}\r\nMessage-ID: <r{answered}@robot.test>\r\n\r\nThank you.\r\n")

    submit(network, "u5@x.test", ["robot@robot.test"], "first")
    quiet_since = time.monotonic()
    deadline, seen = quiet_since + 20, 0
    while time.monotonic() - quiet_since < 3 and time.monotonic() < deadline:
        answers()
        if len(robot.taken) != seen:
            seen, quiet_since = len(robot.taken), time.monotonic()
        time.sleep(0.1)
    assert [subject_of(one.data.decode()) for one in robot.taken] == ["first", "Away: Got it 1"]


def test_rules_that_send_in_a_circle_leave_one_copy_each(network: Network) -> None:
    for number, other in ((4, 6), (6, 4)):
        me = Browser(network.server)
        assert me.sign_in(f"u{number}@x.test").status_code == 200
        me.get("/settings/rules/new")
        saved = me.post("/settings/rules/new", {
            "match": "all", "c0_field": "subject", "c0_operator": "contains", "c0_value": "carousel", "a0_kind": "forward_copy", "a0_value": f"u{other}@x.test",
            "a1_kind": "keep", "op": "save",
        })  # fmt: skip
        assert saved.status_code == 200
    submit(network, "u1@x.test", ["u4@x.test", "u6@x.test"], "carousel")
    eventually(lambda: queue(network) == [], lambda: queue(network))
    time.sleep(1)
    counts = [Counter(subject_of(text) for text in inbox(network, f"u{n}@x.test"))["carousel"] for n in (4, 6)]
    assert all(1 <= count <= 2 for count in counts), counts
