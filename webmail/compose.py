"""Writing: new, reply, forward, drafts saved while one types, files, sending. A draft is a message in Drafts from its first save."""

import re
from dataclasses import replace
from typing import Any

import flask
from flask_babel import gettext as _
from flask_babel import ngettext

from mailcore.base.clock import SECOND
from mailcore.base.errors import MailError, Reason
from mailcore.directory import file_links, identities, resolve
from mailcore.mail.address import Address
from mailcore.mail.compose import Attachment
from mailcore.mail.html import html_to_text, text_to_html
from mailcore.net import fetch
from mailcore.policy import intake
from mailcore.sessions import webmail_drafts as drafts
from mailcore.sessions import webmail_held
from mailcore.store import listing, templates
from web import tokens, words
from web.drawing import done, page, wants_json
from web.forms import token as form_token
from web.signed_in import account, require
from web.site import site
from web.words import said
from webmail import files, later, starting
from webmail import presenters as p
from webmail.blueprints import compose, setting
from webmail.reach import message_of
from webmail.starting import key_of, origin_of

SUGGESTED = 8
CHECKED = 100
HEAVY_BYTES = 18 * 1024 * 1024
"""Files that make a message of 25 MB, more than which many servers elsewhere refuse."""
"""Addresses that one question may name."""
ATTACHED = re.compile(
    r"\b(?:attach(?:ed|ment|ing)?|enclos(?:ed|ure)|anbei|anhang|anlage|angehängt|beigefügt|adjunt[oa]s?|ci-joint|pièces? jointes?|allegat[oi]|bijlage|em anexo)\b|مرفق",
    re.IGNORECASE,
)
"""Words that promise a file."""
STAND_IN = '<svg xmlns="http://www.w3.org/2000/svg" width="24" height="24" viewBox="0 0 24 24"><rect width="24" height="24" fill="#8886"/></svg>'
PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})


@compose.get("")
@require("user")
def new() -> Any:
    args, typed = flask.request.args, starting.blank()
    body = args.get("body", "")[:50_000]
    typed = replace(
        typed, to=args.get("to", "")[:2000], cc=args.get("cc", "")[:2000], bcc=args.get("bcc", "")[:2000], subject=args.get("subject", "")[:500], text=body + typed.text,
        html=(text_to_html(body) if body else "") + typed.html if typed.html else "",
    )  # fmt: skip
    return drawn(form_of(drafts.Draft(key=drafts.new_key(site().runtime), typed=typed), _("New message")))


@compose.get("/reply/<int:message_id>")
@require("user")
def reply(message_id: int) -> Any:
    kind = flask.request.args.get("how", "reply")
    draft = starting.start_of(f"r{message_id}-{kind}")
    return drawn(form_of(replace(draft, key=f"{draft.key}-r{message_id}-{kind}"), _("Forward") if kind in ("forward", "attached") else _("Reply")))


@compose.get("/again/<int:message_id>")
@require("user")
def again(message_id: int) -> Any:
    """A sent message once more, to one address that is to be corrected."""
    stored = message_of(message_id)
    old = drafts.read("", listing.content(site().store.blobs, stored), 0)
    typed = replace(old.typed, to=flask.request.args.get("to", "")[:320], cc="", bcc="")
    made = drafts.store(site().runtime, account(), replace(old, key=drafts.new_key(site().runtime), typed=typed, revision=1))
    form = form_of(replace(made, key=str(made.message_id)), _("Send again"))
    return drawn(replace(form, is_heavy=form.is_heavy or bool("links" in flask.request.args and form.link_days and form.total_bytes)))


@compose.get("/<draft_id>")
@require("user")
def edit(draft_id: str) -> Any:
    found = drafts.find(site().runtime, account(), key_of(draft_id))
    unsaved = origin_of(draft_id) if found is None else None
    if unsaved is not None:
        return drawn(form_of(replace(unsaved, key=draft_id), _("New message")))
    if found is None:
        raise MailError(Reason.NOT_FOUND, _("This draft is no longer here."))
    was_held = webmail_held.cancel(site().runtime, account(), found.message_id)
    return drawn(form_of(replace(found, key=draft_id), found.typed.subject or _("Draft"), saved=_("It is no longer going to be sent by itself.") if was_held else ""))


