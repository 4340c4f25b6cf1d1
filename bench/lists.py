"""10,000 accounts in one domain: what the panel's list takes to page, sort and filter, over HTTP on a running server.

Run from the repository: `.venv/bin/python -m bench.lists` (a few minutes, most of it for making the accounts).
"""

import statistics
import time

from bench.page import machine, publish
from tests.scenario.server import RoostServer
from tests.web.visitor import Browser

ACCOUNTS = 10_000
RUNS = 15
LISTS = {
    "the first page": "/admin/accounts", "the last page": "/admin/accounts?cursor=9950", "by space used": "/admin/accounts?sort=used", "by name, page 100": "/admin/accounts?sort=name&cursor=4950",
    "by last sign-in": "/admin/accounts?sort=seen", "filter “person 77”": "/admin/accounts?q=person+77", "filter that finds nothing": "/admin/accounts?q=nobody-at-all",
    "switched off": "/admin/accounts?state=off", "of one domain, nearly full": "/admin/accounts?domain=x.test&state=full", "a domain's tab": "/admin/domains/x.test",
}  # fmt: skip


def main() -> None:
    """Make the accounts, ask for each list, write the page."""
    server = RoostServer(listeners=("http",), people=1)
    try:
        lines = "".join(f"p{n:05d}@x.test,Person {n},{'no' if n % 50 == 0 else 'yes'}\n" for n in range(ACCOUNTS))
        began = time.monotonic()
        server.run("account", "load", "x.test", "--apply", input="address,name,enabled\n" + lines)
        loaded = time.monotonic() - began
        browser = Browser(server)
        browser.sign_in("admin@x.test")
        rows = []
        for name, path in LISTS.items():
            took = []
            for _ in range(RUNS):
                start = time.perf_counter()
                assert browser.get(path).status_code == 200
                took.append((time.perf_counter() - start) * 1000)
            rows.append(f"| {name} | {statistics.median(took):.0f} | {max(took[1:]):.0f} |")
            print(rows[-1])
        head = f"{machine()}, SQLite. Whole pages over HTTP, median of {RUNS}, and the highest after the first, the server busy with nothing else; the file of {ACCOUNTS:,} accounts took {loaded:.0f} s to load."
        publish("lists", "\n".join([head, "", "| list | ms | at most |", "|---|--:|--:|", *rows]))
    finally:
        server.remove()


if __name__ == "__main__":
    main()
