"""Every address of webmail and panel that changes something, from a page elsewhere: refused, whatever it sends. The walk reads the URL map, so that what is added later is walked too."""

import re
from typing import Any

import pytest
import requests

from tests.lasting import lasting
from tests.scenario.server import RoostServer
from tests.web.test_domain_admin_walk import OPS, rows
from tests.web.test_every_page import addresses
from tests.web.visitor import Browser, signed_in

OPEN = {"discovery.outlook", "session.leave"}
"""What programs post without a form: a question that changes nothing, and RFC 8058's one click, whose word is in its address."""
THINGS = {"domain": "x.test", "address": "u1@x.test", "number": "0", "name": "Internet", "section": "profile", "step": "domain", "mailbox_id": "1", "message_id": "1", "draft_id": "1"}
FORM = {"op": "delete", "ids": "1", "confirm": "u1@x.test", "enabled": "1", "targets": "eve@evil.test", "to": "eve@evil.test", "name": "Evil", "address": "u1@x.test", "password": "correct horse 1"}


server = lasting(lambda: RoostServer(listeners=("http",), people=1, workers=1))


def changes() -> list[tuple[str, str, str]]:
    """(endpoint, method, path) of all that takes something else than a look."""
    found = []
    for rule in addresses().iter_rules():
        path = re.sub(r"<(?:\w+:)?(\w+)>", lambda one: THINGS.get(one[1], "1"), rule.rule)
        found += [(rule.endpoint, method, path) for method in sorted((rule.methods or set()) - {"GET", "HEAD", "OPTIONS"})]
    return sorted(found)


def answers(person: Browser, headers: dict[str, str], fields: dict[str, str]) -> dict[str, int]:
    """Every change asked for with *headers* and *fields*; the status of each."""
    return {
        f"{endpoint} {method} {path}": person.session.request(method, person.base + path, data={**FORM, **fields}, headers=headers, timeout=20, allow_redirects=False).status_code
        for endpoint, method, path in changes() if endpoint not in OPEN
    }  # fmt: skip


@pytest.mark.parametrize("address", ["admin@x.test", "u1@x.test"])
def test_no_change_is_taken_without_the_token_or_from_another_site(server: RoostServer, address: str) -> None:
    person = signed_in(server, address)
    person.get("/mail")
    of_another = signed_in(server, "u1@x.test" if address[0] == "a" else "admin@x.test")
    before, token = rows(server), {"csrf_token": person.token}
    for name, headers, fields, refusals in (
        ("no token", {}, {}, {400}),
        ("no token, our own page", {"Sec-Fetch-Site": "same-origin"}, {}, {400}),
        ("no token, HTMX", {"HX-Request": "true", "Accept": "application/json"}, {}, {400}),
        ("a made-up token", {}, {"csrf_token": "AAAA"}, {400}),
        ("another person's token", {}, {"csrf_token": of_another.token}, {400}),
        ("the token, another site", {"Sec-Fetch-Site": "cross-site"}, token, {403}),
        ("the token, a neighbour of our site", {"Sec-Fetch-Site": "same-site"}, token, {403}),
        ("the token in the header, another site", {"Sec-Fetch-Site": "cross-site", "X-CSRFToken": person.token}, {}, {403}),
    ):  # fmt: skip
        found = answers(person, headers, fields)
        assert len(found) > 60 and {path: code for path, code in found.items() if code not in refusals} == {}, name
    assert {table for table, kept in rows(server).items() if kept != before[table]} == set()
    assert person.post("/settings/profile", {"op": OPS[0]}).status_code != 400, "the token is what they lack"


def test_what_takes_no_form_is_what_programs_post(server: RoostServer) -> None:
    found = {endpoint for endpoint, method, path in changes() if requests.request(method, Browser(server).base + path, data=FORM, timeout=20, allow_redirects=False).status_code != 400}
    assert found == OPEN


