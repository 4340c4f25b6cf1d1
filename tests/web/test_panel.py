"""The panel's protection, keys, rules and quarantine, and the commands beside them, on a running server."""

import datetime
import json
import re
import smtplib
import socket
import time

import pytest

from tests.lasting import lasting
from tests.scenario.server import RoostServer
from tests.web.visitor import Browser

server = lasting(lambda: RoostServer(listeners=("smtp", "http"), people=3))


@pytest.fixture(scope="module")
def admin(server: RoostServer) -> Browser:
    browser = Browser(server)
    assert browser.sign_in("admin@x.test").status_code == 200
    return browser


def told(server: RoostServer, *words: str) -> object:
    return json.loads(server.run(*words, "--json"))


def test_a_range_added_by_command_is_listed_and_goes_again(server: RoostServer) -> None:
    server.run("range", "add", "Office", "192.0.2.0", "192.0.2.255", "--priority", "40", "--no-spam")
    assert [(r["name"], r["from"], r["to"], r["checks_spam"], r["needs_tls"]) for r in told(server, "range", "list")] == [("Office", "192.0.2.0", "192.0.2.255", False, True)]
    server.run("range", "remove", "Office")
    assert told(server, "range", "list") == []


def test_senders_are_let_past_and_refused_by_command(server: RoostServer) -> None:
    made = told(server, "sender", "allow", "*@good.test", "--note", "the bank")
    server.run("sender", "block", "--network", "198.51.100.0/24")
    assert {(r["kind"], r["sender"], r["network"]) for r in told(server, "sender", "list")} == {("allow", "*@good.test", ""), ("deny", "*", "198.51.100.0/24")}
    server.run("sender", "remove", str(made["id"]))
    assert [r["kind"] for r in told(server, "sender", "list")] == ["deny"]


def test_new_keys_wait_beside_the_old_and_no_private_half_is_printed(server: RoostServer) -> None:
    before = told(server, "dkim", "list", "x.test")
    made = told(server, "dkim", "rotate", "x.test")
    after = server.run("dkim", "list", "x.test", "--json")
    assert {k["algorithm"] for k in json.loads(after)} == {"rsa", "ed25519"}
    assert len(json.loads(after)) == len(before) + 2 and {k["state"] for k in made} == {"waiting"}
    assert "PRIVATE" not in after


def test_what_is_not_in_quarantine_is_not_released(server: RoostServer) -> None:
    assert told(server, "quarantine", "list") == []
    assert "Nothing in quarantine has the number 99" in server.run("quarantine", "release", "99", "--json", is_checked=False)


def test_a_server_without_rules_says_so(server: RoostServer) -> None:
    assert told(server, "rule", "list") == {"scope": "system", "rules": [], "script": "", "sieve": ""}


def test_an_address_with_a_slash_at_its_end_opens_too(admin: Browser) -> None:
    assert admin.get("/admin/").status_code == admin.get("/admin/queue/").status_code == 200


@pytest.mark.parametrize("path", ["/admin/certificates", "/admin/ranges", "/admin/ranges/new", "/admin/senders"])
def test_a_page_of_protection_opens_for_a_server_admin_and_for_nobody_else(server: RoostServer, admin: Browser, path: str) -> None:
    person = Browser(server)
    person.sign_in("u1@x.test")
    assert admin.get(path).status_code == 200
    assert person.get(path).status_code == 403


def test_a_range_made_in_the_panel_is_changed_and_removed(server: RoostServer, admin: Browser) -> None:
    admin.get("/admin/ranges/new")
    form = {"name": "Lab/1", "lower": "2001:db8::", "upper": "2001:db8::ff", "priority": "50", "protocols": "smtp", "allowed": "external-local", "checks_spam": "1", "op": "save"}
    assert "Lab/1" in admin.post("/admin/ranges/new", form).text
    assert admin.post("/admin/ranges/Lab/1", {**form, "priority": "60"}).status_code == 200
    assert [(r["name"], r["priority"], r["to"], r["needs_tls"]) for r in told(server, "range", "list")] == [("Lab/1", 60, "2001:db8::ff", False)]
    admin.post("/admin/ranges/Lab/1", {"op": "delete"})
    assert told(server, "range", "list") == []


@pytest.mark.parametrize(("field", "value"), [("lower", "300.1.2.3"), ("upper", "1.1.1.1"), ("priority", "many"), ("expires", "2020-01-01"), ("name", "")])
def test_a_range_that_cannot_be_keeps_what_was_typed_and_says_why(admin: Browser, field: str, value: str) -> None:
    admin.get("/admin/ranges/new")
    form = {"name": "Wrong", "lower": "192.0.2.1", "upper": "192.0.2.9", "priority": "50", "protocols": "smtp", "op": "save", field: value}
    answer = admin.post("/admin/ranges/new", form)
    assert answer.status_code == 422 and 'aria-invalid="true"' in answer.text and 'value="192.0.2.9"' in answer.text or field == "upper"
    assert "Wrong" not in admin.get("/admin/ranges").text


def undo_of(page: str) -> dict[str, str]:
    """What the toast's Undo sends."""
    found = re.search(r'name="undo" value="([^"]+)"', page)
    assert found
    return {"undo": found[1], "next": "/admin"}


