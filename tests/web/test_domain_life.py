"""A domain's life on a running server: other names, new names for domains and accounts, limits, and what another domain's admin sees."""

import imaplib
import json
import re
import smtplib
from collections.abc import Iterator
from email.message import EmailMessage
from email.policy import SMTP

import pytest

from mailcore.config.environment import load, prepare_data_dir
from mailcore.runtime.runtime import open_runtime
from mailcore.serve import start
from mailcore.serve.sockets import Bound
from tests.scenario.server import PASSWORD, RoostServer
from tests.web.visitor import Browser


@pytest.fixture(scope="module")
def server() -> Iterator[RoostServer]:
    one = RoostServer(listeners=("smtp", "submission", "imap", "http"), people=2)
    for name in ("old.test", "kept.test", "far.test"):
        one.run("domain", "add", name)
    for address in ("ann@old.test", "bob@old.test", "boss@far.test"):
        one.run("account", "add", address, "--password-stdin", input=PASSWORD + "\n")
    one.run("account", "set", "boss@far.test", "--role", "domain-admin")
    yield one
    one.remove()


@pytest.fixture(scope="module")
def admin(server: RoostServer) -> Browser:
    browser = Browser(server)
    assert browser.sign_in("admin@x.test").status_code == 200
    return browser


def told(server: RoostServer, *words: str) -> dict[str, object]:
    return json.loads(server.run(*words, "--json"))


def deliver(server: RoostServer, to: str, subject: str) -> None:
    letter = EmailMessage()
    letter["From"], letter["To"], letter["Subject"] = "someone@remote.test", to, subject
    letter.set_content("Hello")
    with smtplib.SMTP("127.0.0.1", server.ports["smtp"], timeout=30) as client:
        client.sendmail("someone@remote.test", [to], letter.as_bytes(policy=SMTP))


def subjects(server: RoostServer, login: str) -> str:
    client = imaplib.IMAP4("127.0.0.1", server.ports["imap"], timeout=30)
    client.login(login, PASSWORD)
    client.select("INBOX", readonly=True)
    found = str(client.fetch("1:*", "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])"))
    client.logout()
    return found


def test_another_name_of_a_domain_receives_signs_in_and_sends(server: RoostServer) -> None:
    assert told(server, "domain", "add-name", "x.test", "x-too.test")["other_names"] == ["x-too.test"]
    deliver(server, "u1@x-too.test", "by the other name")
    assert "by the other name" in subjects(server, "u1@x-too.test")
    with smtplib.SMTP("127.0.0.1", server.ports["submission"], timeout=30) as client:
        client.login("u1@x-too.test", PASSWORD)
        assert client.mail("u1@x-too.test")[0] == 250
    assert "another name of a domain here already" in server.run("domain", "add", "x-too.test", "--json", is_checked=False)
    assert told(server, "domain", "remove-name", "x.test", "x-too.test")["other_names"] == []
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        deliver(server, "u1@x-too.test", "by no name")


def test_catch_all_and_plus_sign_are_seen_and_changed_on_the_domains_page(server: RoostServer, admin: Browser) -> None:
    here = "/admin/domains/old.test?tab=aliases"
    server.run("domain", "set", "old.test", "--catch-all", "ann@old.test")
    assert 'value="ann@old.test"' in admin.get(here).text, "what the command set is seen"
    assert "one character" in admin.post(here, {"op": "addresses", "catch_all": "bob@old.test", "plus": "++"}).text
    assert 'value="bob@old.test"' in admin.post(here, {"op": "addresses", "catch_all": "bob@old.test", "plus": "-"}).text
    deliver(server, "nobody-at-all@old.test", "caught here")
    deliver(server, "ann-shop@old.test", "for a shop")
    assert "caught here" in subjects(server, "bob@old.test") and "for a shop" in subjects(server, "ann@old.test")
    admin.post(here, {"op": "addresses", "catch_all": "", "plus": "+"})
    found = told(server, "domain", "show", "old.test")
    assert (found["catch_all"], found["plus"]) == ("", "+")


def test_a_renamed_account_takes_its_mail_aliases_and_catch_all_along(server: RoostServer) -> None:
    server.run("account", "add", "eve@kept.test", "--password-stdin", input=PASSWORD + "\n")
    server.run("alias", "add", "sales@kept.test", "eve@kept.test", "steve@kept.test", "eve@kept.test.elsewhere.test")
    server.run("domain", "set", "kept.test", "--catch-all", "eve@kept.test")
    deliver(server, "eve@kept.test", "before")
    told(server, "account", "rename", "eve@kept.test", "eva@kept.test")
    assert told(server, "alias", "show", "sales@kept.test")["targets"] == ["eva@kept.test", "steve@kept.test", "eve@kept.test.elsewhere.test"]
    assert told(server, "domain", "show", "kept.test")["catch_all"] == "eva@kept.test"
    deliver(server, "eve@kept.test", "to the old address")
    deliver(server, "nobody@kept.test", "to nobody")
    found = subjects(server, "eva@kept.test")
    assert all(subject in found for subject in ("before", "to the old address", "to nobody"))


