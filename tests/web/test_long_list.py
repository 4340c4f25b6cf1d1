"""A mailbox as long as people keep them: its list is scrolled by wheel, key and bar without a blank place, in order, no row twice, with a page that stays small.

Fifty thousand messages in an ordinary run, a million among the long tests: their rows are written as delivery leaves them, without bytes.
"""

import contextlib
import fcntl
import os
import signal
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

playwright = pytest.importorskip("playwright.sync_api")

from bench import store as bench  # noqa: E402
from tests.scenario.server import RoostServer  # noqa: E402
from tests.scenario.waiting import eventually  # noqa: E402
from tests.web.browser import signed_in  # noqa: E402
from tests.web.gallery.test_gallery import needs_parts  # noqa: E402
from tests.web.mail import imap_of  # noqa: E402

pytestmark = [pytest.mark.browser, needs_parts]
NODES = 20_000
"""Elements of the page, wherever one has scrolled; fifty rows have about 1,500."""
SEEN = """() => {
  const scroll = document.querySelector("[data-scroll]"), box = scroll.getBoundingClientRect();
  const rows = [...document.querySelectorAll("#rows .row")], places = rows.map((row) => row.getBoundingClientRect());
  const inside = places.filter((one) => one.bottom > box.top && one.top < box.bottom);
  const gaps = [...document.querySelectorAll("#rows .list-gap")].map((one) => one.getBoundingClientRect()).filter((one) => Math.min(one.bottom, box.bottom) - Math.max(one.top, box.top) > 1);
  return { ids: rows.map((row) => Number(row.dataset.id)), shown: inside.length, blank: gaps.length, nodes: document.querySelectorAll("*").length,
           first: Number(rows[places.findIndex((one) => one.bottom > box.top + 1)]?.dataset.id), top: scroll.scrollTop, tall: scroll.scrollHeight, high: scroll.clientHeight };
}"""


def filled(total: int) -> RoostServer:
    """A server whose u1 has so many messages, by number from the oldest, and sees the empty inbox of the admin beside them."""
    server = RoostServer(people=1, listeners=("imap", "http"), workers=1)
    server.stop()
    store = bench.open_at(str(server.folder / "data"))
    bench.crowd_inbox(store, "u1@x.test", total)
    store.close()
    server.start()
    with imap_of(server, "admin@x.test") as imap:
        assert imap.setacl("INBOX", "u1@x.test", "lr")[0] == "OK"
    return server


@pytest.fixture(scope="module", params=[50_000, pytest.param(1_000_000, marks=pytest.mark.long)])
def long_server(request: Any) -> Iterator[tuple[RoostServer, int]]:
    server = filled(request.param)
    yield server, request.param
    server.remove()


@pytest.fixture(scope="module")
def long_list(long_server: tuple[RoostServer, int], browser: Any) -> Iterator[tuple[Any, int]]:
    server, total = long_server
    page, troubles = signed_in(browser, server, "u1@x.test")
    page.wait_for_selector("#rows .list-gap", state="attached")
    yield page, total
    assert troubles == []
    page.context.close()


def settled(page: Any, step: int = -1) -> dict[str, Any]:
    """What is seen once nothing blank is; in order (the next is *step* away), none twice or left out, and the page small."""
    until = time.monotonic() + 20
    while True:
        found = page.evaluate(SEEN)
        if found["shown"] and not found["blank"]:
            break
        assert time.monotonic() < until, f"a blank place stays: {found['top']} of {found['tall']}, {found['shown']} rows"
        page.wait_for_timeout(50)
    ids = found["ids"]
    assert ids == list(range(ids[0], ids[0] + len(ids) * step, step)), "in order, none twice, none left out"
    assert found["nodes"] < NODES
    return found


def drag(page: Any, share: float) -> None:
    """The bar, let go at that share of its way."""
    page.evaluate("(share) => { const one = document.querySelector('[data-scroll]'); one.scrollTop = (one.scrollHeight - one.clientHeight) * share; }", share)