def form_of(draft: drafts.Draft, title: str, errors: dict[str, str] | None = None, saved: str = "") -> p.ComposeForm:
    """A draft on screen."""
    mine, typed = account(), draft.typed
    links = file_links.limits(site().runtime, mine)
    whole = intake.size_limit(site().runtime, mine.domain_id)
    limit = intake.file_bytes(whole)  # of files: base64 makes a third more of them
    html = starting.on_screen(typed.html, draft) if typed.html else ""
    shown = tuple(replace_id(files.card(f.name, len(f.content), ""), i) for i, f in enumerate(f for f in draft.files if not f.content_id))
    total = sum(len(f.content) for f in draft.files)
    return p.ComposeForm(
        draft_id=draft.key, title=title, identities=senders(typed.sender), from_value=typed.sender or mine.address, to=typed.to, cc=typed.cc, bcc=typed.bcc,
        subject=typed.subject, body_text=typed.text, body_html=html or text_to_html(typed.text), format="html" if html or not draft.message_id else "text",
        attachments=shown, saved_text=saved, revision=draft.revision, limit_text=intake.file_words(whole), limit_bytes=limit, errors=errors or {}, total_bytes=total,
        total_text=words.size(total) if total else "", priority=typed.priority, wants_receipt=typed.wants_receipt, wants_report=typed.wants_report,
        templates=tuple(p.Choice(value=str(number), label=name) for number, name in templates.names(site().read(), mine.id)),
        account=mine.address, signatures=signatures(is_reply="-r" in draft.key or bool(draft.answers)), moments=later.sending(),
        link_days=p.day_choices(links.days) if links.is_on else (), link_bytes=links.file_bytes, link_text=words.size(links.file_bytes), is_heavy=links.is_on and total > HEAVY_BYTES,
    )  # fmt: skip


def senders(chosen: str) -> tuple[p.Choice, ...]:
    """Whom one may write as; *chosen* is among them even when it is a plus address."""
    found = [(one.address, one.name) for one in identities.of_account(site().read(), account())]
    if chosen and chosen not in [a for a, _name in found] and resolve_own(chosen):
        found.append((chosen, account().display_name))
    return tuple(p.Choice(value=a, label=f"{name} <{a}>" if name else a) for a, name in found)


def resolve_own(text: str) -> bool:
    """Whether the person may write as this address."""
    return str(drafts.own_sender(site().read(), account(), text).address) == text


def signatures(*, is_reply: bool) -> dict[str, dict[str, str]]:
    """By sender, the signature as text and HTML: the page changes it with From."""
    own = resolve.senders_of(site().read(), account())
    return {a: {"text": starting.signature_block(a, is_reply=is_reply), "html": starting.signature_html(a, is_reply=is_reply)} for a in own}


def replace_id(card: p.Attachment, number: int) -> p.Attachment:
    """A file's card with its number on the draft."""
    return replace(card, id=str(number))


def drawn(form: p.ComposeForm, status: int = 200) -> Any:
    """The panel for a script, a page without."""
    if flask.request.headers.get("HX-Target") == "compose-slot":
        return flask.render_template("webmail/_compose.html", form=form), status
    return page("webmail/compose.html", form=form), status


def typed_of_form() -> drafts.Typed:
    """What was typed."""
    form = flask.request.form
    html = starting.from_screen(form.get("body_html", "")) if form.get("format") == "html" else ""
    return drafts.Typed(
        sender=form.get("from", ""), to=form.get("to", ""), cc=form.get("cc", ""), bcc=form.get("bcc", ""), subject=form.get("subject", ""),
        text=form.get("body", "").replace("\r\n", "\n"), html=html, priority=form.get("priority", ""), wants_receipt="receipt" in form,
        wants_report="report" in form,
    )  # fmt: skip


@compose.post("/<draft_id>/draft")
@require("user")
def save(draft_id: str) -> Any:
    revision = int(flask.request.form.get("revision") or 0)
    take_files(draft_id)
    key = key_of(draft_id)
    made = drafts.save(site().runtime, account(), key, typed_of_form(), revision, start=origin_of(draft_id))
    told = _("Draft saved") if made.key == key else _("This draft was changed elsewhere. Your text is kept here as another draft.")
    return done(flask.url_for("compose.edit", draft_id=made.key), saved_text=told, revision=made.revision, draft=made.key if made.key != key else None)


@compose.get("/token")
@require("user")
def token() -> Any:
    return flask.jsonify(token=form_token(), account=account().address)


@compose.get("/<draft_id>/picture/<cid>")
@require("user")
def picture(draft_id: str, cid: str) -> Any:
    draft = drafts.find(site().runtime, account(), key_of(draft_id)) or origin_of(draft_id)
    found = next((f for f in draft.files if f.content_id == cid), None) if draft is not None else None
    if found is None or found.type.lower() not in PICTURES:
        flask.abort(404)
    return flask.Response(found.content, content_type=found.type.lower(), headers={"Content-Security-Policy": "default-src 'none'; sandbox", "Cache-Control": "private, max-age=600"})


