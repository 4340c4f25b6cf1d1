"""Every address of the panel, by every verb, as an admin of one domain: nothing of another domain is seen or changed.

The walk reads the URL map and the buttons of the templates, so that a page that is added later is walked too.
"""

import itertools
import json
import re
import smtplib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import flask
import pytest
from werkzeug.routing import Rule

import admin as panel
from tests.scenario.server import PASSWORD, RoostServer
from tests.scenario.waiting import eventually
from tests.web.visitor import Browser, signed_in

HOME = Path(__file__).resolve().parents[2]
SOURCES = "".join(p.read_text() for p in (HOME / "templates").rglob("*.html") if p.parent.name in ("admin", "components"))
OPS = sorted(set(re.findall(r'op(?:" value)?="([a-z-]+)"', SOURCES)), key=lambda op: (op in ("delete", "remove", "leave"), op))
SAME_FOR_ALL = {"/admin/undo"}
"""Verbs that touch nothing of anybody's."""
OF_A_VISIT = {"sessions", "sign_ins", "tallies", "block_list_states"}
"""Tables that a visit changes by itself."""
ELSEWHERE: dict[str, tuple[int, ...]] = dict.fromkeys(
    ("/admin", "/admin/announcement", "/admin/audit", "/admin/dns", "/admin/domains", "/admin/find", "/admin/groups", "/admin/messages", "/admin/shared"), (200,)
)
"""Pages that know no domain in their query, and say only what is the asker's."""
MARK = "Velvet"
"""Stands in every name of the other domain's things."""


def routes() -> list[Rule]:
    app = flask.Flask("walk")
    for blueprint in panel.BLUEPRINTS:
        app.register_blueprint(blueprint)
    return sorted((rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("admin.")), key=lambda rule: rule.rule)


def address_of(rule: Rule, things: dict[str, str]) -> str:
    """The address of a rule with the ids of *things*."""
    noun = rule.endpoint.partition(".")[2]
    values = {name: things.get(f"{noun} {name}", things.get(name, "")) for name in rule.arguments}
    built = re.sub(r"<(?:\w+:)?(\w+)>", lambda found: values[found[1]], rule.rule)
    assert "<" not in built and ("<" not in rule.rule or all(values.values())), f"what is {rule.rule} of the other domain? Say it in things()"
    return built


def things(server: RoostServer, domain: str, mark: str) -> dict[str, str]:
    """A domain's own objects by the names that the URL map gives their ids."""
    low = mark.lower()
    with base(server) as found:
        box = found.execute("SELECT m.id FROM mailboxes m JOIN accounts a ON a.id = m.account_id WHERE a.address = ?", (f":public@{domain}",)).fetchone()[0]
        trace = found.execute("SELECT trace_id FROM traces WHERE recipients = ?", (f"{low}@{domain}",)).fetchone()[0]
    return {
        "domain": domain, **dict.fromkeys(("account address", "account_away address", "account_signatures address", "account_activity address", "account_apple address", "account_ways address", "account_rules address", "account_rule address"), f"{low}@{domain}"), "alias address": f"{low}-alias@{domain}", "one_list address": f"{low}-list@{domain}",
        "group address": f"{low}-group@{domain}", "number": "0", "shared_one number": str(box), "trace_id": trace, "item_id": "1", "route_id": "1", "name": "Internet",
    }  # fmt: skip


def base(server: RoostServer) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{server.folder / 'data' / 'roost.db'}?mode=ro", uri=True)


def rows(server: RoostServer) -> dict[str, list[Any]]:
    """Every row of the store but those that a visit leaves."""
    with base(server) as found:
        tables = [t for (t,) in found.execute("SELECT name FROM sqlite_master WHERE type = 'table'") if t not in OF_A_VISIT and not t.startswith("sqlite_")]
        return {t: found.execute(f"SELECT * FROM {t}").fetchall() for t in tables}


