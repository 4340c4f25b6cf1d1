"""The real pages of a running server over HTTP: mail from the wire to the reader and back out, the panel, the wizard, and who may see what."""

import html
import imaplib
import poplib
import re
import smtplib
from pathlib import Path

import pytest
import requests

from tests.lasting import lasting
from tests.scenario.server import PASSWORD, RoostServer
from tests.scenario.waiting import eventually
from tests.web.visitor import Browser, signed_in

ADMIN_PAGES = (
    "/admin", "/admin/domains", "/admin/domains/new", "/admin/domains/x.test", "/admin/domains/x.test/dns", "/admin/accounts", "/admin/accounts/new",
    "/admin/accounts/u1@x.test", "/admin/aliases", "/admin/aliases/new", "/admin/queue", "/admin/messages", "/admin/settings", "/admin/audit",
    "/admin/sessions", "/admin/find?q=u1", "/admin/backup",
)  # fmt: skip
LETTER = (
    "From: Ann Miller <ann@out.test>\r\nTo: u1@x.test\r\nSubject: Hello you\r\nMessage-ID: <1@out.test>\r\nMIME-Version: 1.0\r\n"
    "Content-Type: text/html; charset=utf-8\r\n\r\n<p onclick='x()'>Hi <b>there</b></p><img src='http://t.test/x.png'><script>alert(1)</script>\r\n"
)


server = lasting(lambda: RoostServer(listeners=("smtp", "imap", "pop3", "http"), people=3))


@pytest.fixture(scope="module")
def letter(server: RoostServer) -> str:
    """A message that came by SMTP; its page's address for u1."""
    with smtplib.SMTP("127.0.0.1", server.ports["smtp"]) as client:
        client.sendmail("ann@out.test", ["u1@x.test"], LETTER)
    reader = signed_in(server, "u1@x.test")
    row = re.search(r'class="row[^>]*data-id="(\d+)" data-mailbox="(\d+)"', reader.get("/").text)
    assert row is not None
    return f"/mail/{row.group(2)}/{row.group(1)}"


def test_a_wrong_password_says_so_and_signs_nobody_in(server: RoostServer) -> None:
    browser = Browser(server)
    assert browser.sign_in("u1@x.test", "wrong").status_code in (401, 422)
    assert "/sign-in" in browser.get("/").url


def test_mail_from_the_wire_is_in_the_list_the_reader_and_every_protocol(server: RoostServer, letter: str) -> None:
    reader = signed_in(server, "u1@x.test")
    page = reader.get(letter)
    assert page.status_code == 200 and "Hello you" in page.text and "Ann Miller" in page.text
    with imaplib.IMAP4("127.0.0.1", server.ports["imap"]) as imap:
        imap.login("u1@x.test", PASSWORD)
        assert imap.select()[1] == [b"1"]
        by_imap = imap.fetch("1", "BODY.PEEK[]")[1][0][1]
    pop = poplib.POP3("127.0.0.1", server.ports["pop3"])
    pop.user("u1@x.test")
    pop.pass_(PASSWORD)
    by_pop = b"\r\n".join(pop.retr(1)[1]) + b"\r\n"
    pop.quit()
    assert by_imap == by_pop and by_imap.endswith(LETTER.partition("\r\n\r\n")[2].encode())


def test_a_hostile_body_runs_nothing_and_fetches_nothing(server: RoostServer, letter: str) -> None:
    reader = signed_in(server, "u1@x.test")
    frame = re.search(r'<iframe[^>]*src="([^"]+)"[^>]*>', reader.get(letter).text)
    assert frame is not None and "sandbox" in frame.group(0) and "allow-scripts" not in frame.group(0)
    body = reader.get(frame.group(1).replace("&amp;", "&"))
    assert "Hi <b>there</b>" in body.text
    assert "alert(1)" not in body.text and "onclick" not in body.text and "http://t.test" not in body.text
    policy = body.headers["Content-Security-Policy"]
    assert "script-src" not in policy or "script-src 'none'" in policy
    assert "default-src 'none'" in policy


def test_what_one_writes_reaches_the_other_and_stands_in_sent(server: RoostServer) -> None:
    writer = signed_in(server, "u2@x.test")
    writer.get("/compose")
    sent = writer.post(
        "/compose/ntestpages01/send", {"to": "u3@x.test", "subject": "Grüße", "body": "Bis morgen", "revision": "0", "format": "text"},
        headers={"Accept": "application/json", "X-CSRFToken": writer.token},
    )  # fmt: skip
    assert sent.status_code == 200, sent.text
    other = signed_in(server, "u3@x.test")
    eventually(lambda: "Grüße" in other.get("/").text)
    with imaplib.IMAP4("127.0.0.1", server.ports["imap"]) as imap:
        imap.login("u2@x.test", PASSWORD)
        assert imap.select("Sent")[1] == [b"1"]
        assert imap.select("Drafts")[1] == [b"0"]


