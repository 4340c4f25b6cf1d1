"""The lines of POLICY on accepting mail that one clause at a time is easily lost of: over the wire, from strangers' addresses."""

import base64
import contextlib
import imaplib
import json
import re
import smtplib
import sys
import time
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from mailcore.base.clock import DAY
from mailcore.directory import verbs
from mailcore.directory.actor import COMMAND_LINE
from mailcore.store import jobs, scripts
from tests.scenario.dns_server import LocalDns
from tests.scenario.server import PASSWORD, RoostServer
from tests.scenario.test_protection import HONEST, at_the_store, deliver, found, letter, setting, told_of, waiting_for
from tests.scenario.test_smtp import Wire
from tests.scenario.waiting import eventually
from tests.web.visitor import signed_in

REFUSES = 'require ["reject"]; reject "Not for me.";'


@pytest.fixture(scope="module")
def world() -> Iterator[SimpleNamespace]:
    dns = LocalDns([*HONEST, ("2.0.0.127.hard.test", "A", "127.0.0.2")])
    server = RoostServer(dns=dns.where, workers=1, listeners=("smtp", "submission", "imap", "http"), people=4, settings={"spam.dnsbl": "hard.test 127.0.0.2 50"})
    yield SimpleNamespace(dns=dns, server=server)
    server.remove()
    dns.stop()


@contextlib.contextmanager
def imap_of(world: SimpleNamespace, who: str) -> Iterator[imaplib.IMAP4]:
    with imaplib.IMAP4("127.0.0.1", world.server.ports["imap"], timeout=20) as imap:
        imap.login(who, PASSWORD)
        yield imap


def test_who_refuses_past_the_hundredth_is_reported_only_to_a_sender_who_is_proved(world: SimpleNamespace) -> None:
    """They are served after the reply, and what the checks found is still known then."""
    people = [f"many{number:03}@x.test" for number in range(101)]
    with at_the_store(world) as runtime:
        runtime.store.write(lambda tx: [verbs.add_account(tx, COMMAND_LINE, one, runtime.clock.micros()) for one in people])
    world.server.run("alias", "add", "many@x.test", *people)
    world.server.run("account", "set", people[-1], "--password-stdin", input=PASSWORD + "\n")
    with at_the_store(world) as runtime:
        last, now = verbs.find_account(runtime.store.read(), people[-1]).id, runtime.clock.micros()
        runtime.store.write(lambda tx: (scripts.put(tx, last, "no", REFUSES, now), scripts.activate(tx, last, "no", now)))
    assert deliver(world, "bob@honest.test", letter("bob@honest.test", "many-honest"), to=("many@x.test",))[0] == 250
    eventually(lambda: waiting_for(world, "bob@honest.test") == 1)
    assert deliver(world, "eve@forged.test", letter("eve@forged.test", "many-forged"), to=("many@x.test",))[0] == 250
    eventually(lambda: found(world, "Junk", "many-forged", people[-1]) is not None)
    assert (found(world, "Junk", "many-honest", people[-1]), found(world, "INBOX", "many-honest", people[-1])) == (None, None)
    assert waiting_for(world, "eve@forged.test") == 0
    assert "refused, but filed as junk: the sender is not told" in told_of(world, "many-forged")
    world.dns.table.put("behind.test", "TXT", "v=spf1 ip4:192.0.2.9 -all")
    setting(world, "auth.relays", "127.0.0.5")
    try:
        hop = "Received: from mx.behind.test (mx.behind.test [192.0.2.9])\r\n by front.test; Mon, 1 Jan 2024 00:00:00 +0000\r\n"
        assert deliver(world, "bob@behind.test", letter("bob@behind.test", "many-relayed", hop), ip="127.0.0.5", to=("many@x.test",))[0] == 250
        eventually(lambda: found(world, "Junk", "many-relayed", people[-1]) is not None or waiting_for(world, "bob@behind.test"))
    finally:
        world.server.run("settings", "set", "auth.relays")
    assert waiting_for(world, "bob@behind.test") == 0, "what a named relay brings comes back to nobody"