def test_what_one_press_took_away_comes_back_by_one(server: RoostServer, admin: Browser) -> None:
    server.run("alias", "add", "team@x.test", "u1@x.test", "u2@x.test")
    server.run("range", "add", "Branch", "192.0.2.0", "192.0.2.63", "--priority", "45", "--no-spam")
    server.run("route", "add", "far.test", "mx.far.test", "--port", "2525")
    before = [told(server, *words) for words in (("alias", "list"), ("range", "list"), ("route", "list"))]
    number = re.search(r"/admin/routes/(\d+)", admin.get("/admin/routes").text)
    assert number
    for path in ("/admin/aliases/team@x.test", "/admin/ranges/Branch", f"/admin/routes/{number[1]}"):
        admin.get(path)
        gone = admin.post(path, {"op": "delete"})
        assert path not in gone.text
        back = admin.post("/admin/undo", undo_of(gone.text))
        assert back.status_code == 200 and "is back" in back.text
        assert "is there already" in admin.post("/admin/undo", undo_of(gone.text)).text or "is back" in back.text
    assert [without(rows) for rows in before] == [without(told(server, *words)) for words in (("alias", "list"), ("range", "list"), ("route", "list"))]
    admin.get("/admin/aliases/team@x.test")
    gone = admin.post("/admin/aliases/team@x.test", {"op": "delete"}).text
    other = Browser(server)
    other.sign_in("admin@x.test")
    other.get("/admin/aliases")
    assert other.post("/admin/undo", undo_of(gone)).status_code == 403, "another session's word"
    assert admin.post("/admin/undo", {"undo": "forged"}).status_code == 403
    server.run("range", "remove", "Branch")
    server.run("route", "remove", "far.test")


def without(rows: object) -> list[dict[str, object]]:
    """Without what a row made anew has anew."""
    return [{name: value for name, value in row.items() if name not in ("id", "created_at")} for row in rows]  # type: ignore[attr-defined]


def test_hmailservers_ranges_come_by_one_button(server: RoostServer, admin: Browser) -> None:
    admin.get("/admin/ranges")
    admin.post("/admin/ranges", {"op": "preset"})
    assert [r["name"] for r in told(server, "range", "list")] == ["My computer", "My computer (IPv6)", "Internet"]
    for name in ("My computer", "My computer (IPv6)", "Internet"):
        server.run("range", "remove", name)


def test_a_sender_is_refused_and_forgiven_in_the_panel(server: RoostServer, admin: Browser) -> None:
    admin.get("/admin/senders")
    assert "nuisance@bad.test" in admin.post("/admin/senders", {"op": "add", "kind": "deny", "sender": "nuisance@bad.test"}).text
    rule = next(r for r in told(server, "sender", "list") if r["sender"] == "nuisance@bad.test")
    admin.post("/admin/senders", {"op": "remove", "id": str(rule["id"])})
    assert all(r["sender"] != "nuisance@bad.test" for r in told(server, "sender", "list"))


def test_a_rule_on_everyone_is_refused_with_a_sentence(admin: Browser) -> None:
    admin.get("/admin/senders")
    answer = admin.post("/admin/senders", {"op": "add", "kind": "deny", "sender": "*"})
    assert answer.status_code == 422 and "would speak of everyone" in answer.text


def test_messages_are_found_by_day_and_by_what_became_of_them(server: RoostServer, admin: Browser) -> None:
    with smtplib.SMTP("127.0.0.1", server.ports["smtp"]) as smtp:
        smtp.sendmail("ann@out.test", ["u1@x.test"], "From: ann@out.test\r\nSubject: Found by day\r\n\r\nx\r\n")
    today, old = datetime.datetime.now(datetime.UTC).date().isoformat(), "2020-01-01"
    assert "Found by day" in admin.get(f"/admin/messages?day={today}").text and "Found by day" not in admin.get(f"/admin/messages?day={old}").text
    assert "Found by day" in admin.get("/admin/messages?state=delivered").text and "Found by day" not in admin.get("/admin/messages?state=refused").text
    assert admin.get("/admin/messages?day=nonsense").status_code == 200


def test_records_that_dns_says_nothing_of_are_not_called_right(admin: Browser) -> None:
    page = admin.get("/admin/domains/x.test/dns").text
    assert "DNS gives no answer" in page and "all right" not in page and "TLS-RPT" in page
    assert "the public address of this server" in page and 'data-copy="the public address' not in page, "words are nothing to paste into a zone"


def test_a_profile_for_apple_is_offered_only_where_it_can_be_made(admin: Browser) -> None:
    for place in ("/settings/programs", "/admin/accounts/u1@x.test/ways"):
        text = admin.get(place).text
        assert "apple.mobileconfig" not in text and "There is no profile for Apple devices at present" in text, place


def test_a_resolver_that_is_silent_does_not_shut_the_panel() -> None:
    """Home waited for each record of each domain, eight seconds a question, and again on every visit."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        one = RoostServer(listeners=("http",), people=1, workers=1, dns=f"127.0.0.1:{silent.getsockname()[1]}")
        try:
            visitor = Browser(one)
            visitor.sign_in("admin@x.test")
            start = time.monotonic()
            assert "Domains" in visitor.get("/admin").text
            assert time.monotonic() - start < 7, "less than one question that nobody answers"
        finally:
            one.remove()
