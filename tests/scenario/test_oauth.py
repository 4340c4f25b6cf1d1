"""Mail of others without a password: permission given at a provider, shown to a real Dovecot by IMAP and POP3 and to a relay by SMTP."""

import html
import json
import os
import re
import smtplib
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest
import requests

from tests.scenario.provider import Provider
from tests.scenario.server import HOME, PASSWORD, RoostServer
from tests.scenario.sink import Behaviour, Sink
from tests.scenario.test_fetch import subjects
from tests.scenario.waiting import eventually
from tests.web.visitor import Browser, signed_in

# Refused sign-ins are part of the tests: without the penalty that Dovecot gives an address for them, which grows to 15 seconds for all who follow.
CONFIG = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
protocols = imap pop3
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
mail_location = maildir:{folder}/mail/%n
first_valid_uid = 1
default_internal_user = dovecot
default_login_user = dovenull
auth_mechanisms = xoauth2 oauthbearer
auth_failure_delay = 0
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service imap-login {{
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service pop3-login {{
  inet_listener pop3 {{
    port = {pop3}
  }}
  inet_listener pop3s {{
    port = 0
  }}
}}
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {folder}/oauth2.conf
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/mail/%n
}}
"""
OAUTH2 = """
introspection_mode = post
introspection_url = {base}/introspect
username_attribute = email
active_attribute = active
active_value = true
"""


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    one = Provider()
    yield one
    one.stop()


@pytest.fixture(scope="module")
def dovecot(provider: Provider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, int]]:
    if os.geteuid() != 0:
        pytest.skip("Dovecot wants root for its own users")
    folder = tmp_path_factory.mktemp("dovecot")
    for parent in (folder, *folder.parents):
        if str(parent).startswith("/tmp/"):
            parent.chmod(parent.stat().st_mode | 0o011)
    ports = {"imap": free_port(), "pop3": free_port()}
    (folder / "oauth2.conf").write_text(OAUTH2.format(base=provider.base))
    (folder / "dovecot.conf").write_text(CONFIG.format(folder=folder, uid=65534, gid=65534, **ports))
    for name in ("ann", "bob"):
        for part in ("cur", "new", "tmp"):
            (folder / "mail" / name / part).mkdir(parents=True)
        (folder / "mail" / name / "new" / "1.one.host").write_text(f"From: Eve <eve@y.test>\nTo: {name}@far.test\nSubject: kept for {name}\n\nText\n")
    for path in (folder / "mail", *(folder / "mail").rglob("*")):
        os.chown(path, 65534, 65534)
    subprocess.run(["dovecot", "-c", folder / "dovecot.conf"], check=True, timeout=30)
    yield ports
    subprocess.run(["doveadm", "-c", folder / "dovecot.conf", "stop"], check=False, timeout=30)


@pytest.fixture(scope="module")
def relay(provider: Provider) -> Iterator[Sink]:
    one = Sink(Behaviour(tokens=provider.access))
    yield one
    one.stop()


@pytest.fixture(scope="module")
def server(provider: Provider, relay: Sink) -> Iterator[RoostServer]:
    chosen = {"outgoing.private": "on", "relay.host": "127.0.0.1", "relay.port": str(relay.port), "relay.security": "starttls-optional", "queue.first_retry": "30"}
    one = RoostServer(listeners=("smtp", "imap", "http", "submission"), people=3, workers=1, settings={**chosen, **provider.settings("127.0.0.1 *.far.test")})
    yield one
    one.remove()


def link_out(page: str, provider: Provider) -> str:
    found = re.search(rf'href="({re.escape(provider.base)}/authorize[^"]+)"', page)
    assert found, page[:2000]
    return html.unescape(found[1])


def typed(ports: dict[str, int], protocol: str, name: str) -> dict[str, str]:
    return {"op": "add", "way": "other", "kind": f"{protocol} none", "host": "127.0.0.1", "port": str(ports[protocol]), "username": f"{name}@far.test", "mailbox": "Archive", "keep": "-1", "every": "900"}


@pytest.mark.parametrize(("protocol", "person", "name"), [("imap", "u1@x.test", "ann"), ("pop3", "u2@x.test", "bob")])
def test_a_person_gives_permission_at_the_provider_and_mail_comes(server: RoostServer, provider: Provider, dovecot: dict[str, int], protocol: str, person: str, name: str) -> None:
    browser = signed_in(server, person)
    page = browser.get("/settings/elsewhere").text
    assert "At Example Mail" in page
    leaving = browser.post("/settings/elsewhere", typed(dovecot, protocol, name)).text
    back = browser.session.get(link_out(leaving, provider))
    assert back.status_code == 200 and back.url.endswith("/settings/elsewhere") and "It works" in back.text, back.text[:1500]
    eventually(lambda: subjects(server, person, "Archive") == [f"kept for {name}"])
    (row,) = json.loads(server.run("fetch", "list", person, "--json"))
    assert (row["user"], row["trouble"]) == (f"{name}@far.test", "")


def test_a_token_that_ended_is_made_anew_and_a_permission_taken_back_is_told(server: RoostServer, provider: Provider, dovecot: dict[str, int]) -> None:
    browser = signed_in(server, "u3@x.test")
    leaving = browser.post("/settings/elsewhere", typed(dovecot, "imap", "ann") | {"mailbox": "INBOX"}).text
    assert browser.session.get(link_out(leaving, provider)).status_code == 200
    eventually(lambda: subjects(server, "u3@x.test") == ["kept for ann"])
    (row,) = json.loads(server.run("fetch", "list", "u3@x.test", "--json"))

    def trouble() -> str:
        return str(json.loads(server.run("fetch", "list", "u3@x.test", "--json"))[0]["trouble"])

    def look(is_good: Callable[[str], bool]) -> None:
        server.run("fetch", "now", "u3@x.test", str(row["id"]))
        try:
            eventually(lambda: is_good(trouble()))
        except AssertionError:
            pytest.fail(f"it says {trouble()!r}")

    provider.access.clear()
    look(lambda said: "did not take the permission" in said)
    look(lambda said: said == "")
    provider.access.clear()
    provider.refresh.clear()
    look(lambda said: "did not take the permission" in said)
    look(lambda said: "Sign in there again" in said and "expired or revoked" in said)


def test_a_way_back_that_nobody_began_gives_nothing(server: RoostServer, provider: Provider, dovecot: dict[str, int]) -> None:
    browser = signed_in(server, "u1@x.test")
    assert "not begun in this browser" in browser.get("/oauth/back?code=c&state=s").text
    leaving = browser.post("/settings/elsewhere", typed(dovecot, "imap", "ann")).text
    answer = requests.get(link_out(leaving, provider), allow_redirects=False, timeout=10).headers["Location"]
    stolen = signed_in(server, "u2@x.test")
    stolen.post("/settings/elsewhere", typed(dovecot, "imap", "ann"))
    said = stolen.session.get(answer)
    assert said.status_code == 422 and "not begun in this browser" in said.text
    assert len(json.loads(server.run("fetch", "list", "u2@x.test", "--json"))) == 1


def test_an_account_in_the_second_place_of_a_browser_comes_back_to_its_own_place(server: RoostServer, provider: Provider, dovecot: dict[str, int]) -> None:
    browser = signed_in(server, "u1@x.test")
    browser.get("/u/1/sign-in")
    assert browser.post("/u/1/sign-in", {"address": "u2@x.test", "password": PASSWORD}).status_code == 200
    browser.get("/u/1/settings/elsewhere")
    leaving = browser.post("/u/1/settings/elsewhere", typed(dovecot, "imap", "bob") | {"mailbox": "INBOX"}).text
    back = browser.session.get(link_out(leaving, provider))
    assert back.url.endswith("/u/1/settings/elsewhere") and "It works" in back.text
    assert "/u/" not in link_out(leaving, provider)


def test_a_refusal_there_and_a_server_of_somebody_else_are_told_and_what_was_typed_stays(server: RoostServer, provider: Provider, dovecot: dict[str, int]) -> None:
    browser = signed_in(server, "u1@x.test")
    provider.refuses = "The person said no"
    leaving = browser.post("/settings/elsewhere", typed(dovecot, "imap", "ann")).text
    said = browser.session.get(link_out(leaving, provider))
    provider.refuses = ""
    assert said.status_code == 422 and "The person said no" in said.text
    other = browser.post("/settings/elsewhere", typed(dovecot, "imap", "ann") | {"host": "imap.elsewhere.test"})
    assert other.status_code == 422 and "no mail server of Example Mail" in other.text and "imap.elsewhere.test" in other.text


def send(server: RoostServer, subject: str) -> None:
    with smtplib.SMTP("127.0.0.1", server.ports["submission"]) as client:
        client.starttls()
        client.login("u1@x.test", PASSWORD)
        client.sendmail("u1@x.test", ["bob@far.test"], f"From: u1@x.test\r\nTo: bob@far.test\r\nSubject: {subject}\r\n\r\nText\r\n")


def went(relay: Sink, subject: str) -> list[str]:
    return [one.login for one in list(relay.taken) if f"Subject: {subject}".encode() in one.data]


def admin_of(server: RoostServer) -> Browser:
    return signed_in(server, "admin@x.test")


def test_the_relay_takes_a_token_and_mail_waits_while_it_does_not(server: RoostServer, provider: Provider, relay: Sink) -> None:
    browser = admin_of(server)
    assert "/oauth/back" in browser.get("/admin/routes/sign-in").text
    leaving = browser.post("/admin/routes/sign-in", {"target": "0", "provider": "other", "user": "office@far.test"}).text
    back = browser.session.get(link_out(leaving, provider))
    assert back.url.endswith("/admin/routes") and "Signed in as office@far.test" in back.text
    send(server, "by token")
    eventually(lambda: went(relay, "by token") == ["office@far.test"])
    provider.access.clear()
    send(server, "waits a little")
    eventually(lambda: any("did not take the token" in str(item) for item in json.loads(server.run("queue", "list", "--json"))))
    for item in json.loads(server.run("queue", "list", "--json")):
        server.run("queue", "retry", str(item["id"]))
    eventually(lambda: went(relay, "waits a little") == ["office@far.test"])
    assert json.loads(server.run("queue", "list", "--json")) == []


def test_a_route_signs_in_from_the_command_line(server: RoostServer, provider: Provider, relay: Sink) -> None:
    server.run("route", "add", "far.test", "127.0.0.1", "--port", str(relay.port))
    process = subprocess.Popen(
        [sys.executable, "-m", "mailcore.cli", "route", "sign-in", "far.test", "branch@far.test", "--provider", "other", "--back", "http://127.0.0.1:9/oauth/back", "--json"],
        env=server.environ, cwd=HOME, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdin and process.stderr and process.stdout
    process.stderr.readline()
    address = process.stderr.readline().strip()
    process.stdin.write(requests.get(address, allow_redirects=False, timeout=10).headers["Location"] + "\n")
    process.stdin.close()
    assert json.loads(process.stdout.read())["user"] == "branch@far.test" and process.wait(30) == 0
    send(server, "by route")
    eventually(lambda: went(relay, "by route") == ["branch@far.test"])
