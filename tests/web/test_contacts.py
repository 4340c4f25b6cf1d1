"""The address book, without scripts and as a person with a browser meets it: suggestions, groups, files in and out."""

import re
import smtplib
from typing import Any

import pytest

playwright = pytest.importorskip("playwright.sync_api")

from tests.lasting import lasting  # noqa: E402
from tests.scenario.server import PASSWORD, RoostServer  # noqa: E402
from tests.web.axe import violations  # noqa: E402
from tests.web.gallery.test_gallery import needs_parts  # noqa: E402
from tests.web.visitor import Browser  # noqa: E402

VCF = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Mira Kessler\r\nEMAIL:mira@far.test\r\nTEL:+49 170 1234567\r\nCATEGORIES:Crew\r\nEND:VCARD\r\nBEGIN:VCARD\r\nFN:No Mail\r\nEND:VCARD\r\n"


server = lasting(lambda: RoostServer(listeners=("smtp", "http"), people=3, settings={"web.undo_seconds": "0"}))


@pytest.fixture()
def person(server: RoostServer) -> Browser:
    made = Browser(server)
    made.sign_in("u1@x.test")
    made.get("/contacts")
    return made


def add(person: Browser, name: str, addresses: str, **more: str) -> str:
    return person.post("/contacts/new", {"name": name, "addresses": addresses, **more}).text


def number_of(person: Browser, name: str) -> str:
    return re.search(rf'href="/contacts/(\d+)"><b>{name}</b>', person.get("/contacts").text)[1]  # type: ignore[index]


def undo(person: Browser, text: str) -> str:
    token = re.search(r'name="undo" value="([^"]+)"', text)[1]  # type: ignore[index]
    return person.post("/mail/undo", {"undo": token}).text


def test_a_contact_is_added_found_changed_and_deleted_and_each_is_taken_back(person: Browser) -> None:
    assert "Contact added" in add(person, "Anna Blum", "anna@far.test\nanna@home.test", phones="123", note="likes tea", groups="Crew, Friends")
    number = number_of(person, "Anna Blum")
    assert "Anna Blum" in person.get("/contacts?q=TEA+blum").text and "Anna Blum" in person.get("/contacts?q=anna@home").text
    changed = person.post(f"/contacts/{number}", {"name": "Anna Berg", "addresses": "anna@far.test"}).text
    assert "Anna Berg" in changed and "anna@home.test" not in person.get(f"/contacts/{number}").text
    person.get("/contacts")
    assert "Anna Blum" in undo(person, changed) and "anna@home.test" in person.get(f"/contacts/{number}").text
    gone = person.post("/contacts/act", {"ids": number, "op": "remove"}).text
    assert "Contact deleted" in gone and "<b>Anna Blum</b>" not in gone
    assert "<b>Anna Blum</b>" in undo(person, gone)
    twice = person.post("/contacts/new", {"name": "Other", "addresses": "anna@home.test"})
    assert twice.status_code == 422 and "has this address already" in twice.text
    assert "is not an address" in add(person, "Bad", "nothing") or "address" in add(person, "Bad", "nothing")


def test_a_file_is_looked_into_before_it_is_taken_and_comes_out_again(person: Browser) -> None:
    answer = person.session.post(person.base + "/contacts/import", data={"csrf_token": person.token, "op": "look"}, files={"file": ("people.vcf", VCF.encode())}, timeout=20)
    assert "1 new, 0 changed, 0 as they are, 1 left out" in answer.text and "Mira" not in person.get("/contacts").text
    taken = person.post("/contacts/import", {"op": "take", "text": VCF}).text
    assert "One new contact" in taken and "Mira Kessler" in taken
    again = person.post("/contacts/import", {"op": "look", "text": VCF.replace("1234567", "7654321")}).text
    assert "0 new, 1 changed" in again
    assert "FN:Mira Kessler" in person.get("/contacts/export/4.vcf").text and "mira@far.test" in person.get("/contacts/export/csv").text
    assert person.post("/contacts/import", {"op": "look", "text": "nonsense"}).status_code == 422


def test_duplicates_become_one_and_two_again(person: Browser) -> None:
    add(person, "Jonas Okafor", "jonas@far.test", phones="+49 170 555 0000")
    add(person, "J. Okafor", "jonas@work.test", phones="0170 5550000", note="at work")
    text = person.get("/contacts/doubles").text
    ids = re.findall(r'name="ids" value="(\d+)" checked', text)
    assert len(ids) == 2
    person.session.post(person.base + "/contacts/act", data=[("csrf_token", person.token), ("op", "merge"), *(("ids", i) for i in ids)], timeout=20)
    one = person.get(f"/contacts/{number_of(person, '(?:Jonas|J.) Okafor')}").text
    assert "jonas@far.test" in one and "jonas@work.test" in one and "at work" in one
    assert "No duplicates" in person.get("/contacts/doubles").text


