"""Mail for single domains by their routes, and other domains' MTA-STS policies: real sockets, a real DNS server, real certificates."""

import http.server
import json
import smtplib
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailcore.base.clock import HOUR
from mailcore.base.errors import MailError
from mailcore.directory import route_verbs
from mailcore.directory.actor import COMMAND_LINE
from mailcore.net.tls import OwnCertificates
from mailcore.senderauth import mta_sts
from mailcore.store import routes
from mailcore.store.routes import Route
from tests.lasting import lasting
from tests.scenario.server import RoostServer
from tests.scenario.sink import Behaviour, Sink
from tests.scenario.test_queue import Post
from tests.web.visitor import Browser


@pytest.fixture
def post(tmp_path: Path) -> Iterator[Post]:
    made = Post(tmp_path)
    yield made
    made.stop()


def lay(post: Post, pattern: str, sink: Sink, **more: object) -> None:
    one = Route(pattern=pattern, host="127.0.0.1", port=sink.port, security="none", **more)  # type: ignore[arg-type]
    post.runtime.store.write(lambda tx: route_verbs.put(tx, COMMAND_LINE, one, 1))


def test_the_nearest_route_takes_the_mail_and_the_rest_goes_by_mx(post: Post) -> None:
    by_mx, branch, special = post.remote(), Sink(), Sink(Behaviour(password="s3cret"))
    post.sinks += [branch, special]
    lay(post, "*.branch.test", branch)
    lay(post, "north.branch.test", special, username="us", password="s3cret")
    post.serve(post.put("a@far.test", "b@south.branch.test", "c@east.branch.test", "d@north.branch.test"))
    assert [t.recipients for t in by_mx.taken] == [["a@far.test"]]
    assert [t.recipients for t in branch.taken] == [["b@south.branch.test", "c@east.branch.test"]], "one session for one route"
    assert [(t.recipients, t.login) for t in special.taken] == [(["d@north.branch.test"], "us")]


def test_a_route_for_everything_stands_over_the_relay_and_its_second_host_is_tried(post: Post) -> None:
    sink = Sink()
    post.sinks.append(sink)
    post.set("relay.host", "192.0.2.1")
    one = Route(pattern="*", host="gone.invalid|127.0.0.1", port=sink.port, security="none")
    post.runtime.store.write(lambda tx: route_verbs.put(tx, COMMAND_LINE, one, 1))
    post.serve(post.put("a@far.test"))
    assert len(sink.taken) == 1


def test_a_route_has_its_own_times(post: Post) -> None:
    busy = Sink(Behaviour(rcpt={"a@branch.test": "450 4.2.1 later"}))
    post.sinks.append(busy)
    lay(post, "branch.test", busy, retry_seconds=7200, lifetime_seconds=3600 * 5)
    item = post.put("a@branch.test", lifetime=24)
    post.serve(item)
    wait = post.people(item)["a@branch.test"].next_at - post.runtime.clock.micros()
    assert 1.7 * HOUR < wait < 2.3 * HOUR


@pytest.mark.parametrize(("change", "word"), [({"pattern": "x.test"}, "served here"), ({"host": ""}, "Name the other server"), ({"port": 0}, "Name the other server"), ({"pattern": "no domain"}, "domain"), ({"retry_seconds": 10**9}, "30 days")])
def test_a_route_that_cannot_be_is_refused_with_the_reason(post: Post, change: dict[str, object], word: str) -> None:
    one = Route(**{"pattern": "branch.test", "host": "mx.branch.test", **change})  # type: ignore[arg-type]
    with pytest.raises(MailError) as caught:
        post.runtime.store.write(lambda tx: route_verbs.put(tx, COMMAND_LINE, one, 1))
    assert word in caught.value.detail
    assert routes.routes(post.runtime.store.read()) == []


server = lasting(lambda: RoostServer(listeners=("smtp", "submission", "imap", "http"), people=1))


