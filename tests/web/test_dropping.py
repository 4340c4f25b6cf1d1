"""Files and pictures in a message that is written: dragged in from outside the browser, pasted inside text, stopped on their way, and seen small by who gets them."""

import base64
import re
from pathlib import Path
from typing import Any

import pytest

playwright = pytest.importorskip("playwright.sync_api")

from mailcore.net import fetch  # noqa: E402
from tests.lasting import lasting  # noqa: E402
from tests.scenario.server import PASSWORD, RoostServer  # noqa: E402
from tests.web.browser import signed_in  # noqa: E402
from tests.web.gallery.test_gallery import needs_parts  # noqa: E402
from tests.web.test_writing import DOT, PASTE  # noqa: E402
from wsgi import create_app  # noqa: E402

pytestmark = [pytest.mark.browser, needs_parts]
expect = playwright.expect


server = lasting(lambda: RoostServer(listeners=("smtp", "http"), people=2, settings={"web.undo_seconds": "0"}))


def drag(page: Any, file: Path, onto: Any) -> None:
    """As the desktop does it: in, over and let go at the middle of *onto*, on whatever lies on top there."""
    box = onto.bounding_box()
    hand = page.context.new_cdp_session(page)
    for kind in ("dragEnter", "dragOver", "dragOver", "drop"):
        where = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
        hand.send("Input.dispatchDragEvent", {"type": kind, **where, "data": {"items": [], "files": [str(file)], "dragOperationsMask": 1}})


def test_a_picture_stands_where_it_is_let_go_and_a_file_is_attached(browser: Any, server: RoostServer, tmp_path: Path) -> None:
    """What says “Drop files” once lay over the text and took every picture: none could be dropped into it."""
    picture, paper = tmp_path / "boat.png", tmp_path / "plan.txt"
    picture.write_bytes(DOT)
    paper.write_text("One, two, three.\n")
    page, troubles = signed_in(browser, server, "u1@x.test")
    page.click("[data-compose]")
    text = page.locator(".compose .editor[role=textbox]")
    expect(text).to_be_visible()
    drag(page, picture, text)
    expect(text.locator("img")).to_have_count(1)
    expect(page.locator("[data-files] .file")).to_have_count(0)
    drag(page, paper, text)
    expect(page.locator("[data-files] .file")).to_have_count(1)
    drag(page, picture, page.locator(".compose-head"))
    expect(page.locator("[data-files] .file")).to_have_count(2)
    expect(text.locator("img")).to_have_count(1)
    expect(page.locator(".compose")).not_to_have_class("compose is-dropping")
    assert troubles == []


def test_a_picture_inside_pasted_text_becomes_a_part_of_the_message(browser: Any, server: RoostServer) -> None:
    """It once went out as an address that holds its bytes, which most mail programs show as nothing."""
    page, troubles = signed_in(browser, server, "u1@x.test")
    page.click("[data-compose]")
    text = page.locator(".compose .editor[role=textbox]")
    expect(text).to_be_visible()
    page.evaluate(PASTE, f'<p>See <img alt="the boat" src="data:image/png;base64,{base64.b64encode(DOT).decode()}"> here</p>')
    expect(text.locator('img[alt="the boat"][src^="/compose/"]')).to_have_count(1)
    page.fill("#to", "u1@x.test")
    page.fill("#subject-field", "The boat")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".compose")).to_have_count(0)
    page.goto("/")
    page.locator("#rows .row", has_text="The boat").locator(".row-sub > a").click()
    picture = page.frame_locator("#reader iframe").first.locator('img[alt="the boat"]')
    expect(picture).to_be_visible()
    assert "/part/" in (picture.get_attribute("src") or ""), "it is a part, not an address that holds its bytes"
    assert troubles == []


def test_a_file_shows_how_far_it_is_and_is_stopped_and_the_size_of_all_is_told(browser: Any, server: RoostServer, tmp_path: Path) -> None:
    small, big = tmp_path / "small.txt", tmp_path / "big.bin"
    small.write_text("x" * 2048)
    big.write_bytes(bytes(4_000_000))
    page, _troubles = signed_in(browser, server, "u1@x.test")
    page.click("[data-compose]")
    expect(page.locator(".compose .editor[role=textbox]")).to_be_visible()
    line = page.context.new_cdp_session(page)
    slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 400_000}
    line.send("Network.emulateNetworkConditions", slow)
    page.set_input_files("[data-pick]", [str(big), str(small)])
    expect(page.locator("[data-travel] progress")).to_have_count(2)
    expect(page.locator("[data-travel] progress:not([value='0'])")).to_have_count(1)
    page.click("[data-travel] button[aria-label*='big.bin']")
    line.send("Network.emulateNetworkConditions", {**slow, "uploadThroughput": -1})
    expect(page.locator("[data-files] .file")).to_have_count(1)
    expect(page.locator("[data-files]")).to_contain_text("small.txt")
    expect(page.locator("[data-files] [data-total]")).to_contain_text("2 KB of")
    expect(page.locator("[data-travel] .file")).to_have_count(0)


