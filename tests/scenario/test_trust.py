"""The lines of POLICY on trust, clause by clause, over the wire: who is believed, what a list or a seal counts, and who may send as whom."""

import base64
import contextlib
import imaplib
import json
import re
import smtplib
import socket
import sqlite3
import ssl
import time
from collections.abc import Iterator
from email.message import EmailMessage
from types import SimpleNamespace

import pytest
import requests

from mailcore.base.clock import HOUR
from mailcore.directory import verbs
from mailcore.store import scripts
from tests.lasting import lasting
from tests.scenario.dns_server import LocalDns
from tests.scenario.sealer import Sealer
from tests.scenario.server import PASSWORD, RoostServer
from tests.scenario.sink import Behaviour, Sink
from tests.scenario.test_bans import From
from tests.scenario.test_protection import HONEST, RELAY, at_the_store, deliver, found, letter, setting, told_of, waiting_for
from tests.scenario.waiting import eventually
from tests.web.visitor import signed_in

LISTED, AT_ERROR = "127.0.0.7", "127.0.0.8"
TREE = (
    ("_dmarc.tree.test", "TXT", "v=DMARC1; p=none; sp=quarantine; np=reject"), ("news.tree.test", "A", "127.0.0.3"), ("tree.test", "A", "127.0.0.3"),
    ("_dmarc.part.test", "TXT", "v=DMARC1; p=reject; pct=0"), ("_dmarc.trial.test", "TXT", "v=DMARC1; p=reject; t=y"),
    ("_dmarc.city", "TXT", "v=DMARC1; p=reject; psd=y"), ("other.city", "TXT", "v=spf1 ip4:127.0.0.3 -all"),
    ("_dmarc.town", "TXT", "v=DMARC1; p=reject"), ("other.town", "TXT", "v=spf1 ip4:127.0.0.3 -all"),
)  # fmt: skip
LISTS = (
    ("2.0.0.127.good.bl", "A", "127.0.0.2"), ("7.0.0.127.good.bl", "A", "127.0.0.2"), ("8.0.0.127.good.bl", "A", "127.0.0.99"),
    ("2.0.0.127.all.bl", "A", "127.0.0.2"), ("1.0.0.127.all.bl", "A", "127.0.0.2"), ("7.0.0.127.all.bl", "A", "127.0.0.2"),
    ("7.0.0.127.dead.bl", "A", "127.0.0.2"),
    ("2.0.0.127.shy.bl", "A", "127.0.0.2"), ("8.0.0.127.shy.bl", "A", "127.255.255.254"),
)  # fmt: skip


@pytest.fixture(scope="module")
def world() -> Iterator[SimpleNamespace]:
    dns = LocalDns([*HONEST, *TREE, *LISTS, ("far.test", "MX", "10 mx.far.test."), ("mx.far.test", "A", "127.0.0.1")])
    sink = Sink(Behaviour())
    settings = {"spam.dnsbl": "good.bl 127.0.0.2 6; all.bl 127.0.0.2 50; dead.bl 127.0.0.2 50; shy.bl 127.0.0.2 50", "outgoing.port": str(sink.port), "outgoing.private": "on"}
    server = RoostServer(dns=dns.where, workers=1, listeners=("smtp", "submission", "imap", "http"), host="0.0.0.0", people=4, settings=settings)
    yield SimpleNamespace(dns=dns, server=server, sink=sink)
    server.remove()
    sink.stop()
    dns.stop()


def states(world: SimpleNamespace) -> dict[str, tuple[str, str]]:
    """What the last probe found of each block list."""
    with contextlib.closing(sqlite3.connect(f"file:{world.server.folder / 'data' / 'roost.db'}?mode=ro", uri=True)) as base:
        return {row[0]: (row[1], row[2]) for row in base.execute("SELECT host, state, detail FROM block_list_states")}


def an_hour_passes(world: SimpleNamespace) -> None:
    """For what is done once an hour."""
    with contextlib.closing(sqlite3.connect(world.server.folder / "data" / "roost.db", timeout=20)) as base:
        base.execute("UPDATE jobs SET created_at = created_at - ? WHERE kind = 'watch'", (HOUR,))
        base.commit()


