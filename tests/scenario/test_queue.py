"""Mail leaves: real sockets, a real DNS server, a remote that behaves as told; what the sender reads when it does not work."""

import asyncio
import email
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from mailcore.base.clock import HOUR, SECOND
from mailcore.base.errors import MailError, Reason
from mailcore.config.environment import Config, prepare_data_dir
from mailcore.directory import verbs
from mailcore.directory.actor import COMMAND_LINE
from mailcore.mail.dsn import parse_dsn
from mailcore.net.tls import OwnCertificates
from mailcore.queue import attempt, runner, serve
from mailcore.runtime.runtime import Runtime, open_runtime
from mailcore.settings import values
from mailcore.store import listing, mailboxes, open_store, outbox, records, schema
from tests.conftest import CountingRandom
from tests.scenario.dns_server import LocalDns
from tests.scenario.sink import Behaviour, Sink

BODY = b"From: ann@x.test\r\nTo: bob@far.test\r\nSubject: Hello\r\n\r\nA line.\r\n.\r\n..dots\r\n"


class Post:
    """A Runtime with one account, a DNS server and a remote."""

    def __init__(self, folder: Path) -> None:
        self.dns = LocalDns([("far.test", "MX", "10 mx.far.test."), ("mx.far.test", "A", "127.0.0.1"), ("null.test", "MX", "0 .")])
        config = Config(data_dir=folder, dns=self.dns.where, hostname="mx.x.test")
        prepare_data_dir(config)
        store = open_store(data_dir=folder, database_url="", blob_url="", random=CountingRandom())
        schema.migrate(store.database, now_text="t")
        store.close()
        self.runtime: Runtime = open_runtime(config, name="test")
        self.runtime.log.set_level("error")
        self.sinks: list[Sink] = []
        self.runtime.store.write(lambda tx: verbs.add_domain(tx, COMMAND_LINE, "x.test", 1))
        self.account = self.runtime.store.write(lambda tx: verbs.add_account(tx, COMMAND_LINE, "ann@x.test", 1))

    def remote(self, behaviour: Behaviour | None = None, *, has_tls: bool = False) -> Sink:
        certificate = None
        if has_tls:
            folder = self.runtime.config.data_dir / "tls"
            OwnCertificates(folder).ensure(["mx.far.test"], self.runtime.clock.now())
            certificate = (str(folder / "leaf.pem"), str(folder / "leaf.key"))
        sink = Sink(behaviour, certificate)
        self.sinks.append(sink)
        self.set("outgoing.port", sink.port)
        return sink

    def set(self, name: str, value: object) -> None:
        self.runtime.store.write(lambda tx: values.write(tx, name, value, actor="t", now=self.runtime.clock.micros()))
        self.runtime.settings.refresh()

    def put(self, *recipients: str, data: bytes = BODY, sender: str = "ann@x.test", notify: str = "", ret: str = "", lifetime: int = 24) -> int:
        now = self.runtime.clock.micros()
        item = outbox.NewItem(
            trace_id="t1", sender=sender, staged=self.runtime.store.blobs.add(data), prefix=b"Received: from us\r\n", subject="Hello", ret=ret,
            recipients=[outbox.NewRecipient(address=a, domain=a.rpartition("@")[2], orcpt=f"rfc822;{a}", notify=notify) for a in recipients],
            expires_at=now + lifetime * HOUR,
        )  # fmt: skip
        return self.runtime.store.write(lambda tx: outbox.put(tx, self.runtime.store.blobs, item, now))

    def serve(self, item_id: int) -> None:
        item = outbox.get(self.runtime.store.read(), item_id)
        assert item is not None
        serve.serve(self.runtime, item)

    def people(self, item_id: int) -> dict[str, outbox.Recipient]:
        return {r.address: r for r in outbox.recipients(self.runtime.store.read(), item_id)}

    def inbox(self) -> list[bytes]:
        tx = self.runtime.store.read()
        box = mailboxes.by_name(tx, self.account, "INBOX")
        assert box is not None
        return [listing.content(self.runtime.store.blobs, listing.get(tx, self.account, r.message_id)) for r in listing.page(tx, box.id)]

    def stop(self) -> None:
        for sink in self.sinks:
            sink.stop()
        self.runtime.close()
        self.dns.stop()


