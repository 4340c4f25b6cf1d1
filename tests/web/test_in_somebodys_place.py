"""What an admin sets for somebody who is ill or locked out: by the panel and by command, never for whom has more rights, and the owner is told."""

import imaplib
import json
import smtplib
import time
from collections.abc import Iterator
from typing import Any

import pytest

from mailcore.config.environment import Config
from mailcore.runtime.runtime import open_runtime
from mailcore.store import accounts
from tests.scenario.server import PASSWORD, RoostServer
from tests.scenario.waiting import eventually
from tests.web.visitor import Browser, signed_in

HERE = "/admin/accounts/u2@x.test"


@pytest.fixture(scope="module")
def server() -> Iterator[RoostServer]:
    one = RoostServer(listeners=("smtp", "imap", "http"), people=2)
    one.run("account", "set", "u1@x.test", "--role", "domain-admin")
    one.run("domain", "add", "far.test")
    one.run("account", "add", "boss@far.test", "--password-stdin", input=PASSWORD + "\n")
    yield one
    one.remove()


@pytest.fixture(scope="module")
def admin(server: RoostServer) -> Browser:
    return signed_in(server, "u1@x.test")


def told(server: RoostServer, *words: str) -> Any:
    return json.loads(server.run(*words, "--json"))


def waiting_for(server: RoostServer, address: str) -> list[dict[str, Any]]:
    """What is in the queue for *address*, once something is."""
    return eventually(lambda: [one for one in told(server, "queue", "list") if address in json.dumps(one).lower()])


def send(server: RoostServer, sender: str, subject: str) -> None:
    server.settle()
    with smtplib.SMTP("127.0.0.1", server.ports["smtp"]) as client:
        client.sendmail(sender, ["u2@x.test"], f"From: {sender}\r\nTo: u2@x.test\r\nSubject: {subject}\r\nMessage-ID: <{time.monotonic_ns()}@out.test>\r\n\r\nHello\r\n")


def test_an_auto_reply_set_by_an_admin_answers_and_its_owner_sees_it(server: RoostServer, admin: Browser) -> None:
    assert admin.get(f"{HERE}/away").status_code == 200
    wrong = admin.post(f"{HERE}/away", {"op": "away", "is_on": "1", "text": "", "subject": "Kept"})
    assert wrong.status_code == 422 and "Write what the auto-reply says." in wrong.text and 'value="Kept"' in wrong.text
    admin.post(f"{HERE}/away", {"op": "away", "is_on": "1", "text": "Ill until Monday.", "days": "7"})
    assert "Ill until Monday." in signed_in(server, "u2@x.test").get("/settings/away").text
    send(server, "ann@out.test", "Where are you?")
    assert waiting_for(server, "ann@out.test"), "the answer is on its way out"
    assert told(server, "account", "away", "u2@x.test", "--off") == told(server, "account", "away", "u2@x.test") and not told(server, "account", "away", "u2@x.test")["is_on"]
    again = told(server, "account", "away", "u2@x.test", "--text", "Back soon.", "--until", "2099-01-10")
    assert (again["is_on"], again["text"], again["ends"]) == (True, "Back soon.", "2099-01-10")
    told(server, "account", "away", "u2@x.test", "--off")


def test_forwarding_set_by_an_admin_needs_no_code_and_its_owner_is_told(server: RoostServer, admin: Browser) -> None:
    assert admin.post(f"{HERE}/away", {"op": "forward", "is_forwarding": "1", "targets": "nonsense"}).status_code == 422
    admin.post(f"{HERE}/away", {"op": "forward", "is_forwarding": "1", "keeps_copy": "1", "targets": "deputy@out.test"})
    send(server, "bob@out.test", "An order")
    assert waiting_for(server, "deputy@out.test")
    with imaplib.IMAP4("127.0.0.1", server.ports["imap"]) as imap:
        imap.login("u2@x.test", PASSWORD)
        imap.select()
        assert imap.search(None, "BODY", "deputy@out.test")[1] != [b""], "a note tells of the new address"
    found = told(server, "account", "forward", "u2@x.test", "other@out.test", "--no-copy")
    assert (found["is_on"], found["targets"], found["keeps_copy"]) == (True, ["other@out.test"], False)
    assert "waiting for its code" not in signed_in(server, "u2@x.test").get("/settings/away").text
    assert told(server, "account", "forward", "u2@x.test", "--off")["is_on"] is False


def test_what_is_set_is_shown_as_the_sieve_that_runs_to_owner_and_admin(server: RoostServer, admin: Browser) -> None:
    owner = signed_in(server, "u2@x.test")
    assert "As Sieve" not in owner.get("/settings/away").text
    found = told(server, "account", "away", "u2@x.test", "--text", "Back on Monday.")
    assert "vacation" in found["sieve"] and "Back on Monday." in found["sieve"]
    told(server, "account", "forward", "u2@x.test", "u1@x.test")
    for page in (owner.get("/settings/away").text, admin.get(f"{HERE}/away").text):
        assert "vacation :days 7" in page and "redirect :copy" in page
    told(server, "account", "forward", "u2@x.test", "--off")
    assert told(server, "account", "away", "u2@x.test", "--off")["sieve"] == ""