def test_block_lists_are_probed_and_only_healthy_ones_with_expected_answers_count(world: SimpleNamespace) -> None:
    eventually(lambda: len(states(world)) == 4)
    assert {host: state for host, (state, _) in states(world).items()} == {"good.bl": "healthy", "all.bl": "suspended", "dead.bl": "suspended", "shy.bl": "healthy"}
    assert deliver(world, "bob@plain.test", letter("bob@plain.test", "named-by-three"), ip=LISTED)[0] == 250, "two of them would refuse alone, and were never seen healthy"
    data = found(world, "Junk", "named-by-three")
    assert data is not None and b"tests=" in data and b"list" in data.partition(b"tests=")[2].partition(b"\r\n")[0]
    assert str(told_of(world, "named-by-three")).count('"list": "') == 1
    assert deliver(world, "bob@plain.test", letter("bob@plain.test", "odd-answer"), ip=AT_ERROR)[0] == 250
    assert '"list": "' not in told_of(world, "odd-answer"), "127.0.0.99 is not among the expected, and an error is no answer"


def test_a_list_that_answers_with_an_error_stands_on_home_until_it_is_well_again(world: SimpleNamespace) -> None:
    deliver(world, "bob@plain.test", letter("bob@plain.test", "asks-shy"), ip=AT_ERROR)
    eventually(lambda: states(world)["shy.bl"][0] == "suspended")
    assert "127.255.255.254" in states(world)["shy.bl"][1]
    admin = signed_in(world.server, "admin@x.test")
    eventually(lambda: "The block list shy.bl is not asked" in admin.get("/admin/").text)
    assert "127.255.255.254" in admin.get("/admin/").text and "The block list dead.bl is not asked" in admin.get("/admin/").text
    world.dns.table.put("8.0.0.127.shy.bl", "A")
    an_hour_passes(world)
    eventually(lambda: states(world)["shy.bl"][0] == "healthy")
    eventually(lambda: "The block list shy.bl is not asked" not in admin.get("/admin/").text)


@pytest.mark.parametrize(
    ("envelope", "author", "outcome"),
    [
        ("bob@honest.test", "a@tree.test", "INBOX"), ("bob@honest.test", "a@news.tree.test", "Junk"), ("bob@honest.test", "a@ghost.tree.test", "refused"),
        ("bob@honest.test", "a@part.test", "refused"), ("bob@honest.test", "a@trial.test", "Junk"),
        ("bob@other.city", "a@shop.city", "refused"), ("bob@other.town", "a@shop.town", "INBOX"),
    ],
)  # fmt: skip
def test_the_policy_of_a_domain_is_found_by_the_tree(world: SimpleNamespace, envelope: str, author: str, outcome: str) -> None:
    """sp for a name that is there, np for one that is not, pct ignored, t one step softer, psd parts the shops of a city."""
    subject = "tree-" + author.replace("@", "-")
    code, text = deliver(world, envelope, letter(author, subject))
    assert (code, text[:7]) == (550, "5.7.26 ") if outcome == "refused" else code == 250
    assert outcome == "refused" or found(world, outcome, subject) is not None


def test_a_seal_counts_when_its_sealer_is_named_its_chain_is_whole_and_it_saw_dmarc_pass(world: SimpleNamespace) -> None:
    sealer, other = Sealer("sealer.test"), Sealer("other-sealer.test")
    for one in (sealer, other):
        world.dns.table.put(f"s._domainkey.{one.domain}", "TXT", one.record)
    setting(world, "auth.arc_sealers", "sealer.test")

    def arrives(subject: str, by: Sealer, results: str, spoil: bool = False) -> tuple[int, bool]:
        data = by.seal(letter("ann@strict.test", subject), results)
        code, _ = deliver(world, "list@honest.test", data.replace(b"Hello.", b"Bye.") if spoil else data)
        return code, found(world, "INBOX", subject) is not None

    try:
        assert arrives("sealed-well", sealer, "dmarc=pass header.from=strict.test") == (250, True)
        assert b"arc=pass" in (found(world, "INBOX", "sealed-well") or b"")
        assert arrives("sealed-by-nobody-named", other, "dmarc=pass header.from=strict.test") == (550, False)
        assert arrives("sealed-without-dmarc", sealer, "dmarc=fail header.from=strict.test") == (550, False)
        assert arrives("sealed-and-changed", sealer, "dmarc=pass header.from=strict.test", spoil=True) == (550, False)
    finally:
        setting(world, "auth.arc_sealers", "")
    assert arrives("sealed-and-no-longer-named", sealer, "dmarc=pass header.from=strict.test") == (550, False)