@pytest.fixture
def post(tmp_path: Path) -> Iterator[Post]:
    made = Post(tmp_path)
    yield made
    made.stop()


def test_a_message_reaches_the_mx_byte_for_byte_and_leaves_the_queue(post: Post) -> None:
    sink = post.remote()
    item = post.put("bob@far.test")
    post.serve(item)
    assert [(t.sender, t.recipients, t.data) for t in sink.taken] == [("ann@x.test", ["bob@far.test"], b"Received: from us\r\n" + BODY)]
    assert outbox.get(post.runtime.store.read(), item) is None
    events = records.trace_of(post.runtime.store.read(), "t1")
    assert [(e.kind, e.address, e.data["code"]) for e in events] == [("sent", "bob@far.test", 250)]
    assert post.inbox() == []


@pytest.mark.parametrize("trouble", [MailError(Reason.STORAGE, "busy"), KeyError("fault")])
def test_trouble_while_items_are_begun_does_not_end_the_queue(post: Post, monkeypatch: pytest.MonkeyPatch, trouble: Exception) -> None:
    """It ended the worker's queue for as long as the worker lived; nobody was told."""
    post.put("bob@far.test")

    def fails(*_: object) -> None:
        raise trouble

    async def take() -> float:
        return await runner.Runner(post.runtime, "machine/0/1").take()

    monkeypatch.setattr(outbox, "recipients", fails)
    assert asyncio.run(take()) > 0


def test_recipients_of_one_domain_share_one_session(post: Post) -> None:
    sink = post.remote()
    post.serve(post.put("a@far.test", "b@far.test", "c@far.test"))
    assert sink.sessions == 1
    assert sink.taken[0].recipients == ["a@far.test", "b@far.test", "c@far.test"]


def test_recipients_who_differ_are_told_apart(post: Post) -> None:
    post.remote(Behaviour(rcpt={"no@far.test": "550 5.1.1 unknown", "later@far.test": "451 4.7.1 greylisted"}))
    item = post.put("yes@far.test", "no@far.test", "later@far.test")
    post.serve(item)
    people = post.people(item)
    assert {a: r.state.removesuffix("-told") for a, r in people.items()} == {"yes@far.test": "relayed", "no@far.test": "failed", "later@far.test": "waiting"}
    assert people["later@far.test"].next_at > post.runtime.clock.micros() + 200 * SECOND
    report = post.inbox()
    assert len(report) == 1 and b"no@far.test" in report[0] and b"later@far.test" not in report[0]


def test_a_refusal_comes_back_as_a_report_for_people_and_programs(post: Post) -> None:
    post.remote(Behaviour(rcpt={"bob@far.test": "550 5.1.1 No Bob here"}))
    item = post.put("bob@far.test")
    post.serve(item)
    (report,) = post.inbox()
    assert report.startswith(b"Return-Path: <>\r\n")
    found = parse_dsn(report)
    assert found is not None
    assert [(r.final, r.action, r.status) for r in found.recipients] == [("bob@far.test", "failed", "5.1.1")]
    assert b"No Bob here" in report and b"spelt right" in report
    assert outbox.get(post.runtime.store.read(), item) is None


def test_the_null_sender_is_never_told(post: Post) -> None:
    post.remote(Behaviour(rcpt={"bob@far.test": "550 5.1.1 no"}))
    item = post.put("bob@far.test", sender="")
    post.serve(item)
    assert post.inbox() == []
    assert outbox.count(post.runtime.store.read()) == 0


def test_notify_never_silences_and_success_asks_for_good_news(post: Post) -> None:
    post.remote(Behaviour(rcpt={"bob@far.test": "550 5.1.1 no"}))
    post.serve(post.put("bob@far.test", notify="NEVER"))
    assert post.inbox() == []
    post.serve(post.put("eve@far.test", notify="SUCCESS"))
    found = parse_dsn(post.inbox()[0])
    assert found is not None and found.recipients[0].action == "relayed"


def test_a_null_mx_fails_at_once(post: Post) -> None:
    post.remote()
    post.serve(post.put("bob@null.test"))
    assert b"takes no mail" in post.inbox()[0]


def test_a_domain_that_does_not_exist_fails_at_once(post: Post) -> None:
    post.remote()
    post.serve(post.put("bob@nowhere.test"))
    (report,) = post.inbox()
    found = parse_dsn(report)
    assert found is not None and found.recipients[0].status == "5.1.2"


