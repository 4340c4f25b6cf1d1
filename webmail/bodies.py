"""What a message holds, each as its own response: the body in a sandbox, parts to download, the source, pictures by the proxy.

Decision 10: the body never enters our page. Parts are never served as something that runs: raster pictures are shown, all
else is a download of no type.
"""

from typing import Any
from urllib.parse import quote

import flask
from flask_babel import gettext as _
from markupsafe import Markup

from mailcore.base.errors import MailError, Reason
from mailcore.mail import texts, tnef
from mailcore.mail.body import decode_body
from mailcore.mail.charset import decode_bytes
from mailcore.mail.headers import decode_value, scan_headers
from mailcore.mail.mime import decode_text
from mailcore.mail.part import Part, load_parts
from mailcore.net import fetch
from mailcore.store import listing
from web import tokens, words
from web.drawing import page
from web.signed_in import require
from web.site import site
from webmail import files
from webmail import presenters as p
from webmail.blueprints import mail, theme
from webmail.marking import marked_body, phrases_of
from webmail.reach import box_of, message_of

BODY_POLICY = "sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox; default-src 'none'; img-src 'self' data:; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
FILE_POLICY = "sandbox; default-src 'none'"
SOURCE_CHARACTERS = 500_000
HEADER_BYTES = 256 * 1024
TEXT_BYTES = 1024 * 1024
"""Of a text file that is looked at; the download has all of it."""


@mail.get("/mail/body/<token>")
@require("user")
def body(token: str) -> Any:
    message_id, shows_images, *inside = tokens.read("body", token)
    stored = message_of(message_id)
    if inside:
        made = files.make_body(stored, shows_images=False, inside=part_of(stored, inside).message)
    else:
        made = files.body_of(stored, shows_images=bool(shows_images))
    return drawn(made)


def drawn(made: files.Body) -> flask.Response:
    """A body as the document inside its frame."""
    left_out = _("The rest of this message is left out here; its source holds all of it.")
    html = marked_body(made.html, phrases_of(flask.request.args.get("mark", ""))) + (f"<p>[{left_out}]</p>" if made.has_cut else "")
    text = flask.render_template(
        "webmail/body.html", body=Markup(html), is_text=False, theme=theme(), title=_("Message"), language="", has_own_colours=made.has_own_colours, as_sent="sent" in flask.request.args
    )
    response = flask.Response(text, mimetype="text/html")
    response.headers["Content-Security-Policy"] = BODY_POLICY
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-DNS-Prefetch-Control"] = "off"
    response.headers["Cache-Control"] = "private, max-age=3600"
    return response


@mail.get("/mail/part/<token>/<name>")
@require("user")
def part(token: str, name: str) -> Any:
    message_id, start, end = tokens.read("part", token)
    stored = message_of(message_id)
    found, name = part_of(stored, [start, end]), files.safe_name(part_of(stored, [start, end]))
    data = site().store.blobs.read(stored.locator)
    if flask.request.args.get("view") == "text" and found.type == "text":
        return sealed(flask.Response(decode_text(data, found, TEXT_BYTES), content_type="text/plain; charset=utf-8"), "inline", name)
    return download(decode_body(data, found), name, found.mime_type)


@mail.get("/mail/packed/<token>/<name>")
@require("user")
def packed_file(token: str, name: str) -> Any:
    message_id, start, end, number = tokens.read("packed", token)
    stored = message_of(message_id)
    inside = tnef.read(decode_body(site().store.blobs.read(stored.locator), part_of(stored, [start, end])))
    if not 0 <= number < len(inside):
        raise MailError(Reason.NOT_FOUND, _("This file is not in the message."))
    content, name = inside[number].content, files.clean_name(inside[number].name) or "file.bin"
    if flask.request.args.get("view") == "text" and name.rpartition(".")[2].lower() in files.TEXT_ENDINGS:
        return sealed(flask.Response(decode_bytes(content[:TEXT_BYTES], ""), content_type="text/plain; charset=utf-8"), "inline", name)
    return download(content, name, fetch.looks_like(content) or "application/octet-stream")