def test_what_is_passed_on_is_not_sealed(world: SimpleNamespace) -> None:
    world.server.run("account", "forward", "u3@x.test", "carl@far.test")
    assert deliver(world, "bob@honest.test", letter("bob@honest.test", "goes-on").replace(b"u1@x.test", b"u3@x.test"), to=("u3@x.test",))[0] == 250
    eventually(lambda: any(b"goes-on" in one.data for one in world.sink.taken))
    (sent,) = [one.data for one in world.sink.taken if b"goes-on" in one.data]
    assert b"ARC-" not in sent


def trusting() -> ssl.SSLContext:
    made = ssl.create_default_context()
    made.check_hostname, made.verify_mode = False, ssl.CERT_NONE
    return made


def submit(world: SimpleNamespace, sender: str, data: str, *, helo: str = "client.test", ip: str = "127.0.0.5") -> tuple[int, str]:
    """What u1 is answered, signed in from outside."""
    with smtplib.SMTP("127.0.0.1", world.server.ports["submission"], local_hostname=helo, timeout=20, source_address=(ip, 0)) as client:
        client.starttls(context=trusting())
        client.login("u1@x.test", PASSWORD)
        for code, text in (client.mail(sender), client.rcpt("u2@x.test")):
            if code >= 400:
                return code, text.decode()
        code, text = client.data(data.replace("\n", "\r\n").encode())
        return code, text.decode()


@pytest.mark.parametrize(
    ("sender", "head", "is_taken"),
    [
        ("", "From: u1@x.test\n", True), ("", "From: u2@x.test\n", False), ("", "From: ann@out.test\n", False),
        ("u1@x.test", "From: ann@out.test\nResent-From: u1@x.test\n", True), ("u1@x.test", "From: ann@out.test\nResent-From: u2@x.test\n", False),
        ("u1@x.test", "From: ann@out.test\n", False), ("u2@x.test", "From: u1@x.test\n", False), ("u1@x.test", "Subject: nobody's\n", False),
    ],
)  # fmt: skip
def test_who_sends_as_whom(world: SimpleNamespace, sender: str, head: str, is_taken: bool) -> None:
    code, text = submit(world, sender, f"{head}To: u2@x.test\nSubject: as whom\n\nx\n")
    assert code == (250 if is_taken else 550), text
    if not is_taken and "From" in head:
        wrong = sender if sender == "u2@x.test" else head.rpartition("From: ")[2].strip()
        assert text.startswith("5.7.1") and wrong in text and "signin.device" in text, "it names the address, and the setting that would allow it"


@pytest.mark.parametrize("helo", ["annas_laptop", "localhost", "[192.168.1.7]", "[IPv6:fe80::1]", "x" * 200, "-"])
def test_the_greeting_of_who_signs_in_is_not_judged(world: SimpleNamespace, helo: str) -> None:
    subject = f"greeted {len(helo)} {helo[:9]}"
    assert submit(world, "u1@x.test", f"From: u1@x.test\nTo: u2@x.test\nSubject: {subject}\n\nx\n", helo=helo)[0] == 250
    eventually(lambda: found(world, "INBOX", subject, "u2@x.test") is not None)
    assert b"X-Spam" not in (found(world, "INBOX", subject, "u2@x.test") or b"")


def refusing(world: SimpleNamespace, address: str, word: str) -> None:
    """A script that refuses what has *word* in its subject."""
    with at_the_store(world) as runtime:
        now, one = runtime.clock.micros(), verbs.find_account(runtime.store.read(), address).id
        text = f'require ["reject"]; if header :contains "subject" "{word}" {{ reject "Not for me."; }}'
        runtime.store.write(lambda tx: (scripts.put(tx, one, "no", text, now), scripts.activate(tx, one, "no", now)))


def infected(subject: str) -> bytes:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = "bob@behind.test", "u2@x.test", subject
    made.set_content("The text stays.")
    made.add_attachment(b"MZ", maintype="application", subtype="octet-stream", filename="invoice.exe")
    return made.as_bytes().replace(b"\n", b"\r\n")