def test_a_signature_set_by_an_admin_stands_under_what_its_owner_writes(server: RoostServer, admin: Browser) -> None:
    here = f"{HERE}/signatures"
    assert admin.post(here, {"op": "signature", "id": "0", "name": "Work", "text": "Ursula\nHarbour 7"}).status_code == 200
    owner = signed_in(server, "u2@x.test")
    assert "-- \nUrsula\nHarbour 7" in owner.get("/compose").text.replace("\r\n", "\n")
    same = admin.post(here, {"op": "signature", "id": "0", "name": "Work", "text": "Kept as it was typed"})
    assert same.status_code == 422 and "called Work already" in same.text and "Kept as it was typed" in same.text
    assert admin.post(here, {"op": "identity", "address": "u1@x.test", "name": "Somebody"}).status_code == 403
    found = told(server, "account", "signature", "u2@x.test", "--name", "Short", "--text", "U.", "--for", "u2@x.test", "--only", "replies")
    assert [one["name"] for one in found["signatures"]] == ["Short", "Work"]
    assert found["addresses"][0]["new"] == "Work" and found["addresses"][0]["replies"] == "Short"
    assert "Harbour 7" in owner.get("/compose").text
    assert told(server, "account", "signature", "u2@x.test", "--name", "Short", "--remove")["signatures"][0]["name"] == "Work"
    assert "no signature Nothing" in server.run("account", "signature", "u2@x.test", "--name", "Nothing", "--for", "u2@x.test", "--json", is_checked=False)
    assert "signature" in admin.get("/admin/audit", params={"q": "u2@x.test"}).text.lower()


def test_rules_of_a_person_are_made_and_taken_away_in_their_place(server: RoostServer, admin: Browser) -> None:
    assert admin.get(f"{HERE}/rules/new").status_code == 200
    rule = {"name": "Invoices", "match": "all", "c0_field": "subject", "c0_operator": "contains", "c0_value": "invoice", "a0_kind": "forward_copy", "a0_value": "Books@out.test", "op": "save"}
    admin.post(f"{HERE}/rules/new", rule)
    assert [one["name"] for one in told(server, "rule", "list", "u2@x.test")["rules"]] == ["Invoices"]
    send(server, "ann@out.test", "invoice 7")
    assert waiting_for(server, "books@out.test")
    admin.post(f"{HERE}/rules", {"op": "remove", "number": "0"})
    assert told(server, "rule", "list", "u2@x.test")["rules"] == []


def test_the_second_step_and_a_programs_password_are_taken_off(server: RoostServer, admin: Browser) -> None:
    person = signed_in(server, "u2@x.test")
    person.get("/settings/sign-in")
    person.post("/settings/sign-in", {"op": "app-add", "name": "Old phone", "may_imap": "1", "old_password": PASSWORD})
    runtime = open_runtime(Config(data_dir=server.folder / "data", dns="none", hostname="mx.x.test"), name="test")
    found = accounts.account_by_address(runtime.store.read(), "u2@x.test")
    assert found is not None
    runtime.store.write(lambda tx: accounts.set_account(tx, found.id, totp_secret="JBSWY3DPEHPK3PXP"))
    runtime.close()
    shown = told(server, "account", "ways", "u2@x.test")
    assert (shown["has_second_step"], [one["name"] for one in shown["programs"]]) == (True, ["Old phone"])
    assert "Old phone" in admin.get(f"{HERE}/ways").text
    admin.post(f"{HERE}/ways", {"op": "program", "id": str(shown["programs"][0]["id"])})
    admin.post(f"{HERE}/ways", {"op": "second-step"})
    shown = told(server, "account", "ways", "u2@x.test")
    assert (shown["has_second_step"], shown["programs"]) == (False, [])
    assert signed_in(server, "u2@x.test").get("/mail").status_code == 200


def test_language_and_time_zone_of_a_person_are_set_for_them(server: RoostServer, admin: Browser) -> None:
    assert 'value="Europe/Lisbon"' in admin.get(HERE).text
    admin.post(HERE, {"op": "save", "name": "Ursula", "quota": "", "role": "user", "locale": "de", "time_zone": "Europe/Lisbon"})
    found = told(server, "account", "show", "u2@x.test")
    assert (found["name"], found["language"], found["time_zone"]) == ("Ursula", "de", "Europe/Lisbon")
    assert 'lang="de"' in signed_in(server, "u2@x.test").get("/settings/profile").text
    server.run("account", "set", "u2@x.test", "--language", "en", "--time-zone", "Asia/Tokyo")
    assert told(server, "account", "show", "u2@x.test")["time_zone"] == "Asia/Tokyo"
    assert "Languages are" in server.run("account", "set", "u2@x.test", "--language", "tlh", "--json", is_checked=False)
    assert "named like" in server.run("account", "set", "u2@x.test", "--time-zone", "Mars/Base", "--json", is_checked=False)


@pytest.mark.parametrize("whose", ["admin@x.test", "boss@far.test"])
def test_a_domain_admin_sets_nothing_for_who_has_more_rights_or_is_of_another_domain(admin: Browser, whose: str) -> None:
    for page, form in (
        ("away", {"op": "forward", "is_forwarding": "1", "targets": "thief@out.test"}), ("away", {"op": "away", "is_on": "1", "text": "x"}), ("ways", {"op": "second-step"}), ("signatures", {"op": "signature", "id": "0", "name": "Theirs", "text": "x"}),
        ("rules/new", {"name": "", "match": "all", "c0_field": "subject", "c0_operator": "contains", "c0_value": "a", "a0_kind": "forward", "a0_value": "thief@out.test", "op": "save"}),
    ):  # fmt: skip
        where = f"/admin/accounts/{whose}/{page}"
        assert (admin.get(where).status_code, admin.post(where, form).status_code) == (403, 403), where
