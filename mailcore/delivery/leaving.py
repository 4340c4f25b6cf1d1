"""Rules for what leaves, and programs that rules run.

A message for elsewhere has no mailbox whose filters would see it: the server's rules, then the sender's domain's and their own, are
asked before it is queued, and two answers count, the route and the programs. A program runs as a job which the delivery's own write
puts in, once for a message however many people it is for; the delivery waits for nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mailcore.base.clock import Micros
from mailcore.base.errors import MailError
from mailcore.delivery import sift
from mailcore.delivery.parcel import Parcel
from mailcore.directory.resolve import target_of
from mailcore.policy.facts import Mail
from mailcore.runtime.runtime import Runtime
from mailcore.sieve import OWN_EXTENSIONS
from mailcore.sieve import actions as a
from mailcore.sieve.message import Mail as Message
from mailcore.store import Tx, jobs, records
from mailcore.store.blobs import rows
from mailcore.store.records import TraceEvent

if TYPE_CHECKING:
    from mailcore.delivery.accept import Plan
    from mailcore.sieve import Script

JOB = "program"


@dataclass(slots=True, kw_only=True)
class Leaving:
    """What the rules say about a message that leaves. The route of the last rule that names one counts."""

    route: str = ""
    programs: list[str] = field(default_factory=list)
    events: list[TraceEvent] = field(default_factory=list)


def rules(runtime: Runtime, tx: Tx, mail: Mail, parcel: Parcel, made: "Plan") -> Leaving:
    """Ask the rules that could say something. A program that does not compile says nothing here: where mail is delivered it is told."""
    found, account = Leaving(), mail.client.account
    try:
        asked = [one for one in _chain(runtime, tx, mail) if one[0].extensions & set(OWN_EXTENSIONS)]
    except MailError:
        return found
    if not asked:
        return found
    now, message, who = runtime.clock.micros(), Message(parcel.data), next(iter((*made.remote, *made.forwarded)))
    around = sift.surroundings(runtime, tx, mail, account, who, now)
    for script, scope in asked:
        is_by_admin = scope not in ("", sift.OWN)
        result = script.run(message, around)
        told = [line for line in result.trace if line.text.startswith(("route ", "program ") if is_by_admin else "route ")]
        found.events += [TraceEvent(at=now, kind="filter", address=str(mail.sender.address or ""), data={"did": line.text, "line": line.line}) for line in told]
        for action in result.actions:
            if isinstance(action, a.SendBy):
                found.route = action.route
            elif isinstance(action, a.RunProgram) and is_by_admin:
                found.programs.append(action.name)
    return found


def _chain(runtime: Runtime, tx: Tx, mail: Mail) -> "list[tuple[Script, str]]":
    """The server's program, and for mail of somebody here their domain's and their own."""
    programs, account = sift.programs(runtime), mail.client.account
    if account is not None:
        return programs.of(runtime, tx, target_of(account))
    shared = programs.shared(runtime, tx).get("system")
    return [(shared[1], "system")] if shared is not None else []


def ask(tx: Tx, runtime: Runtime, mail: Mail, parcel: Parcel, prefix: bytes, names: Sequence[str], now: Micros) -> list[TraceEvent]:
    """Put in a job for each program of *names* that this message has none for yet; the events. Nothing runs for what is held."""
    wanted = [] if mail.is_held else list(dict.fromkeys(names))
    if not wanted:
        return []
    asked = {event.data.get("program") for event in records.trace_of(tx, parcel.trace_id) if event.kind == JOB}
    made = []
    for name in wanted:
        if name in asked:
            continue
        payload = {
            "program": name, "trace_id": parcel.trace_id, "prefix": prefix.decode("latin-1"), "sender": str(mail.sender.address or ""),
            "recipients": [one.path for one in mail.recipients],
        }  # fmt: skip
        jobs.put(tx, JOB, payload, now, blob_id=rows.claim(tx, parcel.staged, now, runtime.store.blobs))
        made.append(TraceEvent(at=now, kind=JOB, address="", data={"program": name, "state": "asked"}))
    return made