def dragged(page: Any, share: float, step: int) -> list[int]:
    """The rows that stand there after the bar was let go."""
    drag(page, share)
    return list(settled(page, step)["ids"])


def test_the_wheel_scrolls_on_and_back_without_a_break(long_list: tuple[Any, int]) -> None:
    page, total = long_list
    page.hover("#rows .row >> nth=2")
    seen: set[int] = set()
    for _ in range(60):
        page.mouse.wheel(0, 900)
        seen |= set(settled(page)["ids"])
    assert len(seen) > 600 and seen == set(range(total, total - len(seen), -1)), "every row came by"
    low = settled(page)["first"]
    for _ in range(20):
        page.mouse.wheel(0, -900)
        settled(page)
    assert low < settled(page)["first"] < total
    for _ in range(100):
        page.mouse.wheel(0, -3000)
        if settled(page)["top"] == 0:
            break
    assert settled(page)["ids"][0] == total


def test_end_and_home_lead_to_the_oldest_and_back(long_list: tuple[Any, int]) -> None:
    page, total = long_list
    page.focus("#rows .row-sub > a >> nth=0")
    page.evaluate("document.querySelector('[data-scroll]').focus()")
    page.keyboard.press("End")
    page.wait_for_timeout(100)
    end = settled(page)
    until = time.monotonic() + 20
    while (end := settled(page))["ids"][-1] != 1 and time.monotonic() < until:
        page.wait_for_timeout(50)
    assert end["ids"][-1] == 1 and end["tall"] - end["top"] - end["high"] < 200, "the oldest is seen"
    page.keyboard.press("Home")
    until = time.monotonic() + 20
    while (start := settled(page))["ids"][0] != total and time.monotonic() < until:
        page.wait_for_timeout(50)
    assert start["ids"][0] == total and start["top"] < 100


@pytest.mark.parametrize("share", [0.5, 0.25, 0.9, 0.01])
def test_the_bar_leads_to_its_place_and_rows_go_on_from_there_both_ways(long_list: tuple[Any, int], share: float) -> None:
    page, total = long_list
    drag(page, share)
    found = settled(page)
    assert abs((total - found["first"]) / total - share) < 0.02, found["first"]
    page.hover("#rows .row:visible >> nth=5")
    for step in (900,) * 12 + (-900,) * 30:
        page.mouse.wheel(0, step)
        found = settled(page)
    assert abs((total - found["first"]) / total - share) < 0.02
    assert abs(found["top"] / (found["tall"] - found["high"]) - share) < 0.05, "the bar stands where the rows do"


