"""What protects, seen from outside: signatures on the way out, and what a stranger's mail meets on the way in."""

import base64
import contextlib
import email
import email.policy
import getpass
import imaplib
import io
import json
import os
import poplib
import shutil
import smtplib
import socket
import sqlite3
import subprocess
import tempfile
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from mailcore.config.environment import Config
from mailcore.directory import dkim_keys, verbs
from mailcore.directory.actor import COMMAND_LINE
from mailcore.mail.headers import scan_headers
from mailcore.runtime.runtime import Runtime, open_runtime
from mailcore.senderauth import dkim
from mailcore.store import accounts, scripts
from tests.scenario.dns_server import LocalDns
from tests.scenario.server import PASSWORD, RoostServer, free_ports
from tests.scenario.sink import EHLO, Behaviour
from tests.scenario.test_queue import Post, post
from tests.scenario.waiting import eventually

__all__ = ["post"]


def publish(post: Post) -> list[dkim_keys.Key]:
    """Make x.test's keys and show them in DNS."""
    dkim_keys.make_missing(post.runtime)
    keys = dkim_keys.keys(post.runtime.store.read())
    for key in keys:
        post.dns.table.put(key.name, "TXT", key.value[:200] + '" "' + key.value[200:])
    return keys


def verified(post: Post, data: bytes) -> list[tuple[str, str, str]]:
    found = dkim.verify(post.runtime.resolver, dkim.message_of(data, scan_headers(data)), post.runtime.clock.micros() // 1_000_000)
    return [(one.result, one.domain, one.algorithm) for one in found]


def test_mail_leaves_with_a_signature_of_each_kind_once_dns_shows_the_keys(post: Post) -> None:
    sink = post.remote()
    publish(post)
    post.serve(post.put("bob@far.test"))
    assert verified(post, sink.taken[0].data) == [("pass", "x.test", "rsa-sha256"), ("pass", "x.test", "ed25519-sha256")]
    assert {key.state for key in dkim_keys.keys(post.runtime.store.read())} == {"active"}


def test_mail_leaves_unsigned_while_dns_does_not_show_the_keys(post: Post) -> None:
    sink = post.remote()
    dkim_keys.make_missing(post.runtime)
    post.serve(post.put("bob@far.test"))
    assert verified(post, sink.taken[0].data) == []


def test_what_was_converted_for_a_7_bit_server_is_signed_as_it_left(post: Post) -> None:
    sink = post.remote(Behaviour(ehlo=tuple(line for line in EHLO if "8BITMIME" not in line)))
    publish(post)
    letter = b"From: ann@x.test\r\nTo: bob@far.test\r\nSubject: Hi\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n\xc3\xa9t\xc3\xa9\r\n"
    post.serve(post.put("bob@far.test", data=letter))
    assert b"\xc3" not in sink.taken[0].data
    assert [result for result, _, _ in verified(post, sink.taken[0].data)] == ["pass", "pass"]


def test_a_strangers_message_that_is_passed_on_is_not_signed_in_our_name(post: Post) -> None:
    sink = post.remote()
    publish(post)
    item = post.put("bob@far.test")
    post.runtime.store.write(lambda tx: tx.run("UPDATE queue_items SET kind = 'forward' WHERE id = :i", {"i": item}))
    post.serve(item)
    assert verified(post, sink.taken[0].data) == []


def test_the_old_key_signs_until_dns_shows_the_new_one(post: Post) -> None:
    sink = post.remote()
    (old, *_) = publish(post)
    post.serve(post.put("bob@far.test"))
    dkim_keys.rotate(post.runtime, COMMAND_LINE, old.domain_id)
    post.serve(post.put("bob@far.test"))
    publish(post)
    post.runtime.resolver.forget()  # type: ignore[attr-defined]
    post.serve(post.put("bob@far.test"))
    assert [b"s=" + old.selector.encode() + b";" in taken.data for taken in sink.taken] == [True, True, False]
    assert verified(post, sink.taken[2].data)[0][0] == "pass"


# Receiving: the real server, and strangers from 127.0.0.x, which is not loopback to the policy

OUTSIDE = "127.0.0.3"
HONEST = (
    ("honest.test", "TXT", "v=spf1 ip4:127.0.0.3 -all"), ("honest.test", "MX", "10 mx.honest.test"), ("mx.honest.test", "A", "127.0.0.3"),
    ("_dmarc.honest.test", "TXT", "v=DMARC1; p=reject"), ("3.0.0.127.in-addr.arpa", "PTR", "mx.honest.test"),
    ("forged.test", "TXT", "v=spf1 -all"), ("forged.test", "MX", "10 mx.honest.test"), ("_dmarc.forged.test", "TXT", "v=DMARC1; p=quarantine"),
    ("strict.test", "TXT", "v=spf1 -all"), ("strict.test", "MX", "10 mx.honest.test"), ("_dmarc.strict.test", "TXT", "v=DMARC1; p=reject"),
    ("plain.test", "TXT", "v=spf1 ?all"), ("plain.test", "MX", "10 mx.honest.test"),
    ("lax.test", "TXT", "v=spf1 -all"), ("lax.test", "MX", "10 mx.honest.test"), ("_dmarc.lax.test", "TXT", "v=DMARC1; p=none"),
    ("behind.test", "TXT", "v=spf1 ip4:192.0.2.9 -all"), ("behind.test", "MX", "10 mx.honest.test"), ("_dmarc.behind.test", "TXT", "v=DMARC1; p=reject"),
    ("2.0.0.127.bl.test", "A", "127.0.0.2"),
    ("2.0.0.127.in-addr.arpa", "PTR", "mx.listed.test"), ("mx.listed.test", "A", "127.0.0.2"),
)  # fmt: skip


@pytest.fixture(scope="module")
def world() -> Iterator[SimpleNamespace]:
    dns = LocalDns(HONEST)
    server = RoostServer(dns=dns.where, workers=1, listeners=("smtp", "submission", "imap", "pop3", "http"), settings={"spam.dnsbl": "bl.test 127.0.0.2 9"})
    yield SimpleNamespace(dns=dns, server=server)
    server.remove()
    dns.stop()


def letter(sender: str, subject: str, more: str = "") -> bytes:
    return f"{more}From: {sender}\r\nTo: u1@x.test\r\nSubject: {subject}\r\nMessage-ID: <{subject}@{sender.rpartition('@')[2]}>\r\n\r\nHello.\r\n".encode()


def deliver(world: SimpleNamespace, sender: str, data: bytes, *, ip: str = OUTSIDE, helo: str = "mx.honest.test", to: tuple[str, ...] = ("u1@x.test",)) -> tuple[int, str]:
    """One message by SMTP from *ip*; the reply to the dot, or to what was refused before it."""
    with smtplib.SMTP("127.0.0.1", world.server.ports["smtp"], local_hostname=helo, timeout=60, source_address=(ip, 0)) as client:
        client.ehlo()
        for code, text in (client.mail(sender), *(client.rcpt(one) for one in to)):
            if code >= 400:
                return code, text.decode()
        code, text = client.data(data)
        return code, text.decode()


def found(world: SimpleNamespace, mailbox: str, subject: str, user: str = "u1@x.test") -> bytes | None:
    """The message of *subject* in a mailbox, by IMAP."""
    client = imaplib.IMAP4("127.0.0.1", world.server.ports["imap"])
    client.login(user, PASSWORD)
    client.select(mailbox, readonly=True)
    _, numbers = client.search(None, "SUBJECT", f'"{subject}"')
    data = client.fetch(numbers[0].split()[-1], "(BODY.PEEK[])")[1][0][1] if numbers[0] else None  # type: ignore[index]
    client.logout()
    return data  # type: ignore[return-value]


def setting(world: SimpleNamespace, name: str, value: str) -> None:
    """Change a setting of the running server, and wait until it is seen."""
    world.server.run("settings", "set", name, value)
    world.server.settle()


def test_an_honest_stranger_reaches_the_inbox_with_the_results_on_top(world: SimpleNamespace) -> None:
    assert deliver(world, "bob@honest.test", letter("bob@honest.test", "honest"))[0] == 250
    data = found(world, "INBOX", "honest")
    assert data is not None
    assert data.startswith(b"Return-Path: <bob@honest.test>\r\nAuthentication-Results: mx.x.test; spf=pass smtp.mailfrom=bob@honest.test;")
    assert b"dmarc=pass" in data.partition(b"Received:")[0] and b"X-Spam-Flag" not in data


def test_a_forged_sender_lands_in_junk_and_the_line_he_wrote_in_our_name_is_gone(world: SimpleNamespace) -> None:
    lie = "Authentication-Results: mx.x.test; spf=pass; dmarc=pass\r\nAuthentication-Results: other.test; spf=none\r\n"
    assert deliver(world, "eve@forged.test", letter("eve@forged.test", "forged", lie))[0] == 250
    assert found(world, "INBOX", "forged") is None
    data = found(world, "Junk", "forged")
    assert data is not None
    head = data.partition(b"Received:")[0]
    assert b"spf=fail" in head and b"dmarc=fail" in head
    assert data.count(b"Authentication-Results: mx.x.test;") == 1 and b"Authentication-Results: other.test; spf=none" in data


def test_who_only_uses_pop3_gets_a_mark_on_the_subject_until_seen_elsewhere(world: SimpleNamespace) -> None:
    def by_pop3() -> list[bytes]:
        client = poplib.POP3("127.0.0.1", world.server.ports["pop3"], timeout=20)
        client.user("u3@x.test")
        client.pass_(PASSWORD)
        made = [b"\r\n".join(client.retr(number + 1)[1]) for number in range(client.stat()[0])]
        client.quit()
        return made

    assert by_pop3() == []
    subject = "=?utf-8?q?W=C3=BCrmer?="
    assert deliver(world, "eve@forged.test", letter("eve@forged.test", subject), to=("u3@x.test",))[0] == 250
    (data,) = by_pop3()
    read = email.message_from_bytes(data, policy=email.policy.default)
    assert read["subject"] == "[Spam] Würmer" and len(read.get_all("subject") or []) == 1 and "Hello." in read.get_content()
    assert found(world, "Junk", "worms", user="u3@x.test") is None, "and IMAP is used from here on"
    assert deliver(world, "eve@forged.test", letter("eve@forged.test", "worms"), to=("u3@x.test",))[0] == 250
    assert found(world, "Junk", "worms", user="u3@x.test") is not None and len(by_pop3()) == 1


def test_p_reject_without_any_sign_of_a_forwarder_is_refused_with_its_own_status(world: SimpleNamespace) -> None:
    code, text = deliver(world, "eve@strict.test", letter("eve@strict.test", "strict"))
    assert (code, text[:7]) == (550, "5.7.26 ")
    assert found(world, "Junk", "strict") is None


def test_p_reject_that_came_through_a_list_lands_in_junk(world: SimpleNamespace) -> None:
    assert deliver(world, "eve@strict.test", letter("eve@strict.test", "listed", "List-Id: <l.list.test>\r\n"))[0] == 250
    assert found(world, "Junk", "listed") is not None


def test_real_loopback_is_believed(world: SimpleNamespace) -> None:
    assert deliver(world, "eve@strict.test", letter("eve@strict.test", "near"), ip="127.0.0.1")[0] == 250
    assert found(world, "INBOX", "near") is not None


def test_a_listed_address_lands_in_junk_once_the_list_was_seen_healthy(world: SimpleNamespace) -> None:
    deadline = time.monotonic() + 20
    while "X-Spam-Flag" not in (text := (found(world, "Junk", "blocklisted") or b"").decode()) and time.monotonic() < deadline:
        assert deliver(world, "bob@plain.test", letter("bob@plain.test", "blocklisted"), ip="127.0.0.2", helo="mx.listed.test")[0] == 250
        time.sleep(0.3)
    assert "X-Spam-Status: Yes, score=9 required=5 tests=list" in text


def test_a_greylisted_stranger_is_asked_to_come_back_and_then_let_in(world: SimpleNamespace) -> None:
    world.server.run("settings", "set", "spam.grey_delay", "1")
    setting(world, "spam.greylisting", "true")
    first = deliver(world, "bob@plain.test", letter("bob@plain.test", "grey"))
    time.sleep(1.1)
    second = deliver(world, "bob@plain.test", letter("bob@plain.test", "grey"))
    setting(world, "spam.greylisting", "false")
    assert (first[0], first[1][:6], second[0]) == (451, "4.7.1 ", 250)


def test_a_blocked_attachment_is_refused_also_inside_a_zip(world: SimpleNamespace) -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("invoice.exe", b"MZ")
    setting(world, "virus.blocked_action", "refuse")
    data = letter("bob@honest.test", "zip").replace(
        b"\r\n\r\nHello.\r\n", b"\r\nContent-Type: application/zip; name=a.zip\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(made.getvalue()).replace(b"\n", b"\r\n")
    )
    code, text = deliver(world, "bob@honest.test", data)
    setting(world, "virus.blocked_action", "off")
    assert code == 550 and "invoice.exe" in text


@pytest.fixture(scope="module")
def clamd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real clamd that knows one signature of ours."""
    program = shutil.which("clamd", path="/usr/sbin:/usr/bin:/usr/local/sbin")
    if program is None:
        pytest.skip("clamd is not installed (Debian: clamav-daemon)")
    folder = tmp_path_factory.mktemp("clamd")
    (port,) = free_ports(1)
    (folder / "own.ndb").write_text(f"Roost.Test:0:*:{b'roost-virus-test-bytes'.hex()}\n")
    user = f"User {getpass.getuser()}\n" if os.getuid() == 0 else ""
    (folder / "clamd.conf").write_text(f"DatabaseDirectory {folder}\nTCPSocket {port}\nTCPAddr 127.0.0.1\nForeground true\nTemporaryDirectory {folder}\n{user}")
    yield from running([program, "-c", str(folder / "clamd.conf")], port)


@pytest.fixture(scope="module")
def spamd() -> Iterator[str]:
    """A real spamd with one rule of ours."""
    program = shutil.which("spamd", path="/usr/sbin:/usr/bin:/usr/local/bin")
    if program is None:
        pytest.skip("spamd is not installed (Debian: spamd)")
    (port,) = free_ports(1)
    folder = Path(tempfile.mkdtemp(prefix="roost-spamd-"))
    folder.chmod(0o755)  # as root it serves as nobody, who must read its rules
    (folder / "init.pre").write_text("loadplugin Mail::SpamAssassin::Plugin::Check\n")
    (folder / "own.cf").write_text("body ROOST_TEST /roost-spam-test-words/\nscore ROOST_TEST 12\nrequired_score 5\n")
    user = ["-u", "nobody"] if os.getuid() == 0 else []
    yield from running([program, "-L", "-x", "-m", "1", "-i", "127.0.0.1", "-p", str(port), "-C", str(folder), f"--siteconfigpath={folder}", *user], port)
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def rspamd() -> Iterator[str]:
    """A real rspamd with one rule of ours; its list of top domains is short because reading the whole one takes ten seconds."""
    program = shutil.which("rspamd")
    if program is None:
        pytest.skip("rspamd is not installed (Debian: rspamd)")
    (port,) = free_ports(1)
    folder = Path(tempfile.mkdtemp(prefix="roost-rspamd-"))
    folder.chmod(0o777)  # as root it serves as the user of Debian's package
    (folder / "domains").write_text("test\n")
    options = {"filters": "regexp", "url_tld": folder / "domains", "pidfile": folder / "pid", "rundir": folder, "hs_cache_dir": folder, "tempdir": folder, "control_socket": folder / "control"}
    (folder / "rspamd.conf").write_text(
        "options {" + "".join(f'{name} = "{value}";' for name, value in options.items()) + ' dns { nameserver = ["127.0.0.1:9"]; timeout = 0.2; retransmits = 1; } }\n'
        'logging { type = "console"; level = "error"; }\n'
        "actions { reject = 15; add_header = 6; greylist = 4; }\n"
        'regexp { ROOST_TEST { re = "/roost-spam-test-words/{mime}"; score = 8.0; } ROOST_WORSE { re = "/roost-worst-words/{mime}"; score = 20.0; } }\n'
        f'worker "normal" {{ bind_socket = "127.0.0.1:{port}"; count = 1; }}\n'
    )
    user = ["-u", "_rspamd", "-g", "_rspamd"] if os.getuid() == 0 else []
    yield from running([program, "-f", *user, "-c", str(folder / "rspamd.conf")], port)
    shutil.rmtree(folder, ignore_errors=True)


def running(command: list[str], port: int) -> Iterator[str]:
    """A program that listens on *port* while the tests use it."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(200):
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            assert process.poll() is None, f"{command[0]} ended with {process.returncode}"
            time.sleep(0.1)
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


def counted(world: SimpleNamespace) -> dict[str, int]:
    """What the domain has counted so far."""
    total: dict[str, int] = json.loads(world.server.run("traffic", "x.test", "--json"))["total"]
    return total


def wait_for_count(world: SimpleNamespace, before: dict[str, int], *names: str) -> None:
    """Until one more of each is counted for the domain; a process writes its counts each second."""
    more = lambda: {name: counted(world)[name] - before[name] for name in names}  # noqa: E731
    eventually(lambda: more() == dict.fromkeys(names, 1), more)


def test_a_virus_that_the_real_clamd_knows_is_refused_and_then_held_until_it_is_released(world: SimpleNamespace, clamd: str) -> None:
    world.server.run("settings", "set", "virus.clamd", clamd)
    setting(world, "virus.scanner", "clamd")
    data = letter("bob@honest.test", "virus").replace(b"Hello.", b"roost-virus-test-bytes")
    before = counted(world)
    refused = deliver(world, "bob@honest.test", data)
    wait_for_count(world, before, "refused", "virus")
    clean = deliver(world, "bob@honest.test", letter("bob@honest.test", "clean"))
    setting(world, "virus.action", "quarantine")
    held = deliver(world, "bob@honest.test", data)
    setting(world, "virus.scanner", "off")
    assert refused[0] == 550 and "Roost.Test" in refused[1]
    assert (clean[0], held[0], found(world, "INBOX", "virus")) == (250, 250, None)
    assert json.loads(world.server.run("queue", "list", "--json")) == [], "it is on no way out"
    (item,) = json.loads(world.server.run("quarantine", "list", "--json"))
    world.server.run("quarantine", "release", str(item["id"]))
    eventually(lambda: found(world, "INBOX", "virus") is not None)
    assert found(world, "INBOX", "virus") is not None


def test_what_a_filter_refuses_is_counted_as_refused_and_not_as_received(world: SimpleNamespace) -> None:
    with at_the_store(world) as runtime:
        now, one = runtime.clock.micros(), verbs.find_account(runtime.store.read(), "u1@x.test").id
        runtime.store.write(lambda tx: (scripts.put(tx, one, "no", 'require "reject"; reject "Not for me.";', now), scripts.activate(tx, one, "no", now)))
    try:
        before = counted(world)
        assert deliver(world, "bob@honest.test", letter("bob@honest.test", "not wanted"))[0] == 550
        wait_for_count(world, before, "refused")
        assert counted(world)["received"] == before["received"]
    finally:
        with at_the_store(world) as runtime:
            runtime.store.write(lambda tx: scripts.activate(tx, one, "", now))


def test_what_the_real_spamassassin_calls_spam_lands_in_junk(world: SimpleNamespace, spamd: str) -> None:
    setting(world, "spam.spamassassin", spamd)
    before = counted(world)
    code, _ = deliver(world, "bob@honest.test", letter("bob@honest.test", "offer").replace(b"Hello.", b"roost-spam-test-words"))
    setting(world, "spam.spamassassin", "")
    data = found(world, "Junk", "offer")
    assert code == 250 and data is not None
    assert b"X-Spam-Status: Yes, score=5 required=5 tests=spamassassin" in data
    wait_for_count(world, before, "spam")


def test_what_the_real_rspamd_marks_lands_in_junk_and_what_it_refuses_is_refused(world: SimpleNamespace, rspamd: str) -> None:
    setting(world, "spam.rspamd", rspamd)
    try:
        code, _ = deliver(world, "bob@honest.test", letter("bob@honest.test", "fine-by-rspamd"))
        assert code == 250 and found(world, "INBOX", "fine-by-rspamd") is not None
        code, _ = deliver(world, "bob@honest.test", letter("bob@honest.test", "marked-by-rspamd").replace(b"Hello.", b"roost-spam-test-words"))
        data = found(world, "Junk", "marked-by-rspamd")
        assert code == 250 and data is not None and b"tests=rspamd" in data
        code, text = deliver(world, "bob@honest.test", letter("bob@honest.test", "refused-by-rspamd").replace(b"Hello.", b"roost-worst-words"))
        assert code == 550 and text.startswith("5.7.1"), text
    finally:
        setting(world, "spam.rspamd", "")


def test_the_trace_tells_every_check(world: SimpleNamespace) -> None:
    _, text = deliver(world, "eve@forged.test", letter("eve@forged.test", "traced"))
    told = world.server.run("trace", text.rpartition(" ")[2].strip(), "--json")
    assert "dmarc" in told and "spf" in told


@contextlib.contextmanager
def at_the_store(world: SimpleNamespace) -> Iterator[Runtime]:
    """The server's data beside the server."""
    runtime = open_runtime(Config(data_dir=world.server.folder / "data", dns="none", hostname="mx.x.test"), name="test")
    yield runtime
    runtime.close()


def waiting_for(world: SimpleNamespace, address: str) -> int:
    """Queue rows that lead to *address*."""
    with at_the_store(world) as runtime:
        return int(runtime.store.read().value("SELECT count(*) FROM queue_recipients WHERE address = :a", {"a": address}))


def test_junk_is_not_redirected_and_stays_with_who_it_came_to(world: SimpleNamespace) -> None:
    with at_the_store(world) as runtime:
        now, one = runtime.clock.micros(), verbs.find_account(runtime.store.read(), "u1@x.test").id
        runtime.store.write(lambda tx: scripts.put(tx, one, "on", 'redirect "u2@x.test";', now))
        runtime.store.write(lambda tx: scripts.activate(tx, one, "on", now))
    assert deliver(world, "bob@honest.test", letter("bob@honest.test", "goes-on"))[0] == 250
    assert deliver(world, "eve@forged.test", letter("eve@forged.test", "stays-here"))[0] == 250
    with at_the_store(world) as runtime:
        runtime.store.write(lambda tx: scripts.activate(tx, one, "", now))
    assert found(world, "INBOX", "goes-on", "u2@x.test") is not None and found(world, "INBOX", "goes-on") is None
    assert found(world, "Junk", "stays-here") is not None
    assert (found(world, "INBOX", "stays-here", "u2@x.test"), found(world, "Junk", "stays-here", "u2@x.test")) == (None, None)


def test_one_rejects_one_has_no_room_one_is_fine_and_the_sender_is_told_only_if_he_is_proved(world: SimpleNamespace) -> None:
    with at_the_store(world) as runtime:
        now = runtime.clock.micros()
        ids = {name: verbs.find_account(runtime.store.read(), f"{name}@x.test").id for name in ("u1", "u2")}
        runtime.store.write(lambda tx: scripts.put(tx, ids["u1"], "no", 'require ["reject", "fileinto"]; if header :contains "subject" "three" { reject "Not for me."; }', now))
        runtime.store.write(lambda tx: scripts.activate(tx, ids["u1"], "no", now))
        runtime.store.write(lambda tx: accounts.set_account(tx, ids["u2"], quota_bytes=1))
    everyone = ("u1@x.test", "u3@x.test")
    deliver(world, "bob@honest.test", letter("bob@honest.test", "filler"), to=("u2@x.test",))
    full = deliver(world, "bob@honest.test", letter("bob@honest.test", "three"), to=("u2@x.test",))
    honest = deliver(world, "bob@honest.test", letter("bob@honest.test", "three-honest"), to=everyone)
    forged = deliver(world, "eve@forged.test", letter("eve@forged.test", "three-forged"), to=everyone)
    alone = deliver(world, "bob@honest.test", letter("bob@honest.test", "three-alone"), to=("u1@x.test",))
    assert (full[0], full[1][:6]) == (452, "4.2.2 ")
    assert (honest[0], forged[0], alone[0], "Not for me." in alone[1]) == (250, 250, 550, True)
    assert found(world, "INBOX", "three-honest", "u3@x.test") is not None and found(world, "Junk", "three-forged", "u3@x.test") is not None
    assert (found(world, "INBOX", "three-honest"), found(world, "Junk", "three-honest")) == (None, None)
    assert found(world, "Junk", "three-forged") is not None
    assert (waiting_for(world, "bob@honest.test"), waiting_for(world, "eve@forged.test")) == (1, 0)


def test_what_people_move_in_and_out_of_junk_teaches_the_filter_from_any_program(world: SimpleNamespace) -> None:
    """By MOVE, by COPY as older programs do it, and in the webmail; what the server filed itself teaches nothing."""
    world.server.run("account", "add", "pupil@x.test", "--password-stdin", input=PASSWORD + "\n")
    spam, good = "lottery winner claim million dollars pills", "meeting agenda budget invoice project schedule"

    def text(number: int, words: str) -> bytes:
        return f"From: p{number}@plain.test\r\nTo: pupil@x.test\r\nSubject: Lesson {number}\r\nMessage-ID: <l{number}@plain.test>\r\n\r\n{words} nr{number}\r\n".encode()

    def counts() -> tuple[int, int]:
        with contextlib.closing(sqlite3.connect(f"file:{world.server.folder / 'data' / 'roost.db'}?mode=ro", uri=True)) as base:
            row = base.execute("SELECT coalesce(sum(is_spam), 0), count(*) - coalesce(sum(is_spam), 0) FROM learned l JOIN accounts a ON a.id = l.account_id WHERE a.address = 'pupil@x.test'").fetchone()
        return int(row[0]), int(row[1])

    def reaches(wanted: tuple[int, int]) -> None:
        eventually(lambda: counts() == wanted)

    with imaplib.IMAP4("127.0.0.1", world.server.ports["imap"]) as client:
        client.login("pupil@x.test", PASSWORD)
        for number in range(20):
            client.append("INBOX", "", None, text(number, spam))
            client.append("INBOX", "", None, text(100 + number, good))
        client.select("INBOX")
        client._simple_command("MOVE", "1:39", "Junk")  # noqa: SLF001
        client.copy("1", "Junk")
        client.store("1", "+FLAGS", "\\Deleted")
        client.expunge()
        reaches((40, 0))
        client.select("Junk")
        for which in ("MOVE", "COPY"):
            wanted = client.search(None, "BODY", "agenda")[1][0].decode().split()
            part = ",".join(wanted[:10])
            client._simple_command(which, part, "INBOX")  # noqa: SLF001
            if which == "COPY":
                client.store(part, "+FLAGS", "\\Deleted")
                client.expunge()
        reaches((20, 20))
        client.append("INBOX", "", None, text(700, spam))
        client.append("INBOX", "", None, text(701, good))
        client.select("INBOX")
        for which, word in ((b"nr700", "$Junk"), (b"nr701", "NonJunk")):
            (number,) = client.search(None, "BODY", which.decode())[1][0].split()
            client.store(number.decode(), "+FLAGS", f"({word})")
        reaches((21, 21))
    assert deliver(world, "eve@plain.test", text(900, spam).replace(b"Lesson", b"Later"), to=("pupil@x.test",))[0] == 250
    reaches((21, 21))
    events = json.loads(world.server.run("trace", json.loads(world.server.run("trace", "Later 900", "--json"))[0]["trace_id"], "--json"))["events"]
    assert "bayes" in str(events), "its words are known now"


def told_of(world: SimpleNamespace, subject: str) -> str:
    """The timeline of the message of *subject*, not of an answer to it."""
    named = next(one for one in json.loads(world.server.run("trace", subject, "--json")) if one["sender"] != "<>")
    return world.server.run("trace", named["trace_id"], "--json")


def test_an_auto_reply_goes_to_who_is_proved_and_writes_today_only(world: SimpleNamespace) -> None:
    """Not to a sender whose DMARC fails, though its policy lets the mail into the inbox; not to mail of days ago, which was held up or fetched."""
    world.server.run("account", "add", "away@x.test", "--password-stdin", input=PASSWORD + "\n")
    world.server.run("account", "away", "away@x.test", "--text", "Back on Monday.")
    setting(world, "spam.mark", "50")

    def told(sender: str, subject: str, more: str = "") -> str:
        assert deliver(world, sender, letter(sender, subject, more).replace(b"u1@x.test", b"away@x.test"), to=("away@x.test",))[0] == 250
        assert found(world, "INBOX", subject, "away@x.test") is not None
        return told_of(world, subject)

    try:
        assert "auto-reply sent" in told("bob@honest.test", "proved-now", time.strftime("Date: %a, %d %b %Y %H:%M:%S +0000\r\n", time.gmtime()))
        assert "its sender is forged" in told("eve@lax.test", "not-proved")
        old = time.strftime("Date: %a, %d %b %Y %H:%M:%S +0000\r\n", time.gmtime(time.time() - 2 * 86_400))
        assert "it is older than a day" in told("carl@honest.test", "proved-of-old", old)
    finally:
        setting(world, "spam.mark", "5")
    assert (waiting_for(world, "eve@lax.test"), waiting_for(world, "carl@honest.test")) == (0, 0)


RELAY = "127.0.0.14"


def test_mail_by_a_named_relay_is_judged_by_the_hop_before_it_and_never_refused(world: SimpleNamespace) -> None:
    def hop(ip: str) -> str:
        return f"Received: from mx.behind.test (mx.behind.test [{ip}])\r\n by relay.test with ESMTP; Mon, 1 Jan 2024 00:00:00 +0000\r\n"

    world.server.run("settings", "set", "spam.greylisting", "on")
    refused = deliver(world, "bob@behind.test", letter("bob@behind.test", "unnamed", hop("192.0.2.9")), ip=RELAY)
    setting(world, "auth.relays", RELAY)
    try:
        assert deliver(world, "bob@behind.test", letter("bob@behind.test", "by-relay", hop("192.0.2.9")), ip=RELAY)[0] == 250
        assert deliver(world, "eve@behind.test", letter("eve@behind.test", "by-forger", hop("192.0.2.66")), ip=RELAY)[0] == 250
    finally:
        world.server.run("settings", "set", "auth.relays")
        setting(world, "spam.greylisting", "off")
    assert refused[0] == 550, "before it was named, its own address was judged"
    good, bad = found(world, "INBOX", "by-relay"), found(world, "Junk", "by-forger")
    assert good is not None and b"spf=pass" in good.partition(b"Received:")[0] and b"dmarc=pass" in good
    assert bad is not None and b"dmarc=fail" in bad.partition(b"Received:")[0]


@pytest.mark.parametrize("name", ["postmaster", "abuse"])
def test_mail_for_postmaster_and_abuse_is_neither_put_off_nor_refused(world: SimpleNamespace, name: str) -> None:
    setting(world, "spam.greylisting", "on")
    try:
        assert deliver(world, "eve@strict.test", letter("eve@strict.test", f"to-{name}"), to=(f"{name}@x.test",))[0] == 250
    finally:
        setting(world, "spam.greylisting", "off")
    assert found(world, "Junk", f"to-{name}", "admin@x.test") is not None


def test_lines_in_our_name_are_taken_off_on_receipt_only_and_the_name_outlives_the_hosts(world: SimpleNamespace) -> None:
    lies = "Received-SPF: pass (mx.x.test: fine)\r\nX-Spam-Status: No, score=0\r\n by=mx.x.test\r\nX-Spam-Status: No by=other.test\r\nAuthentication-Results: MX.x.TEST; dmarc=pass\r\n"
    setting(world, "server.hostname", "renamed.x.test")
    try:
        assert deliver(world, "bob@honest.test", letter("bob@honest.test", "lies", lies))[0] == 250
    finally:
        setting(world, "server.hostname", "mx.x.test")
    data = found(world, "INBOX", "lies")
    assert data is not None and data.count(b"Authentication-Results: mx.x.test;") == 1 and b"MX.x.TEST" not in data
    assert b"Received-SPF" not in data and b"by=other.test" in data and b"X-Spam-Status: No, score=0\r\n by=mx.x.test\r\nX-Spam" not in data
    assert deliver(world, "u2@x.test", letter("u2@x.test", "from-near", lies), ip="127.0.0.1")[0] == 250
    assert b"Received-SPF" in (found(world, "INBOX", "from-near") or b""), "what comes from here is left as it is"
