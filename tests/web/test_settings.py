"""What a person sets for themselves, on the real pages, and what it changes for every protocol."""

import imaplib
import plistlib
import re
import smtplib
import time
from collections.abc import Iterator
from xml.etree import ElementTree

import pyotp
import pytest
import requests

from tests.scenario.server import PASSWORD, RoostServer
from tests.web.visitor import Browser, signed_in

SAFETY = "/settings/sign-in"


@pytest.fixture(scope="module")
def server() -> Iterator[RoostServer]:
    one = RoostServer(listeners=("smtp", "submission", "imap", "http"), people=4)
    yield one
    one.remove()


def imap_signs_in(server: RoostServer, address: str, password: str) -> bool:
    with imaplib.IMAP4("127.0.0.1", server.ports["imap"]) as imap:
        try:
            imap.login(address, password)
        except imaplib.IMAP4.error:
            return False
        return True


def smtp_signs_in(server: RoostServer, address: str, password: str) -> bool:
    with smtplib.SMTP("127.0.0.1", server.ports["submission"]) as smtp:
        try:
            smtp.login(address, password)
        except smtplib.SMTPAuthenticationError:
            return False
        return True


def new_app_password(person: Browser, *scopes: str) -> str:
    person.get(SAFETY)
    made = person.post(SAFETY, {"op": "app-add", "name": "Phone", "old_password": PASSWORD, **{f"may_{s}": "1" for s in scopes}})
    return re.search(r'class="secret"><code>([^<]+)</code>', made.text)[1]  # type: ignore[index]


def test_an_app_password_opens_only_what_it_is_for_until_it_is_ended(server: RoostServer) -> None:
    person = signed_in(server, "u1@x.test")
    made = new_app_password(person, "imap")
    assert made not in person.get(SAFETY).text, "it is shown once"
    assert imap_signs_in(server, "u1@x.test", made)
    assert imap_signs_in(server, "u1@x.test", made.replace("-", " ").upper()), "typed with spaces and capitals"
    assert not smtp_signs_in(server, "u1@x.test", made)
    assert person.sign_in("u1@x.test", made).status_code == 401, "no app password opens the web"
    person.sign_in("u1@x.test")
    number = re.search(r'name="id" value="(\d+)"><button[^>]*value="app-end"', person.get(SAFETY).text)[1]  # type: ignore[index]
    person.post(SAFETY, {"op": "app-end", "id": number})
    assert not imap_signs_in(server, "u1@x.test", made)


def test_an_app_password_is_made_only_with_the_password(server: RoostServer) -> None:
    person = signed_in(server, "u1@x.test")
    person.get(SAFETY)
    refused = person.post(SAFETY, {"op": "app-add", "name": "Phone", "old_password": "wrong", "may_imap": "1"})
    assert refused.status_code == 422 and "The password is wrong" in refused.text


def test_the_second_step_asks_for_a_code_once_and_closes_the_main_password_to_programs(server: RoostServer) -> None:
    person = signed_in(server, "u2@x.test")
    assert imap_signs_in(server, "u2@x.test", PASSWORD)
    person.get(SAFETY)
    started = person.post(SAFETY, {"op": "totp-start", "old_password": PASSWORD}).text
    secret = re.search(r'name="secret" value="([A-Z2-7]+)"', started)[1]  # type: ignore[index]
    assert "<svg" in started
    wrong = person.post(SAFETY, {"op": "totp-finish", "secret": secret, "code": "000000"})
    assert "That code does not fit" in wrong.text
    done = person.post(SAFETY, {"op": "totp-finish", "secret": secret, "code": pyotp.TOTP(secret).now()})
    codes = re.findall(r"<li><code>([^<]+)</code></li>", done.text)
    assert len(codes) == 10
    assert not imap_signs_in(server, "u2@x.test", PASSWORD)
    assert imap_signs_in(server, "u2@x.test", new_app_password(person, "imap"))

    again = Browser(server)
    assert "/sign-in/code" in again.sign_in("u2@x.test").url
    assert "/sign-in" in again.get("/").url, "the password alone opens nothing"
    again.sign_in("u2@x.test")
    used = pyotp.TOTP(secret).at(int(time.time()))
    assert again.post("/sign-in/code", {"code": used}).status_code == 401, "the code that switched it on was used"
    assert again.post("/sign-in/code", {"code": codes[0]}).status_code == 200
    assert again.get("/").status_code == 200 and "/sign-in" not in again.get("/").url

    third = Browser(server)
    third.sign_in("u2@x.test")
    assert third.post("/sign-in/code", {"code": codes[0]}).status_code == 401, "a recovery code is good once"


def test_guessing_codes_ends_after_a_few(server: RoostServer) -> None:
    person = signed_in(server, "u3@x.test")
    person.get(SAFETY)
    started = person.post(SAFETY, {"op": "totp-start", "old_password": PASSWORD}).text
    secret = re.search(r'name="secret" value="([A-Z2-7]+)"', started)[1]  # type: ignore[index]
    person.post(SAFETY, {"op": "totp-finish", "secret": secret, "code": pyotp.TOTP(secret).now()})
    guesser = Browser(server)
    guesser.sign_in("u3@x.test")
    for number in range(8):
        guesser.post("/sign-in/code", {"code": f"00000{number}"})
    assert "Too many wrong codes" in guesser.post("/sign-in/code", {"code": pyotp.TOTP(secret).at(int(time.time()) + 30)}).text