def rows_of_far(server: RoostServer) -> dict[str, Any]:
    """What belongs to the other domains and to the server."""
    of = "(SELECT id FROM domains WHERE name <> 'x.test')"
    people = f"(SELECT id FROM accounts WHERE domain_id IN {of} OR domain_id = 0)"
    wanted = {
        "domains": "name <> 'x.test'", "domain_aliases": "1 = 1", "accounts": f"id IN {people}", "aliases": f"domain_id IN {of}", "lists": f"domain_id IN {of}",
        "list_members": f"list_id IN (SELECT id FROM lists WHERE domain_id IN {of})", "member_groups": f"domain_id IN {of}",
        "group_members": f"account_id IN {people} OR group_id IN (SELECT id FROM member_groups WHERE domain_id IN {of})",
        "mailboxes": f"account_id IN {people}", "mailbox_rights": f"mailbox_id IN (SELECT id FROM mailboxes WHERE account_id IN {people})", "messages": f"account_id IN {people}",
        "settings": "scope = 'system' OR scope IN (SELECT 'domain:' || id FROM domains WHERE name <> 'x.test')",
        "filters": f"scope = 'system' OR scope IN (SELECT 'domain:' || id FROM domains WHERE name <> 'x.test') OR scope IN (SELECT 'account:' || id FROM accounts WHERE id IN {people})",
        "forward_targets": f"account_id IN {people}", "signatures": f"account_id IN {people}", "identities": f"account_id IN {people}", "app_passwords": f"account_id IN {people}", "fetched_accounts": f"account_id IN {people}", "queue_items": "1 = 1", "routes": "1 = 1",
        "ip_ranges": "1 = 1", "sender_rules": "1 = 1", "bans": "1 = 1", "certificates": "1 = 1", "jobs": "kind <> 'index'",
    }  # fmt: skip
    with base(server) as found:
        return {table: found.execute(f"SELECT * FROM {table} WHERE {where}").fetchall() for table, where in wanted.items()}


def letter(server: RoostServer, subject: str, *to: str, sender: str = "ann@out.test") -> None:
    with smtplib.SMTP("127.0.0.1", server.ports["smtp"]) as smtp:
        smtp.sendmail(sender, to, f"From: {sender}\r\nTo: undisclosed:;\r\nSubject: {subject}\r\nMessage-ID: <{subject.replace(' ', '')}@out.test>\r\n\r\nx\r\n")


def wait_for_work(server: RoostServer) -> None:
    """Until no long work is left that would change rows by itself."""
    with base(server) as found:
        eventually(lambda: not found.execute("SELECT count(*) FROM jobs WHERE state IN ('waiting', 'running')").fetchone()[0])


@pytest.fixture(scope="module")
def server() -> Iterator[RoostServer]:
    one = RoostServer(listeners=("smtp", "http"), people=2, workers=1)
    try:
        one.run("account", "set", "u1@x.test", "--role", "domain-admin")
        for domain, mark in (("far.test", MARK), ("x.test", "Ours"), ("x.test.far.test", MARK)):
            low = mark.lower()
            one.run("domain", "add", domain, is_checked=False)
            one.run("account", "add", f"{low}@{domain}", "--password-stdin", "--name", f"{mark} Person", input=PASSWORD + "\n")
            one.run("alias", "add", f"{low}-alias@{domain}", f"{low}@{domain}")
            one.run("list", "add", f"{low}-list@{domain}", "--member", f"{low}@{domain}")
            one.run("group", "add", f"{low}-group@{domain}", "--name", f"{mark} group", "--member", f"{low}@{domain}")
            one.run("public", "add", f"{mark} papers", "--domain", domain, "--anyone", "read")
            one.run("rules", "add", domain, "--name", f"{mark} rule", "--if", "subject", "contains", low, "--do", "flag")
            letter(one, f"{mark} letter", f"{low}@{domain}")
        letter(one, "Both", "ours@x.test", "velvet@far.test")
        letter(one, "Ours too", "ours@x.test")
        one.run("announce", "--to", "*@far.test", "--subject", f"{MARK} news", "--from", "velvet@far.test", input="x")
        wait_for_work(one)
        yield one
    finally:
        one.remove()


@pytest.fixture
def visitor(server: RoostServer) -> Browser:
    return signed_in(server, "u1@x.test")


def form_of(op: str, domain: str = "far.test") -> dict[str, Any]:
    """A form that names things of the other domain wherever a form could name things."""
    return {
        "op": op, "domain": domain, "localpart": f"made-{op}", "name": "Made", "password": "correct horse 9", "role": "user", "ids": "velvet@far.test",
        "targets": "u1@x.test", "members": "velvet@far.test", "to": "*@far.test", "sender": "velvet@far.test", "subject": "x", "text": f"address\nmade@{domain}\n",
        "id": "1", "which": "velvet@far.test", "holder": "velvet@far.test", "rights": "all", "new_address": f"moved-{op}@{domain}", "new_name": "taken.test", "other": "taken.test",
        "confirm": "velvet@far.test", "number": "0", "accounts": "1", "mode": "public", "owner": "velvet@far.test", "reply_to": "author", "value": "1", "enabled": "1",
    }  # fmt: skip


