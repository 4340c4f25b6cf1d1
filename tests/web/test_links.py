"""Files too large for a message: offered as a link while one writes, fetched by strangers, locked, ended, counted, and never run."""

import re
from typing import Any

import pytest
import requests

from tests.lasting import lasting
from tests.scenario.server import RoostServer
from tests.web.gallery.test_gallery import needs_parts
from tests.web.test_writing import drafts, letter, saved, shows, signed_in, tab, text_of, until, writing  # noqa: F401
from tests.web.visitor import Browser
from tests.web.visitor import signed_in as visit

ME, OTHER = "u1@x.test", "u2@x.test"
MIB = 1024 * 1024
PAGE = b"<script>document.title = 'ran'</script><h1>Hello</h1>"


server = lasting(lambda: RoostServer(listeners=("smtp", "http", "imap"), people=4, settings={"web.undo_seconds": "0", "smtp.message_size": "1M", "links.file_size": "3M", "links.total": "5M"}))


def share(me: Browser, name: str, content: bytes, password: str = "", days: str = "3") -> str:
    """A file behind a link, as the page without scripts makes one; the link's path."""
    page = me.get("/compose").text
    draft = re.search(r'data-draft="([^"]+)"', page)
    assert draft
    fields = {"from": ME, "to": OTHER, "subject": name, "body": "See the file.\n\n-- \nAnn", "format": "text", "revision": "0", "link_days": days, "link_password": password}
    made = me.post(f"/compose/{draft[1]}/link", fields, files={"link_file": (name, content, "text/html")})
    assert made.status_code == 200, made.text
    found = re.findall(r"(/files/[\w-]{40,})", made.text)
    assert found and "See the file." in made.text and made.text.index("See the file.") < made.text.index(found[0]) < made.text.index("\nAnn"), "under one's own words, above the signature"
    return str(found[0])


def stranger(server: RoostServer, path: str, **more: Any) -> requests.Response:
    return requests.get(f"http://127.0.0.1:{server.ports['http']}{path}", timeout=20, **more)


def row_of(me: Browser, name: str) -> tuple[str, str]:
    """(id, words) of a file on the person's page."""
    page = me.get("/settings/files").text
    card = next((c for c in re.findall(r'<details class="card fold".*?</details>', page, re.DOTALL) if name in c), None)
    assert card
    number = re.search(r'name="id" value="(\d+)"', card)
    assert number
    return number[1], re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", card))


def test_a_stranger_fetches_the_file_and_its_owner_sees_it(server: RoostServer) -> None:
    me = visit(server, ME)
    path, content = share(me, "plans.bin", bytes(range(256)) * 8192), bytes(range(256)) * 8192
    shown = stranger(server, path)
    assert "plans.bin" in shown.text and "2.0 MB" in shown.text and shown.headers["Referrer-Policy"] == "no-referrer" and "noindex" in shown.headers["X-Robots-Tag"]
    requests.head(f"{me.base}{path}/get", timeout=20)
    assert "not fetched yet" in row_of(me, "plans.bin")[1], "looking at it is no download"
    assert stranger(server, f"{path}/get").content == content
    assert "fetched once" in row_of(me, "plans.bin")[1]
    assert stranger(server, path[:-2] + "xx").status_code == 404
    assert "plans.bin" not in visit(server, OTHER).get("/settings/files").text


def test_a_password_is_asked_for_and_guessing_is_stopped(server: RoostServer) -> None:
    path = share(visit(server, ME), "secret.txt", b"the plan", password="orchard")
    assert "/get" not in stranger(server, f"{path}/get").url, "no way around the question"
    one = Browser(server)
    one.get(path)
    wrong = one.post(path, {"password": "meadow"})
    assert wrong.status_code == 403 and "not the password" in wrong.text
    assert one.post(path, {"password": "orchard"}).content == b"the plan"
    one.get(path)
    for _ in range(10):
        one.post(path, {"password": "guess"})
    assert "Too many wrong passwords" in one.post(path, {"password": "orchard"}).text


def test_a_link_ends_by_its_owner_and_by_its_time(server: RoostServer) -> None:
    me, other = visit(server, ME), visit(server, OTHER)
    path = share(me, "offer.txt", b"an offer")
    number, _words = row_of(me, "offer.txt")
    other.get("/settings/files")
    other.post("/settings/files", {"op": "end", "id": number})
    assert stranger(server, path).status_code == 200, "nobody ends another's"
    me.post("/settings/files", {"op": "end", "id": number})
    assert stranger(server, path).status_code == 404 == stranger(server, f"{path}/get").status_code
    assert "Ended" in row_of(me, "offer.txt")[1]
    me.post("/settings/files", {"op": "save", "id": number, "link_days": "7", "link_password": ""})
    assert stranger(server, f"{path}/get").content == b"an offer"
    server.run("settings", "set", "links.enabled", "off")
    until(lambda: stranger(server, path).status_code == 404)
    server.run("settings", "set", "links.enabled", "on")
    until(lambda: stranger(server, path).status_code == 200)
    me.get("/settings/files")
    me.post("/settings/files", {"op": "remove", "id": number})
    assert stranger(server, path).status_code == 404 and "offer.txt" not in me.get("/settings/files").text


def test_nobody_keeps_more_than_the_limits(server: RoostServer) -> None:
    me = visit(server, "u3@x.test")
    page = me.get("/compose").text
    draft = re.search(r'data-draft="([^"]+)"', page)
    assert draft

    def send(size: int) -> requests.Response:
        me.get("/compose")
        return me.post(f"/compose/{draft[1]}/link", {"from": "u3@x.test", "body": "", "revision": "0"}, files={"link_file": ("f.bin", b"x" * size)}, headers={"Accept": "application/json"})

    assert send(4 * MIB).status_code == 413
    assert send(3 * MIB).status_code == 200
    full = send(3 * MIB)
    assert full.status_code == 507 and "5 MB together" in full.text


@pytest.mark.browser
@needs_parts
def test_writing_offers_a_link_and_what_is_fetched_does_not_run(server: RoostServer, tab: Any) -> None:  # noqa: F811
    page = signed_in(tab, "u4@x.test")
    editor = writing(page)
    page.fill("#to", OTHER)
    page.keyboard.press("Enter")
    page.fill("[name=subject]", "The big page")
    editor.type("Here it is.")
    page.set_input_files("[data-pick]", {"name": "page.html", "mimeType": "text/html", "buffer": PAGE + b" " * MIB})
    offer = page.wait_for_selector(".file-offer:not(.no-js)")
    assert "page.html" in offer.inner_text() and "too big for a message" in offer.inner_text()
    offer.query_selector("input").fill("meadow")
    offer.query_selector("input").press("Enter")
    link = page.wait_for_selector("[role=textbox].editor a[href*='/files/']")
    assert "page.html" in link.inner_text() and page.query_selector(".file-offer:not(.no-js)") is None
    page.click(".split > .btn-primary")
    got = letter(server, OTHER, "The big page")
    assert "which comes separately" in " ".join(text_of(got).split())
    path = re.search(r"/files/[\w-]+", text_of(got, "html"))
    assert path
    away = tab.browser.new_context(base_url=f"http://127.0.0.1:{server.ports['http']}", accept_downloads=True)
    there = away.new_page()
    there.goto(path[0])
    there.fill("[name=password]", "meadow")
    with there.expect_download() as fetched:
        there.click("button[type=submit]")
    assert fetched.value.suggested_filename == "page.html" and "ran" not in there.title()
    away.close()
