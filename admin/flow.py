"""Mail flow: the queue with its items, and the timeline of every message."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import flask
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from admin import presenters as p
from admin import sight
from admin.blueprints import PAGE, admin, toast
from mailcore.base.errors import MailError, Reason
from mailcore.directory import flow_verbs
from mailcore.store import outbox, records
from web import words
from web.drawing import done, page
from web.signed_in import require, safe_next
from web.site import actor, site


def queue_row(item: outbox.Item) -> p.QueueRow:
    """One item as a line."""
    people = outbox.recipients(site().read(), item.id)
    waiting = [r for r in people if r.state == "waiting"] or people
    names = ", ".join(r.address for r in waiting[:2]) + (f" +{len(waiting) - 2}" if len(waiting) > 2 else "")
    reply = next((r.detail if r.detail.startswith(str(r.code or "")) else f"{r.code} {r.detail}" for r in waiting if r.detail), "")
    hours = (site().now() - item.created_at) // 3_600_000_000
    return p.QueueRow(
        id=str(item.id), sender=item.sender, recipient=names, subject=item.subject, state="held" if item.state == "held" else "waiting",
        next_text=_("when released") if item.state == "held" else words.short(item.next_at), age_text=_("%(hours)d h", hours=hours) if hours else _("under an hour"),
        size_text=words.size(item.size), attempts=item.attempts, reply=reply[:200],
    )  # fmt: skip


@admin.route("/queue", methods=["GET", "POST"])
@require("server-admin")
def queue() -> Any:
    if flask.request.method == "POST":
        return act(flask.request.form.getlist("ids"))
    args, tx = flask.request.args, site().read()
    q, state = args.get("q", "").strip(), args.get("state", "")
    cursor = int(args["cursor"]) if args.get("cursor", "").isdigit() else 0
    found = outbox.listing(tx, state=state, contains=q, after_id=cursor, limit=PAGE)
    total = outbox.count(tx)
    states = (p.Choice(value="", label=_("All")), p.Choice(value="waiting", label=_("Waiting")), p.Choice(value="held", label=_("Held")))
    older = flask.url_for("admin.queue", q=q, state=state, cursor=found[-1].id) if len(found) == PAGE else None
    busy = outbox.waiting_by_domain(tx, limit=1)
    summary = _("Nothing waits") if not total else ngettext("One message waits.", "%(num)d messages wait.", total)
    if busy:
        summary += " " + _("Most of them for %(domain)s.", domain=busy[0][0])
    paging = p.Paging(shown=len(found), total=total, older=older, is_filtered=bool(q or state), state="ready" if found else "empty")
    return page("admin/queue.html", area="queue", summary=summary, q=q, state=state, states=states, rows=tuple(queue_row(i) for i in found), paging=paging)


def act(ids: list[str]) -> Any:
    """Retry, hold, release, bounce or delete messages."""
    op, wanted = flask.request.form.get("op", ""), [int(i) for i in ids[:1000] if i.isdigit()]
    count = site().write(lambda tx: flow_verbs.change_each(tx, actor(), wanted, op, site().now()))
    told = ngettext("Done with one message", "Done with %(num)d messages", count) if count else ""
    toast(" · ".join(text for text in (told, gone_text(len(wanted) - count)) if text))
    return done(safe_next(flask.request.form.get("next"), flask.url_for("admin.queue")))


def gone_text(count: int) -> str:
    """A word about messages that left while somebody looked at the list; empty for none."""
    return ngettext("One message had left already", "%(num)d messages had left already", count) if count else ""


@admin.route("/queue/<int:item_id>", methods=["GET", "POST"])
@require("server-admin")
def queue_item(item_id: int) -> Any:
    if flask.request.method == "POST":
        return act([str(item_id)])
    tx = site().read()
    item = outbox.get(tx, item_id)
    if item is None:
        raise MailError(Reason.NOT_FOUND, _("This message is no longer in the queue."))
    tries = tuple(attempt(e) for e in reversed(records.trace_of(tx, item.trace_id)) if e.kind in ("sent", "deferred", "failed"))
    relay = str(site().runtime.settings.get("relay.host"))
    head = records.trace_head(tx, item.trace_id)
    made = p.QueueItemPage(
        row=queue_row(item), attempts=tries, trace_id=item.trace_id, route_text=_("It goes through %(host)s.", host=relay) if relay else _("It goes straight to the recipient's server."),
        expires_text=words.long(item.expires_at), message_id=head.msgid if head else "",
    )  # fmt: skip
    return page("admin/queue_item.html", area="queue", page=made)


def clock(at: int) -> str:
    """The clock time, and the day before it where that is not today."""
    there = words.local(at)
    day = "" if there.date() == words.local(site().now()).date() else words.day(there.date()) + " "
    return f"{day}{there:%H:%M}"


def attempt(event: records.TraceEvent) -> p.Attempt:
    """One try."""
    data = event.data
    text = {"sent": _("%(address)s was taken", address=event.address), "deferred": _("%(address)s must wait", address=event.address), "failed": _("%(address)s was refused", address=event.address)}[event.kind]
    return p.Attempt(
        time_text=clock(event.at), time_iso=words.iso(event.at), host=f"{data.get('host', '')} {data.get('address', '')}".strip(),
        outcome={"sent": "delivered", "deferred": "later", "failed": "failed"}[event.kind], text=text, reply=f"{data.get('code') or ''} {data.get('text', '')}".strip(), tls=data.get("tls", ""),
    )  # fmt: skip


STATES = {"delivered": "delivered", "sent": "delivered", "queued": "waiting", "failed": "failed", "refused": "refused", "dropped": "failed", "quarantined": "waiting"}


def state_words(outcome: str) -> str:
    """An outcome for people."""
    return {"delivered": _("delivered"), "sent": _("sent"), "queued": _("waiting"), "failed": _("failed"), "refused": _("refused"), "dropped": _("nobody to tell"), "quarantined": _("in quarantine")}.get(outcome, outcome)


@admin.get("/messages")
@require("domain-admin")
def timeline() -> Any:
    args, tx = flask.request.args, site().read()
    q, state = args.get("q", "").strip(), args.get("state", "")
    before = int(args["cursor"]) if args.get("cursor", "").isdigit() else None
    day, (since, until) = args.get("day", ""), day_of(args.get("day", ""))
    outcomes = [outcome for outcome, kind in STATES.items() if kind == state]
    found = records.find_traces(tx, contains=q, since=since, until=until, before=before, domains=sight.own_names(), outcomes=outcomes, limit=PAGE)
    chosen = [h for one in found if (h := sight.head_of(one, q)) is not None]
    rows = tuple(
        p.TraceRow(id=h.trace_id, time_text=words.short(h.at), time_iso=words.iso(h.at), sender=h.sender, recipient=h.recipients, subject=h.subject, state=STATES.get(h.outcome, "waiting"), state_text=state_words(h.outcome))
        for h in chosen
    )
    states = (p.Choice(value="", label=_("All")), p.Choice(value="delivered", label=_("Delivered")), p.Choice(value="waiting", label=_("Waiting")), p.Choice(value="failed", label=_("Failed")), p.Choice(value="refused", label=_("Refused")))
    older = flask.url_for("admin.timeline", q=q, state=state, day=day, cursor=found[-1].at) if len(found) == PAGE else None
    paging = p.Paging(shown=len(rows), total=len(rows), older=older, is_filtered=bool(q or state or day), state="ready" if rows else "empty")
    return page("admin/timeline.html", area="timeline", summary=_("Every message of the last 90 days, and what became of it."), q=q, state=state, day=day, states=states, rows=rows, paging=paging)


def day_of(text: str) -> tuple[int, int | None]:
    """When a day such as 2026-11-30 begins and ends in the admin's zone; everything for what is no day."""
    try:
        first = words.moment_of(f"{date.fromisoformat(text).isoformat()}T00:00")
        return first, words.moment_of(f"{(date.fromisoformat(text) + timedelta(days=1)).isoformat()}T00:00")
    except (ValueError, OverflowError, MailError):
        return 0, None