def test_no_address_by_any_verb_opens_or_changes_what_belongs_to_another_domain(server: RoostServer, visitor: Browser) -> None:
    theirs, walked = things(server, "far.test", MARK), 0
    wrong: dict[tuple[str, str, int], list[str]] = {}
    visitor.get("/admin")
    before = rows(server)
    for rule in routes():
        path = address_of(rule, theirs)
        methods = [m for m in ("GET", "POST", "PUT", "DELETE", "PATCH") if m in (rule.methods or ()) or m not in ("GET", "POST")]
        for method, op in itertools.chain.from_iterable([(m, op) for op in (OPS if m == "POST" else [""])] for m in methods):
            if method == "GET" and "<" not in rule.rule:
                answer = visitor.get(path)
                is_right = not any(word in answer.text for word in (MARK, "velvet", "far.test")) and visitor.get(path, params={"domain": "far.test"}).status_code in ELSEWHERE.get(path, (403, 404))
            elif method in ("GET", "POST"):
                answer = visitor.get(path) if method == "GET" else visitor.post(path, form_of(op), allow_redirects=False)
                is_right = answer.status_code in (403, 404) or path in SAME_FOR_ALL
            else:
                answer = visitor.session.request(method, visitor.base + path, data={"csrf_token": visitor.token}, timeout=20)
                is_right = answer.status_code == 405
            walked += 1
            if not is_right:
                wrong.setdefault((method, path, answer.status_code), []).append(op)
    after = rows(server)
    assert wrong == {}
    assert {t: rows_ for t, rows_ in after.items() if rows_ != before[t]} == {}
    assert walked > 300


def test_a_search_finds_nothing_of_another_domain(visitor: Browser) -> None:
    for path in ("/admin/find", "/admin/accounts", "/admin/aliases", "/admin/lists", "/admin/groups", "/admin/shared", "/admin/messages", "/admin/audit", "/admin/domains"):
        found = visitor.get(path, params={"q": MARK.lower()}).text
        assert f"{MARK} " not in found and "velvet@" not in found and "far.test" not in found, path


def test_forms_of_the_own_domain_reach_nothing_of_another(server: RoostServer, visitor: Browser) -> None:
    ours = things(server, "x.test", "Ours")
    server.run("account", "add", "passing@x.test", "--password-stdin", input=PASSWORD + "\n")
    ours["account address"] = "passing@x.test"
    for kind in ("alias", "list", "group"):
        server.run(kind, "add", f"passing-{kind}@x.test", *(["u2@x.test"] if kind == "alias" else []))
    ours |= {"alias address": "passing-alias@x.test", "one_list address": "passing-list@x.test", "group address": "passing-group@x.test"}
    visitor.get("/admin")
    before = rows_of_far(server)
    for rule in (r for r in routes() if "<" in r.rule and "POST" in (r.methods or ())):
        for op in OPS:
            answer = visitor.post(address_of(rule, ours), form_of(op), allow_redirects=False)
            assert answer.status_code < 500, (rule.rule, op)
            assert MARK not in answer.text, (rule.rule, op)
    assert rows_of_far(server) == before


def test_of_a_message_for_both_domains_only_the_own_part_is_told(server: RoostServer, visitor: Browser) -> None:
    admin = signed_in(server, "admin@x.test")
    listed = visitor.get("/admin/messages?q=Both").text
    assert "ours@x.test" in listed and "velvet" not in listed
    path = re.findall(r'href="(/admin/messages/[^"?]+)"', listed)[0]
    page = visitor.get(path).text
    assert "ours@x.test" in page and "velvet" not in page
    assert "velvet@far.test" in admin.get(path).text


def test_home_counts_only_the_own_domain(server: RoostServer, visitor: Browser) -> None:
    assert "far.test" not in visitor.get("/admin").text


def test_nobody_is_announced_to_in_another_domains_name(server: RoostServer, visitor: Browser) -> None:
    visitor.get("/admin/announcement")
    words = {"to": "*@x.test", "subject": "News", "text": "Closed on Friday.", "name": ""}
    assert visitor.post("/admin/announcement", {**words, "sender": "velvet@far.test"}).status_code == 403
    assert "It is on its way" in visitor.post("/admin/announcement", {**words, "sender": "u1@x.test"}).text


