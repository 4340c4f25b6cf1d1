"""Puts a domain's signature into a message: into its text and its HTML, above the quoted part, in the part's own charset or UTF-8.

What is signed, encrypted, a calendar, a report or written by a machine must not change by a byte, so it gets none; the caller is
told why in words. Attachments are never touched.
"""

import re
from dataclasses import dataclass

from mailcore.base.errors import MailError
from mailcore.mail.body import decode_text
from mailcore.mail.convert import applied, encode_content, encoding_edit
from mailcore.mail.headers import Headers, scan_headers
from mailcore.mail.mime import parse
from mailcore.mail.part import Part

MAX_BYTES = 8 * 1024 * 1024
"""A text longer than this gets no signature: it would have to be written anew as a whole."""
MODES = ("missing", "replace", "append")
_QUOTE = re.compile(r"(?is)<blockquote\b|<div[^>]*class=\"?(?:gmail_quote|moz-cite-prefix)|<div[^>]*id=\"?(?:appendonsend|divRplyFwdMsg)")
_ARMOUR = re.compile(r"(?m)^-----BEGIN PGP (?:SIGNED )?MESSAGE-----")
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Footer:
    """A signature with its fields filled in: *text*, and *html* (made from the text where it is empty). *mode* is one of MODES."""

    text: str
    html: str
    mode: str


def why_not(root: Part, headers: Headers) -> str:
    """Why a message must not be changed; "" when it may. POLICY, Domain signatures."""
    for part in root.walk():
        if part.mime_type in ("multipart/signed", "multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime", "application/pgp-encrypted"):
            return "it is signed or encrypted"
        if part.mime_type in ("text/calendar", "multipart/report"):
            return "it is an invitation or a report"
    if headers.raw(b"dkim-signature") is not None:
        return "it carries a DKIM signature already"
    if any(headers.raw(name) is not None for name in (b"resent-from", b"list-id")):
        return "it is somebody else's message, passed on"
    auto = headers.raw(b"auto-submitted")
    return "it was written by a machine" if auto is not None and auto.strip().lower() != b"no" else ""


def add(data: bytes, footer: Footer) -> tuple[bytes, str]:
    """*data* with the signature, or the same object and why it has none."""
    root = parse(data)
    headers = root.headers or scan_headers(data)
    reason = why_not(root, headers)
    if reason:
        return data, reason
    plain, html = _leaf(root, "plain"), _leaf(root, "html")
    if plain is None and html is None:
        return data, "it has no text of its own"
    edits: list[tuple[int, int, bytes]] = []
    try:
        for part in (plain, html):
            if part is None or part.size > MAX_BYTES:
                continue
            old = decode_text(data, part, MAX_BYTES)
            if _ARMOUR.search(old):
                return data, "it is signed or encrypted"
            new, reason = _signed_html(old, footer) if part is html else _signed_text(old, footer)
            if reason:
                return data, reason
            edits += _rewritten(data, part, new)
    except MailError as error:
        return data, error.detail
    return (applied(data, edits), "") if edits else (data, "its text is too long")


def _leaf(root: Part, subtype: str) -> Part | None:
    """The body of that kind: not an attachment, not inside an enclosed message."""
    stack = [root]
    while stack:
        part = stack.pop()
        if part.type == "text" and part.subtype == subtype and part.disposition != "attachment" and not part.filename:
            return part
        stack.extend(reversed(part.children))
    return None


def _signed_text(old: str, footer: Footer) -> tuple[str, str]:
    if _is_there(old, footer.text):
        return old, "the conversation has it already"
    lines = old.replace("\r\n", "\n").split("\n")
    at = _above_quote(lines)
    own = next((n for n in range(at) if lines[n] in ("-- ", "--")), None)
    if own is not None and footer.mode == "missing":
        return old, "the person has a signature"
    body = lines[: own if own is not None and footer.mode == "replace" else at]
    while body and not body[-1].strip():
        body.pop()
    rest = lines[at:]
    return "\r\n".join([*body, "", *footer.text.replace("\r\n", "\n").split("\n"), *(["", *rest] if any(line.strip() for line in rest) else [""])]), ""


def _above_quote(lines: list[str]) -> int:
    """The line above which a signature goes: before the quoted part and the line that introduces it, or the end for answers below."""
    quoted = [n for n, line in enumerate(lines) if line.startswith(">")]
    if not quoted or any(line.strip() for line in lines[quoted[-1] + 1 :]):
        return len(lines)
    first = quoted[0]
    if any(lines[n].strip() and not lines[n].startswith(">") for n in range(first, quoted[-1])):
        return len(lines)
    while first and not lines[first - 1].strip():
        first -= 1
    if first and lines[first - 1].rstrip().endswith(":"):
        first -= 1
        if first and lines[first - 1].strip() and not lines[first - 1].rstrip().endswith((".", "!", "?")):
            first -= 1
    return first


def _signed_html(old: str, footer: Footer) -> tuple[str, str]:
    html = footer.html or "<br>".join(escaped(line) for line in footer.text.replace("\r\n", "\n").split("\n"))
    if _is_there(re.sub(r"<[^>]*>", " ", old), re.sub(r"<[^>]*>", " ", html)):
        return old, "the conversation has it already"
    own = re.search(r"(?i)<br[^>]*>\s*--&nbsp;\s*<|class=\"?(?:moz-signature|gmail_signature|roost-signature)", old)
    found = _QUOTE.search(old)
    if own is not None and footer.mode == "missing" and (found is None or own.start() < found.start()):
        return old, "the person has a signature"
    end = re.search(r"(?i)</body\s*>", old)
    at = found.start() if found is not None else end.start() if end is not None else len(old)
    return f'{old[:at]}<br><br><div class="domain-signature">{html}</div>\r\n{old[at:]}', ""


def _is_there(text: str, wanted: str) -> bool:
    """Whether *wanted* stands in *text*, quoted or not."""
    plain = _SPACE.sub(" ", re.sub(r"(?m)^[> ]+", "", text))
    return bool(wanted.strip()) and _SPACE.sub(" ", wanted).strip() in plain


def escaped(text: str) -> str:
    """*text* for HTML."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


def _rewritten(data: bytes, part: Part, text: str) -> list[tuple[int, int, bytes]]:
    edits = []
    try:
        content = text.encode(part.charset or "us-ascii")
    except (UnicodeError, LookupError, ValueError):
        content = text.encode("utf-8", "replace")
        edits.append(_charset_edit(data, part))
    encoding, encoded = encode_content(content, is_text=True)
    if not data[part.body_start : part.body_end].endswith(b"\n"):
        encoded = encoded.removesuffix(b"\r\n")
    return [*edits, encoding_edit(data, part, encoding), (part.body_start, part.body_end, encoded)]


def _charset_edit(data: bytes, part: Part) -> tuple[int, int, bytes]:
    """Makes the part's Content-Type say UTF-8; other parameters stay."""
    for field in scan_headers(data, part.header_start, part.body_start):
        if field.name.lower() == b"content-type":
            line = data[field.start : field.end].rstrip(b"\r\n")
            changed, count = re.subn(rb"(?i)(charset\*?\s*=\s*)(\"[^\"]*\"|[^;\s]+)", rb"\1utf-8", line, count=1)
            return field.start, field.end, (changed if count else line + b"; charset=utf-8") + b"\r\n"
    return part.header_start, part.header_start, b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