def test_a_dns_failure_waits_and_tells_nobody(post: Post) -> None:
    post.dns.table.silent.add("far.test")
    item = post.put("bob@far.test")
    post.serve(item)
    assert post.people(item)["bob@far.test"].state == "waiting"
    assert post.inbox() == []


def test_a_host_without_mx_is_tried_by_its_address(post: Post) -> None:
    sink = post.remote()
    post.dns.table.put("plain.test", "A", "127.0.0.1")
    post.serve(post.put("bob@plain.test"))
    assert len(sink.taken) == 1


def test_a_dead_first_mx_does_not_stop_the_second(post: Post) -> None:
    sink = post.remote()
    post.dns.table.put("two.test", "MX", "10 dead.two.test.", "20 mx.far.test.")
    post.dns.table.put("dead.two.test", "A", "127.0.0.99")
    post.serve(post.put("bob@two.test"))
    assert len(sink.taken) == 1


def test_a_connection_dropped_in_data_is_tried_again(post: Post) -> None:
    sink = post.remote(Behaviour(drops_in_data=True))
    item = post.put("bob@far.test")
    post.serve(item)
    assert post.people(item)["bob@far.test"].state == "waiting"
    sink.behaviour = Behaviour()
    post.runtime.store.write(lambda tx: outbox.set_state(tx, item, "waiting", next_at=0))
    post.serve(item)
    assert len(sink.taken) == 1


def test_a_server_that_goes_after_the_dot_is_tried_again_and_the_trace_says_when(post: Post) -> None:
    post.remote(Behaviour(hangs_after_dot=True))
    item = post.put("bob@far.test")
    post.serve(item)
    assert post.people(item)["bob@far.test"].state == "waiting"
    assert records.trace_of(post.runtime.store.read(), "t1")[0].data["stage"] == "after body"


def test_tls_is_used_where_it_is_offered_and_done_without_where_it_breaks(post: Post) -> None:
    sink = post.remote(has_tls=True)
    post.serve(post.put("bob@far.test"))
    assert [t.is_tls for t in sink.taken] == [True]
    broken = post.remote(Behaviour(breaks_tls=True), has_tls=True)
    post.serve(post.put("bob@far.test"))
    assert [t.is_tls for t in broken.taken] == [False]


def test_a_relay_gets_everything_with_its_password(post: Post) -> None:
    sink = post.remote(Behaviour(password="s3cret"))
    post.set("relay.host", "127.0.0.1")
    post.set("relay.port", sink.port)
    post.set("relay.security", "none")
    post.set("relay.user", "us")
    post.set("relay.password", "s3cret")
    post.serve(post.put("a@far.test", "b@elsewhere.test"))
    assert sink.sessions == 1 and sink.taken[0].login == "us"
    assert sink.taken[0].recipients == ["a@far.test", "b@elsewhere.test"]


def test_a_relay_that_must_have_tls_gets_nothing_in_the_clear(post: Post) -> None:
    sink = post.remote(Behaviour(password="s3cret"))
    post.set("relay.host", "127.0.0.1")
    post.set("relay.port", sink.port)
    post.set("relay.user", "us")
    post.set("relay.password", "s3cret")
    item = post.put("a@far.test")
    post.serve(item)
    assert sink.taken == [] and not any(line.startswith("AUTH") for line in sink.lines)
    assert post.people(item)["a@far.test"].state == "waiting"


def test_eight_bit_text_is_converted_for_a_server_without_8bitmime(post: Post) -> None:
    sink = post.remote(Behaviour(ehlo=("PIPELINING",)))
    data = "From: ann@x.test\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nA longer line of plain words, with Grüße at its end\r\n".encode()
    post.serve(post.put("bob@far.test", data=data))
    assert sink.taken[0].data.isascii()
    assert b"quoted-printable" in sink.taken[0].data and b"Gr=C3=BC=C3=9Fe" in sink.taken[0].data


def test_a_utf8_address_bounces_where_the_server_cannot_take_it(post: Post) -> None:
    post.remote(Behaviour(ehlo=("PIPELINING", "8BITMIME")))
    post.serve(post.put("jürgen@far.test"))
    found = parse_dsn(post.inbox()[0])
    assert found is not None and found.recipients[0].status == "5.6.7"