def test_a_renamed_account_forgets_its_old_address_when_asked(server: RoostServer) -> None:
    told(server, "account", "rename", "u2@x.test", "two@x.test", "--forget-old")
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        deliver(server, "u2@x.test", "gone")


def test_a_renamed_domain_moves_everyone_and_the_panel_does_it(server: RoostServer, admin: Browser) -> None:
    server.run("alias", "add", "info@old.test", "ann@old.test", "bob@old.test")
    server.run("alias", "add", "watch@x.test", "ann@old.test", "ann@old.test.example")
    deliver(server, "info@old.test", "before the move")
    admin.get("/admin/domains/old.test?tab=names")
    answer = admin.post("/admin/domains/old.test?tab=names", {"op": "rename", "new_name": "new.test", "keep": "1"})
    assert answer.status_code == 200 and answer.url.endswith("/admin/domains/new.test?tab=names") and "old.test" in answer.text
    assert told(server, "alias", "show", "info@new.test")["targets"] == ["ann@new.test", "bob@new.test"]
    assert told(server, "alias", "show", "watch@x.test")["targets"] == ["ann@new.test", "ann@old.test.example"]
    deliver(server, "ann@old.test", "to the old name")
    found = subjects(server, "ann@new.test")
    assert "before the move" in found and "to the old name" in found
    assert "is here already" in server.run("domain", "rename", "new.test", "x.test", "--json", is_checked=False)
    told(server, "domain", "rename", "new.test", "old.test", "--forget-old")
    assert subjects(server, "ann@old.test") == found


def test_a_rule_that_forwards_follows_a_new_address(server: RoostServer) -> None:
    for address in ("from@x.test", "goal@x.test"):
        server.run("account", "add", address, "--password-stdin", input=PASSWORD + "\n")
    person = Browser(server)
    person.sign_in("from@x.test")
    person.get("/settings/away")
    assert "goal@x.test" in person.post("/settings/away", {"op": "forward", "is_forwarding": "1", "targets": "goal@x.test", "keeps_copy": "1"}).text
    deliver(server, "from@x.test", "first")
    assert "first" in subjects(server, "goal@x.test")
    told(server, "account", "rename", "goal@x.test", "end@x.test", "--forget-old")
    deliver(server, "from@x.test", "second")
    assert "second" in subjects(server, "end@x.test")


def test_a_domain_switched_off_refuses_mail_and_people_until_it_is_on_again(server: RoostServer, admin: Browser) -> None:
    admin.get("/admin/domains/far.test?tab=names")
    admin.post("/admin/domains/far.test?tab=names", {"op": "disable"})
    with pytest.raises(smtplib.SMTPRecipientsRefused, match="switched off"):
        deliver(server, "boss@far.test", "refused")
    with pytest.raises(imaplib.IMAP4.error):
        subjects(server, "boss@far.test")
    admin.post("/admin/domains/far.test?tab=names", {"op": "enable"})
    deliver(server, "boss@far.test", "taken")
    assert "taken" in subjects(server, "boss@far.test")


def test_limits_of_a_domain_hold_and_say_so(server: RoostServer) -> None:
    server.run("domain", "add", "small.test")
    told(server, "domain", "set", "small.test", "--max-accounts", "1", "--max-aliases", "1", "--max-size", "2G", "--max-account-size", "1G")
    assert "has a quota of at most 1024 MB" in server.run("account", "add", "a@small.test", "--json", is_checked=False)
    server.run("account", "add", "a@small.test", "--quota", "1G")
    assert "may have 1 accounts" in server.run("account", "add", "b@small.test", "--quota", "1G", "--json", is_checked=False)
    assert "may have 1 accounts" in server.run("account", "rename", "from@x.test", "b@small.test", "--json", is_checked=False)
    server.run("alias", "add", "c@small.test", "a@small.test")
    assert "may have 1 aliases" in server.run("alias", "add", "d@small.test", "a@small.test", "--json", is_checked=False)
    assert "0 means none" in server.run("domain", "set", "small.test", "--max-accounts", "-1", "--json", is_checked=False)




