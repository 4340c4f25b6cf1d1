"""Counts what comes back from the members of lists: only failures for good, and a member is paused when there are too many."""

from mailcore.base.clock import Micros
from mailcore.directory import list_verbs
from mailcore.mail.dsn import parse_dsn
from mailcore.runtime.runtime import Runtime
from mailcore.store import Tx, lists
from mailcore.store.records import TraceEvent


def is_final(data: bytes) -> bool:
    """Whether a report says that mail cannot be delivered for good (5.x.x). What is no report counts for nothing."""
    report = parse_dsn(data)
    return report is not None and any(one.action == "failed" and one.status.startswith("5") for one in report.recipients)


def came_back(tx: Tx, runtime: Runtime, member_id: int, now: Micros, *, is_for_good: bool) -> TraceEvent:
    """Count one failure of a member, and say in the trace what that did."""
    member = lists.member(tx, member_id)
    found = lists.by_id(tx, member.list_id) if member is not None else None
    did = "not counted: it may still arrive"
    if is_for_good:
        limit, window = int(runtime.settings.get("lists.pause_bounces")), int(runtime.settings.get("lists.pause_window"))
        did = list_verbs.count_bounce(tx, member_id, now, limit=limit, window_seconds=window)
    data = {"did": did, "list": found.address if found else ""}
    return TraceEvent(at=now, kind="list bounce", address=member.address if member else "", data=data)
