"""`python -m bench.browser`: what a person sees in Chromium: the first page with nothing kept, and the next message by the key j.

A mailbox of 10,000 messages, a browser that has never been here for each round; the server on this machine. Needs playwright and Debian's chromium.
"""

import argparse
import re
import statistics
import tempfile
from pathlib import Path
from typing import Any

from bench.page import machine, publish
from bench.webmail import Client, indexed, mbox
from tests.scenario.server import RoostServer

ROUNDS, KEYS = 10, 40
WATCH = """
window.seen = { paint: 0, shift: 0, long: [] };
new PerformanceObserver((list) => { for (const one of list.getEntries()) seen.paint = one.startTime; }).observe({ type: "largest-contentful-paint", buffered: true });
new PerformanceObserver((list) => { for (const one of list.getEntries()) if (!one.hadRecentInput) seen.shift += one.value; }).observe({ type: "layout-shift", buffered: true });
new PerformanceObserver((list) => { for (const one of list.getEntries()) seen.long.push(one.duration); }).observe({ type: "longtask", buffered: true });
"""
NEXT = """() => new Promise((done) => {
  const start = performance.now();
  const after = (then) => requestAnimationFrame(() => { const channel = new MessageChannel(); channel.port1.onmessage = then; channel.port2.postMessage(0); });
  const before = document.querySelector("#reader").dataset.id;
  let head = 0;
  const look = () => {
    const reader = document.querySelector("#reader");
    if (reader.dataset.id === before) return;
    watch.disconnect();
    after(() => { head = performance.now() - start; });
    const frame = reader.querySelector("iframe");
    const shown = () => after(() => done([head, performance.now() - start]));
    if (frame.contentDocument?.readyState === "complete" && frame.contentDocument.URL !== "about:blank") shown(); else frame.addEventListener("load", shown, { once: true });
  };
  const watch = new MutationObserver(look);
  watch.observe(document.querySelector("#panes"), { childList: true });
  document.dispatchEvent(new KeyboardEvent("keydown", { key: "j", bubbles: true, cancelable: true }));
})"""


def first_page(browser: Any, base: str, cookies: list[dict[str, Any]]) -> dict[str, float]:
    """One visit by a browser that keeps nothing yet."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, base_url=base)
    context.add_cookies(cookies)
    context.add_init_script(WATCH)
    page = context.new_page()
    network = context.new_cdp_session(page)
    network.send("Network.enable")
    found: dict[str, Any] = {"bytes": 0, "requests": 0}
    streams: set[str] = set()

    def sent(event: dict[str, Any]) -> None:
        if event["request"]["url"].endswith("/events") or event["request"]["url"].startswith("data:"):
            streams.add(event["requestId"])
        else:
            found["requests"] += 1

    network.on("Network.requestWillBeSent", sent)
    network.on("Network.loadingFinished", lambda event: found.__setitem__("bytes", found["bytes"] + (0 if event["requestId"] in streams else event["encodedDataLength"])))
    page.goto("/mail", wait_until="load")
    page.wait_for_timeout(700)
    usable = page.evaluate("performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd")
    seen = page.evaluate("seen")
    context.close()
    return {"usable": usable, "lcp": seen["paint"], "cls": seen["shift"], "long": max(seen["long"], default=0.0), **found}


def longest_work(browser: Any, base: str, cookies: list[dict[str, Any]]) -> float:
    """Milliseconds of processor time that the longest task of one visit took, by Chromium's trace: other work on the machine hardly changes it."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, base_url=base)
    context.add_cookies(cookies)
    page, trace = context.new_page(), browser.new_browser_cdp_session()
    events: list[dict[str, Any]] = []
    ended: list[object] = []
    trace.on("Tracing.dataCollected", lambda event: events.extend(event["value"]))
    trace.on("Tracing.tracingComplete", lambda event: ended.append(event))
    trace.send("Tracing.start", {"transferMode": "ReportEvents", "traceConfig": {"includedCategories": ["devtools.timeline", "toplevel"]}})
    page.goto("/mail", wait_until="load")
    page.wait_for_timeout(700)
    trace.send("Tracing.end")
    while not ended:
        page.wait_for_timeout(20)
    context.close()
    places = {(one["pid"], one["tid"]) for one in events if one["name"] == "ParseHTML" and "/mail" in one["args"].get("beginData", {}).get("url", "")}
    return max(one.get("tdur", 0) / 1000 for one in events if one["name"].endswith("RunTask") and (one["pid"], one["tid"]) in places)


def next_by_key(browser: Any, base: str, cookies: list[dict[str, Any]]) -> list[tuple[float, float]]:
    """From the key to the painted head, and to the painted text, of the next message."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, base_url=base)
    context.add_cookies(cookies)
    page = context.new_page()
    page.goto("/mail", wait_until="load")
    page.locator("#rows .row .row-sub > a").first.click()
    page.wait_for_selector("#reader[data-id]")
    page.wait_for_timeout(500)
    found = []
    for _ in range(KEYS):
        found.append(tuple(page.evaluate(NEXT)))
        page.wait_for_timeout(120)
    context.close()
    return found


def measure() -> str:
    """The table, in Markdown."""
    from playwright.sync_api import sync_playwright

    server = RoostServer(people=1, listeners=("http", "imap"))
    try:
        with tempfile.TemporaryDirectory() as folder:
            mbox(Path(folder) / "letters")
            server.run("import", "mail", "u1@x.test", str(Path(folder) / "letters"))
        client = Client(server.ports["http"])
        indexed(client)
        base = f"http://127.0.0.1:{server.ports['http']}"
        cookies = [{"name": name, "value": value, "url": base} for name, value in client.cookies.items()]
        with sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
            visits = [first_page(browser, base, cookies) for _ in range(ROUNDS)]
            works = [longest_work(browser, base, cookies) for _ in range(ROUNDS)]
            keys = next_by_key(browser, base, cookies)
            version = re.sub(r"\.0.*", "", browser.version)
            browser.close()
    finally:
        server.remove()

    def of(name: str) -> str:
        values = [visit[name] for visit in visits]
        return f"{statistics.median(values):,.0f} · {max(values):,.0f}"

    shifts = max(visit["cls"] for visit in visits)
    heads, texts = [key[0] for key in keys], [key[1] for key in keys]
    rows = [
        ("first page, nothing kept: usable, ms", of("usable"), "600"), ("largest paint (LCP), ms", of("lcp"), "800"), ("bytes over the wire", of("bytes"), "122,880"), ("requests", of("requests"), "8"),
        ("longest task, ms", of("long"), "50"), ("its processor time (other visits, traced), ms", f"{statistics.median(works):.0f} · {max(works):.0f}", ""), ("layout shift (CLS), most", f"{shifts:.4f}", "0"),
        ("key j to the painted head of the next message, ms", f"{statistics.median(heads):.0f} · {max(heads):.0f}", "50"), ("key j to its painted text, ms", f"{statistics.median(texts):.0f} · {max(texts):.0f}", "50"),
    ]  # fmt: skip
    head = [f"{machine()}; Chromium {version}, 1440 × 900, {ROUNDS} visits and {KEYS} keys. Median · most.", "", "| what | figure | at most |", "|---|--:|--:|"]
    return "\n".join([*head, *(f"| {name} | {figure} | {wanted} |" for name, figure, wanted in rows)])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--print", action="store_true", help="print only")
    text = measure()
    print(text)
    if not parser.parse_args().print:
        publish("browser", text)
