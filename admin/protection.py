"""Protection: ranges of addresses and what they may do, and senders who are let past or refused."""

from datetime import date, datetime, timedelta
from typing import Any

import flask
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from admin import undoing
from admin.blueprints import admin, toast
from admin.protection_values import RangePage, RangeRow, SenderRow, SendersPage, Tick
from mailcore.base import ip
from mailcore.base.clock import DAY, Micros
from mailcore.base.errors import MailError, Reason
from mailcore.directory import guard_verbs
from mailcore.policy.ranges import DEFAULT
from mailcore.store import protection
from mailcore.store.protection import IpRange
from web import words
from web.drawing import done, page
from web.signed_in import require
from web.site import actor, site
from web.values import Choice
from web.words import said

PROTOCOLS = {"smtp": "SMTP", "imap": "IMAP", "pop3": "POP3"}
DIRECTIONS = {
    "local-local": _l("from addresses here to addresses here"), "local-external": _l("from addresses here to the Internet"),
    "external-local": _l("from the Internet to addresses here"), "external-external": _l("from the Internet to the Internet"),
}  # fmt: skip
MAX_PRIORITY = 1000


def range_row(one: IpRange) -> RangeRow:
    """One line."""
    first, last = ip.text(one.lower), ip.text(one.upper)
    is_open = guard_verbs.is_relaying(one) and one.id != 0
    checks = [label for on, label in ((one.checks_spam, _("spam")), (one.checks_virus, _("viruses"))) if on]
    return RangeRow(
        name=one.name, addresses=first if first == last else f"{first} – {last}", priority=one.priority, is_ban=not one.protocols, is_open=is_open,
        is_trusted=one.priority > protection.BAN_PRIORITY and bool(one.protocols),
        protocols=", ".join(PROTOCOLS[w] for w in PROTOCOLS if w in one.protocols.split()) or _("nothing: kept out"),
        relay_text=_("without a sign-in") if is_open else _("only signed in") if "local-external" in one.allowed.split() else _("not at all"),
        checks_text=", ".join(checks) or _("none"), expires_text=words.long(one.expires_at) if one.expires_at else "",
    )  # fmt: skip


@admin.route("/ranges", methods=["GET", "POST"])
@require("server-admin")
def ranges() -> Any:
    if flask.request.method == "POST":
        if flask.request.form.get("op") != "preset":
            flask.abort(400)
        site().write(lambda tx: guard_verbs.add_hmailserver_ranges(tx, actor(), site().now()))
        toast(_("hMailServer's ranges are here now"))
        return done(flask.url_for("admin.ranges"))
    found = protection.ranges(site().read(), site().now())
    summary = ngettext("One range decides what its addresses may do; the highest priority wins.", "%(num)d ranges decide what their addresses may do; the highest priority wins.", len(found))
    rows = tuple(range_row(one) for one in found)
    return page("admin/ranges.html", area="ranges", summary=summary if found else _("No range is set, so the careful default holds for everyone."), rows=rows, default=range_row(DEFAULT))


@admin.route("/ranges/new", methods=["GET", "POST"])
@require("server-admin")
def range_new() -> Any:
    if flask.request.method == "POST":
        return put(None)
    return page("admin/range.html", area="ranges", page=range_page(DEFAULT, is_new=True))


@admin.route("/ranges/<path:name>", methods=["GET", "POST"], endpoint="range")
@require("server-admin")
def one_range(name: str) -> Any:
    found = next((one for one in protection.ranges(site().read(), site().now()) if one.name == name), None)
    if found is None:
        raise MailError(Reason.NOT_FOUND, _("There is no such range; it may have expired."))
    if flask.request.method == "POST":
        if flask.request.form.get("op") == "delete":
            site().write(lambda tx: guard_verbs.remove_range(tx, actor(), found.name, site().now()))
            toast(_("%(name)s is removed", name=found.name), undoing.token_of(found))
            return done(flask.url_for("admin.ranges"))
        return put(found)
    return page("admin/range.html", area="ranges", page=range_page(found))


