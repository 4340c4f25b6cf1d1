"""Rules of the server and of domains: made in the panel and by command, run before a person's own, and nobody else's to change."""

import imaplib
import json
import smtplib
import time
from collections.abc import Callable, Iterator

import pytest

from tests.scenario.server import PASSWORD, RoostServer
from tests.web.visitor import Browser, signed_in

RULE = {"name": "", "match": "all", "c0_field": "subject", "c0_operator": "contains", "c0_value": "", "a0_kind": "set_header", "a0_name": "X-Order", "a0_value": "", "op": "save"}


@pytest.fixture(scope="module")
def server() -> Iterator[RoostServer]:
    one = RoostServer(listeners=("smtp", "imap", "http"), people=3)
    one.run("domain", "add", "far.test")
    one.run("account", "add", "boss@far.test", "--password-stdin", input=PASSWORD + "\n")
    one.run("account", "set", "boss@far.test", "--role", "domain-admin")
    yield one
    one.remove()


@pytest.fixture(scope="module")
def admin(server: RoostServer) -> Browser:
    return signed_in(server, "admin@x.test")


def told(server: RoostServer, *words: str, **more: str) -> dict[str, object]:
    return json.loads(server.run(*words, "--json", **more))


def send(server: RoostServer, to: list[str], subject: str) -> None:
    time.sleep(1.2)  # other processes look for new rules of the server once a second
    data = f"From: <ann@out.test>\r\nTo: {', '.join(to)}\r\nSubject: {subject}\r\nMessage-ID: <{time.monotonic_ns()}@out.test>\r\n\r\nHello\r\n"
    with smtplib.SMTP("127.0.0.1", server.ports["smtp"]) as client:
        client.sendmail("ann@out.test", to, data)


def found(server: RoostServer, who: str, subject: str, box: str = "INBOX") -> str:
    with imaplib.IMAP4("127.0.0.1", server.ports["imap"]) as imap:
        imap.login(who, PASSWORD)
        if imap.select(f'"{box}"', readonly=True)[0] != "OK":
            return ""
        numbers = imap.search(None, "SUBJECT", f'"{subject}"')[1][0].split()
        return imap.fetch(numbers[-1], "BODY.PEEK[]")[1][0][1].decode() if numbers else ""


def eventually(check: Callable[[], object], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)


def make(browser: Browser, url: str, **fields: str) -> None:
    browser.get(f"{url}/new")
    answer = browser.post(f"{url}/new", {**RULE, **fields})
    assert answer.status_code == 200 and fields["name"] in answer.text


def clear(server: RoostServer, *scopes: str) -> None:
    for scope in scopes:
        server.run("rule", "load", *([scope] if scope else []), input="[]")


def test_the_servers_rules_run_first_then_the_domains_then_the_persons(server: RoostServer, admin: Browser) -> None:
    person = signed_in(server, "u1@x.test")
    for browser, url, name in ((person, "/settings/rules", "account"), (admin, "/admin/domains/x.test/rules", "domain"), (admin, "/admin/rules", "server")):
        make(browser, url, name=f"by the {name}", c0_value="in order", a0_value=name)
    send(server, ["u1@x.test"], "in order")
    eventually(lambda: found(server, "u1@x.test", "in order"))
    assert "X-Order: account" in found(server, "u1@x.test", "in order")
    trace = told(server, "trace", "in order")[0]["trace_id"]
    words = server.run("trace", trace, "--json")
    assert words.count("addheader") == 3 or words.count("X-Order") == 3
    send(server, ["u2@x.test"], "in order")
    eventually(lambda: found(server, "u2@x.test", "in order"))
    assert "X-Order: domain" in found(server, "u2@x.test", "in order")
    send(server, ["boss@far.test"], "in order")
    eventually(lambda: found(server, "boss@far.test", "in order"))
    assert "X-Order: server" in found(server, "boss@far.test", "in order")
    clear(server, "", "x.test", "u1@x.test")


def test_what_the_servers_rule_deletes_no_other_rule_sees(server: RoostServer) -> None:
    server.run("rule", "add", "--name", "Nuisance", "--if", "subject", "equals", "nuisance", "--do", "delete")
    server.run("rule", "add", "u1@x.test", "--if", "any", "equals", "", "--do", "move", "Kept")
    send(server, ["u1@x.test"], "nuisance")
    send(server, ["u1@x.test"], "welcome")
    eventually(lambda: found(server, "u1@x.test", "welcome", "Kept"))
    assert not found(server, "u1@x.test", "nuisance", "Kept") and not found(server, "u1@x.test", "nuisance")
    clear(server, "", "u1@x.test")


def test_a_rule_of_the_server_forwards_one_copy_of_a_message_for_many(server: RoostServer, admin: Browser) -> None:
    make(admin, "/admin/rules", name="to the archive", c0_value="for the records", a0_kind="forward_copy", a0_name="", a0_value="archive@elsewhere.test")
    send(server, ["u1@x.test", "u2@x.test", "u3@x.test"], "for the records")
    eventually(lambda: "archive@elsewhere.test" in server.run("queue", "list", "--json"))
    assert all(found(server, f"u{n}@x.test", "for the records") for n in (1, 2, 3))
    assert server.run("queue", "list", "--json").count("archive@elsewhere.test") == 1
    clear(server, "")