def test_a_change_without_the_form_token_is_refused(server: RoostServer, letter: str) -> None:
    reader = signed_in(server, "u1@x.test")
    box, number = letter.rsplit("/", 2)[1:]
    answer = reader.session.post(reader.base + "/mail/act", data={"ids": number, "mailbox": box, "op": "trash"}, timeout=20)
    assert answer.status_code in (400, 403)
    assert reader.get(letter).status_code == 200


def test_nobody_reads_another_person_s_mail(server: RoostServer, letter: str) -> None:
    other = signed_in(server, "u2@x.test")
    for path in (letter, letter + "/source", letter + "/print"):
        assert other.get(path).status_code == 404, path


@pytest.mark.parametrize("path", ADMIN_PAGES)
def test_the_panel_is_for_admins_only(server: RoostServer, path: str) -> None:
    assert signed_in_once(server, "admin@x.test").get(path).status_code == 200
    assert signed_in_once(server, "u1@x.test").get(path).status_code in (403, 404)
    stranger = Browser(server).get(path)
    assert "/sign-in" in stranger.url and stranger.status_code == 200


_BROWSERS: dict[tuple[int, str], Browser] = {}


def signed_in_once(server: RoostServer, address: str) -> Browser:
    key = (server.ports["http"], address)
    if key not in _BROWSERS:
        _BROWSERS[key] = signed_in(server, address)
    return _BROWSERS[key]


def test_an_admin_makes_a_domain_an_account_and_an_alias_that_receive_mail(server: RoostServer) -> None:
    admin = signed_in_once(server, "admin@x.test")
    admin.get("/admin/domains/new")
    assert admin.post("/admin/domains/new", {"name": "y.test"}).status_code == 200
    assert "y.test" in admin.get("/admin/domains").text
    made = admin.post("/admin/accounts/new", {"localpart": "bea", "domain": "y.test", "name": "Bea", "password": PASSWORD, "quota": "", "role": "user", "op": "save"})
    assert made.status_code == 200, made.text[-2000:]
    assert admin.post("/admin/aliases/new", {"localpart": "team", "domain": "y.test", "targets": "bea@y.test", "enabled": "1", "op": "save"}).status_code == 200
    with smtplib.SMTP("127.0.0.1", server.ports["smtp"]) as client:
        client.sendmail("ann@out.test", ["team@y.test"], LETTER.replace("<1@", "<2@"))
    with imaplib.IMAP4("127.0.0.1", server.ports["imap"]) as imap:
        imap.login("bea@y.test", PASSWORD)
        assert imap.select()[1] == [b"1"]
    timeline = admin.get("/admin/messages")
    assert "team@y.test" in timeline.text, re.sub(r"<[^>]+>", " ", timeline.text)[-1500:]
    assert "domain" in admin.get("/admin/audit").text


def test_a_session_ended_by_the_admin_is_signed_out(server: RoostServer) -> None:
    person = signed_in(server, "u3@x.test")
    admin = signed_in_once(server, "admin@x.test")
    page = admin.get("/admin/sessions?q=u3")
    ids = re.findall(r'name="ids" value="(\d+)"', page.text)
    assert ids
    for one in ids:
        assert admin.post("/admin/sessions", {"ids": one, "op": "end"}).status_code == 200
    assert "/sign-in" in person.get("/").url


fresh = lasting(lambda: RoostServer(listeners=("http", "imaps", "submissions"), is_set_up=False))


def test_the_wizard_leads_from_the_one_time_link_to_a_server_that_is_set_up(fresh: RoostServer) -> None:
    browser = Browser(fresh)
    assert "./roost setup" in browser.get("/").text
    assert requests.get(browser.base + "/healthz", timeout=10).status_code == 200
    assert "./roost setup" in browser.get("/setup?token=wrong").text
    token = (fresh.folder / "data" / "setup-token").read_text().strip()
    page = browser.get(f"/setup?token={token}")
    assert page.status_code == 200 and page.url.endswith("/setup/welcome")
    assert browser.post("/setup/welcome", {"reach": "network"}).url.endswith("/setup/domain")
    bad = browser.post("/setup/domain", {"domain": "not a domain", "host_name": "mail.home.test"})
    assert bad.status_code == 422 and "not a domain" in bad.text
    assert browser.post("/setup/domain", {"domain": "home.test", "host_name": "mail.home.test"}).url.endswith("/setup/admin")
    weak = browser.post("/setup/admin", {"address": "ann", "password": "x", "password_again": "x"})
    assert weak.status_code == 422
    done = browser.post("/setup/admin", {"address": "ann", "password": PASSWORD, "password_again": PASSWORD})
    assert done.status_code == 200 and done.url.endswith("/setup/done"), done.url
    assert all(f">{fresh.ports[name]}<" in done.text for name in ("imaps", "submissions")) and ">995<" not in done.text, "the ports are those that listen"
    assert browser.get("/admin").status_code == 200
    assert not (fresh.folder / "data" / "setup-token").exists()
    assert "./roost setup" not in Browser(fresh).get("/setup/admin").text