def test_strangers_reach_what_a_route_takes_and_nothing_else(server: RoostServer) -> None:
    sink = Sink()
    server.run("route", "add", "branch.test", "127.0.0.1", "--port", str(sink.port), "--security", "none", "--inbound", "--addresses", "bob")
    server.run("route", "add", "hidden.test", "127.0.0.1", "--port", str(sink.port), "--security", "none")
    with smtplib.SMTP("127.0.0.1", server.ports["smtp"]) as client:
        client.ehlo("y.test")
        client.mail("ann@y.test")
        assert client.rcpt("bob@branch.test")[0] == 250
        assert client.rcpt("eve@branch.test")[0] == 550
        assert client.rcpt("bob@hidden.test")[0] == 550
        assert client.data(b"From: ann@x.test\r\nSubject: Passed on\r\n\r\nText\r\n")[0] == 250
    for _ in range(200):
        if sink.taken:
            break
        threading.Event().wait(0.05)
    sink.stop()
    assert [t.recipients for t in sink.taken] == [["bob@branch.test"]]
    assert b"DKIM-Signature" not in sink.taken[0].data, "a stranger's mail is not signed in our name"
    assert [r["pattern"] for r in json.loads(server.run("route", "list", "--json"))] == ["branch.test", "hidden.test"]


def test_routes_are_made_changed_and_removed_in_the_panel(server: RoostServer) -> None:
    admin = Browser(server)
    admin.sign_in("admin@x.test")
    admin.get("/admin/routes/new")
    form = {"pattern": "*.office.test", "host": "mx.office.test", "port": "2525", "security": "starttls", "username": "us", "password": "pass 1", "addresses": "", "op": "save"}
    assert "*.office.test" in admin.post("/admin/routes/new", form).text
    wrong = admin.post("/admin/routes/new", {**form, "pattern": "new.test", "port": "many"})
    assert wrong.status_code == 422 and 'value="new.test"' in wrong.text
    found = next(r for r in json.loads(server.run("route", "list", "--json")) if r["pattern"] == "*.office.test")
    assert (found["host"], found["port"], found["security"]) == ("mx.office.test", 2525, "starttls") and "pass 1" not in server.run("route", "list", "--json")
    page = admin.get(f"/admin/routes/{found['id']}").text
    assert "pass 1" not in page
    admin.post(f"/admin/routes/{found['id']}", {"op": "delete"})
    assert "*.office.test" not in server.run("route", "list")


class PolicyHost:
    """mta-sts.far.test: serves *policy* over TLS with the certificate of our own CA."""

    def __init__(self, folder: Path, policy: str) -> None:
        self.asked = 0
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked += 1
                self.send_response(200 if self.path == "/.well-known/mta-sts.txt" else 404)
                self.end_headers()
                self.wfile.write(policy.encode())

            def log_message(self, *_: object) -> None:
                return

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "leaf.pem", folder / "leaf.key")
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.port = self.server.server_address[1]

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()


def with_policy(post: Post, monkeypatch: pytest.MonkeyPatch, policy: str, names: tuple[str, ...] = ("mx.far.test", "mta-sts.far.test")) -> PolicyHost:
    folder = post.runtime.config.data_dir / "tls"
    OwnCertificates(folder).ensure(list(names), post.runtime.clock.now())
    monkeypatch.setenv("SSL_CERT_FILE", str(folder / "ca.pem"))
    host = PolicyHost(folder, policy)
    post.dns.table.put("_mta-sts.far.test", "TXT", "v=STSv1; id=2026a;")
    post.dns.table.put("mta-sts.far.test", "A", "127.0.0.1")
    post.set("outgoing.https_port", host.port)
    post.set("outgoing.private", True)
    return host


ENFORCE = "version: STSv1\r\nmode: enforce\r\nmx: mx.far.test\r\nmax_age: 86400\r\n"