def test_a_server_that_knows_only_helo_gets_mail(post: Post) -> None:
    sink = post.remote(Behaviour(knows_ehlo=False))
    post.serve(post.put("bob@far.test"))
    assert len(sink.taken) == 1 and "HELO mx.x.test" in sink.lines


def test_after_its_lifetime_a_message_comes_back(post: Post) -> None:
    post.remote(Behaviour(mail="451 4.3.0 not now"))
    item = post.put("bob@far.test", lifetime=0)
    post.serve(item)
    found = parse_dsn(post.inbox()[0])
    assert found is not None and (found.recipients[0].action, found.recipients[0].status) == ("failed", "4.4.7")


def test_a_delay_is_told_once(post: Post) -> None:
    post.remote(Behaviour(mail="451 4.3.0 not now"))
    post.set("queue.delay_notice", 60)
    item = post.put("bob@far.test")
    post.runtime.store.write(lambda tx: tx.run("UPDATE queue_items SET created_at = created_at - :h", {"h": HOUR}))
    for _ in range(3):
        post.runtime.store.write(lambda tx: tx.run("UPDATE queue_recipients SET next_at = 0"))
        post.serve(item)
    reports = post.inbox()
    assert len(reports) == 1
    found = parse_dsn(reports[0])
    assert found is not None and found.recipients[0].action == "delayed"
    assert b"you need not send it again" in reports[0].replace(b"=\r\n", b"").replace(b"\r\n", b" ")


def test_mail_for_this_servers_own_name_is_not_sent_to_itself(post: Post) -> None:
    post.dns.table.put("loop.test", "MX", "10 mx.x.test.")
    post.dns.table.put("mx.x.test", "A", "127.0.0.1")
    sink = post.remote()
    item = post.put("bob@loop.test")
    post.serve(item)
    assert sink.sessions == 0


def test_every_error_of_the_network_has_words() -> None:
    assert attempt.words(ConnectionRefusedError()) == "the connection was refused"
    assert attempt.words(SimpleNamespace()) != ""  # type: ignore[arg-type]


def test_mail_is_sent_from_the_address_that_is_set_where_it_is_of_the_kind_needed(post: Post) -> None:
    sink = post.remote()
    post.set("outgoing.bind", "127.0.0.3 ::1")
    post.serve(post.put("bob@far.test"))
    post.set("outgoing.bind", "::1")
    post.serve(post.put("bob@far.test"))
    assert sink.peers == ["127.0.0.3", "127.0.0.1"] and len(sink.taken) == 2
    with pytest.raises(MailError, match="addresses such as"):
        post.set("outgoing.bind", "not-an-address")


SIGNED = (
    b'From: ann@x.test\r\nMIME-Version: 1.0\r\nContent-Type: multipart/signed; boundary=b; protocol="application/pgp-signature"\r\n\r\n'
    b"--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nGr\xc3\xbc\xc3\x9fe\r\n--b\r\nContent-Type: application/pgp-signature\r\n\r\nsigned\r\n--b--\r\n"
)


def test_a_signed_message_comes_back_where_it_would_have_to_be_converted(post: Post) -> None:
    sink = post.remote(Behaviour(ehlo=("PIPELINING",)))
    post.serve(post.put("bob@far.test", data=SIGNED))
    found = parse_dsn(post.inbox()[0])
    assert found is not None and found.recipients[0].status == "5.6.3" and sink.taken == [], "not a byte below a signature is changed"


def test_a_signed_message_goes_as_it_is_where_eight_bits_are_taken(post: Post) -> None:
    sink = post.remote()
    post.serve(post.put("bob@far.test", data=SIGNED))
    assert sink.taken[0].data.endswith(SIGNED)


def test_a_line_that_is_too_long_is_folded_by_its_encoding_on_the_way(post: Post) -> None:
    sink = post.remote()
    text = b"word " * 400
    post.serve(post.put("bob@far.test", data=b"From: ann@x.test\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\n" + text + b"\r\n"))
    made = email.message_from_bytes(sink.taken[0].data)
    assert max(map(len, sink.taken[0].data.split(b"\r\n"))) <= 998 and made.get_payload(decode=True).strip() == text.strip()