@admin.get("/messages/<trace_id>")
@require("domain-admin")
def trace(trace_id: str) -> Any:
    head = records.trace_head(site().read(), trace_id)
    if head is None or sight.head_of(head) is None:
        raise MailError(Reason.NOT_FOUND, _("There is no such message."))
    return page("admin/trace.html", area="timeline", page=trace_page(head))


def trace_page(head: records.TraceHead) -> p.TracePage:
    """The whole story of one message."""
    events, last = [], words.local(site().now()).date()
    known = sight.events_of(head, records.trace_of(site().read(), head.trace_id))
    kinds = {event.kind for event in known}
    if head.ip and "refused" in kinds and "accepted" not in kinds:
        known = [records.TraceEvent(at=head.at, kind="accepted", address="", data={"ip": head.ip, "size": head.size}), *known]
    for event in known:
        if event.kind == "filter" and str(event.data.get("did", "")).startswith("program "):
            continue  # the program's own lines tell that it was asked for, and how it ended
        day = words.local(event.at).date()
        events.append(replace(story(event), day_text=words.day(day) if day != last else ""))
        last = day
    head = sight.head_of(head) or head
    return p.TracePage(
        id=head.trace_id, sender=head.sender, recipients=tuple(r for r in head.recipients.split(", ") if r), subject=head.subject, state=STATES.get(head.outcome, "waiting"),
        state_text=state_words(head.outcome), size_text=words.size(head.size), message_id=head.msgid.strip("<>"), events=tuple(events),
    )  # fmt: skip


