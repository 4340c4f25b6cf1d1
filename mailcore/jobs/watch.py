"""Once an hour: probe the DNS lists, see which DKIM keys DNS shows and whether mail may leave over IPv6, make keys that are missing, measure the space used, forget what greylisting no longer needs."""

from collections.abc import Callable

from mailcore.base.clock import DAY, HOUR, SECOND, Micros
from mailcore.directory import dkim_keys
from mailcore.policy import lists, sources
from mailcore.runtime.runtime import Runtime
from mailcore.store import Tx, accounts, jobs, protection, tallies
from mailcore.store.jobs import Job

EVERY: Micros = HOUR
BATCH = 500
LEARNED_DAYS = 90

Step = Callable[[int, int, str], bool]


def ask_when_due(runtime: Runtime, tx: Tx, now: Micros) -> None:
    """Put a watch into the jobs when the last is EVERY ago."""
    if now - (tx.value("SELECT max(created_at) FROM jobs WHERE kind = 'watch'") or 0) < EVERY:
        return

    def put(write: Tx) -> None:
        if now - (write.value("SELECT max(created_at) FROM jobs WHERE kind = 'watch'") or 0) >= EVERY:
            write.run("DELETE FROM jobs WHERE kind = 'watch' AND state = 'done'")
            jobs.put(write, "watch", {}, now)

    runtime.store.write(put, bulk=True)


def run(runtime: Runtime, job: Job, step: Step) -> str:
    """One round. The note says what was found."""
    made = dkim_keys.make_missing(runtime)
    shown = 0
    if runtime.settings.get("server.mode") != "lan":
        lists.probe(runtime)
        shown = dkim_keys.check_states(runtime)
        sources.check_all(runtime)
    step(1, 2, "names")
    used = {domain_id: size for domain_id, (_count, size) in accounts.domain_totals(runtime.store.read()).items() if domain_id}
    runtime.store.write(lambda tx: tallies.measure(tx, "storage", used | {tallies.SERVER: sum(used.values())}, runtime.clock.micros()), bulk=True)
    now, get = runtime.clock.micros(), runtime.settings.get
    forgotten = runtime.store.write(
        lambda tx: protection.forget_triplets(tx, now - get("spam.grey_unused") * SECOND, now - get("spam.grey_used") * SECOND, BATCH), bulk=True
    )
    runtime.store.write(lambda tx: protection.forget_learned(tx, now - LEARNED_DAYS * DAY, BATCH), bulk=True)
    told = [f"{made} keys made" if made else "", f"{shown} keys shown" if shown else "", f"{forgotten} senders forgotten" if forgotten else ""]
    return ", ".join(t for t in told if t) or "nothing to do"
