"""Groups, public and shared mailboxes in the panel: what an admin says there is what a mail program may do."""

import imaplib
import json
from collections.abc import Iterator

import pytest

from tests.scenario.server import PASSWORD, RoostServer
from tests.web.visitor import Browser, signed_in


@pytest.fixture(scope="module")
def server() -> Iterator[RoostServer]:
    one = RoostServer(listeners=("imap", "http"), people=3)
    one.run("domain", "add", "far.test")
    one.run("account", "add", "boss@far.test", "--password-stdin", input=PASSWORD + "\n")
    one.run("account", "set", "boss@far.test", "--role", "domain-admin")
    yield one
    one.remove()


@pytest.fixture(scope="module")
def admin(server: RoostServer) -> Browser:
    return signed_in(server, "admin@x.test")


def rights(server: RoostServer, who: str, box: str) -> str:
    """What IMAP says that *who* may do; "" where there is no such mailbox for them."""
    with imaplib.IMAP4("127.0.0.1", server.ports["imap"]) as imap:
        imap.login(who, PASSWORD)
        kind, found = imap.myrights(f'"{box}"')
        return found[0].decode().rpartition(" ")[2] if kind == "OK" else ""


def test_a_public_mailbox_of_a_group_is_seen_by_its_members_as_the_panel_says(server: RoostServer, admin: Browser) -> None:
    admin.get("/admin/groups")
    page = admin.post("/admin/groups", {"localpart": "sales", "domain": "x.test", "name": "Sales"})
    assert page.url.endswith("/admin/groups/sales@x.test")
    admin.post("/admin/groups/sales@x.test", {"op": "join", "members": "u1@x.test, u2@x.test"})
    made = admin.post("/admin/shared", {"name": "Orders", "domain": "x.test", "op": "add"})
    assert "Nobody may see it yet" in made.text
    assert "4 accounts, " in admin.get("/admin/domains/x.test").text, "a public mailbox is nobody's account"
    here = made.url.removeprefix(admin.base)
    assert rights(server, "u1@x.test", "Public/x.test/Orders") == ""
    given = admin.post(here, {"op": "give", "holder": "$sales@x.test", "rights": "write"}).text
    assert "may read and file" in given
    assert set("lrswite") <= set(rights(server, "u1@x.test", "Public/x.test/Orders")) and rights(server, "u3@x.test", "Public/x.test/Orders") == ""
    assert "Orders" in admin.get("/admin/groups/sales@x.test").text
    admin.post(here, {"op": "give", "holder": "u3@x.test", "rights": "read"})
    assert rights(server, "u3@x.test", "Public/x.test/Orders") == "lrs"
    admin.post("/admin/groups/sales@x.test", {"op": "leave", "which": "u2@x.test"})
    assert rights(server, "u2@x.test", "Public/x.test/Orders") == ""
    admin.post(here, {"op": "take", "holder": "u3@x.test"})
    assert rights(server, "u3@x.test", "Public/x.test/Orders") == ""
    assert json.loads(server.run("public", "show", "Orders", "--domain", "x.test", "--json"))["rights"].keys() == {"$sales@x.test"}
    audit = admin.get("/admin/audit?q=u3").text + admin.get("/admin/audit?q=mailbox:shared").text
    assert "mailbox shared" in audit and "group joined" in admin.get("/admin/audit?q=group").text
    assert admin.post(here, {"op": "delete", "confirm": "Wrong"}).status_code == 422
    admin.post(here, {"op": "delete", "confirm": "Orders"})
    assert admin.get(here).status_code == 404 and rights(server, "u1@x.test", "Public/x.test/Orders") == ""
    assert admin.post("/admin/groups/sales@x.test", {"op": "delete"}).status_code == 422
    admin.post("/admin/groups/sales@x.test", {"op": "delete", "confirm": "sales@x.test"})
    assert json.loads(server.run("group", "list", "--json")) == []


def test_what_a_person_shares_is_seen_in_the_panel_and_can_be_taken_back_there(server: RoostServer, admin: Browser) -> None:
    with imaplib.IMAP4("127.0.0.1", server.ports["imap"]) as imap:
        imap.login("u1@x.test", PASSWORD)
        imap.create("Plans")
        assert imap.setacl("Plans", "u2@x.test", "lrs")[0] == "OK"
    text = admin.get("/admin/shared?q=plans").text
    assert "Plans" in text and "u2@x.test (read)" in text
    here = text.partition('href="/admin/shared/')[2].partition('"')[0]
    assert "Delete Plans" not in admin.get(f"/admin/shared/{here}").text
    admin.post(f"/admin/shared/{here}", {"op": "take", "holder": "u2@x.test"})
    assert rights(server, "u2@x.test", "Other Users/u1@x.test/Plans") == ""
    assert admin.get(f"/admin/shared/{here}").status_code == 404, "a mailbox that nobody else sees is its owner's alone"


def test_a_name_that_cannot_be_keeps_what_was_typed_and_says_why(admin: Browser) -> None:
    admin.get("/admin/groups")
    wrong = admin.post("/admin/groups", {"localpart": "two words", "domain": "x.test", "name": "Kept"})
    assert wrong.status_code == 422 and 'value="Kept"' in wrong.text and 'aria-invalid="true"' in wrong.text
    assert admin.post("/admin/shared", {"name": "", "domain": "x.test"}).status_code == 422


def test_a_domain_admin_shares_in_the_own_domain_and_learns_nothing_of_others(server: RoostServer, admin: Browser) -> None:
    admin.get("/admin/shared")
    there = admin.post("/admin/shared", {"name": "Board", "domain": "x.test"}).url.removeprefix(admin.base)
    admin.post("/admin/groups", {"localpart": "board", "domain": "x.test"})
    boss = signed_in(server, "boss@far.test")
    assert "board@x.test" not in boss.get("/admin/groups").text
    assert "Board" not in boss.get("/admin/shared").text
    for url, form in (
        (there, {"op": "give", "holder": "boss@far.test", "rights": "all"}), ("/admin/groups/board@x.test", {"op": "join", "members": "boss@far.test"}),
        ("/admin/groups", {"localpart": "mine", "domain": "x.test"}), ("/admin/shared", {"name": "Mine", "domain": "x.test"}), ("/admin/shared", {"name": "Mine", "domain": ""}),
    ):  # fmt: skip
        assert boss.post(url, form).status_code == 403, url
    assert boss.get(there).status_code == boss.get("/admin/groups/board@x.test").status_code == 403
    own = boss.post("/admin/shared", {"name": "News", "domain": "far.test"}).url.removeprefix(boss.base)
    known = boss.post(own, {"op": "give", "holder": "u1@x.test", "rights": "read"})
    unknown = boss.post(own, {"op": "give", "holder": "nobody@x.test", "rights": "read"})
    assert known.status_code == unknown.status_code == 422 and "There is no account u1@x.test." in known.text
    assert "may read" in boss.post(own, {"op": "give", "holder": "anyone", "rights": "read"}).text
