"""Large files by link: made while one writes, and fetched by whoever has the link, without signing in.

What is fetched is never a page of ours: always a download without a type, in a sandbox that may do nothing.
"""

import re
from dataclasses import replace
from html import escape
from io import BytesIO
from typing import Any

import flask
from flask_babel import gettext as _

from mailcore.base.errors import MailError, Reason
from mailcore.directory import file_links
from mailcore.sessions import webmail_drafts as drafts
from mailcore.store import accounts
from mailcore.store.file_links import FileLink
from web import slots, words
from web.drawing import page, wants_json
from web.signed_in import account, is_signed_in, public, require
from web.site import actor, site
from web.words import said
from webmail.answer_templates import OTHERS_WORDS, keep
from webmail.blueprints import compose
from webmail.blueprints import session_blueprint as session
from webmail.compose import key_of, origin_of, typed_of_form

_OTHERS_LINES = re.compile(r"\n-- \n|\n[^\n]{1,300}:\n>|\n>")
"""Where in a plain draft one's own words end."""
DOWNLOAD_POLICY = "sandbox; default-src 'none'; frame-ancestors 'none'"


@compose.post("/<draft_id>/link")
@require("user")
def link(draft_id: str) -> Any:
    """The form's `link_file` behind a link, or with `op` links every file of the draft; the words for the text as JSON, or put there."""
    is_all = flask.request.form.get("op") == "links"
    made = links_of_draft(draft_id) if is_all else [link_of_form()]
    text, html = "\n".join(map(as_text, made)), "".join(map(as_html, made))
    if wants_json() or "HX-Request" in flask.request.headers:
        return flask.jsonify(text=text, html=html)
    typed = typed_of_form()
    return flask.redirect(flask.url_for("compose.edit", draft_id=keep(draft_id, placed(typed, text, html))), 303)


def link_of_form() -> FileLink:
    """One file that was uploaded for a link. Raises MailError."""
    form, sent = flask.request.form, flask.request.files.get("link_file")
    if sent is None or not sent.filename:
        raise MailError(Reason.SYNTAX, _("Choose a file first."))
    locked = file_links.hashed(form.get("link_password", ""))
    staged = file_links.keep(site().runtime, account(), sent.stream)  # type: ignore[arg-type]
    return file_links.add(site().runtime, actor(), account(), staged, name=sent.filename, days=days_of(form), password_hash=locked)


def links_of_draft(draft_id: str) -> list[FileLink]:
    """Every file of a draft behind a link, and off the draft. Raises MailError."""
    runtime, mine, key = site().runtime, account(), key_of(draft_id)
    draft = drafts.find(runtime, mine, key) or origin_of(draft_id) or flask.abort(404)
    staged = [(one.name, file_links.keep(runtime, mine, BytesIO(one.content))) for one in draft.files if not one.content_id]
    made = [file_links.add(runtime, actor(), mine, kept, name=name, days=days_of({}), password_hash="") for name, kept in staged]
    drafts.without_files(runtime, mine, key, start=origin_of(draft_id))
    return made


def days_of(form: Any) -> int:
    """How long the link is to live: as chosen, else the usual time."""
    chosen = form.get("link_days", "")
    return int(chosen) if chosen.isascii() and chosen.isdigit() and len(chosen) < 5 else file_links.USUAL_DAYS


def url_of(one: FileLink) -> str:
    """The link's address for anybody."""
    return flask.request.host_url.rstrip("/") + slots.shared_url(flask.url_for("session.shared_file", token=one.token))


def facts(one: FileLink) -> str:
    """Until when, and whether a password is asked for."""
    text = _("Can be fetched until %(when)s.", when=words.long(one.expires_at))
    locked = _("It asks for a password, which comes separately.")
    return f"{text} {locked}" if one.password_hash else text


def as_text(one: FileLink) -> str:
    """What a plain message says of the file."""
    return f"{one.name} ({words.size(one.size)})\n{url_of(one)}\n{facts(one)}\n"


def as_html(one: FileLink) -> str:
    """The same with its link."""
    return f'<p><a href="{escape(url_of(one))}"><b>{escape(one.name)}</b></a> ({escape(words.size(one.size))})<br>{escape(facts(one))}</p>'


def placed(typed: drafts.Typed, text: str, html: str) -> drafts.Typed:
    """The draft with the link under one's own words."""
    plain, rich = _OTHERS_LINES.search(typed.text), OTHERS_WORDS.search(typed.html)
    at, there = plain.start() if plain else len(typed.text), rich.start() if rich else len(typed.html)
    new = f"{typed.text[:at].rstrip()}\n\n{text}{typed.text[at:]}".lstrip("\n")
    return replace(typed, text=new, html=typed.html[:there] + html + typed.html[there:] if typed.html else "")


@session.route("/files/<token>", methods=["GET", "POST"], endpoint="shared_file")
@public
def shared_file(token: str) -> Any:
    """What the file is, and a button; a password is posted here and answered with the file."""
    one, error = file_links.open_link(site().runtime, token), ""
    if flask.request.method == "POST":
        try:
            file_links.check_password(site().runtime, one, flask.request.form.get("password", ""))
            return download(one)
        except MailError as wrong:
            error = said(wrong)
    owner = accounts.account(site().read(), one.account_id)
    shown = {"name": one.name, "size_text": words.size(one.size), "until": words.long(one.expires_at) if is_signed_in() else f"{words.long(one.expires_at)} UTC", "is_locked": bool(one.password_hash), "token": token}
    answer = flask.make_response(page("session/shared_file.html", shell=None, file=shown, error=error, owner=(owner.display_name or owner.address) if owner else ""), 403 if error else 200)
    answer.headers.update({"Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow"})
    return answer


@session.get("/files/<token>/get", endpoint="get_file")
@public
def get_file(token: str) -> Any:
    one = file_links.open_link(site().runtime, token)
    if one.password_hash:
        return flask.redirect(flask.url_for("session.shared_file", token=token), 303)
    return download(one)


def download(one: FileLink) -> flask.Response:
    """The bytes, as a file to be saved and nothing else."""
    pieces = iter(()) if flask.request.method == "HEAD" else file_links.contents(site().runtime, one)
    answer = flask.Response(pieces, content_type="application/octet-stream")
    answer.content_length = one.size
    answer.headers.set("Content-Disposition", "attachment", filename=one.name)
    answer.headers.update({
        "Content-Security-Policy": DOWNLOAD_POLICY, "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow", "X-Frame-Options": "DENY",
    })  # fmt: skip
    return answer