def test_people_are_gathered_from_mail_only_when_asked(server: RoostServer, person: Browser) -> None:
    with smtplib.SMTP("127.0.0.1", server.ports["smtp"]) as client:
        client.sendmail("elif@far.test", ["u1@x.test"], "From: Elif Marin <elif@far.test>\r\nTo: u1@x.test\r\nSubject: Hi\r\n\r\nx\r\n")
    assert "Elif" not in person.get("/contacts").text
    assert "elif@far.test" in person.get("/contacts/gather").text
    assert "<b>Elif Marin</b>" in person.post("/contacts/gather", {"address": "elif@far.test"}).text


def test_a_photo_is_a_picture_or_refused_and_no_name_becomes_a_tag_or_a_header(person: Browser) -> None:
    add(person, '<img src=x onerror=1>"\r\nX-Bad: 1', "evil@far.test", groups="<b>bold</b>")
    page = person.get("/contacts?q=evil").text
    assert "<img src=x" not in page and "<b>bold" not in page
    number = re.search(r'href="/contacts/(\d+)"', page)[1]  # type: ignore[index]
    form = {"csrf_token": person.token, "name": "Evil", "addresses": "evil@far.test"}
    refused = person.session.post(f"{person.base}/contacts/{number}", data=form, files={"photo": ("p.png", b"<svg onload=1>")}, timeout=20)
    assert refused.status_code == 422 and "A photo is a JPEG" in refused.text
    person.session.post(f"{person.base}/contacts/{number}", data=form, files={"photo": ("p.png", b"\x89PNG\r\n\x1a\n" + bytes(50))}, timeout=20)
    assert person.get(f"/contacts/{number}/photo").headers["Content-Type"] == "image/png"
    assert all("X-Bad" not in name for name in person.get("/contacts/export/3.vcf").headers)


def test_nobody_sees_another_persons_contacts(server: RoostServer, person: Browser) -> None:
    add(person, "Private Person", "private@far.test")
    number = number_of(person, "Private Person")
    other = Browser(server)
    other.sign_in("u2@x.test")
    assert other.get(f"/contacts/{number}").status_code == 404 and "private@far.test" not in other.get("/contacts").text
    assert other.get("/compose/people?q=private").json() == {"people": []}


@pytest.mark.browser
@needs_parts
def test_the_field_offers_whom_one_writes_to_and_groups_and_pages_are_free_of_axe(browser: Any, server: RoostServer, person: Browser) -> None:
    add(person, "Kim Rare", "kim.rare@out.test", groups="Rowers")
    add(person, "Kim Often", "u3@x.test", groups="Rowers")
    for _time in range(3):
        draft = re.search(r'data-draft="([^"]+)"', person.get("/compose").text)[1]  # type: ignore[index]
        person.post(f"/compose/{draft}/send", {"from": "u1@x.test", "to": "u3@x.test", "subject": "To Kim", "body": "x", "format": "text", "op": "send"})
    page = browser.new_context(base_url=f"http://127.0.0.1:{server.ports['http']}", reduced_motion="reduce").new_page()
    page.goto("/sign-in")
    page.fill("input[name=address]", "u1@x.test")
    page.fill("input[type=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector("#nav")
    for path in ("/contacts", "/contacts/new", "/contacts/import", "/contacts/doubles", "/contacts/gather"):
        page.goto(path)
        assert violations(page) == [], path
    page.goto("/compose")
    page.click("#to")
    page.keyboard.type("kim")
    page.wait_for_selector("[role=option]")
    assert page.inner_text("[role=option] >> nth=0").startswith("Kim Often") or "Kim Often" in page.inner_text("[role=option] >> nth=0")
    assert page.get_attribute("#to", "aria-expanded") == "true"
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_selector(".pill:has-text('Kim Rare')")
    page.keyboard.type("rowe")
    page.wait_for_selector("[role=option]:has-text('Group of 2 people')")
    page.keyboard.press("Enter")
    page.wait_for_selector(".pill >> nth=2")
    page.keyboard.type("nobody-there@@x")
    page.keyboard.press("Enter")
    page.wait_for_selector(".pill-bad:has-text('not an address')")