def test_another_browser_is_signed_out_from_here(server: RoostServer) -> None:
    here, there = signed_in(server, "u4@x.test"), signed_in(server, "u4@x.test")
    here.get(SAFETY)
    here.post(SAFETY, {"op": "others-end"})
    assert "/sign-in" in there.get("/").url
    assert "/sign-in" not in here.get("/").url


def test_thunderbird_and_outlook_find_the_server_by_the_address(server: RoostServer) -> None:
    anyone = Browser(server)
    found = anyone.get("/.well-known/autoconfig/mail/config-v1.1.xml?emailaddress=u1@x.test")
    tree = ElementTree.fromstring(found.text)
    incoming = tree.find(".//incomingServer[@type='imap']")
    assert incoming is not None and incoming.findtext("hostname") == "mx.x.test" and incoming.findtext("port") == str(server.ports["imap"])
    assert incoming.findtext("username") == "%EMAILADDRESS%"
    asked = "<Autodiscover xmlns='http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006'><Request><EMailAddress>u1@x.test</EMailAddress></Request></Autodiscover>"
    answer = requests.post(f"{anyone.base}/autodiscover/autodiscover.xml", data=asked, headers={"Content-Type": "text/xml"}, timeout=20)
    assert answer.status_code == 200
    base = "{http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a}"
    kinds = {p.findtext(f"{base}Type"): p.findtext(f"{base}Port") for p in ElementTree.fromstring(answer.text).iter(f"{base}Protocol")}
    assert kinds["SMTP"] == str(server.ports["submission"]) and kinds["IMAP"] == str(server.ports["imap"])
    assert anyone.get("/autodiscover/autodiscover.json?Email=u1@x.test&Protocol=AutodiscoverV1").json()["Url"].endswith("/autodiscover/autodiscover.xml")


def test_a_program_is_told_nothing_about_domains_of_others(server: RoostServer) -> None:
    anyone = Browser(server)
    assert anyone.get("/mail/config-v1.1.xml?emailaddress=u1@elsewhere.test").status_code == 404
    bomb = "<!DOCTYPE x [<!ENTITY a 'b'>]><EMailAddress>&a;@x.test</EMailAddress>" * 10_000
    assert requests.post(f"{anyone.base}/autodiscover/autodiscover.xml", data=bomb, timeout=20).status_code == 404


def test_apples_profile_holds_the_account_and_the_servers_authority(server: RoostServer) -> None:
    person = signed_in(server, "u1@x.test")
    profile = plistlib.loads(person.get("/settings/programs/apple.mobileconfig").content)
    kinds = {part["PayloadType"]: part for part in profile["PayloadContent"]}
    mail = kinds["com.apple.mail.managed"]
    assert mail["EmailAddress"] == "u1@x.test" and mail["IncomingMailServerPortNumber"] == server.ports["imap"]
    assert kinds["com.apple.security.root"]["PayloadContent"] == person.get("/ca.crt").content


def test_the_mta_sts_policy_is_published_only_where_the_domain_has_one(server: RoostServer) -> None:
    anyone = Browser(server)
    there = {"headers": {"Host": "mta-sts.x.test"}}
    assert anyone.get("/.well-known/mta-sts.txt", **there).status_code == 404
    server.run("settings", "set", "mta_sts.mode", "enforce")
    deadline = time.monotonic() + 10
    while anyone.get("/.well-known/mta-sts.txt", **there).status_code != 200 and time.monotonic() < deadline:
        time.sleep(0.2)
    policy = anyone.get("/.well-known/mta-sts.txt", **there).text
    assert policy.split("\r\n")[:3] == ["version: STSv1", "mode: enforce", "mx: mx.x.test"]


@pytest.mark.parametrize("section", ["profile", "away", "signatures", "display", "sign-in", "programs"])
def test_each_section_opens(server: RoostServer, section: str) -> None:
    assert signed_in(server, "u1@x.test").get(f"/settings/{section}").status_code == 200


def test_what_a_program_deleted_is_told_and_put_back_in_one_go(server: RoostServer) -> None:
    with smtplib.SMTP("127.0.0.1", server.ports["smtp"]) as smtp:
        for number in range(5):
            smtp.sendmail("a@out.test", ["u1@x.test"], f"Subject: Number {number}\r\n\r\nx\r\n")
    with imaplib.IMAP4("127.0.0.1", server.ports["imap"]) as imap:
        imap.login("u1@x.test", PASSWORD)
        imap.xatom("ID", '("name" "Clumsy Phone")')
        imap.select("INBOX")
        imap.store("1:5", "+FLAGS", "\\Deleted")
        imap.expunge()
    person = signed_in(server, "u1@x.test")
    page = person.get("/settings/activity")
    assert re.search(r"IMAP deleted 5 messages from Inbox", page.text), page.text
    token = re.search(r'name="token" value="([^"]+)"', page.text)[1]  # type: ignore[index]
    assert "5 messages put back" in person.post("/settings/activity", {"token": token}).text
    with imaplib.IMAP4("127.0.0.1", server.ports["imap"]) as imap:
        imap.login("u1@x.test", PASSWORD)
        assert imap.select("INBOX")[1] == [b"5"]
    assert person.post("/settings/activity", {"token": token}).status_code == 422
    assert "already" in person.post("/settings/activity", {"token": token}).text
