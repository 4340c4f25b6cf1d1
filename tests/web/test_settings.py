"""What a person sets for themselves, on the real pages, and what it changes for every protocol."""

import imaplib
import json
import plistlib
import re
import smtplib
import time
from xml.etree import ElementTree

import pyotp
import pytest
import requests

from tests.lasting import lasting
from tests.scenario.server import PASSWORD, RoostServer
from tests.scenario.waiting import eventually
from tests.web.visitor import Browser, signed_in

SAFETY = "/settings/sign-in"


server = lasting(lambda: RoostServer(listeners=("smtp", "submission", "imap", "http"), people=7))


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
    assert "Right password, no code" not in again.get(SAFETY).text, "the code came"

    third = Browser(server)
    third.sign_in("u2@x.test")
    assert third.post("/sign-in/code", {"code": codes[0]}).status_code == 401, "a recovery code is good once"
    latest = again.get(SAFETY).text.partition("Latest sign-ins")[2]
    assert "Second step" in latest and "CODE" not in latest


def test_guessing_codes_ends_after_a_few(server: RoostServer) -> None:
    person = signed_in(server, "u3@x.test")
    person.get(SAFETY)
    started = person.post(SAFETY, {"op": "totp-start", "old_password": PASSWORD}).text
    secret = re.search(r'name="secret" value="([A-Z2-7]+)"', started)[1]  # type: ignore[index]
    person.post(SAFETY, {"op": "totp-finish", "secret": secret, "code": pyotp.TOTP(secret).now()})
    assert "Right password, no code" not in person.get(SAFETY).text
    guesser = Browser(server)
    guesser.sign_in("u3@x.test")
    for number in range(8):
        guesser.post("/sign-in/code", {"code": f"00000{number}"})
        if number % 3 == 0:
            guesser = Browser(server)
            guesser.sign_in("u3@x.test")  # the right password once more forgives no wrong code
    page = person.get(SAFETY).text
    assert "Right password, no code" in page, "its owner sees that somebody has it"
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
    eventually(lambda: anyone.get("/.well-known/mta-sts.txt", **there).status_code == 200)
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
    listed = json.loads(server.run("account", "activity", "u1@x.test", "--json"))
    assert [(one["what"], one["messages"], one["program"]) for one in listed if one["id"]] == [("deleted", 5, "imap:Clumsy Phone")]
    assert "Clumsy Phone by IMAP deleted 5 messages from Inbox" in signed_in(server, "admin@x.test").get("/admin/accounts/u1@x.test/activity").text
    page = person.get("/settings/activity")
    assert "Clumsy Phone by IMAP deleted 5 messages from Inbox" in page.text, page.text
    token = re.search(r'name="token" value="([^"]+)"', page.text)[1]  # type: ignore[index]
    assert "5 messages put back" in person.post("/settings/activity", {"token": token}).text
    with imaplib.IMAP4("127.0.0.1", server.ports["imap"]) as imap:
        imap.login("u1@x.test", PASSWORD)
        assert imap.select("INBOX")[1] == [b"5"]
    assert person.post("/settings/activity", {"token": token}).status_code == 422
    assert "already" in person.post("/settings/activity", {"token": token}).text


def test_an_admin_puts_back_what_a_program_deleted_by_the_panel_and_by_command(server: RoostServer) -> None:
    cleared(server, "u5@x.test", 3, "Clumsy Phone")
    admin, here = signed_in(server, "admin@x.test"), "/admin/accounts/u5@x.test/activity"
    token = re.search(r'name="token" value="([^"]+)"', admin.get(here).text)[1]  # type: ignore[index]
    assert "3 messages put back" in admin.post(here, {"token": token}).text
    assert admin.post(here, {"token": token}).status_code == 422
    assert admin.post(here, {"token": "forged"}).status_code == 403
    cleared(server, "u5@x.test", 2, "Other Phone")
    one = next(row for row in json.loads(server.run("account", "activity", "u5@x.test", "--json")) if row["program"] == "imap:Other Phone" and row["id"])
    assert one["messages"] == 5, "the three that came back, and two"
    assert json.loads(server.run("account", "activity", "u5@x.test", "--put-back", one["id"], "--json"))["put_back"] == 5
    assert "Nothing was deleted" in server.run("account", "activity", "u5@x.test", "--put-back", "nothing", "--json", is_checked=False)
    with imaplib.IMAP4("127.0.0.1", server.ports["imap"]) as imap:
        imap.login("u5@x.test", PASSWORD)
        assert imap.select("Plans")[1] == [b"5"]


