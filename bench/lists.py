"""10,000 accounts, aliases, lists, 1,000 groups and 5,000 shared mailboxes in one domain: what the panel's lists take to page, sort and filter, over HTTP.

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
    "aliases": "/admin/aliases", "aliases, page 100": "/admin/aliases?cursor=a04950@x.test", "aliases with “77”": "/admin/aliases?q=77", "a domain's aliases": "/admin/domains/x.test?tab=aliases",
    "lists": "/admin/lists", "lists, page 100": "/admin/lists?cursor=l04950@x.test", "lists with “77”": "/admin/lists?q=77", "a list of 10,000": "/admin/lists/big@x.test",
    "groups": "/admin/groups", "groups with “77”": "/admin/groups?q=77", "a group of 10,000": "/admin/groups/g0000@x.test", "shared mailboxes": "/admin/shared", "shared with “77”": "/admin/shared?q=77",
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
        fill(server)
        browser = Browser(server)
        browser.sign_in("admin@x.test")
        rows = []
        for name, path in LISTS.items():
            took = []
            for _ in range(RUNS):
                start = time.perf_counter()
                answer = browser.get(path)
                assert answer.status_code == 200, (path, answer.status_code)
                took.append((time.perf_counter() - start) * 1000)
            rows.append(f"| {name} | {statistics.median(took):.0f} | {max(took[1:]):.0f} |")
            print(rows[-1])
        head = f"{machine()}, SQLite. Whole pages over HTTP, median of {RUNS}, and the highest after the first, the server busy with nothing else; the file of {ACCOUNTS:,} accounts took {loaded:.0f} s to load."
        publish("lists", "\n".join([head, "", "| list | ms | at most |", "|---|--:|--:|", *rows]))
    finally:
        server.remove()


def fill(server: RoostServer) -> None:
    """Aliases, lists, groups and shared mailboxes, put in by the store's own functions while the server runs."""
    from mailcore.runtime.machine import SystemClock
    from mailcore.store import Tx, accounts, groups, lists, mailboxes, open_store, sharing
    from tests.conftest import CountingRandom

    store = open_store(data_dir=server.folder / "data", database_url="", blob_url="", random=CountingRandom())
    now, tx = SystemClock().micros(), store.read()
    domain = accounts.domain(tx, "x.test")
    assert domain is not None
    people = [a.id for a in accounts.accounts(tx, domain.id, limit=1_000_000)]

    def put(tx: Tx) -> None:
        for n in range(ACCOUNTS):
            accounts.add_alias(tx, domain.id, f"a{n:05d}@x.test", [f"p{n:05d}@x.test"], now)
            list_id = lists.add(tx, domain.id, f"l{n:05d}@x.test", now, name=f"List {n}", mode="public", owner="")
            lists.add_members(tx, list_id, [f"p{n:05d}@x.test", f"p{(n + 1) % ACCOUNTS:05d}@x.test"], now)
        lists.add_members(tx, lists.add(tx, domain.id, "big@x.test", now, name="Big", mode="public", owner=""), [f"p{n:05d}@x.test" for n in range(ACCOUNTS)], now)
        made = [groups.add(tx, domain.id, f"g{n:04d}@x.test", f"Group {n}", now) for n in range(1000)]
        for n, account_id in enumerate(people):
            groups.join(tx, made[0], account_id)
            groups.join(tx, made[n % 1000], account_id)
        for account_id in people[:5000]:
            box = mailboxes.by_name(tx, account_id, "INBOX")
            assert box is not None
            for kind, holder in (("user", people[-1]), ("group", made[account_id % 1000])):
                sharing.set_rights(tx, box, kind, holder, "lrs", actor="bench", now=now)

    store.write(put, bulk=True)
    store.close()


if __name__ == "__main__":
    main()