def test_one_who_must_be_tried_later_puts_off_the_message_for_all(world: SimpleNamespace) -> None:
    world.server.run("domain", "add", "grey.test")
    world.server.run("account", "add", "ann@grey.test", "--password-stdin", input=PASSWORD + "\n")
    world.server.run("settings", "set", "spam.grey_delay", "1")
    world.server.run("settings", "set", "spam.greylisting", "on", "--domain", "grey.test")
    world.server.settle()
    try:
        first = deliver(world, "bob@plain.test", letter("bob@plain.test", "put-off"), to=("u1@x.test", "ann@grey.test"))
        assert (first[0], found(world, "INBOX", "put-off"), found(world, "INBOX", "put-off", "ann@grey.test")) == (451, None, None)
        time.sleep(1.1)
        assert deliver(world, "bob@plain.test", letter("bob@plain.test", "put-off"), to=("u1@x.test", "ann@grey.test"))[0] == 250
        assert found(world, "INBOX", "put-off") is not None and found(world, "INBOX", "put-off", "ann@grey.test") is not None
    finally:
        world.server.run("settings", "set", "spam.greylisting", "off", "--domain", "grey.test")


@pytest.mark.parametrize("scanner", ["a virus scanner", "SpamAssassin"])
def test_looking_that_takes_too_long_is_451_and_nothing_is_stored(world: SimpleNamespace, scanner: str) -> None:
    subject = f"slow-{scanner.rpartition(' ')[2]}"
    with contextlib.ExitStack() as stack:
        if scanner == "SpamAssassin":
            from tests.unit.policy.test_scanners import answering

            where = stack.enter_context(answering(lambda _: (time.sleep(3), b"")[1], b"\r\n"))
            name, value = "spam.spamassassin", where
        else:
            world.server.run("settings", "set", "virus.command", f"{sys.executable} -c 'import time; time.sleep(3)'")
            name, value = "virus.scanner", "command"
        world.server.run("settings", "set", name, value)
        setting(world, "smtp.judgement", "6")  # five of them are kept for the filters
        try:
            code, text = deliver(world, "bob@honest.test", letter("bob@honest.test", subject))
        finally:
            world.server.run("settings", "set", name)
            setting(world, "smtp.judgement", "60")
    assert (code, "takes too long" in text) == (451, True)
    assert (found(world, "INBOX", subject), found(world, "Junk", subject)) == (None, None)
    assert json.loads(world.server.run("trace", subject, "--json"))[0]["outcome"] == "deferred"


def test_odd_mail_is_stored_as_it_came(world: SimpleNamespace) -> None:
    """No Date, no Message-ID, eight bits nobody announced, a line of 2000 characters, a NUL: every byte stays."""
    body = b"From: bob@honest.test\r\nSubject: as-it-came\r\n\r\n\xe4\xf6\xfc \xff\r\n" + b"y" * 2000 + b"\r\nnul \0 here\r\n"
    assert deliver(world, "bob@honest.test", body)[0] == 250
    data = found(world, "INBOX", "as-it-came")
    assert data is not None and data.endswith(body)
    assert b"\r\nDate:" not in data and b"\r\nMessage-ID:" not in data


def test_mail_larger_than_the_room_is_kept_once_it_was_taken(world: SimpleNamespace) -> None:
    """Nobody said how large it is: it was taken at RCPT, so it is delivered and not bounced; the next is put off."""
    world.server.run("account", "set", "u4@x.test", "--quota", "20K")
    big = letter("bob@honest.test", "over-the-room") + b"x" * 70 + b"\r\n" + (b"y" * 70 + b"\r\n") * 500
    with smtplib.SMTP("127.0.0.1", world.server.ports["smtp"], local_hostname="mx.honest.test", timeout=20, source_address=("127.0.0.3", 0)) as client:
        client.ehlo()
        assert [client.mail("bob@honest.test")[0], client.rcpt("u4@x.test")[0], client.data(big)[0]] == [250, 250, 250]
    assert found(world, "INBOX", "over-the-room", "u4@x.test") is not None and waiting_for(world, "bob@honest.test") == 1, "the report of before alone"
    assert deliver(world, "bob@honest.test", letter("bob@honest.test", "the-next"), to=("u4@x.test",))[0] == 452
    with imap_of(world, "u4@x.test") as imap:  # a program without MOVE deletes like this
        imap.select("INBOX")
        assert imap.copy("1", "Archive")[0] == "NO"
        assert imap.copy("1", "Trash")[0] == "OK"
        imap.store("1", "+FLAGS", "\\Deleted")
        assert imap.expunge()[0] == "OK"
    assert found(world, "Trash", "over-the-room", "u4@x.test") is not None


