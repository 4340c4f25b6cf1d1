"""`account export` and `account load`: a domain's accounts as CSV, out and in, with what would change said first."""

import sys
from typing import Any

from mailcore.cli.grammar import verb
from mailcore.cli.main import Context
from mailcore.cli.offline import runtime_of
from mailcore.directory import account_csv, verbs
from mailcore.directory.actor import COMMAND_LINE
from mailcore.store import accounts

STATES = ("added", "changed", "unchanged", "wrong")


def add_to(group: Any) -> None:
    """Two verbs of `account`."""
    verb(group, "export", account_export, "domain", example="account export example.org > accounts.csv")
    load = verb(group, "load", account_load, "domain", example="account load example.org --apply < accounts.csv")
    load.add_argument("--apply", action="store_true", help="do it; without this it is only said what would be done")


def account_export(context: Context) -> int:
    with runtime_of(context) as runtime:
        tx = runtime.store.read()
        domain = verbs.find_domain(tx, context.arguments.domain)
        sys.stdout.write(account_csv.written(accounts.accounts(tx, domain.id, limit=1_000_000)))
        return 0


def account_load(context: Context) -> int:
    with runtime_of(context) as runtime:
        tx, now = runtime.store.read(), runtime.clock.micros()
        domain = verbs.find_domain(tx, context.arguments.domain)
        quota = int(runtime.settings.get("quota.default", domain_id=domain.id))
        lines = account_csv.planned(tx, COMMAND_LINE, domain, sys.stdin.read(account_csv.MAX_BYTES + 1), default_quota=quota)
        counts = {state: sum(line.state == state for line in lines) for state in STATES}
        if context.arguments.apply:
            for batch in account_csv.batches(lines):
                runtime.store.write(lambda tx, b=batch: account_csv.perform(tx, COMMAND_LINE, b, now, default_quota=quota), bulk=True)  # type: ignore[misc]
        rows = [{"line": line.number, "address": line.address, "state": line.state, "why": line.why, "changes": [list(c) for c in line.changes]} for line in lines if line.state != "unchanged"]
        text = [f"{line.number:>6}  {line.state:<8} {line.address}  {line.why}{', '.join(f'{c}: {a} -> {b}' for c, a, b in line.changes)}".rstrip() for line in lines if line.state != "unchanged"]
        text.append(", ".join(f"{count} {state}" for state, count in counts.items()) + ("." if context.arguments.apply else ". Nothing is done yet: add --apply."))
        return context.answer({**counts, "applied": context.arguments.apply, "lines": rows}, "\n".join(text))