def part_of(stored: listing.Stored, number: list[int]) -> Part:
    """The part a token names. Raises MailError(NOT_FOUND)."""
    found = next((x for x in load_parts(stored.parts).walk() if files.number_of(x) == number), None)
    if found is None:
        raise MailError(Reason.NOT_FOUND, _("This file is not in the message."))
    return found


@mail.get("/mail/enclosed/<token>")
@require("user")
def enclosed(token: str) -> Any:
    message_id, *number = tokens.read("part", token)
    stored = message_of(message_id)
    inner = part_of(stored, number).message
    if inner is None:
        raise MailError(Reason.NOT_FOUND, _("This file is not a message."))
    data = site().store.blobs.read(stored.locator)
    headers = scan_headers(data[inner.header_start : min(inner.body_start, inner.header_start + HEADER_BYTES)])
    shown = files.make_body(stored, shows_images=False, inside=inner)
    made = p.EnclosedPage(
        back_url=flask.url_for("mail.message", mailbox_id=stored.row.mailbox_id, message_id=message_id), subject=headers.text(b"subject")[:1000] or _("(no subject)"),
        headers=tuple((label, text[:2000]) for label, text in ((_("From"), headers.text(b"from")), (_("To"), headers.text(b"to")), (_("Cc"), headers.text(b"cc")), (_("Date"), headers.text(b"date"))) if text),
        body_url=flask.url_for("mail.body", token=tokens.make("body", [message_id, False, *number])),
        attachments=tuple(files.attachment(message_id, x) for x in texts.files(inner, shown.pictures)[:files.FILES_SHOWN]),
    )  # fmt: skip
    return page("webmail/enclosed.html", enclosed=made)


def download(data: bytes, name: str, mime: str) -> flask.Response:
    """A file that cannot run in our pages. RFC 6266, RFC 8187."""
    is_shown = mime in files.SHOWN_TYPES and fetch.looks_like(data) == mime
    return sealed(flask.Response(data, mimetype=mime if is_shown else "application/octet-stream"), "inline" if is_shown else "attachment", name)


def sealed(response: flask.Response, kind: str, name: str) -> flask.Response:
    """A file's answer under a policy in which nothing runs."""
    plain = "".join(c if c.isascii() and c.isprintable() and c not in '"\\' else "_" for c in name)
    response.headers["Content-Disposition"] = f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
    response.headers["Content-Security-Policy"] = FILE_POLICY
    response.headers["Cache-Control"] = "private, max-age=3600"
    return response


@mail.get("/mail/files/<token>")
@require("user")
def all_parts(token: str) -> Any:
    message_id = tokens.read("zip", token)
    stored = message_of(message_id)
    packed = files.packed(site().store.blobs.read(stored.locator), texts.files(load_parts(stored.parts), files.body_of(stored, shows_images=False).pictures))
    return sealed(flask.Response(packed, mimetype="application/zip"), "attachment", "files.zip")


@mail.get("/mail/<mailbox_id>/<int:message_id>/source")
@require("user")
def source(mailbox_id: str, message_id: int) -> Any:
    stored = message_of(message_id)
    data = listing.content(site().store.blobs, stored)
    if flask.request.args.get("view") == "file" or "download" in flask.request.args:
        return download(data, "message.eml", "message/rfc822")
    view = "headers" if flask.request.args.get("view") == "headers" else "source"
    text = data[: SOURCE_CHARACTERS + 1].decode("utf-8", "replace").replace("\r\n", "\n")
    pairs = tuple((n.decode("latin-1").title(), decode_value(v)) for n, v in scan_headers(data).items()) if view == "headers" else ()
    made = p.SourcePage(
        mailbox_id=str(box_of(mailbox_id).id), message_id=str(message_id), subject=stored.row.subject, view=view, headers=pairs, text=text[:SOURCE_CHARACTERS],
        size_text=words.size(len(data)), is_cut=len(data) > SOURCE_CHARACTERS,
    )  # fmt: skip
    return page("webmail/source.html", source=made)


@mail.get("/mail/image/<token>")
@require("user")
def image(token: str) -> Any:
    found = fetch.picture(site().runtime.resolver, tokens.read("image", token))
    response = flask.Response(found.data, mimetype=found.mime)
    response.headers["Content-Security-Policy"] = FILE_POLICY
    response.headers["Cache-Control"] = "private, max-age=86400"
    return response