@pytest.mark.parametrize("way", ["EXPUNGE", "CLOSE"])
def test_a_domain_may_keep_nothing_of_what_was_deleted(world: SimpleNamespace, way: str) -> None:
    server = world.server
    server.run("account", "add", f"gone-{way.lower()}@kept.test", "--password-stdin", input=PASSWORD + "\n") if way == "CLOSE" else (
        server.run("domain", "add", "kept.test"), server.run("account", "add", "gone-expunge@kept.test", "--password-stdin", input=PASSWORD + "\n")
    )  # fmt: skip
    server.run("settings", "set", "undelete.days", "0", "--domain", "kept.test")
    server.settle()
    kept = {}
    for who in (f"gone-{way.lower()}@kept.test", "u3@x.test"):
        with imap_of(world, who) as imap:
            imap.append("INBOX", "", None, b"Subject: gone\r\n\r\nx\r\n")
            imap.select("INBOX")
            imap.store("1:*", "+FLAGS", "\\Deleted")
            imap.expunge() if way == "EXPUNGE" else imap.close()
        with at_the_store(world) as runtime:
            kept[who] = runtime.store.read().value(
                "SELECT count(*) FROM expunged x JOIN accounts a ON a.id = x.account_id WHERE a.address = :a AND x.email_id IS NOT NULL", {"a": who}
            )
    assert list(kept.values()) in ([0, 1], [0, 2]), kept


def test_below_the_reserve_of_disk_mail_waits_outside_while_people_read_and_delete(world: SimpleNamespace) -> None:
    assert deliver(world, "bob@honest.test", letter("bob@honest.test", "before-the-disk"))[0] == 250
    world.server.run("settings", "set", "storage.reserve", str(2**50))
    try:
        answer = (0, "")
        deadline = time.monotonic() + 20
        while answer[0] != 452 and time.monotonic() < deadline:  # a look at the disk is believed for five seconds
            answer = deliver(world, "bob@honest.test", letter("bob@honest.test", "disk"))
            time.sleep(0.3)
        assert (answer[0], answer[1][:6]) == (452, "4.3.1 ")
        with imap_of(world, "u1@x.test") as imap:
            imap.select("INBOX")
            (number,) = imap.search(None, "SUBJECT", "before-the-disk")[1][0].split()
            assert b"Hello." in imap.fetch(number, "(BODY[])")[1][0][1]  # type: ignore[index]
            imap.store(number, "+FLAGS", "\\Deleted")
            assert imap.expunge()[0] == "OK" and imap.search(None, "SUBJECT", "before-the-disk")[1][0] == b""
    finally:
        world.server.run("settings", "set", "storage.reserve")


def test_postmaster_and_abuse_of_every_domain_resolve_whatever_stands_in_the_way(world: SimpleNamespace) -> None:
    """A second domain, a catch-all, an alias that was switched off, an account that was: the admin has it. Where one is set, that one has it."""
    server = world.server
    for name in ("second.test", "set.test", "off.test"):
        server.run("domain", "add", name)
    server.run("account", "add", "catcher@second.test", "--password-stdin", input=PASSWORD + "\n")
    server.run("domain", "set", "second.test", "--catch-all", "catcher@second.test")
    server.run("alias", "add", "postmaster@set.test", "u2@x.test")
    server.run("alias", "add", "postmaster@off.test", "u2@x.test")
    server.run("alias", "set", "postmaster@off.test", "--enabled", "off")
    server.run("account", "add", "abuse@off.test", "--password-stdin", input=PASSWORD + "\n")
    server.run("account", "set", "abuse@off.test", "--enabled", "off")
    for address, owner in (("postmaster@second.test", "admin@x.test"), ("abuse@second.test", "admin@x.test"), ("anybody@second.test", "catcher@second.test"), ("postmaster@set.test", "u2@x.test"), ("postmaster@off.test", "admin@x.test"), ("abuse@off.test", "admin@x.test")):
        subject = "role-" + address.replace("@", "-")
        assert deliver(world, "bob@honest.test", letter("bob@honest.test", subject), to=(address,))[0] == 250, address
        assert found(world, "INBOX", subject, owner) is not None, address
    assert found(world, "INBOX", "role-postmaster-second.test", "catcher@second.test") is None