@pytest.mark.parametrize(("path", "step", "of"), [("/mail/search?q=is:unread", -3, 3), ("?sort=oldest", 1, 1), ("/mail/inboxes", -1, 1)])
def test_what_is_found_the_oldest_first_and_all_inboxes_are_scrolled_as_well(long_list: tuple[Any, int], path: str, step: int, of: int) -> None:
    page, total = long_list
    page.goto("/")
    page.goto(page.url.partition("?")[0] + path if path.startswith("?") else path)
    page.wait_for_selector("#rows .list-gap", state="attached")
    top = settled(page, step)["ids"][0]
    last = top + step * (-(-total // of) - 1)
    for share in (0.5, 0.9, 0.2):
        drag(page, share)
        found = settled(page, step)
        assert abs((found["first"] - top) / (last - top) - share) < 0.02, found["first"]
        page.hover("#rows .row:visible >> nth=5")
        for way in (900,) * 6 + (-900,) * 14:
            page.mouse.wheel(0, way)
            found = settled(page, step)
        assert abs((found["first"] - top) / (last - top) - share) < 0.02
    eventually(lambda: dragged(page, 1, step)[-1] == last)
    eventually(lambda: dragged(page, 0, step)[0] == top)
    page.goto("/")


def test_a_range_is_ticked_over_pages(long_list: tuple[Any, int]) -> None:
    page, total = long_list
    drag(page, 0)
    assert settled(page)["ids"][0] == total
    boxes = page.locator("#rows .row-pick input")
    page.locator(f'#rows .row[data-id="{total - 1}"] .row-pick').click()
    page.hover("#rows .row >> nth=4")
    while not page.locator(f'#rows .row[data-id="{total - 120}"]').count():
        page.mouse.wheel(0, 900)
        settled(page)
    last = page.locator(f'#rows .row[data-id="{total - 120}"] .row-pick')
    last.scroll_into_view_if_needed()
    last.click(modifiers=["Shift"])
    assert sorted(page.evaluate("[...document.querySelectorAll('#rows input[name=ids]:checked')].map((one) => Number(one.value))")) == list(range(total - 120, total))
    page.keyboard.press("*")
    page.keyboard.press("n")
    assert boxes.count() < 1000 and not page.locator("#rows input[name=ids]:checked").count()


def test_its_number_is_written_as_in_ones_language(long_list: tuple[Any, int]) -> None:
    page, total = long_list
    page.context.set_extra_http_headers({"Accept-Language": "de"})
    page.goto("/mail/mailboxes")
    told = page.locator("tr", has_text="Posteingang").locator("[data-label=Nachrichten]").inner_text()
    page.context.set_extra_http_headers({})
    page.goto("/")
    assert told == f"{total:,}".replace(",", "."), "a German reads 50,000 as fifty"


def in_mailbox(page: Any, name: str) -> int:
    """How many messages the page of mailboxes says are there, read in another tab."""
    tab = page.context.new_page()
    tab.goto("/mail/mailboxes")
    told = tab.locator("tr", has_text=name).locator("[data-label=Messages]").inner_text()
    tab.close()
    return int(told.replace(",", ""))


def is_free(lock: Path) -> bool:
    """Whether nobody holds a lock."""
    with open(lock) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


@contextlib.contextmanager
def stopped_on_the_way(server: RoostServer) -> Iterator[None]:
    """The one worker sleeps after some steps of a bulk act and between two writes, so that who looks finds it under way."""
    data = server.folder / "data"
    worker = next(pid for name, pid in server.pids().items() if name.startswith("worker"))
    jobs = sqlite3.connect(f"file:{data / 'roost.db'}?mode=ro", uri=True)
    eventually(lambda: jobs.execute("SELECT max(done) FROM jobs WHERE kind = 'bulk' AND state = 'running'").fetchone()[0])
    while True:
        os.kill(worker, signal.SIGSTOP)
        if is_free(data / "write.lock.turn") and is_free(data / "write.lock"):
            break
        os.kill(worker, signal.SIGCONT)
    try:
        yield
    finally:
        os.kill(worker, signal.SIGCONT)


def test_all_that_match_are_archived_with_a_bar_stopped_on_the_way_and_taken_back(long_list: tuple[Any, int], long_server: tuple[RoostServer, int]) -> None:
    page, total = long_list
    page.goto("/")
    page.locator("#rows .row .row-pick").first.click()
    page.get_by_label(f"All {total:,} here").check()
    page.keyboard.press("e")
    with stopped_on_the_way(long_server[0]):
        page.get_by_text(f"of {total:,}").wait_for()
        assert page.locator("progress.meter").is_visible()
        page.get_by_role("button", name="Cancel").click()
        heading = page.get_by_role("heading", name="Stopped after")
        heading.wait_for()
    eventually(lambda: heading.inner_text() == f"Stopped after {in_mailbox(page, 'Archive'):,}")
    moved = in_mailbox(page, "Archive")
    assert 0 < moved < total and in_mailbox(page, "Inbox") == total - moved, "stopped on the way, and what is told is what was done"
    page.get_by_role("button", name="Undo").click()
    page.get_by_role("heading", name=f"{moved:,} messages done").wait_for(timeout=60_000)
    assert in_mailbox(page, "Inbox") == total and in_mailbox(page, "Archive") == 0
    page.get_by_role("link", name="Back to the list").click()
    assert settled(page)["ids"][0] == total, "the list is as it was"