def test_a_bulk_change_with_one_foreign_name_changes_nobody(server: RoostServer, visitor: Browser) -> None:
    visitor.get("/admin/accounts")
    answer = visitor.session.post(
        visitor.base + "/admin/accounts", data=[("csrf_token", visitor.token), ("op", "disable"), ("ids", "ours@x.test"), ("ids", "velvet@far.test")], timeout=20
    )
    assert answer.status_code == 403
    assert json.loads(server.run("account", "show", "ours@x.test", "--json"))["enabled"] is True


def test_what_lies_in_the_own_domain_can_be_done(server: RoostServer, visitor: Browser) -> None:
    visitor.get("/admin")
    server.run("rules", "add", "x.test", "--name", "Once more", "--if", "subject", "contains", "x", "--do", "flag")
    does = [
        ("/admin/accounts/new", {"localpart": "new", "domain": "x.test", "password": "correct horse 9", "name": "New One"}),
        ("/admin/accounts/new@x.test", {"op": "save", "name": "Newer", "quota": "1G", "role": "user"}),
        ("/admin/accounts/new@x.test", {"op": "password", "password": "correct horse 10"}),
        ("/admin/accounts/new@x.test", {"op": "rename", "new_address": "newest@x.test", "keep": "1"}),
        ("/admin/accounts", {"op": "disable", "ids": "newest@x.test"}),
        ("/admin/aliases/new", {"localpart": "info", "domain": "x.test", "targets": "u2@x.test"}),
        ("/admin/aliases/info@x.test", {"targets": "u1@x.test\nu2@x.test", "enabled": "1"}),
        ("/admin/aliases/new", {"localpart": "*", "domain": "x.test", "targets": "u2@x.test"}),
        ("/admin/lists/new", {"localpart": "team", "domain": "x.test", "mode": "members", "members": "u2@x.test", "reply_to": "list", "enabled": "1"}),
        ("/admin/lists/team@x.test", {"op": "join", "members": "u1@x.test"}),
        ("/admin/groups", {"localpart": "sales", "domain": "x.test", "name": "Sales"}),
        ("/admin/groups/sales@x.test", {"op": "join", "members": "u2@x.test"}),
        ("/admin/shared", {"name": "Orders", "domain": "x.test", "op": "add"}),
        ("/admin/domains/x.test", {"op": "signature", "mode": "append", "text": "Ours", "html": ""}),
        ("/admin/domains/x.test/accounts-in", {"op": "apply", "text": "address,name,password\nfile@x.test,File,correct horse 11\n"}),
        ("/admin/domains/x.test/rules", {"op": "switch", "number": "0"}),
    ]  # fmt: skip
    assert [(path, answer.status_code, form) for path, form in does if (answer := visitor.post(path, form)).status_code != 200] == []
    shown = json.loads(server.run("account", "show", "newest@x.test", "--json"))
    assert (shown["name"], shown["enabled"]) == ("Newer", False)
    assert {a["address"] for a in json.loads(server.run("alias", "list", "--json"))} >= {"info@x.test", "new@x.test"}
    assert json.loads(server.run("account", "show", "file@x.test", "--json"))["name"] == "File"
    for path in ("/admin/accounts/newest@x.test", "/admin/aliases/info@x.test", "/admin/lists/team@x.test", "/admin/groups/sales@x.test"):
        assert visitor.post(path, {"op": "delete", "confirm": path.rpartition("/")[2]}).status_code == 200
        assert visitor.get(path).status_code == 404, path


def test_home_says_what_needs_doing_in_the_own_domain_and_nothing_of_others(server: RoostServer, visitor: Browser) -> None:
    assert "Nothing needs doing" in visitor.get("/admin").text
    with sqlite3.connect(server.folder / "data" / "roost.db", timeout=20) as found:
        found.execute("UPDATE list_members SET paused_at = 1 WHERE address IN ('ours@x.test', 'velvet@far.test')")
        found.execute("UPDATE accounts SET quota_bytes = 100, used_bytes = 99 WHERE address IN ('ours@x.test', 'velvet@far.test')")
        found.execute("UPDATE domains SET max_accounts = 1 WHERE name IN ('x.test', 'far.test')")
    page = visitor.get("/admin").text
    assert "One reader of ours-list@x.test gets no mail" in page and "/admin/lists/ours-list@x.test" in page
    assert "One account is nearly full" in page and "ours@x.test. Mail for a full account is refused." in page
    assert "x.test can have no further account" in page and "3 things want your attention" in page
    assert "velvet" not in page and "far.test" not in page
    everything = signed_in(server, "admin@x.test").get("/admin").text
    assert "One reader of velvet-list@far.test gets no mail" in everything and "2 accounts are nearly full" in everything and "no further account" not in everything