@pytest.fixture(scope="module")
def panel_paths(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, str]]:
    """(method, path) of every route of the panel, with what is x.test's in its place."""
    import wsgi

    config = load({"ROOST_DATA_DIR": str(tmp_path_factory.mktemp("routes") / "data"), "ROOST_DNS": "none"})
    prepare_data_dir(config)
    start.prepare(config, Bound())
    runtime = open_runtime(config, name="routes")
    rules = [rule for rule in wsgi.create_app(runtime).url_map.iter_rules() if str(rule).startswith("/admin")]
    runtime.close()
    fill = {"domain": "x.test", "address": "u1@x.test"}
    return [(m, re.sub(r"<(?:\w+:)?(\w+)>", lambda found: fill.get(found[1], "1"), str(rule))) for rule in rules for m in sorted(rule.methods or ()) if m in ("GET", "POST")]


SPOILING = {
    "op": "disable", "domain": "x.test", "localpart": "planted", "targets": "boss@far.test", "password": "a good long password", "address": "u1@x.test",
    "account": "u1@x.test", "name": "planted", "confirm": "u1@x.test", "id": "1", "role": "server-admin", "new_name": "taken.test", "new_address": "boss2@far.test",
}  # fmt: skip


def test_the_admin_of_another_domain_sees_and_changes_nothing_here_by_any_route(server: RoostServer, panel_paths: list[tuple[str, str]]) -> None:
    def state() -> list[str]:
        return [server.run(*words, "--json") for words in (("account", "list", "--domain", "x.test"), ("alias", "list"), ("domain", "list"), ("settings", "list"), ("rule", "list"))]

    before, boss, leaks = state(), Browser(server), []
    assert boss.sign_in("boss@far.test").status_code == 200
    for method, path in panel_paths:
        boss.get("/admin/domains")
        answer = boss.get(path, allow_redirects=False) if method == "GET" else boss.post(path, SPOILING, allow_redirects=False)
        if answer.status_code >= 500 or (answer.status_code < 400 and re.search(r"(?<!admin)@x\.test|(?<![\w.@-])x\.test", answer.text)):  # who changed far.test is told
            leaks.append((method, path, answer.status_code))
    assert leaks == [] and len(panel_paths) > 40
    assert state() == before


def test_a_person_is_let_into_no_route_of_the_panel(server: RoostServer, panel_paths: list[tuple[str, str]]) -> None:
    person = Browser(server)
    person.sign_in("u1@x.test")
    person.get("/")
    open_doors = []
    for method, path in panel_paths:
        answer = person.get(path, allow_redirects=False) if method == "GET" else person.post(path, SPOILING, allow_redirects=False)
        if answer.status_code not in (301, 308, 403, 404):
            open_doors.append((method, path, answer.status_code))
    assert open_doors == []


def test_a_domains_signature_goes_out_with_its_peoples_mail_and_the_timeline_says_so(server: RoostServer) -> None:
    admin = Browser(server)
    admin.sign_in("admin@x.test")
    admin.get("/admin/domains/x.test?tab=signature")
    form = {"op": "signature", "mode": "append", "text": "%user.name% at X Ltd\r\nLong Lane 1", "html": "", "local": "1"}
    assert "Long Lane 1" in admin.post("/admin/domains/x.test?tab=signature", form).text
    server.run("account", "set", "u1@x.test", "--name", "Una One")
    with smtplib.SMTP("127.0.0.1", server.ports["submission"]) as client:
        client.login("u1@x.test", PASSWORD)
        client.sendmail("u1@x.test", ["admin@x.test"], b"From: u1@x.test\r\nTo: admin@x.test\r\nSubject: with it\r\n\r\nHello\r\n")
        client.sendmail("u1@x.test", ["admin@x.test"], b"From: u1@x.test\r\nTo: admin@x.test\r\nSubject: an answer\r\nReferences: <a@b>\r\n\r\nHello\r\n")
    with imaplib.IMAP4("127.0.0.1", server.ports["imap"]) as client:
        client.login("admin@x.test", PASSWORD)
        client.select("INBOX", readonly=True)
        texts = {subject: client.fetch(client.search(None, "SUBJECT", f'"{subject}"')[1][0].split()[-1].decode(), "(BODY.PEEK[TEXT])")[1][0][1] for subject in ("with it", "an answer")}
    admin.get("/admin/domains/x.test?tab=signature")
    admin.post("/admin/domains/x.test?tab=signature", {**form, "mode": "off"})
    assert texts["with it"] == b"Hello\r\n\r\nUna One at X Ltd\r\nLong Lane 1\r\n" and texts["an answer"] == b"Hello\r\n"
    for subject, word in (("with it", "signature was added"), ("an answer", "left out: it is an answer")):
        found = re.search(r'href="(/admin/messages/[^"?]+)"', admin.get("/admin/messages", params={"q": subject}).text)
        assert found and word in admin.get(found.group(1)).text