def test_what_was_deleted_is_erased_at_once_when_one_says_so_and_the_audit_tells(server: RoostServer) -> None:
    cleared(server, "u7@x.test", 2, "Own Phone")
    person = signed_in(server, "u7@x.test")
    token = re.search(r'name="token" value="([^"]+)"', person.get("/settings/activity").text)[1]  # type: ignore[index]
    assert "2 messages erased" in person.post("/settings/activity", {"token": token, "op": "erase"}).text
    assert person.post("/settings/activity", {"token": token}).status_code == 422, "nothing is left to put back"
    cleared(server, "u7@x.test", 1, "Second Phone")
    one = next(row for row in json.loads(server.run("account", "activity", "u7@x.test", "--json")) if row["id"])
    assert json.loads(server.run("account", "activity", "u7@x.test", "--erase", one["id"], "--json"))["erased"] == 1
    told = [(row["actor"], row["name"]) for row in json.loads(server.run("audit", "list", "--json")) if "mail_erased" in row["name"]]
    assert len(told) == 2 and ("u7@x.test", "account:mail_erased") in told


def test_an_admin_sees_who_is_signed_in_and_ends_it(server: RoostServer) -> None:
    person, admin, here = signed_in(server, "u4@x.test"), signed_in(server, "admin@x.test"), "/admin/accounts/u4@x.test/ways"
    imap_signs_in(server, "u4@x.test", "wrong")
    page = admin.get(here).text
    assert "Signed in now" in page and "refused" in page and "signed in" in page
    ways = json.loads(server.run("account", "ways", "u4@x.test", "--json"))
    assert ways["browsers"] and {one["is_good"] for one in ways["sign_ins"]} == {True, False}
    admin.post(here, {"op": "browser", "id": str(ways["browsers"][0]["id"])})
    assert "/sign-in?" in person.get("/settings/profile").url
    signed_in(server, "u4@x.test")
    assert json.loads(server.run("account", "ways", "u4@x.test", "--sign-out", "0", "--json"))["browsers"] == []


def test_the_admin_hands_out_what_a_mail_program_asks_for(server: RoostServer) -> None:
    admin = signed_in(server, "admin@x.test")
    rows = {(one["protocol"], one["security"]): one["port"] for one in json.loads(server.run("account", "programs", "u1@x.test", "--json"))}
    assert rows["imap", "starttls"] == server.ports["imap"] and rows["smtp", "starttls"] == server.ports["submission"]
    assert f">{server.ports['imap']}<" in admin.get("/admin/accounts/u1@x.test/ways").text
    by_page = plistlib.loads(admin.get("/admin/accounts/u1@x.test/apple.mobileconfig").content)
    by_command = plistlib.loads(server.run("account", "programs", "u1@x.test", "--apple").encode())
    assert by_page == by_command and by_page["PayloadContent"][-1]["EmailAddress"] == "u1@x.test"


def cleared(server: RoostServer, who: str, count: int, program: str) -> None:
    """A program puts *count* messages into a mailbox and deletes them."""
    with imaplib.IMAP4("127.0.0.1", server.ports["imap"]) as imap:
        imap.login(who, PASSWORD)
        imap.xatom("ID", f'("name" "{program}")')
        imap.create("Plans")
        for number in range(count):
            imap.append("Plans", None, None, f"Subject: Plan {number}\r\n\r\nx\r\n".encode())
        imap.select("Plans")
        imap.store("1:*", "+FLAGS", "\\Deleted")
        imap.expunge()


def told_of(server: RoostServer, who: str) -> list[str]:
    with imaplib.IMAP4("127.0.0.1", server.ports["imap"]) as imap:
        imap.login(who, PASSWORD)
        imap.select("INBOX", readonly=True)
        return [imap.fetch(n, "(BODY.PEEK[])")[1][0][1].decode() for n in imap.search(None, "FROM", "postmaster", "SUBJECT", "deleted")[1][0].split()]


def test_the_owner_is_told_once_when_a_program_deletes_many_messages(server: RoostServer) -> None:
    server.run("settings", "set", "undelete.warn", "20")
    cleared(server, "u6@x.test", 19, "Careful Phone")
    cleared(server, "u6@x.test", 25, "Clumsy Phone")
    letter = eventually(lambda: told_of(server, "u6@x.test"))[0]
    assert "Subject: Clumsy Phone (IMAP) deleted 25 messages" in letter and "Plans" in letter and "Put back" in letter
    cleared(server, "u6@x.test", 21, "Clumsy Phone")
    cleared(server, "u6@x.test", 22, "Other Phone")
    eventually(lambda: len(told_of(server, "u6@x.test")) >= 2)
    assert sorted("Clumsy" in one for one in told_of(server, "u6@x.test")) == [False, True], "the same program is told of once a day, and fewer than that not at all"
    assert "Other Phone" in signed_in(server, "admin@x.test").get("/admin/audit").text
