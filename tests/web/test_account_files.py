"""Accounts of a domain as CSV, in the panel and by command: what a file would do is said first, and then that is what happens."""

import imaplib
import json
from collections.abc import Iterator

import pytest

from tests.scenario.server import PASSWORD, RoostServer
from tests.web.visitor import Browser

FILE = f"""address,name,role,enabled,quota,password
u1@x.test,Ann Otter,,,2 GB,
new@x.test,"Fox, Ben",,,,{PASSWORD}
off@x.test,Off,user,no,0,
u1@x.test,Twice,,,,
who@far.test,Other,,,,
bad@x.test,Bad,king,,,
weak@x.test,Weak,,,,a
"""


@pytest.fixture(scope="module")
def server() -> Iterator[RoostServer]:
    one = RoostServer(listeners=("imap", "http"), people=2)
    one.run("domain", "add", "far.test")
    one.run("account", "add", "boss@far.test", "--password-stdin", input=PASSWORD + "\n")
    one.run("account", "set", "boss@far.test", "--role", "domain-admin")
    yield one
    one.remove()


@pytest.fixture(scope="module")
def admin(server: RoostServer) -> Browser:
    browser = Browser(server)
    assert browser.sign_in("admin@x.test").status_code == 200
    return browser


def listed(server: RoostServer) -> dict[str, dict[str, object]]:
    return {row["address"]: row for row in json.loads(server.run("account", "list", "--domain", "x.test", "--json"))}


def test_a_file_is_looked_into_and_does_nothing_until_it_is_told_to(server: RoostServer, admin: Browser) -> None:
    here = "/admin/domains/x.test/accounts-in"
    admin.get(here)
    looked = admin.post(here, {"op": "look", "text": FILE})
    assert "2 added, 1 changed, 0 as they are, 4 wrong" in looked.text
    for why in ("stands in the file already", "not of x.test", "A role is one of", "<ins>Ann Otter</ins>", "<ins>2G</ins>"):
        assert why in looked.text, why
    assert "new@x.test" not in listed(server)
    admin.post(here, {"op": "apply", "text": FILE})
    found = listed(server)
    assert (found["u1@x.test"]["name"], found["new@x.test"]["name"], found["off@x.test"]["enabled"]) == ("Ann Otter", "Fox, Ben", False)
    assert not {"bad@x.test", "weak@x.test"} & found.keys()
    with imaplib.IMAP4("127.0.0.1", server.ports["imap"]) as imap:
        assert imap.login("new@x.test", PASSWORD)[0] == "OK"
    again = admin.post(here, {"op": "look", "text": admin.get("/admin/domains/x.test/accounts.csv").text})
    assert f"0 added, 0 changed, {len(found)} as they are, 0 wrong" in again.text


def test_a_name_that_a_spreadsheet_would_run_goes_out_harmless_and_comes_back_whole(server: RoostServer, admin: Browser) -> None:
    server.run("account", "set", "u2@x.test", "--name", "=cmd|' /C calc'!A0")
    out = server.run("account", "export", "x.test")
    assert "'=cmd" in out and PASSWORD not in out
    told = json.loads(server.run("account", "load", "x.test", "--json", input=out))
    assert (told["added"], told["changed"], told["wrong"], told["applied"]) == (0, 0, 0, False)


def test_a_file_is_loaded_by_command_with_semicolons_and_a_mark_at_its_start(server: RoostServer) -> None:
    text = "\ufeffaddress;name;quota\r\ncli@x.test;Cli;1 GB\r\n"
    assert json.loads(server.run("account", "load", "x.test", "--json", input=text))["added"] == 1
    assert "cli@x.test" not in listed(server)
    server.run("account", "load", "x.test", "--apply", input=text)
    assert listed(server)["cli@x.test"]["quota_bytes"] == 1024**3


@pytest.mark.parametrize("text", ["", "name,role\nx,user\n", "address,address\n", "address,favourite\n", "address,name\n" + "x" * 1_500_001])
def test_a_file_that_is_none_is_refused_as_a_whole_with_a_sentence(server: RoostServer, text: str) -> None:
    said = json.loads(server.run("account", "load", "x.test", "--json", input=text, is_checked=False))["error"]
    assert "first line names the columns" in said or "more than" in said


def test_a_domain_admin_takes_and_gives_files_of_the_own_domain_and_makes_no_server_admin(server: RoostServer) -> None:
    boss = Browser(server)
    boss.sign_in("boss@far.test")
    for path in ("/admin/domains/x.test/accounts.csv", "/admin/domains/x.test/accounts-in"):
        assert boss.get(path).status_code == 403
    assert "boss@far.test" in boss.get("/admin/domains/far.test/accounts.csv").text
    text = "address,role\nking@far.test,server-admin\n"
    boss.get("/admin/domains/far.test/accounts-in")
    assert "1 wrong" in boss.post("/admin/domains/far.test/accounts-in", {"op": "look", "text": text}).text
    boss.post("/admin/domains/far.test/accounts-in", {"op": "apply", "text": text})
    assert "king@far.test" not in server.run("account", "list", "--json")


def test_the_list_is_narrowed_and_sorted_before_it_is_cut_into_pages(server: RoostServer, admin: Browser) -> None:
    text = "address,name,enabled\n" + "".join(f"many{n:03d}@x.test,Zed {999 - n},{'no' if n == 119 else 'yes'}\n" for n in range(120))
    server.run("account", "load", "x.test", "--apply", input=text)
    assert "many119@x.test" in admin.get("/admin/accounts?q=many&state=off").text, "what is on no first page is found by its state"
    assert "1 of 1 accounts" in admin.get("/admin/accounts?q=many&state=off").text
    by_name = admin.get("/admin/accounts?q=many&sort=name").text
    assert "50 of 120 accounts" in by_name and by_name.index("many119@") < by_name.index("many100@") and "many010@" not in by_name
    last = admin.get("/admin/accounts?q=many&sort=name&cursor=100").text
    assert last.index("many019@") < last.index("many000@") and 'rel="prev"' in last and 'rel="next"' not in last
    assert admin.get("/admin/accounts?sort=drop+table&state=x&cursor=zzz").status_code == 200