def test_rules_are_switched_moved_and_removed_with_buttons_and_each_change_is_in_the_audit(server: RoostServer, admin: Browser) -> None:
    here = "/admin/domains/x.test/rules"
    for name in ("First", "Second"):
        make(admin, here, name=name, c0_value=name, a0_value="1")
    admin.post(here, {"op": "down", "number": "0"})
    admin.post(here, {"op": "switch", "number": "0"})
    assert [(r["name"], r["is_enabled"]) for r in told(server, "rule", "list", "x.test")["rules"]] == [("Second", False), ("First", True)]
    assert 'header :contains &#34;Subject&#34; &#34;First&#34;' in admin.get(here).text
    admin.post(here, {"op": "remove", "number": "1"})
    assert admin.post(here, {"op": "remove", "number": "7"}).status_code == 404
    assert [r["name"] for r in told(server, "rule", "list", "x.test")["rules"]] == ["Second"]
    seen = admin.get("/admin/audit?q=rules:changed").text
    assert seen.count("x.test") >= 5 and "Second (off)" in seen
    clear(server, "x.test")


def test_a_rule_that_cannot_be_keeps_what_was_typed_and_one_is_tried_before_it_is_saved(server: RoostServer, admin: Browser) -> None:
    admin.get("/admin/rules/new")
    wrong = admin.post("/admin/rules/new", {**RULE, "name": "Broken", "c0_operator": "regex", "c0_value": "(", "a0_value": "x"})
    assert wrong.status_code == 422 and 'value="Broken"' in wrong.text and 'role="alert"' in wrong.text
    more = admin.post("/admin/rules/new", {**RULE, "name": "Broken", "c0_value": "kept", "op": "more-a"})
    assert 'name="a1_kind"' in more.text and 'value="kept"' in more.text
    send(server, ["admin@x.test"], "a trial balloon")
    eventually(lambda: found(server, "admin@x.test", "a trial balloon"))
    tried = admin.post("/admin/rules/new", {**RULE, "c0_value": "trial", "a0_value": "x", "op": "try"})
    assert "1 message fits" in tried.text and "a trial balloon" in tried.text
    assert told(server, "rule", "list")["rules"] == []


def test_a_domain_admin_makes_rules_for_the_own_domain_and_no_other(server: RoostServer) -> None:
    boss = signed_in(server, "boss@far.test")
    make(boss, "/admin/domains/far.test/rules", name="Ours", c0_value="x", a0_value="1")
    for url in ("/admin/rules", "/admin/rules/new", "/admin/domains/x.test/rules", "/admin/domains/x.test/rules/new"):
        assert boss.get(url).status_code == 403
        assert boss.post(url, {**RULE, "name": "Theirs", "c0_value": "x", "a0_value": "1"}).status_code == 403
    assert told(server, "rule", "list")["rules"] == told(server, "rule", "list", "x.test")["rules"] == []
    clear(server, "far.test")


def test_rules_are_made_moved_shown_and_loaded_by_command(server: RoostServer) -> None:
    server.run("rules", "add", "x.test", "--name", "One", "--if", "header:X-Tag", "contains", "a b", "--if", "size", "greater", "1000", "--any", "--do", "set_header", "X-Seen", "yes it is", "--do", "flag", "--stop")
    made = told(server, "rules", "add", "x.test", "--name", "Two", "--if", "from", "wildcard", "*@spam.test", "--do", "reply", "Thanks", "We read it.", "--off")
    assert [(r["number"], r["name"], r["is_enabled"]) for r in made["rules"]] == [(1, "One", True), (2, "Two", False)]
    assert told(server, "rules", "move", "x.test", "--number", "2", "--to", "1")["rules"][0]["name"] == "Two"
    assert "vacation" in told(server, "rules", "on", "x.test", "--number", "1")["sieve"]
    shown = told(server, "rules", "show", "x.test", "--number", "2")
    assert shown["stop"] and not shown["match_all"] and [a["kind"] for a in shown["actions"]] == ["set_header", "flag"]
    kept = server.run("rules", "export", "x.test")
    assert told(server, "rules", "remove", "x.test", "--number", "1")["rules"][0]["name"] == "One"
    assert [r["name"] for r in told(server, "rules", "load", "x.test", input=kept)["rules"]] == ["Two", "One"]
    assert "no longer here" in server.run("rules", "remove", "x.test", "--number", "9", "--json", is_checked=False)
    assert "operators" in server.run("rules", "add", "--if", "subject", "sounds", "x", "--do", "keep", "--json", is_checked=False)
    clear(server, "x.test")


def test_a_reply_keeps_its_lines_and_its_sender_when_the_form_is_saved_again(server: RoostServer, admin: Browser) -> None:
    rule = [{"name": "Reply", "criteria": [{"field": "any", "operator": "equals"}], "actions": [{"kind": "reply", "value": "One\nTwo", "subject": "Hi", "from_name": "Desk", "from_address": "desk@x.test"}]}]
    server.run("rule", "load", input=json.dumps(rule))
    page = admin.get("/admin/rules/0").text
    assert "One\nTwo</textarea>" in page and 'value="desk@x.test"' in page
    admin.post("/admin/rules/0", {"name": "Reply", "match": "all", "c0_field": "any", "c0_operator": "equals", "c0_value": "", "a0_kind": "reply", "a0_name": "Hi", "a0_value": "One\r\nTwo", "a0_from_name": "Desk", "a0_from_address": "desk@x.test", "op": "save"})
    action = told(server, "rule", "show", "--number", "1")["actions"][0]
    assert (action["from_address"], action["value"].splitlines()) == ("desk@x.test", ["One", "Two"])
    clear(server, "")