@pytest.mark.parametrize("way", ["fetched", "by a named relay"])
def test_what_nobody_can_be_refused_comes_to_junk_at_worst(world: SimpleNamespace, way: str) -> None:
    """Though the person's rule refuses it, though it holds what is not taken here: no refusal, no bounce, no auto-reply to mail of days ago."""
    server, stem = world.server, way.rpartition(" ")[2]
    refusing(world, "u2@x.test", "refuse")
    server.run("account", "away", "u2@x.test", "--text", "Back on Monday.")
    server.run("settings", "set", "virus.blocked_action", "refuse")
    old = time.strftime("Date: %a, %d %b %Y %H:%M:%S +0000\r\n", time.gmtime(time.time() - 2 * 86_400))
    hop = "Received: from mx.behind.test (mx.behind.test [192.0.2.9])\r\n by pop.test; Mon, 1 Jan 2024 00:00:00 +0000\r\n"
    mails = {
        f"refuse-{stem}": letter("bob@behind.test", f"refuse-{stem}", hop), f"virus-{stem}": hop.encode() + infected(f"virus-{stem}"),
        f"old-{stem}": letter("bob@behind.test", f"old-{stem}", hop + old).replace(b"u1@x.test", b"u2@x.test"),
        f"hopless-{stem}": letter("bob@behind.test", f"hopless-{stem}"),
    }  # fmt: skip
    try:
        if way == "fetched":
            with imaplib.IMAP4("127.0.0.1", server.ports["imap"], timeout=20) as imap:
                imap.login("u4@x.test", PASSWORD)
                for data in mails.values():
                    assert imap.append("INBOX", "", None, data)[0] == "OK"
            server.run("fetch", "add", "u2@x.test", "127.0.0.1", "u4@x.test", "--password-stdin", "--protocol", "imap", "--port", str(server.ports["imap"]), "--security", "none", input=PASSWORD + "\n")
        else:
            setting(world, "auth.relays", RELAY)
            for data in mails.values():
                assert deliver(world, "bob@behind.test", data, ip=RELAY, to=("u2@x.test",))[0] == 250
        eventually(lambda: all(found(world, "Junk", subject, "u2@x.test") is not None for subject in list(mails)[:2]))
        eventually(lambda: all(found(world, "INBOX", subject, "u2@x.test") is not None for subject in list(mails)[2:]))
    finally:
        server.run("settings", "set", "virus.blocked_action")
        server.run("settings", "set", "auth.relays")
        server.run("account", "away", "u2@x.test", "--off")
        server.settle()
    stored = found(world, "Junk", f"virus-{stem}", "u2@x.test") or b""
    assert b"The text stays." in stored and b"invoice.exe was taken off" in stored
    assert waiting_for(world, "bob@behind.test") == 0 and json.loads(server.run("quarantine", "list", "--json")) == []
    assert "it is older than a day" in told_of(world, f"old-{stem}") and "temperror" in told_of(world, f"hopless-{stem}")


def test_a_relaying_address_that_hides_others_is_named_on_home(world: SimpleNamespace) -> None:
    """One machine gives one name. Whoever gives five in a day, or sends for five domains elsewhere, is a proxy or passes on what others send."""
    server, quiet, proxy, passing = world.server, "127.0.0.41", "127.0.0.42", "127.0.0.43"
    server.run("range", "add", "Printers", quiet, passing, "--auth", "external-external")
    for number in range(5):
        server.run("domain", "add-name", "x.test", f"branch{number}.test")
    server.settle(2.5)
    admin = signed_in(server, "admin@x.test")
    for number in range(5):
        own = f"u3@branch{number}.test"
        deliver(world, own, letter(own, "from a printer"), ip=quiet, helo=f"printer{min(number, 3)}.x.test")
        deliver(world, "u3@x.test", letter("u3@x.test", "from somebody"), ip=proxy, helo=f"host{number}.x.test")
        deliver(world, f"bob@out{number}.test", letter(f"bob@out{number}.test", "passed on"), ip=passing, helo="inner.x.test")
        deliver(world, f"bob@out{number}.test", letter(f"bob@out{number}.test", "from outside"), ip="127.0.0.60", helo=f"out{number}.test")
    page = admin.get("/admin/").text
    assert [ip for ip in (quiet, proxy, passing, "127.0.0.60") if f"Strangers may be relaying by way of {ip}" in page] == [proxy, passing]
    assert "/admin/ranges/Printers" in page
    server.run("range", "remove", "Printers")
    assert "Strangers may be relaying" not in admin.get("/admin/").text


