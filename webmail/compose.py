"""Writing: new, reply, forward, drafts saved while one types, files, sending. A draft is a message in Drafts from its first save."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import flask
from flask_babel import gettext as _

from mailcore.base.clock import SECOND, to_micros
from mailcore.base.errors import MailError, Reason
from mailcore.directory import identities, resolve
from mailcore.mail.address import mailboxes
from mailcore.mail.body import decode_body
from mailcore.mail.compose import Attachment, forward_subject, quote_html, quote_text, reply_all, reply_to
from mailcore.mail.headers import scan_headers
from mailcore.mail.html import sanitise, text_to_html
from mailcore.mail.mime import decode_text
from mailcore.mail.part import load_parts
from mailcore.mail.structure import leaves
from mailcore.sessions import webmail_drafts as drafts
from mailcore.sessions import webmail_held
from mailcore.store import listing
from web import tokens, words
from web.drawing import done, page, wants_json
from web.signed_in import account, require
from web.site import site
from webmail import files
from webmail import presenters as p
from webmail.blueprints import compose, setting

SUGGESTED = 8


@compose.get("")
@require("user")
def new() -> Any:
    args = flask.request.args
    body, own = args.get("body", "")[:50_000], signature_html()
    typed = drafts.Typed(
        sender=account().address, to=args.get("to", "")[:2000], subject=args.get("subject", "")[:500], text=body + signature_block(),
        html=(text_to_html(body) if body else "<div><br></div>") + "<div><br></div>" + own if own else "",
    )  # fmt: skip
    return drawn(form_of(drafts.Draft(key=drafts.new_key(site().runtime), typed=typed), _("New message")))


@compose.get("/reply/<int:message_id>")
@require("user")
def reply(message_id: int) -> Any:
    kind = flask.request.args.get("kind") or flask.request.args.get("mode") or "reply"
    draft = start_of(f"r{message_id}-{kind}")
    return drawn(form_of(replace(draft, key=f"{draft.key}-r{message_id}-{kind}"), _("Forward") if kind == "forward" else _("Reply")))


@compose.get("/again/<int:message_id>")
@require("user")
def again(message_id: int) -> Any:
    """A sent message once more, to one address that is to be corrected."""
    stored = listing.get(site().read(), account().id, message_id)
    old = drafts.read("", listing.content(site().store.blobs, stored), 0)
    typed = replace(old.typed, to=flask.request.args.get("to", "")[:320], cc="", bcc="")
    made = drafts.store(site().runtime, account(), replace(old, key=drafts.new_key(site().runtime), typed=typed, revision=1))
    return drawn(form_of(replace(made, key=str(made.message_id)), _("Send again")))


@compose.get("/<draft_id>")
@require("user")
def edit(draft_id: str) -> Any:
    found = drafts.find(site().runtime, account(), key_of(draft_id))
    if found is None:
        raise MailError(Reason.NOT_FOUND, _("This draft is no longer here."))
    was_held = webmail_held.cancel(site().runtime, account(), found.message_id)
    return drawn(form_of(replace(found, key=draft_id), found.typed.subject or _("Draft"), saved=_("It is no longer going to be sent by itself.") if was_held else ""))


def signature_block(address: str = "", *, is_reply: bool = False) -> str:
    """The signature for mail from *address* under the usual separator (RFC 3676 §4.3), with room to write above; "" without one."""
    own = identities.signature_for(site().read(), account(), address or account().address, is_reply=is_reply)
    return f"\n\n-- \n{own.text}" if own is not None and own.text.strip() else ""


def signature_html(address: str = "", *, is_reply: bool = False) -> str:
    """The same as HTML."""
    own = identities.signature_for(site().read(), account(), address or account().address, is_reply=is_reply)
    if own is None or not (own.text.strip() or own.html):
        return ""
    return f'<div class="signature">-- <br>{own.html or text_to_html(own.text)}</div>'


def key_of(draft_id: str) -> str:
    """The draft's own key; a reply's id also says what it answers, for its first save."""
    return draft_id.partition("-r")[0]


def origin_of(draft_id: str) -> drafts.Draft | None:
    """What a reply that was never saved starts from."""
    _key, dash, origin = draft_id.partition("-r")
    return replace(start_of("r" + origin), key=_key) if dash else None


def start_of(origin: str) -> drafts.Draft:
    """A reply or forward of a message ("r12-reply"): recipients, subject, quote, references, files. Raises MailError(NOT_FOUND)."""
    number, _dash, kind = origin[1:].partition("-")
    runtime, mine = site().runtime, account()
    stored = listing.get(site().read(), mine.id, int(number))
    data = site().store.blobs.read(stored.locator)
    headers, parts = scan_headers(data), load_parts(stored.parts)
    own = set(resolve.addresses_of(site().read(), mine))
    answer = reply_all(headers, own) if kind == "all" else reply_to(headers, own)
    plain, markup, attached = leaves(parts)
    text = decode_text(data, plain).replace("\r\n", "\n") if plain is not None else files.make_body(stored, shows_images=False).text
    safe = sanitise(decode_text(data, markup), cid_url=lambda cid: f"cid:{cid}", remote_url=lambda url: url).html if markup is not None else text_to_html(text)
    who = stored.row.from_name or stored.row.from_addr
    line = _("On %(when)s %(who)s wrote:", when=words.long(stored.row.internal_date), who=who)
    reached = next((a for a in own if a in stored_recipients(headers)), mine.address)
    is_forward = kind == "forward"
    kept = [part for part in parts.walk() if part.content_id and part.type == "image" and not part.children]
    wanted = attached if is_forward else []
    taken = tuple(
        Attachment(name=files.safe_name(x), type=x.mime_type, content=decode_body(data, x), content_id=x.content_id if x in kept else "")
        for x in [*wanted, *[k for k in kept if k not in wanted and markup is not None]]
    )
    typed = drafts.Typed(
        sender=reached, to="" if is_forward else joined(answer.to), cc="" if is_forward else joined(answer.cc),
        subject=forward_subject(stored.row.subject) if is_forward else answer.subject, text=signature_block(reached, is_reply=True) + "\n\n" + quote_text(text, line),
        html="<div><br></div>" + signature_html(reached, is_reply=True) + quote_html(safe, line),
    )  # fmt: skip
    return drafts.Draft(
        key=drafts.new_key(runtime), typed=typed, answers=("forward" if is_forward else "reply", stored.row.message_id), in_reply_to=answer.in_reply_to,
        references=answer.references, files=taken,
    )  # fmt: skip


def stored_recipients(headers: Any) -> set[str]:
    """The keys of everyone the message was to."""
    found = [a for name in (b"to", b"cc", b"delivered-to") for value in headers.all(name) for a in mailboxes(value)]
    return {a.address.key for a in found if a.address is not None}


def joined(people: Any) -> str:
    """Addresses for the To field, as people type them."""
    return ", ".join(f"{a.name} <{a.address}>" if a.name and not set(a.name) & set(',;<>"@') else str(a.address) for a in people if a.address is not None)


def form_of(draft: drafts.Draft, title: str, errors: dict[str, str] | None = None, saved: str = "") -> p.ComposeForm:
    """A draft on screen."""
    mine, typed = account(), draft.typed
    limit = int(site().runtime.settings.get("smtp.message_size", domain_id=mine.domain_id))
    own = resolve.addresses_of(site().read(), mine)
    choices = tuple(p.Choice(value=a, label=f"{mine.display_name} <{a}>" if mine.display_name else a) for a in own)
    html = sanitise(typed.html, cid_url=lambda cid: None, remote_url=None).html if typed.html else ""
    shown = tuple(replace_id(files.card(f.name, len(f.content), ""), i) for i, f in enumerate(draft.files) if not f.content_id)
    return p.ComposeForm(
        draft_id=draft.key, title=title, identities=choices, from_value=typed.sender or mine.address, to=typed.to, cc=typed.cc, bcc=typed.bcc, subject=typed.subject,
        body_text=typed.text, body_html=html or text_to_html(typed.text), format="html" if html or not draft.message_id else "text", attachments=shown,
        saved_text=saved, revision=draft.revision, limit_text=words.size(limit * 3 // 4), limit_bytes=limit * 3 // 4, errors=errors or {},
    )  # fmt: skip


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
    html = form.get("body_html", "") if form.get("format") == "html" else ""
    return drafts.Typed(
        sender=form.get("from", ""), to=form.get("to", ""), cc=form.get("cc", ""), bcc=form.get("bcc", ""), subject=form.get("subject", ""),
        text=form.get("body", "").replace("\r\n", "\n"), html=html,
    )  # fmt: skip


@compose.post("/<draft_id>/draft")
@require("user")
def save(draft_id: str) -> Any:
    revision = int(flask.request.form.get("revision") or 0)
    take_files(draft_id)
    if flask.request.files.getlist("files"):
        revision = current_revision(draft_id, revision)
    made = drafts.save(site().runtime, account(), key_of(draft_id), typed_of_form(), revision, start=origin_of(draft_id))
    return done(flask.url_for("compose.edit", draft_id=key_of(draft_id)), saved_text=_("Draft saved"), revision=made.revision)


def current_revision(draft_id: str, given: int) -> int:
    """The draft's revision after files of the same form were added."""
    found = drafts.find(site().runtime, account(), key_of(draft_id))
    return found.revision if found is not None else given