def test_control_shift_enter_sends_and_puts_the_answered_message_away_and_its_picture_has_a_small_one(browser: Any, server: RoostServer, tmp_path: Path) -> None:
    picture = tmp_path / "boat.png"
    picture.write_bytes(DOT)
    page, troubles = signed_in(browser, server, "u1@x.test")
    page.click("[data-compose]")
    expect(page.locator(".compose .editor[role=textbox]")).to_be_visible()
    page.set_input_files("[data-pick]", str(picture))
    expect(page.locator("[data-files] .file")).to_have_count(1)
    page.fill("#to", "u1@x.test")
    page.fill("#subject-field", "Round trip")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".compose")).to_have_count(0)
    page.goto("/")
    page.locator("#rows .row", has_text="Round trip").locator(".row-sub > a").click()
    small = page.locator("#reader .file img")
    expect(small.first).to_be_visible()
    assert small.first.evaluate("(one) => one.decode().then(() => one.naturalWidth)") >= 1
    page.keyboard.press("r")
    expect(page.locator(".compose .editor[role=textbox]")).to_be_focused()
    page.keyboard.type("Seen.")
    page.keyboard.press("Control+Shift+Enter")
    expect(page.locator(".compose")).to_have_count(0)
    page.goto("/")
    page.click("#nav [data-role=archive]")
    expect(page.locator("#rows .row", has_text="Round trip")).to_have_count(1)
    assert troubles == []


@pytest.mark.parametrize("source", ["http://127.0.0.1:9/a.png", "http://pictures.out.test/a.png", "boat.png", "/mail/1/1/part/2", "file:///tmp/a.png", "cid:boat"])
def test_a_pasted_picture_that_cannot_come_along_is_left_out_with_a_word(browser: Any, server: RoostServer, source: str) -> None:
    page, _troubles = signed_in(browser, server, "u1@x.test")
    asked: list[str] = []
    page.on("requestfinished", lambda one: asked.append(one.url))
    page.on("requestfailed", lambda one: asked.append(f"{one.url} {one.failure}") if one.failure != "csp" and "://" in one.url else None)
    page.click("[data-compose]")
    text = page.locator(".compose .editor[role=textbox]")
    expect(text).to_be_visible()
    page.evaluate(PASTE, f'<p>See <img alt="the boat" src="{source}"> here</p>')
    expect(page.locator("#toasts")).to_contain_text("was left out")
    expect(text.locator("img")).to_have_count(0)
    expect(text).to_contain_text("See")
    assert not [url for url in asked if not url.startswith(f"http://127.0.0.1:{server.ports['http']}/")], "the browser itself asks nobody"


def test_a_pasted_picture_from_elsewhere_is_fetched_here_and_becomes_a_part(server: RoostServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "picture", lambda _resolver, url: fetch.Picture(DOT, "image/png") if url == "https://out.test/boat" else pytest.fail(url))
    for name, value in server.environ.items():
        monkeypatch.setenv(name, value)
    client = create_app().test_client()
    environ = {"REMOTE_ADDR": "127.0.0.1"}

    def token(page: str) -> str:
        return re.findall(r'csrf-token" content="([^"]+)"', page)[0]

    form = {"csrf_token": token(client.get("/sign-in", environ_base=environ).text), "address": "u1@x.test", "password": PASSWORD}
    assert client.post("/sign-in", data=form, environ_base=environ).status_code == 303
    page = client.get("/compose").text
    draft = re.findall(r'data-draft="([^"]+)"', page)[0]
    made = client.post(f"/compose/{draft}/files", data={"csrf_token": token(page), "inline": "1", "picture_url": "https://out.test/boat"})
    shown = client.get(made.json["url"])
    assert (shown.data, shown.mimetype) == (DOT, "image/png") and "/picture/" in made.json["url"]


def test_what_is_opened_and_left_as_it_was_leaves_no_draft(browser: Any, server: RoostServer) -> None:
    """An editor tells of a change that nobody made; a message of nothing came of it."""
    page, troubles = signed_in(browser, server, "u2@x.test")
    page.click("[data-compose]")
    text = page.locator(".compose .editor[role=textbox]")
    expect(text).to_be_visible()
    page.click("[data-show=cc]")
    page.click("[data-show=bcc]")
    for where in ("#subject-field", ".compose .editor[role=textbox]"):
        page.evaluate("(where) => document.querySelector(where).dispatchEvent(new Event('input', { bubbles: true }))", where)
    page.click("[data-shut]")
    expect(page.locator(".compose")).to_have_count(0)
    page.click("#nav [data-role=drafts]")
    expect(page.locator("#list")).to_contain_text("Nothing here")
    page.click("[data-compose]")
    expect(text).to_be_visible()
    text.press("x")
    page.click("[data-shut]")
    expect(page.locator(".compose")).to_have_count(0)
    page.goto(page.url)
    expect(page.locator("#rows .row")).to_have_count(1)
    assert troubles == []
