"""Rules of the server and of domains: made in the panel and by command, run before a person's own, and nobody else's to change."""

import imaplib
import json
import smtplib
import time
from collections.abc import Iterator

import pytest

from tests.scenario.server import PASSWORD, RoostServer
from tests.scenario.sink import Sink
from tests.scenario.waiting import eventually
from tests.web.visitor import Browser, signed_in

RULE = {"name": "", "match": "all", "c0_field": "subject", "c0_operator": "contains", "c0_value": "", "a0_kind": "set_header", "a0_name": "X-Order", "a0_value": "", "op": "save"}


@pytest.fixture(scope="module")
def server() -> Iterator[RoostServer]:
    one = RoostServer(listeners=("smtp", "submission", "imap", "http"), people=3)
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
    server.settle()
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


def leave(server: RoostServer, who: str, to: str, subject: str) -> None:
    server.settle()
    with smtplib.SMTP("127.0.0.1", server.ports["submission"]) as client:
        client.login(who, PASSWORD)
        client.sendmail(who, [to], f"From: {who}\r\nTo: {to}\r\nSubject: {subject}\r\n\r\nText\r\n".encode())


def test_a_rule_chooses_the_route_of_what_leaves_and_only_a_server_admin_makes_one(server: RoostServer, admin: Browser) -> None:
    sink = Sink()
    server.run("route", "add", "fast.test", "127.0.0.1", "--port", str(sink.port), "--security", "none")
    make(admin, "/admin/rules", name="the fast way", c0_value="urgent", a0_kind="route", a0_name="", a0_value="fast.test")
    assert "route &#34;fast.test&#34;" in admin.get("/admin/rules").text
    wrong = admin.post("/admin/rules/new", {**RULE, "name": "n", "c0_value": "x", "a0_kind": "route", "a0_name": "", "a0_value": "gone.test"})
    assert wrong.status_code == 422 and "no route gone.test" in wrong.text
    leave(server, "u1@x.test", "bob@elsewhere.test", "urgent")
    eventually(lambda: sink.taken)
    assert sink.taken[0].recipients == ["bob@elsewhere.test"]
    trace = server.run("trace", told(server, "trace", "urgent")[0]["trace_id"], "--json")
    assert "route fast.test" in trace

    server.run("rule", "add", "u2@x.test", "--if", "subject", "contains", "onward", "--do", "route", "fast.test", "--do", "forward_copy", "eve@elsewhere.test")
    person = signed_in(server, "u2@x.test")
    assert "fast.test" in person.get("/settings/rules/0").text, "what an admin put in stays in the form"
    mine = {**RULE, "name": "mine", "c0_value": "x", "a0_kind": "route", "a0_name": "", "a0_value": "fast.test"}
    person.get("/settings/rules/new")
    other = signed_in(server, "u3@x.test")
    other.get("/settings/rules/new")
    refused = other.post("/settings/rules/new", mine)
    assert refused.status_code == 422 and "Only a server admin" in refused.text and 'value="route"' not in other.get("/settings/rules/new").text
    server.run("settings", "set", "server.hostname", "mx.x.test")
    server.run("rule", "add", "--if", "subject", "contains", "all the same", "--do", "forward_copy", "list@elsewhere.test", "--do", "route", "fast.test")
    send(server, ["u3@x.test"], "all the same")
    eventually(lambda: ["list@elsewhere.test"] in [t.recipients for t in sink.taken])
    sink.stop()
    server.run("route", "remove", "fast.test")
    clear(server, "", "u2@x.test")