def test_postmaster_takes_mail_that_a_list_and_a_block_list_would_refuse(world: SimpleNamespace) -> None:
    server = world.server
    server.run("domain", "add", "club.test")
    server.run("list", "add", "abuse@club.test", "--mode", "announcement", "--owner", "u2@x.test", "--member", "u3@x.test")
    server.run("list", "add", "news@club.test", "--mode", "announcement", "--owner", "u2@x.test", "--member", "u3@x.test")
    assert deliver(world, "bob@honest.test", letter("bob@honest.test", "to-news"), to=("news@club.test",))[0] == 550
    assert deliver(world, "bob@honest.test", letter("bob@honest.test", "to-abuse"), to=("abuse@club.test",))[0] == 250
    eventually(lambda: found(world, "INBOX", "to-abuse", "u3@x.test") is not None)
    eventually(lambda: deliver(world, "bob@plain.test", letter("bob@plain.test", "hard"), ip="127.0.0.2", helo="mx.listed.test")[0] == 550)
    assert deliver(world, "bob@plain.test", letter("bob@plain.test", "listed-to-abuse"), ip="127.0.0.2", helo="mx.listed.test", to=("abuse@x.test",))[0] == 250
    assert found(world, "Junk", "listed-to-abuse", "admin@x.test") is not None


def test_what_filters_remember_is_forgotten_when_its_time_is_over(world: SimpleNamespace) -> None:
    """Whom an auto-reply answered, and what the duplicate test saw."""
    with at_the_store(world) as runtime:
        one, now = verbs.find_account(runtime.store.read(), "u3@x.test").id, runtime.clock.micros()

        def remember(tx: object) -> None:
            for handle, at in (("old", now - 367 * DAY), ("new", now - 365 * DAY)):
                tx.run("INSERT INTO replied (account_id, handle, address, at) VALUES (:a, :h, 'bob@honest.test', :t)", {"a": one, "h": handle, "t": at})  # type: ignore[attr-defined]
            for mark, ends in (("old", now - DAY), ("new", now + DAY)):
                tx.run("INSERT INTO seen_marks (account_id, mark, until) VALUES (:a, :m, :u)", {"a": one, "m": mark, "u": ends})  # type: ignore[attr-defined]
            jobs.put(tx, "sweep", {}, now)  # type: ignore[arg-type]

        runtime.store.write(remember)

        def left() -> tuple[list[str], list[str]]:
            tx = runtime.store.read()
            return [r[0] for r in tx.all("SELECT handle FROM replied WHERE account_id = :a", {"a": one})], [r[0] for r in tx.all("SELECT mark FROM seen_marks WHERE account_id = :a", {"a": one})]

        eventually(lambda: left() == (["new"], ["new"]))


def test_one_limit_of_size_is_told_everywhere(world: SimpleNamespace) -> None:
    """50 MiB: as SIZE and in each refusal the bytes of a message, and everywhere the same number for files, of which base64 makes a third more."""
    person = signed_in(world.server, "u1@x.test")
    for value, size, words in (("50M", 52_428_800, "36.5 MB"), ("10M", 10_485_760, "7.3 MB")):
        setting(world, "smtp.message_size", value)
        try:
            with smtplib.SMTP("127.0.0.1", world.server.ports["smtp"], timeout=20) as client:
                client.ehlo()
                assert client.esmtp_features["size"] == str(size)
                code, text = client.mail("bob@honest.test", [f"SIZE={size + 1}"])
                assert (code, f"{size} bytes" in text.decode(), words in text.decode()) == (552, True, True)
            with imap_of(world, "u1@x.test") as imap:
                imap.send(f"x1 APPEND INBOX {{{size + 1}}}\r\n".encode())
                answer = imap.readline().decode()
                assert answer.startswith("x1 NO") and f"{size} bytes" in answer and words in answer
            page = person.get("/compose").text
            assert f"A message may hold {words}" in page and f'data-limit="{size * 57 // 78}"' in page
        finally:
            world.server.run("settings", "set", "smtp.message_size")
    setting(world, "smtp.message_size", "1M")
    try:
        draft = re.search(r'data-draft="([^"]+)"', person.get("/compose").text)[1]  # type: ignore[index]
        said = person.post(f"/compose/{draft}/files", {}, files={"files": ("big.bin", b"x" * 1_000_000)})
        assert "748 KB" in said.text, said.text[:500]
    finally:
        setting(world, "smtp.message_size", "50M")