@compose.get("/stand-in")
@require("user")
def stand_in() -> Any:
    return flask.Response(STAND_IN, content_type="image/svg+xml", headers={"Content-Security-Policy": "default-src 'none'; sandbox"})


def fetched(url: str) -> Attachment:
    """A picture of pasted text, fetched as those of messages are. Raises MailError(NOT_PERMITTED, NETWORK)."""
    found = fetch.picture(site().runtime.resolver, url)
    return Attachment(name=found.mime.replace("/", "."), type=found.mime, content=found.data, content_id=f"{site().runtime.new_trace_id()}@inline")


def take_files(draft_id: str) -> drafts.Draft | None:
    """Add the files of this form to the draft, or the picture elsewhere that it names."""
    sent = [f for f in flask.request.files.getlist("files") if f.filename]
    inline, elsewhere = flask.request.form.get("inline") == "1", flask.request.form.get("picture_url", "")
    if not sent and not elsewhere:
        return None
    made = [fetched(elsewhere)] if elsewhere else [
        Attachment(
            name=(f.filename or "file")[-200:], type=f.mimetype if "/" in (f.mimetype or "") else "application/octet-stream", content=f.read(),
            content_id=f"{site().runtime.new_trace_id()}@inline" if inline else "",
        )
        for f in sent
    ]  # fmt: skip
    return drafts.attach(site().runtime, account(), key_of(draft_id), made, start=origin_of(draft_id))


@compose.get("/<draft_id>/files")
@require("user")
def listed(draft_id: str) -> Any:
    draft = drafts.find(site().runtime, account(), key_of(draft_id)) or origin_of(draft_id)
    if draft is None:
        flask.abort(404)
    return flask.render_template("webmail/_attachments.html", form=form_of(replace(draft, key=draft_id), ""))


@compose.post("/<draft_id>/files")
@require("user")
def attach(draft_id: str) -> Any:
    key = key_of(draft_id)
    if flask.request.form.get("detach", "").isdigit():
        draft: drafts.Draft | None = drafts.detach(site().runtime, account(), key, int(flask.request.form["detach"]))
    else:
        draft = take_files(draft_id)
    if draft is None:
        flask.abort(400)
    if flask.request.form.get("inline") == "1":
        return flask.jsonify(url=flask.url_for("compose.picture", draft_id=key, cid=draft.files[-1].content_id))
    if wants_json() or "HX-Request" in flask.request.headers:
        return flask.render_template("webmail/_attachments.html", form=form_of(replace(draft, key=draft_id), ""))
    return flask.redirect(flask.url_for("compose.edit", draft_id=key), 303)


@compose.post("/<draft_id>/send")
@require("user")
def send(draft_id: str) -> Any:
    typed, form = typed_of_form(), flask.request.form
    op = "schedule" if form.get("offer") else form.get("op") or form.get("sure", "send")
    take_files(draft_id)
    draft_id, is_own = apart(draft_id, typed)
    try:
        check(typed, draft_id, is_sure="sure" in form)
        told, undo = sent(draft_id, typed, op, form.get("offer") or form.get("when", ""))
    except MailError as error:
        if error.temporary and error.reason in (Reason.STORAGE, Reason.NO_SPACE):
            raise
        return refused(draft_id, typed, {str(getattr(error, "field", FIELD_OF.get(error.reason, "form"))): said(error)}, is_own=is_own)
    if op == "send-archive":
        archive_answered(draft_id)
    if not wants_json():
        flask.session["toast"] = {"text": told, "undo": undo}
    return done(flask.url_for("mail.home"), message=told, undo=undo)


FIELD_OF = dict.fromkeys((Reason.UNKNOWN_USER, Reason.DISABLED, Reason.SYNTAX, Reason.POLICY, Reason.OVER_QUOTA), "to")


def apart(draft_id: str, typed: drafts.Typed) -> tuple[str, bool]:
    """The draft to send, and whether it is the one of this form: when another tab has saved since, that one's text stays and this is a copy."""
    found, revision = drafts.find(site().runtime, account(), key_of(draft_id)), int(flask.request.form.get("revision") or 0)
    if found is None or found.revision == revision:
        return draft_id, True
    return drafts.save(site().runtime, account(), found.key, typed, revision).key, False