def test_an_enforced_policy_is_kept_and_mail_goes_over_tls(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    host = with_policy(post, monkeypatch, ENFORCE)
    sink = post.remote(has_tls=True)
    for _ in range(2):
        post.serve(post.put("bob@far.test"))
    host.stop()
    assert [t.is_tls for t in sink.taken] == [True, True]
    assert host.asked == 1, "a policy is read once while its id is the same"


@pytest.mark.parametrize("fault", ["no tls", "other name", "other server"])
def test_an_enforced_policy_that_cannot_be_kept_makes_mail_wait(post: Post, monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    names = ("wrong.test", "mta-sts.far.test") if fault == "other name" else ("mx.far.test", "mta-sts.far.test")
    policy = ENFORCE.replace("mx.far.test", "*.other.test") if fault == "other server" else ENFORCE
    host = with_policy(post, monkeypatch, policy, names)
    sink = post.remote(has_tls=False)
    if fault == "other name":
        folder = post.runtime.config.data_dir / "tls"
        sink.certificate = (str(folder / "leaf.pem"), str(folder / "leaf.key"))
    item = post.put("bob@far.test")
    post.serve(item)
    host.stop()
    assert sink.taken == [] and post.people(item)["bob@far.test"].state == "waiting"


def test_a_policy_only_tested_or_unreadable_stops_nothing(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    host = with_policy(post, monkeypatch, ENFORCE.replace("enforce", "testing"))
    sink = post.remote()
    post.serve(post.put("bob@far.test"))
    host.stop()
    post.dns.table.put("_mta-sts.far.test", "TXT", "v=STSv1; id=2026b;")
    post.runtime.resolver._cache.clear()  # type: ignore[attr-defined]
    post.serve(post.put("bob@far.test"))
    assert len(sink.taken) == 2


def test_a_policy_in_a_private_network_is_not_asked(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    host = with_policy(post, monkeypatch, ENFORCE)
    post.set("outgoing.private", False)
    sink = post.remote()
    post.serve(post.put("bob@far.test"))
    host.stop()
    assert host.asked == 0 and len(sink.taken) == 1


@pytest.mark.parametrize(("host", "is_in"), [("mx.far.test", True), ("a.mail.far.test", True), ("a.b.mail.far.test", False), ("mail.far.test", False), ("MX.FAR.TEST.", True)])
def test_patterns_of_a_policy_stand_for_one_label(host: str, is_in: bool) -> None:
    assert mta_sts.is_in(host, ("mx.far.test", "*.mail.far.test")) is is_in


@pytest.mark.parametrize("text", [b"", b"version: STSv2\nmode: enforce\nmx: a.test\nmax_age: 1", b"version: STSv1\nmode: enforce\nmax_age: 1", b"version: STSv1\nmode: enforce\nmx: a.test\nmax_age: -1", b"\xff" * 70_000])
def test_a_policy_that_is_none_is_refused(text: bytes) -> None:
    with pytest.raises(MailError):
        mta_sts.parse(text)


def test_the_mirror_gets_a_copy_of_what_comes_and_goes_but_not_of_its_own(server: RoostServer) -> None:
    import imaplib

    from tests.scenario.server import PASSWORD

    server.run("account", "add", "mirror@x.test", "--password-stdin", input=PASSWORD + "\n")
    server.run("settings", "set", "smtp.mirror", "mirror@x.test")
    with smtplib.SMTP("127.0.0.1", server.ports["smtp"]) as client:
        client.sendmail("ann@y.test", ["u1@x.test"], b"From: ann@y.test\r\nSubject: comes in\r\n\r\nText\r\n")
    with smtplib.SMTP("127.0.0.1", server.ports["submission"]) as client:
        client.login("u1@x.test", PASSWORD)
        client.sendmail("u1@x.test", ["bob@hidden.test"], b"From: u1@x.test\r\nSubject: goes out\r\n\r\nText\r\n")
    with smtplib.SMTP("127.0.0.1", server.ports["submission"]) as client:
        client.login("mirror@x.test", PASSWORD)
        client.sendmail("mirror@x.test", ["u1@x.test"], b"From: mirror@x.test\r\nSubject: its own\r\n\r\nText\r\n")
    server.run("settings", "set", "smtp.mirror")

    def inbox(user: str) -> list[bytes]:
        with imaplib.IMAP4("127.0.0.1", server.ports["imap"]) as client:
            client.login(user, PASSWORD)
            client.select("INBOX", readonly=True)
            return sorted(part[1].strip() for part in client.fetch("1:*", "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])")[1] if isinstance(part, tuple))

    assert inbox("mirror@x.test") == [b"Subject: comes in", b"Subject: goes out"]
    assert inbox("u1@x.test") == [b"Subject: comes in", b"Subject: its own"]