def test_a_person_reached_by_name_alias_and_list_gets_one_copy(world: SimpleNamespace) -> None:
    world.server.run("alias", "add", "by-alias@x.test", "u3@x.test")
    world.server.run("list", "add", "by-list@x.test", "--member", "u3@x.test", "--member", "u2@x.test")
    assert deliver(world, "bob@honest.test", letter("bob@honest.test", "once-only"), to=("by-list@x.test", "by-alias@x.test", "u3@x.test"))[0] == 250
    eventually(lambda: found(world, "INBOX", "once-only", "u2@x.test") is not None)
    with imap_of(world, "u3@x.test") as imap:
        imap.select("INBOX", readonly=True)
        assert len(imap.search(None, "SUBJECT", "once-only")[1][0].split()) == 1


def test_a_proved_author_does_not_prove_the_envelope_that_a_report_would_go_to(world: SimpleNamespace) -> None:
    """DMARC passes for From by a signature of its domain; the envelope names somebody else, who sent nothing and must not be told."""
    import dkim

    key = rsa.generate_private_key(65537, 2048)
    public = base64.b64encode(key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()
    world.dns.table.put("s._domainkey.honest.test", "TXT", f'v=DKIM1; k=rsa; p={public[:180]}" "{public[180:]}')
    with at_the_store(world) as runtime:
        one, now = verbs.find_account(runtime.store.read(), "u2@x.test").id, runtime.clock.micros()
        runtime.store.write(lambda tx: (scripts.put(tx, one, "no", REFUSES, now), scripts.activate(tx, one, "no", now)))
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    before = waiting_for(world, "carl@honest.test")
    try:
        for envelope, is_told in (("victim@forged.test", False), ("carl@honest.test", True)):
            data = letter("carl@honest.test", f"signed-{envelope.partition('@')[0]}")
            signed = dkim.sign(data, b"s", b"honest.test", pem, include_headers=[b"From", b"To", b"Subject"]) + data
            assert deliver(world, envelope, signed, ip="127.0.0.88", to=("u1@x.test", "u2@x.test"))[0] == 250
            told = told_of(world, f"signed-{envelope.partition('@')[0]}")
            assert '"check": "dmarc", "level": "accept", "result": "pass"' in told and ("sender told" in told) == is_told, told
    finally:
        with at_the_store(world) as runtime:
            runtime.store.write(lambda tx: scripts.activate(tx, one, "", now))
    assert (waiting_for(world, "victim@forged.test"), waiting_for(world, "carl@honest.test")) == (0, before + 1)
    assert found(world, "Junk", "signed-victim", "u2@x.test") is not None and found(world, "Junk", "signed-carl", "u2@x.test") is None


@pytest.mark.parametrize("chunk", [b"Subject: x\r\n\r\na\n.\nb\r\n", b"Subject: x\r\n\r\na\rb\r\n", b"Subject: x\r\n\r\nends in CR\r"])
def test_a_bare_cr_or_lf_in_a_chunk_refuses_and_closes_too(world: SimpleNamespace, chunk: bytes) -> None:
    wire = Wire(world.server.ports["smtp"])
    wire.begin()
    wire.socket.sendall(b"BDAT %d LAST\r\n%bMAIL FROM:<a@b.test>\r\n" % (len(chunk), chunk))
    assert wire.reply().startswith("550 5.5.2")
    assert wire.is_closed()
    wire.socket.close()


def test_no_report_goes_to_a_sender_who_asked_for_none(world: SimpleNamespace) -> None:
    with at_the_store(world) as runtime:
        one, now = verbs.find_account(runtime.store.read(), "u2@x.test").id, runtime.clock.micros()
        runtime.store.write(lambda tx: (scripts.put(tx, one, "no", REFUSES, now), scripts.activate(tx, one, "no", now)))
    before = waiting_for(world, "dora@honest.test")
    try:
        with smtplib.SMTP("127.0.0.1", world.server.ports["smtp"], local_hostname="mx.honest.test", timeout=20, source_address=("127.0.0.3", 0)) as client:
            client.ehlo()
            client.mail("dora@honest.test")
            client.rcpt("u1@x.test")
            client.rcpt("u2@x.test", ["NOTIFY=NEVER"])
            assert client.data(letter("dora@honest.test", "never-tell"))[0] == 250
    finally:
        with at_the_store(world) as runtime:
            runtime.store.write(lambda tx: scripts.activate(tx, one, "", now))
    assert found(world, "Junk", "never-tell", "u2@x.test") is not None and waiting_for(world, "dora@honest.test") == before
