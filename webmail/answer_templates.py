"""Templates while one writes: put one into the draft, keep the draft's own words as one."""

import re
from dataclasses import replace
from typing import Any

import flask
from flask_babel import gettext as _

from mailcore.mail.html import html_to_text, text_to_html
from mailcore.sessions import webmail_drafts as drafts
from mailcore.store import templates
from mailcore.store.templates import Template
from web.drawing import done, wants_json
from web.signed_in import account, require
from web.site import site
from webmail.blueprints import compose
from webmail.compose import typed_of_form
from webmail.starting import key_of, origin_of

OTHERS_WORDS = re.compile(r'<div class="signature"|<p>[^<]{1,300}</p><blockquote|<blockquote')
"""Where in a draft one's own words end: signature, or the quote with the line above it."""


@compose.post("/<draft_id>/template")
@require("user")
def template(draft_id: str) -> Any:
    """The form's `insert` puts a template in, for a script as JSON; else its `template_name` keeps the words of the draft as one."""
    form, mine = flask.request.form, account()
    if not form.get("insert", "").isdigit():
        wanted = own_words(typed_of_form(), form.get("template_name", ""))
        site().write(lambda tx: templates.save(tx, mine.id, wanted))
        told = _("Kept as the template “%(name)s”", name=wanted.name)
        if not wants_json():
            keep(draft_id, typed_of_form())
            flask.session["toast"] = {"text": told, "undo": None}
        return done(flask.url_for("compose.edit", draft_id=key_of(draft_id)), message=told, templates=[{"id": i, "name": n} for i, n in templates.names(site().read(), mine.id)])
    found = templates.get(site().read(), mine.id, int(form["insert"]))
    if wants_json():
        return flask.jsonify(subject=found.subject, text=found.text, html=found.html or text_to_html(found.text))
    typed = typed_of_form()
    html = (found.html or text_to_html(found.text)) + typed.html if typed.html else ""
    made = replace(typed, text=f"{found.text}\n{typed.text}", html=html, subject=typed.subject or found.subject)
    return flask.redirect(flask.url_for("compose.edit", draft_id=keep(draft_id, made)), 303)


def keep(draft_id: str, typed: drafts.Typed) -> str:
    """Save the draft as typed; its key."""
    revision = int(flask.request.form.get("revision") or 0)
    return drafts.save(site().runtime, account(), key_of(draft_id), typed, revision, start=origin_of(draft_id)).key


def own_words(typed: drafts.Typed, name: str) -> Template:
    """What the person wrote, without signature and quote."""
    lines = typed.text.partition("\n-- \n")[0].splitlines()
    quote = next((at for at, line in enumerate(lines) if line.startswith(">")), len(lines))
    if quote < len(lines) and quote and lines[quote - 1].rstrip().endswith(":"):
        quote -= 1
    text = "\n".join(lines[:quote]).strip()
    end = OTHERS_WORDS.search(typed.html)
    html = typed.html[: end.start()] if end else typed.html
    return Template(id=0, name=name, subject=typed.subject, text=html_to_text(html).strip() if html else text, html=html)