def take_files(draft_id: str) -> drafts.Draft | None:
    """Add the files of this form to the draft."""
    sent = [f for f in flask.request.files.getlist("files") if f.filename]
    if not sent:
        return None
    inline = flask.request.form.get("inline") == "1"
    made = [
        Attachment(
            name=(f.filename or "file")[-200:], type=f.mimetype if "/" in (f.mimetype or "") else "application/octet-stream", content=f.read(),
            content_id=f"{site().runtime.new_trace_id()}@inline" if inline else "",
        )
        for f in sent
    ]  # fmt: skip
    return drafts.attach(site().runtime, account(), key_of(draft_id), made, start=origin_of(draft_id))


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
        return flask.jsonify(url=f"cid:{draft.files[-1].content_id}")
    if wants_json() or "HX-Request" in flask.request.headers:
        return flask.render_template("webmail/_attachments.html", form=form_of(replace(draft, key=draft_id), ""))
    return flask.redirect(flask.url_for("compose.edit", draft_id=key), 303)


@compose.post("/<draft_id>/send")
@require("user")
def send(draft_id: str) -> Any:
    typed, key, form = typed_of_form(), key_of(draft_id), flask.request.form
    try:
        take_files(draft_id)
        check(typed)
        told, undo = sent(draft_id, typed, form.get("op", "send"), form.get("when", ""))
    except MailError as error:
        if error.temporary and error.reason in (Reason.STORAGE, Reason.NO_SPACE):
            raise
        field = "to" if error.reason in (Reason.UNKNOWN_USER, Reason.DISABLED, Reason.SYNTAX, Reason.POLICY, Reason.OVER_QUOTA) else "form"
        return refused(draft_id, typed, {str(getattr(error, "field", field)): error.detail})
    if form.get("op") == "send-archive":
        archive_answered(key, draft_id)
    if not wants_json():
        flask.session["toast"] = {"text": told, "undo": undo}
    return done(flask.url_for("mail.home"), message=told, undo=undo)