def test_ten_different_passwords_in_half_an_hour_are_a_ban_and_old_ones_do_not_count(world: SimpleNamespace) -> None:
    ip, guess = "127.0.0.30", iter(range(100))

    def enters(password: str) -> bool:
        with smtplib.SMTP("127.0.0.1", world.server.ports["submission"], timeout=20, source_address=(ip, 0)) as client:
            client.starttls(context=trusting())
            client.ehlo()
            return client.docmd("AUTH", "PLAIN " + base64.b64encode(f"\0u4@x.test\0{password}".encode()).decode())[0] == 235

    assert not any(enters(f"wrong guess {next(guess)}") for _ in range(6))
    with contextlib.closing(sqlite3.connect(world.server.folder / "data" / "roost.db", timeout=20)) as base:
        base.execute("UPDATE sign_ins SET at = at - ? WHERE ip = ? AND is_good = 0", (31 * 60 * 1_000_000, ip))
        base.commit()
    assert not any(enters(f"wrong guess {next(guess)}") for _ in range(8)) and not any(enters("the same old one") for _ in range(3))
    assert json.loads(world.server.run("ban", "list", "--json")) == [], "eight and one that came three times are nine, and those of before are forgotten"
    assert not enters("the tenth") and not enters(PASSWORD)
    assert json.loads(world.server.run("ban", "list", "--json"))[0]["network"] == ip
    world.server.run("ban", "lift", ip)
    assert enters(PASSWORD)


@pytest.mark.parametrize("way", ["smtp", "submission", "imap", "pop3", "sieve", "web"])
def test_a_password_in_the_clear_is_taken_from_real_loopback_only(plain: RoostServer, way: str) -> None:
    assert {ip: clear(plain, way, ip) for ip in ("127.0.0.1", "127.0.0.9")} == {"127.0.0.1": way != "smtp", "127.0.0.9": False}, "and on port 25 from nowhere"


plain = lasting(lambda: RoostServer(listeners=("smtp", "submission", "imap", "pop3", "sieve", "http", "https"), host="0.0.0.0", people=1, workers=1))


def clear(server: RoostServer, way: str, ip: str) -> bool:
    """Whether u1's password is taken without TLS from *ip*."""
    token = base64.b64encode(f"\0u1@x.test\0{PASSWORD}".encode()).decode()
    if way == "web":
        with requests.Session() as session:
            session.trust_env = False
            session.mount("http://", From(ip))
            base = f"http://127.0.0.1:{server.ports['http']}"
            page = session.get(base + "/sign-in", timeout=20, allow_redirects=False)
            if page.status_code != 200:
                return False
            word = re.search(r'name="csrf_token" value="([^"]+)"', page.text)[1]  # type: ignore[index]
            return session.post(base + "/sign-in", data={"csrf_token": word, "address": "u1@x.test", "password": PASSWORD}, timeout=20, allow_redirects=False).status_code == 303
    said = {
        "smtp": (f"EHLO c\r\nAUTH PLAIN {token}\r\nQUIT\r\n", "235 "), "submission": (f"EHLO c\r\nAUTH PLAIN {token}\r\nQUIT\r\n", "235 "),
        "imap": (f'a LOGIN u1@x.test "{PASSWORD}"\r\nb LOGOUT\r\n', "a OK"), "pop3": (f"USER u1@x.test\r\nPASS {PASSWORD}\r\nQUIT\r\n", "+OK Welcome"),
        "sieve": (f'AUTHENTICATE "PLAIN" "{token}"\r\nLOGOUT\r\n', ""),
    }[way]  # fmt: skip
    with socket.create_connection(("127.0.0.1", server.ports[way]), 20, source_address=(ip, 0)) as line:
        line.sendall(said[0].encode())
        answer = b""
        while chunk := line.recv(4096):
            answer += chunk
    text = answer.decode()
    if way == "sieve":
        return text.count("OK") == 3  # the greeting, the sign-in, the goodbye
    if way == "pop3":
        return text.count("+OK") == 4
    return said[1] in text
