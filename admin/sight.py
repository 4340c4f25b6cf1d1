"""What an admin of one domain sees of a message that touches other domains too: the own part of it, and what the sender's server would be told."""

from dataclasses import replace

import flask

from admin.blueprints import is_server, own_domains
from mailcore.store import accounts, records
from web.site import site

OUTCOMES = ("sent", "deferred", "failed", "delivered")
"""Events about one recipient that whoever sent the message may know."""


def own_names() -> tuple[str, ...]:
    """The names of the admin's domains, other names included, read once a request; () for a server admin, who sees all."""
    if is_server():
        return ()
    if not hasattr(flask.g, "own_names"):
        flask.g.own_names = tuple(name for d in own_domains() for name in (d.name, *accounts.domain_aliases(site().read(), d.id)))
    return flask.g.own_names  # type: ignore[no-any-return]


def is_own(address: str) -> bool:
    """Whether an address lies in the admin's domains."""
    return is_server() or address.rpartition("@")[2].lower() in own_names()


def head_of(head: records.TraceHead, asked: str = "") -> records.TraceHead | None:
    """A message with the recipients the admin may know; None for a message of others, and where only what is hidden fits *asked*."""
    if is_server() or is_own(head.sender):
        return head
    mine = [r for r in head.recipients.split(", ") if is_own(r)]
    hidden = [r for r in head.recipients.split(", ") if r not in mine]
    only_there = asked.lower() in ", ".join(hidden).lower() and asked.lower() not in " ".join((head.sender, *mine, head.subject, head.msgid, head.trace_id)).lower()
    return replace(head, recipients=", ".join(mine)) if mine and not (asked and only_there) else None


def events_of(head: records.TraceHead, events: list[records.TraceEvent]) -> list[records.TraceEvent]:
    """The events of *head* (as stored) that the admin may know, without what is another domain's own affair."""
    is_sender = is_own(head.sender)
    is_whole = is_sender or all(is_own(r) for r in head.recipients.split(", "))
    found = []
    for event in events:
        if is_server() or is_own(event.address) or (not event.address and (is_whole or event.kind != "refused")):
            found.append(event)
        elif event.kind in OUTCOMES and (is_whole or is_own(str(event.data.get("for", "")))):
            found.append(replace(event, data={k: v for k, v in event.data.items() if k != "mailbox"}))
    return found