def sent(draft_id: str, typed: drafts.Typed, op: str, when: str) -> tuple[str, str | None]:
    """Send now, in a few seconds, or at the chosen time: what is told, and the token that takes it back. Raises MailError."""
    runtime, mine, key = site().runtime, account(), key_of(draft_id)
    wait = int(setting("web.undo_seconds"))
    if op == "schedule":
        due = moment_of(when)
        told = _("Will be sent on %(when)s", when=words.long(due))
    elif wait:
        due, told = site().now() + wait * SECOND, _("Sent")
    else:
        drafts.send(runtime, mine, key, typed, start=origin_of(draft_id), ip=flask.request.remote_addr or "")
        return _("Sent"), None
    held = webmail_held.hold(runtime, mine, drafts.ready(runtime, mine, key, typed, start=origin_of(draft_id)), due)
    return told, tokens.make("undo", {"held": held})


def moment_of(text: str) -> int:
    """A local time such as 2026-11-30T08:00, in the person's zone. Raises MailError(SYNTAX)."""
    try:
        return to_micros(datetime.fromisoformat(text).replace(tzinfo=words.zone()))
    except ValueError as error:
        wrong = MailError(Reason.SYNTAX, _("Choose a day and a time."))
        wrong.field = "form"  # type: ignore[attr-defined]
        raise wrong from error


def check(typed: drafts.Typed) -> None:
    """Raises MailError(SYNTAX) for what is no address, before anything is sent."""
    bad = [w for text in (typed.to, typed.cc, typed.bcc) for w in drafts.wrong(text)]
    if bad:
        raise MailError(Reason.SYNTAX, _("%(what)s is not an address.", what=bad[0]))
    if not (typed.to.strip() or typed.cc.strip() or typed.bcc.strip()):
        raise MailError(Reason.SYNTAX, _("Who should get it? Add an address."))


def archive_answered(key: str, draft_id: str) -> None:
    """Send and archive: the answered message leaves the inbox."""
    from mailcore.sessions import webmail

    origin = draft_id.partition("-r")[2].partition("-")[0]
    if origin.isdigit():
        webmail.move_by_role(site().runtime, account(), "archive", [int(origin)])


def refused(draft_id: str, typed: drafts.Typed, errors: dict[str, str]) -> Any:
    """The form again with what was typed, and why it was not sent."""
    if wants_json():
        return flask.jsonify(errors=errors, message=next(iter(errors.values()))), 422
    found = drafts.find(site().runtime, account(), key_of(draft_id)) or origin_of(draft_id) or drafts.Draft(key=draft_id, typed=typed)
    return drawn(form_of(replace(found, key=draft_id, typed=typed), _("New message"), errors), 422)


@compose.post("/<draft_id>/discard")
@require("user")
def discard(draft_id: str) -> Any:
    drafts.discard(site().runtime, account(), key_of(draft_id))
    return done(flask.url_for("mail.home"), message=_("Draft discarded"), undo=None)


@compose.get("/people")
@require("user")
def people() -> Any:
    from mailcore.store import people as store

    found = store.suggest(site().read(), account().id, flask.request.args.get("q", ""), SUGGESTED)
    return flask.jsonify(people=[{"name": n, "address": a} for n, a in found])