CHECKS = {
    "spf": "SPF", "dkim": "DKIM", "dmarc": "DMARC", "arc": "ARC", "helo": _l("Greeting name"), "ptr": _l("Name of the address"), "mx": _l("Sender's mail servers"), "dnsbl": _l("DNS block lists"),
    "uribl": _l("Links"), "greylist": _l("Greylisting"), "allowed": _l("White list"), "denied": _l("Black list"), "spamassassin": "SpamAssassin", "rspamd": "rspamd", "bayes": _l("Learned words"), "virus": _l("Viruses"), "attachment": _l("Attachments"),
    "list": _l("White and black list"), "score": _l("Score"), "signature": _l("Domain signature"), "sender": _l("Sender"),
}  # fmt: skip
"""A check's name for people; one that is not here shows as it is."""
TONES = {"accept": "accent", "junk": "amber", "defer": "amber", "refuse": "red"}


def judged(event: records.TraceEvent) -> tuple[str, str, str, str]:
    """(title, text, code, tone) of a check, of what a filter did, or of the refusal."""
    data = event.data
    if event.kind == "refused":
        return _("Refused"), str(data.get("detail", "")), "", "red"
    if event.kind == "program":
        titles = {"done": _("The program %(name)s has run", name=data.get("program", "")), "failed": _("The program %(name)s failed", name=data.get("program", ""))}
        took = _("in %(count)d ms", count=int(data.get("took_ms", 0))) if data.get("state") == "done" else ""
        state = str(data.get("state", ""))
        return titles.get(state, _("A rule asks for the program %(name)s", name=data.get("program", ""))), ", ".join(x for x in (str(data.get("why", "")), took) if x), str(data.get("output", "")), {"done": "green", "failed": "red"}.get(state, "accent")
    if event.kind == "filter":
        rest = ", ".join(str(data[k]) for k in ("to", "why") if data.get(k))
        verb, _space, name = str(data.get("did", "")).partition(" ")
        if verb == "route":
            return _("A rule chose the route %(name)s", name=name), rest, "", "accent"
        return _("A filter of %(who)s: %(what)s", who=event.address, what=data.get("did", "")), rest, _("line %(number)s", number=data["line"]) if data.get("line") else "", "accent"
    name, level = str(data.get("check", "")), str(data.get("level", "accept"))
    outcome = data.get("result") or ({"junk": _("into Junk"), "defer": _("later"), "refuse": _("refused")}.get(level, "") if name == "score" else "")
    points = data.get("points") if name == "score" else data.get("score")
    title = f"{CHECKS.get(name, name)}{': ' + str(outcome) if outcome else ''}"
    return title, str(data.get("text") or data.get("failed") or ""), ngettext("%(num)d point", "%(num)d points", int(points)) if points else "", TONES.get(level, "accent")