def test_nobody_is_signed_in_by_a_page_elsewhere(server: RoostServer) -> None:
    stranger = Browser(server)
    form = {"address": "u1@x.test", "password": "correct horse 1"}
    assert stranger.session.post(stranger.base + "/sign-in", data=form, timeout=20).status_code == 400, "no cookie, no token"
    stranger.get("/sign-in")
    early = stranger.token
    other = Browser(server)
    other.get("/sign-in")
    assert other.session.post(other.base + "/sign-in", data=form | {"csrf_token": early}, timeout=20).status_code == 400, "a token of another browser"
    assert other.session.post(other.base + "/sign-in", data=form | {"csrf_token": other.token}, headers={"Sec-Fetch-Site": "cross-site"}, timeout=20).status_code == 403
    assert "/sign-in" in other.get("/mail").url


def test_cookies_stay_with_our_site_and_scripts_do_not_read_the_session(server: RoostServer) -> None:
    person = Browser(server)
    person.get("/sign-in")
    answer = person.session.post(person.base + "/sign-in", data={"csrf_token": person.token, "address": "u1@x.test", "password": "correct horse 1"}, timeout=20, allow_redirects=False)
    cookies = answer.raw.headers.getlist("Set-Cookie")
    assert cookies and all("SameSite=Lax" in one and "HttpOnly" in one for one in cookies), cookies


@pytest.mark.parametrize("path", ["/mail", "/contacts", "/compose/people?q=a", "/admin", "/settings/profile"])
def test_a_page_elsewhere_holds_none_of_ours(server: RoostServer, path: str) -> None:
    person = signed_in(server, "admin@x.test")

    def asked(**headers: str) -> int:
        return person.session.get(person.base + path, headers={name.replace("_", "-"): value for name, value in headers.items()}, timeout=20).status_code

    assert asked() == asked(Sec_Fetch_Site="none", Sec_Fetch_Mode="navigate") == asked(Sec_Fetch_Site="same-origin", Sec_Fetch_Mode="cors") == 200
    assert asked(Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="navigate") == 200, "a link elsewhere leads here"
    for mode in ("no-cors", "cors", "same-origin", "websocket"):
        assert asked(Sec_Fetch_Site="cross-site", Sec_Fetch_Mode=mode) == asked(Sec_Fetch_Site="same-site", Sec_Fetch_Mode=mode) == 403, mode


def policy_of(answer: Any) -> dict[str, str]:
    return {name: value for name, _, value in (one.strip().partition(" ") for one in answer.headers["Content-Security-Policy"].split(";"))}


@pytest.mark.parametrize("path", ["/mail", "/compose", "/contacts", "/settings/profile", "/admin", "/admin/domains", "/sign-in", "/no-such-page"])
def test_only_scripts_with_the_number_of_the_answer_run(server: RoostServer, path: str) -> None:
    person = signed_in(server, "admin@x.test") if path != "/sign-in" else Browser(server)
    one, two = person.get(path), person.get(path)
    policy = policy_of(one)
    number = re.fullmatch(r"'nonce-([\w-]{20,})'", policy["script-src"])
    assert number and policy["script-src"] != policy_of(two)["script-src"], "new in each answer"
    scripts = re.findall(r"<script[^>]*>", one.text)
    assert scripts and all(f'nonce="{number[1]}"' in tag and "src=" in tag for tag in scripts)
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=", one.text), "nothing inline"
    assert policy["style-src"] == policy["worker-src"] == policy["form-action"] == "'self'" and policy["object-src"] == policy["base-uri"] == "'none'" and policy["frame-ancestors"] == "'self'"
    assert policy["require-trusted-types-for"] == "'script'" and "unsafe" not in one.headers["Content-Security-Policy"]


def test_a_page_without_scripts_allows_none(server: RoostServer) -> None:
    answer = Browser(server).get("/offline")
    assert policy_of(answer)["script-src"] == "'none'" and "<script" not in answer.text