def range_page(one: IpRange, *, is_new: bool = False, errors: dict[str, str] | None = None, typed: Any = None) -> RangePage:
    """The form of *one*, or what was *typed* into it."""
    text = typed or {}
    return RangePage(
        name=text.get("name", "" if is_new else one.name), lower=text.get("lower", "" if is_new else ip.text(one.lower)),
        upper=text.get("upper", "" if is_new else ip.text(one.upper)), priority=text.get("priority", "20" if is_new else str(one.priority)),
        protocols=tuple(Tick(value=k, label=v, is_on=k in one.protocols.split()) for k, v in PROTOCOLS.items()),
        allowed=tuple(Tick(value=k, label=str(v), is_on=k in one.allowed.split()) for k, v in DIRECTIONS.items()),
        needs_auth=tuple(Tick(value=k, label=str(v), is_on=k in one.needs_auth.split()) for k, v in DIRECTIONS.items()),
        checks_spam=one.checks_spam, checks_virus=one.checks_virus, needs_tls=one.needs_tls, is_new=is_new, errors=errors or {},
        expires=text.get("expires", words.local(one.expires_at - 1).date().isoformat() if one.expires_at else ""),
    )  # fmt: skip


def typed_range(form: Any, old: IpRange | None) -> IpRange:
    """The range that a form says. Raises MailError(SYNTAX)."""
    priority = form.get("priority", "").strip()
    if not priority.isdigit() or int(priority) > MAX_PRIORITY:
        raise MailError(Reason.SYNTAX, _("The priority is a number from 0 to %(most)d.", most=MAX_PRIORITY))
    return IpRange(
        name=old.name if old else form.get("name", ""), priority=int(priority), lower=form.get("lower", ""), upper=form.get("upper", "").strip() or form.get("lower", ""),
        protocols=" ".join(form.getlist("protocols")), allowed=" ".join(form.getlist("allowed")), needs_auth=" ".join(form.getlist("needs_auth")),
        checks_spam="checks_spam" in form, checks_virus="checks_virus" in form, needs_tls="needs_tls" in form, expires_at=end_of(form.get("expires", "")),
    )  # fmt: skip


def end_of(day: str) -> Micros | None:
    """The end of a day in the admin's zone; None for no day. Raises MailError(SYNTAX)."""
    if not day.strip():
        return None
    try:
        following = date.fromisoformat(day.strip()) + timedelta(days=1)
    except (ValueError, OverflowError) as error:
        raise MailError(Reason.SYNTAX, _("Write the last day as 2027-01-31.")) from error
    ends = int(datetime(following.year, following.month, following.day, tzinfo=words.zone()).timestamp()) * (DAY // 86_400)
    if ends <= site().now():
        raise MailError(Reason.SYNTAX, _("The last day is over already."))
    return ends


FAULTS = (("priority", "priority"), ("last day", "expires"), ("name", "name"))


def put(old: IpRange | None) -> Any:
    """Store what was typed, or show it again with what is wrong."""
    form, made = flask.request.form, old or DEFAULT
    try:
        made = typed_range(form, old)
        if old is None and any(one.name == made.name.strip() for one in protection.ranges(site().read(), 0)):
            raise MailError(Reason.IN_USE, _("Another range has this name."))
        site().write(lambda tx: guard_verbs.put_range(tx, actor(), made, site().now()))
    except MailError as error:
        place = next((key for word, key in FAULTS if word in error.detail), "lower")
        return page("admin/range.html", area="ranges", page=range_page(made, is_new=old is None, errors={place: said(error)}, typed=form)), 422
    toast(_("%(name)s is saved and holds within seconds", name=made.name))
    return done(flask.url_for("admin.ranges"))


@admin.route("/senders", methods=["GET", "POST"])
@require("server-admin")
def senders() -> Any:
    form, error = flask.request.form, ""
    if flask.request.method == "POST":
        try:
            return change_sender(form)
        except MailError as refused:
            error = said(refused)
    found = protection.sender_rules(site().read())
    rows = tuple(SenderRow(id=r.id, kind=r.kind, who=r.sender or _("anyone"), network=r.network or _("any address"), note=r.note) for r in reversed(found))
    kinds = (Choice(value="deny", label=_("Refuse")), Choice(value="allow", label=_("Let past every spam check")))
    made = SendersPage(rows=rows, kind=form.get("kind", "deny"), sender=form.get("sender", ""), network=form.get("network", ""), note=form.get("note", ""), kinds=kinds, error=error)
    return page("admin/senders.html", area="senders", page=made), 422 if error else 200


def change_sender(form: Any) -> Any:
    """Add or remove a rule. Raises MailError."""
    if form.get("op") == "remove":
        number = int(form["id"]) if form.get("id", "").isdigit() else 0
        site().write(lambda tx: guard_verbs.remove_sender_rule(tx, actor(), number, site().now()))
        toast(_("Removed"))
    else:
        words_ = {k: form.get(k, "") for k in ("network", "sender", "note")}
        site().write(lambda tx: guard_verbs.add_sender_rule(tx, actor(), form.get("kind", ""), now=site().now(), **words_))
        toast(_("Added"))
    return done(flask.url_for("admin.senders"))