def sent(draft_id: str, typed: drafts.Typed, op: str, when: str) -> tuple[str, str | None]:
    """Send now, in a few seconds, or at the chosen time: what is told, and the token that takes it back. Raises MailError."""
    runtime, mine, key = site().runtime, account(), key_of(draft_id)
    wait = int(setting("web.undo_seconds"))
    if op == "schedule":
        due = words.moment_of(when)
        told = _("Will be sent on %(when)s", when=words.long(due))
    elif wait:
        due, told = site().now() + wait * SECOND, _("Sent")
    else:
        drafts.send(runtime, mine, key, typed, start=origin_of(draft_id), ip=flask.request.remote_addr or "")
        return _("Sent"), None
    held = webmail_held.hold(runtime, mine, drafts.ready(runtime, mine, key, typed, start=origin_of(draft_id)), due)
    return told, tokens.make("undo", {"held": held})


def check(typed: drafts.Typed, draft_id: str, *, is_sure: bool) -> None:
    """Raises MailError(SYNTAX) for what is no address, and unless *is_sure* for what is likely forgotten, before anything is sent."""
    bad = [w for text in (typed.to, typed.cc, typed.bcc) for w in drafts.wrong(text)]
    if bad:
        raise MailError(Reason.SYNTAX, _("%(what)s is not an address.", what=bad[0]))
    if not (typed.to.strip() or typed.cc.strip() or typed.bcc.strip()):
        raise MailError(Reason.SYNTAX, _("Who should get it? Add an address."))
    forgotten = "" if is_sure else forgot(typed, draft_id)
    if forgotten:
        asks = MailError(Reason.SYNTAX, forgotten)
        asks.field = "sure"  # type: ignore[attr-defined]
        raise asks


def forgot(typed: drafts.Typed, draft_id: str) -> str:
    """What the person likely forgot, as a sentence; "" for nothing."""
    if not typed.subject.strip():
        return _("The message has no subject.")
    own = html_to_text(typed.html.partition("<blockquote")[0]) if typed.html else typed.text
    own = "\n".join(line for line in own.partition("\n-- \n")[0].splitlines() if not line.startswith(">"))
    promised = ATTACHED.search(own)
    if promised is None:
        return ""
    draft = drafts.find(site().runtime, account(), key_of(draft_id)) or origin_of(draft_id)
    return "" if draft is not None and draft.files else _("You wrote “%(word)s”, but no file is attached.", word=promised[0])


def archive_answered(draft_id: str) -> None:
    """Send and archive: the answered message leaves the inbox."""
    from mailcore.sessions import webmail

    origin = draft_id.partition("-r")[2].partition("-")[0]
    if origin.isdigit():
        webmail.move_by_role(site().runtime, account(), "archive", [int(origin)])


def refused(draft_id: str, typed: drafts.Typed, errors: dict[str, str], *, is_own: bool) -> Any:
    """The form again with what was typed, and why it was not sent."""
    found = drafts.find(site().runtime, account(), key_of(draft_id))
    if wants_json():
        moved = {"revision": found.revision, "draft": None if is_own else found.key} if found is not None else {}
        return flask.jsonify(errors=errors, message=next(iter(errors.values())), **moved), 422
    found = found or origin_of(draft_id) or drafts.Draft(key=draft_id, typed=typed)
    return drawn(form_of(replace(found, key=draft_id, typed=typed), _("New message"), errors), 422)


@compose.post("/<draft_id>/discard")
@require("user")
def discard(draft_id: str) -> Any:
    drafts.discard(site().runtime, account(), key_of(draft_id))
    return done(flask.url_for("mail.home"), message=_("Draft discarded"), undo=None)


def is_lost(text: str) -> bool:
    """Whether an address lies in a domain of this server, and leads to nobody."""
    try:
        resolve.resolve(site().read(), Address.parse(text))
    except MailError as error:
        return error.reason in (Reason.UNKNOWN_USER, Reason.DISABLED)
    return False


@compose.get("/people")
@require("user")
def people() -> Any:
    from mailcore.store import contacts as book
    from mailcore.store import people as store

    tx, mine, text = site().read(), account(), flask.request.args.get("q", "")
    if "check" in flask.request.args:
        return flask.jsonify(unknown=[one for one in flask.request.args.getlist("check")[:CHECKED] if is_lost(one)])
    found = store.suggest(tx, mine.id, text, SUGGESTED, site().now())
    groups = [(name, members) for name, members in book.groups(tx, mine.id).items() if text.casefold() in name.casefold()][:3]
    teams = [{"name": n, "address": ngettext("Group of one person", "Group of %(num)d people", len(m)), "text": starting.typed_list(m)} for n, m in groups]
    return flask.jsonify(people=[*teams, *({"name": n, "address": a} for n, a in found)])
