"""A PDF opened in place: drawn by pdf.js in a frame of an origin of its own, which holds nothing and reaches nothing.

The frame is sandboxed to an opaque origin: no cookie, no storage, no page of ours; its policy lets it load a few scripts of ours and
nothing else, send no form and open no window. JPEG 2000 and JBIG2 are decoded by scripts too: WebAssembly would need 'wasm-unsafe-eval',
which lets bytes become code in the one frame that reads strangers' files. Our page fetches the bytes and hands them in; only what the
frame draws comes out of it. Nothing of the server parses the file, and no script of the file is ever run.
"""

from typing import Any

import flask

from web import tokens, words
from web.drawing import asset, page
from web.signed_in import require
from webmail import files
from webmail import presenters as p
from webmail.blueprints import mail, theme
from webmail.bodies import part_of
from webmail.reach import message_of

PDF_BYTES = 50 * 1024 * 1024
"""A larger file is only offered to be saved: it would fill the browser's memory."""
PAGES = 500
"""Pages that are shown: stops a file of a million from making a million places."""
PAGE_PIXELS = 12_000_000
"""Of one drawn page: a page of a square kilometre is drawn smaller."""
OPEN_SECONDS = 20
"""How long the frame may take until its first page stands; then it is taken away: stops a file that is made to be worked on for ever."""


@mail.get("/mail/pdf/<token>/<name>")
@require("user")
def pdf(token: str, name: str) -> Any:
    message_id, start, end = tokens.read("part", token)
    stored = message_of(message_id)
    found = part_of(stored, [start, end])
    size = files.decoded_size(found)
    shown = p.PdfPage(
        name=files.safe_name(found), size_text=words.size(size), url=files.part_url(message_id, found), frame_url=flask.url_for("mail.pdf_frame"), is_too_big=size > PDF_BYTES, limit_text=words.size(PDF_BYTES),
        limits={"bytes": PDF_BYTES, "pages": PAGES, "pixels": PAGE_PIXELS, "seconds": OPEN_SECONDS}, back_url=flask.url_for("mail.message", mailbox_id=stored.row.mailbox_id, message_id=message_id),
    )  # fmt: skip
    return page("webmail/pdf.html", pdf=shown)


@mail.get("/mail/pdf-frame")
@require("user")
def pdf_frame() -> Any:
    """The frame's own document; the same for every file."""
    home = asset("vendor/pdf.js").partition("pdf.js")[0]
    response = flask.make_response(flask.render_template("webmail/pdf_frame.html", theme=theme(), decoders=f"{home}pdf/", parts={name: asset(f"vendor/{name}") for name in ("pdf.js", "pdf-worker.js", "pdf-frame.js", "pdf-frame.css")}))
    own = f"{flask.request.host}{home}"
    response.headers["Content-Security-Policy"] = (
        f"sandbox allow-scripts; default-src 'none'; script-src {own}; style-src {own}; img-src blob: data:; font-src blob: data:;"
        " form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
    )
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
