"""Did it arrive? Each recipient's state of a message one sent, from its trace, whichever program sent it."""

import flask
from flask_babel import gettext as _

from mailcore.store import records
from mailcore.store.listing import Stored
from mailcore.store.records import TraceEvent
from web import words
from web.signed_in import account
from web.site import site
from webmail import presenters as p

SHOWN = 50
"""Recipients whose state is shown."""


def arrivals_of(stored: Stored) -> tuple[p.Arrival, ...]:
    """The states, in the order of the trace; empty for mail that is not one's own or whose trace is gone."""
    tx, mine = site().read(), account()
    trace_id = stored.trace_id or records.sent_trace(tx, mine.id, stored.msgid)
    head = records.trace_head(tx, trace_id) if trace_id else None
    if head is None or head.account_id != mine.id:
        return ()
    latest: dict[str, TraceEvent] = {}
    for event in records.trace_of(tx, trace_id):
        if event.address and event.kind in ("delivered", "sent", "deferred", "failed"):
            latest[str(event.data.get("for") or event.address)] = event
    waiting = [a for a in head.recipients.split(", ") if a and a not in latest]
    known = [_worded(address, event, stored.row.message_id) for address, event in latest.items()]
    return tuple([*known, *(p.Arrival(address=a, text=_("on its way"), tone="amber") for a in waiting)][:SHOWN])


def _worded(address: str, event: TraceEvent, message_id: int) -> p.Arrival:
    data, when = event.data, words.short(event.at)
    if event.kind == "delivered":
        return p.Arrival(address=address, text=_("delivered here at %(when)s", when=when), tone="green")
    if event.kind == "sent":
        how = _("with TLS") if data.get("tls") else _("without TLS")
        return p.Arrival(address=address, text=_("accepted by %(host)s at %(when)s %(how)s", host=data.get("host", ""), when=when, how=how), tone="green")
    said = str(data.get("text", ""))[:300]
    if event.kind == "deferred":
        again = data.get("next")
        retry = _(" Next try at %(when)s.", when=words.short(int(again))) if again else ""
        return p.Arrival(address=address, text=_("waiting, because %(why)s", why=said) + retry, tone="amber")
    is_too_big = data.get("status") == "5.3.4"
    again_url = flask.url_for("compose.again", message_id=message_id, to=address, links="1" if is_too_big else None)
    return p.Arrival(address=address, text=_("not delivered: %(why)s", why=said), tone="red", again_url=again_url, is_too_big=is_too_big)