def test_a_signature_stands_under_new_messages_and_replies_as_chosen(server: RoostServer, letter: str) -> None:
    person, number = signed_in(server, "u1@x.test"), letter.rsplit("/", 1)[1]
    person.get("/settings/signatures")
    for name, text in (("Work", "Ursula\nHarbour 7"), ("Short", "U.")):
        assert person.post("/settings/signatures", {"op": "signature", "id": "0", "name": name, "text": text}).status_code == 200
    assert "-- \nUrsula\nHarbour 7" in person.get("/compose").text.replace("\r\n", "\n")
    assert "Ursula" in person.get(f"/compose/reply/{number}").text
    short = re.search(r'name="id" value="(\d+)">(?:(?!</form>).)*?value="Short"', person.get("/settings/signatures").text, re.DOTALL)[1]
    choice = {"op": "identity", "address": "u1@x.test", "name": "", "new_signature": "0", "reply_signature": short}
    assert person.post("/settings/signatures", choice).status_code == 200
    assert "Ursula" not in person.get("/compose").text
    answer = person.get(f"/compose/reply/{number}").text
    assert "-- \nU." in answer.replace("\r\n", "\n") and "Harbour 7" not in answer


@pytest.mark.parametrize("address", ["sales@x.test", "u3+shop@x.test", "u3@other-name.test", "u3@x.test"])
def test_a_reply_goes_out_from_the_address_that_the_mail_came_to(server: RoostServer, address: str) -> None:
    server.run("domain", "set", "x.test", "--plus", "+")
    server.run("alias", "add", "sales@x.test", "u3@x.test", is_checked=False)
    server.run("domain", "add-name", "x.test", "other-name.test", is_checked=False)
    with smtplib.SMTP("127.0.0.1", server.ports["smtp"]) as client:
        client.sendmail("ann@out.test", [address], f"From: ann@out.test\r\nTo: {address}\r\nSubject: To {address}\r\n\r\nHello\r\n")
    person = signed_in(server, "u3@x.test")

    def number() -> str:
        row = re.search(r'class="row[^>]*data-id="(\d+)"(?:(?!data-id=).)*?To ' + re.escape(address), person.get("/").text, re.DOTALL)
        return row[1] if row else ""

    eventually(number)
    page = person.get(f"/compose/reply/{number()}").text
    chosen = re.search(r'<select id="from".*?<option value="([^"]*)" selected', page, re.DOTALL)
    assert chosen is not None and html.unescape(chosen[1]) == address, page[page.find('id="from"') :][:600]


def test_a_signature_cannot_be_chosen_for_somebody_elses_address(server: RoostServer) -> None:
    person = signed_in(server, "u1@x.test")
    person.get("/settings/signatures")
    refused = person.post("/settings/signatures", {"op": "identity", "address": "u2@x.test", "name": "Somebody"})
    assert refused.status_code == 422 and "not one of your addresses" in refused.text


def test_a_backup_is_made_from_the_panel_and_listed(server: RoostServer, tmp_path: Path) -> None:
    panel = signed_in(server, "admin@x.test")
    panel.get("/admin/backup")
    assert panel.post("/admin/backup", {"op": "save", "folder": "not/whole", "every": "24"}).status_code == 422
    panel.get("/admin/backup")
    panel.post("/admin/backup", {"op": "save", "folder": str(tmp_path / "keep"), "every": "0"})
    panel.post("/admin/backup", {"op": "now"})
    eventually(lambda: re.search(r"<code>\d{4}-\d\d-\d\dT\d{6}Z</code>", panel.get("/admin/backup").text))
    assert signed_in(server, "u1@x.test").get("/admin/backup").status_code == 403


def test_pages_and_scripts_are_sent_small_and_the_form_token_is_never_the_same_twice(server: RoostServer) -> None:
    browser = signed_in(server, "u1@x.test")
    one, other = browser.get("/mail"), browser.get("/mail")
    assert one.headers["Content-Encoding"] == "gzip" and "Accept-Encoding" in one.headers["Vary"]
    tokens = {re.search(r'name="csrf_token" value="([^"]+)"', page.text)[1] for page in (one, other)}
    assert len(tokens) == 2
    for browser.token in tokens:
        assert browser.post("/theme", {"theme": "light", "next": "/mail"}).status_code == 200
    browser.token = browser.token[::-1]
    assert browser.session.post(browser.base + "/theme", data={"csrf_token": browser.token, "theme": "light"}, timeout=20).status_code == 400
    plain = browser.session.get(browser.base + "/mail", headers={"Accept-Encoding": "identity"}, timeout=20)
    assert "Content-Encoding" not in plain.headers and plain.text.startswith("<!doctype html>")
    script = re.search(r'src="(/static/vendor/webmail.js[^"]*)"', one.text)[1]
    small = browser.session.get(browser.base + script, timeout=20)
    assert small.headers["Content-Encoding"] == "gzip" and int(small.headers["Content-Length"]) * 3 < len(small.content)
    assert browser.session.get(browser.base + script, headers={"If-None-Match": small.headers["ETag"]}, timeout=20).status_code == 304