def test_a_rule_of_the_server_gives_each_message_once_to_a_program_of_the_machines_owner(server: RoostServer, admin: Browser) -> None:
    folder, seen = server.folder / "data" / "programs", server.folder / "data" / "seen"
    folder.mkdir(mode=0o755)
    for name, text in (("note", f'#!/bin/sh\ncat >> "{seen}"\necho "noted for $ROOST_SENDER"\n'), ("slow", "#!/bin/sh\nsleep 60\n"), ("loose", "#!/bin/sh\n")):
        (folder / name).write_text(text)
        (folder / name).chmod(0o777 if name == "loose" else 0o755)
    seen.touch()
    seen.chmod(0o666)
    server.run("settings", "set", "sieve.program_seconds", "1")
    page = admin.get("/admin/rules/new").text
    assert '<option value="note">' in page and '<option value="loose">' not in page, "what others could change is not offered"
    for name in ("note", "slow", "loose"):
        make(admin, "/admin/rules", name=f"to {name}", c0_value="for the program", a0_kind="program", a0_name="", a0_value=name)
    send(server, ["u1@x.test", "u2@x.test", "u3@x.test"], "for the program")
    eventually(lambda: all(found(server, f"u{n}@x.test", "for the program") for n in (1, 2, 3)))
    trace = told(server, "trace", "for the program")[0]["trace_id"]
    eventually(lambda: server.run("trace", trace, "--json").count('"failed"') >= 2)
    words = server.run("trace", trace, "--json")
    assert "noted for ann@out.test" in words and "had not ended after 1 seconds" in words and "Others than its owner" in words
    assert seen.read_text().count("Subject: for the program") == 1 and "Received: from" in seen.read_text(), "once, though three people have it"
    shown = admin.get(f"/admin/messages/{trace}").text
    assert "The program note has run" in shown and "The program slow failed" in shown
    leave(server, "u1@x.test", "bob@elsewhere.test", "for the program outside")
    eventually(lambda: seen.read_text().count("for the program outside") == 1)
    boss = signed_in(server, "boss@far.test")
    boss.get("/admin/domains/far.test/rules/new")
    refused = boss.post("/admin/domains/far.test/rules/new", {**RULE, "name": "n", "c0_value": "x", "a0_kind": "program", "a0_name": "", "a0_value": "note"})
    assert refused.status_code == 422 and "Only a rule of the server" in refused.text
    clear(server, "")


def test_a_message_for_more_than_a_hundred_is_one_message_to_rules_and_programs(server: RoostServer) -> None:
    server.run("domain", "add", "crowd.test")
    everyone = [f"many{n:03d}@crowd.test" for n in range(104)]
    server.run("account", "load", "crowd.test", "--apply", input="\n".join(["address", *everyone]))
    folder, seen = server.folder / "data" / "programs", server.folder / "data" / "told"
    folder.mkdir(mode=0o755, exist_ok=True)
    (folder / "everyone").write_text(f'#!/bin/sh\n{{ echo "$ROOST_RECIPIENTS"; cat "$ROOST_RECIPIENTS_FILE"; }} >> "{seen}"\n')
    (folder / "everyone").chmod(0o755)
    seen.touch()
    seen.chmod(0o666)
    server.run("rule", "add", "--if", "subject", "contains", "a crowd", "--do", "program", "everyone")
    # The last of them is served later, in another batch than the first, and their rule asks for the first all the same.
    server.run("rule", "add", everyone[-1], "--if", "recipients", "contains", everyone[0], "--do", "forward_copy", "u1@x.test")
    send(server, everyone, "a crowd")
    eventually(lambda: found(server, "u1@x.test", "a crowd"))
    eventually(lambda: seen.read_text())
    first, *lines = seen.read_text().splitlines()
    assert first.split(" ") == lines == everyone, "all are told, once"
    clear(server, "", everyone[-1])


def test_an_address_elsewhere_in_a_rule_made_by_command_needs_no_code_and_its_owner_is_told(server: RoostServer) -> None:
    sink = Sink()
    server.run("route", "add", "by-command.test", "127.0.0.1", "--port", str(sink.port), "--security", "none")
    server.run("rule", "add", "u3@x.test", "--if", "subject", "contains", "by command", "--do", "forward_copy", "Ann@by-command.test")
    send(server, ["u3@x.test"], "by command")
    eventually(lambda: [[to.lower() for to in one.recipients] for one in sink.taken] == [["ann@by-command.test"]])
    with imaplib.IMAP4("127.0.0.1", server.ports["imap"]) as imap:
        imap.login("u3@x.test", PASSWORD)
        imap.select()
        assert imap.search(None, "BODY", "ann@by-command.test")[1] != [b""], "a note tells of the new address"
    sink.stop()
    server.run("route", "remove", "by-command.test")
    clear(server, "u3@x.test")


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
    admin.get("/settings/rules/new")
    for kind, value in (("label", "boss"), ("flag", ""), ("mark_read", "")):
        own = admin.post("/settings/rules/new", {**RULE, "c0_value": "trial", "a0_kind": kind, "a0_value": value, "is_off": "1", "op": "try"})
        assert "1 message fits" in own.text, f"{kind}: a rule that only marks, and is switched off, fits as well"
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