def list_words(event: records.TraceEvent) -> tuple[str, str, str]:
    """What a list did, its reason, and the tone."""
    data, who = event.data, event.address
    if event.kind == "list bounce":
        paused = data.get("did") == "paused"
        return (_("%(who)s is paused on %(list)s", who=who, list=data.get("list", "")) if paused else _("Mail to %(who)s came back", who=who)), str(data.get("did", "")), "amber"
    if data.get("did") == "expanded":
        text = _("%(here)s here, %(elsewhere)s elsewhere", here=data.get("here", 0), elsewhere=data.get("elsewhere", 0))
        return _("The list %(who)s sends it on", who=who), text, "accent"
    title = {"left out": _("%(who)s gets nothing", who=who), "From rewritten": _("Sent on in the name of %(who)s", who=who)}.get(str(data.get("did")), _("%(who)s: not sent elsewhere", who=who))
    return title, str(data.get("why", "")), "accent"


def own_word(event: records.TraceEvent) -> p.TimelineEvent:
    """A message that the server wrote itself, or the word of one, with the way to the other."""
    titles = {"told": _("The sender was told"), "bounce": _("A report about another message"), "reply": _("An automatic answer to another message"), "notice": _("A note of the server itself")}
    other = str(event.data.get("report" if event.kind == "told" else "about", ""))
    is_there = event.kind != "notice" and records.trace_head(site().read(), other) is not None
    return p.TimelineEvent(
        time_text=words.local(event.at).strftime("%H:%M:%S"), time_iso=words.iso(event.at), title=titles[event.kind], href=flask.url_for("admin.trace", trace_id=other) if is_there else "",
        link_text=_("See the report") if event.kind == "told" else _("See that message"),
    )  # fmt: skip


def story(event: records.TraceEvent) -> p.TimelineEvent:
    """One event in words."""
    data, who = event.data, event.address
    title, text, code, tone = event.kind, "", "", "accent"
    if event.kind == "accepted":
        title = _("Sent by %(who)s", who=data["by"]) if data.get("by") else _("Arrived from %(host)s", host=data.get("helo") or data.get("ip", ""))
        text = ", ".join(str(x) for x in (data.get("ip"), data.get("tls"), words.size(int(data.get("size", 0)))) if x)
    elif event.kind == "delivered":
        title, text, tone = _("Delivered to %(who)s", who=who), _("in %(mailbox)s", mailbox=data["mailbox"]) if data.get("mailbox") else "", "green"
    elif event.kind in ("sent", "deferred", "failed"):
        title = {"sent": _("%(host)s took it for %(who)s", host=data.get("host", ""), who=who), "deferred": _("%(who)s must wait", who=who), "failed": _("Not delivered to %(who)s", who=who)}[event.kind]
        text, code = ", ".join(str(x) for x in (data.get("address"), data.get("tls")) if x), f"{data.get('code') or ''} {data.get('text', '')}".strip()
        tone = {"sent": "green", "deferred": "amber", "failed": "red"}[event.kind]
    elif event.kind in ("check", "filter", "refused", "program"):
        title, text, code, tone = judged(event)
    elif event.kind in ("told", "bounce", "reply", "notice"):
        return own_word(event)
    elif event.kind in ("list", "list bounce"):
        title, text, tone = list_words(event)
    return p.TimelineEvent(time_text=words.local(event.at).strftime("%H:%M:%S"), time_iso=words.iso(event.at), title=title, text=text, code=code, tone=tone)
