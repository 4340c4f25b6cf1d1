"""Header values we write: RFC 2047 words, RFC 2231 parameters, folding. Output is 7-bit and at most 76 octets a line.

No value that holds CR, LF or NUL gets through: that is where header injection ends, for every writer. What the value means is
the caller's.
"""

import binascii
import re

from mailcore.base.errors import MailError, Reason

MAX_LINE = 76
"""Octets of a folded line, RFC 2047 §2."""
_WORD_ROOM = 75 - len("=?utf-8?b??=")

_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+")
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`{|}~-]+")
_Q_PLAIN = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!*+-/")
_Q_TABLE = tuple(chr(i) if i in _Q_PLAIN else "_" if i == 32 else f"={i:02X}" for i in range(256))
_ATTRIBUTE_PLAIN = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$&+-.^_`{|}~")
_PERCENT_TABLE = tuple(chr(i) if i in _ATTRIBUTE_PLAIN else f"%{i:02X}" for i in range(256))


def has_control(text: str) -> bool:
    """Whether *text* holds CR, LF, NUL or another control character except a tab."""
    return _CONTROL.search(text) is not None


def refuse_control(text: str, what: str) -> str:
    """*text* itself. Raises SYNTAX when a control character in it could end the header."""
    if _CONTROL.search(text):
        raise MailError(Reason.SYNTAX, f"{what} holds a control character.")
    return text


def encode_word(text: str) -> str:
    """*text* as one or more UTF-8 encoded-words with a space between them, cut between characters. RFC 2047 §2, §5."""
    data = text.encode("utf-8", "replace")
    q_length = sum(len(_Q_TABLE[byte]) for byte in data)
    use_q = q_length <= (len(data) + 2) // 3 * 4
    words: list[bytes] = []
    chunk: list[bytes] = []
    used = 0
    room = _WORD_ROOM if use_q else _WORD_ROOM // 4 * 3
    for char in text:
        raw = char.encode("utf-8", "replace")
        cost = sum(len(_Q_TABLE[byte]) for byte in raw) if use_q else len(raw)
        if used + cost > room:
            words.append(b"".join(chunk))
            chunk, used = [], 0
        chunk.append(raw)
        used += cost
    words.append(b"".join(chunk))
    return " ".join(_one_word(word, use_q) for word in words)


def _one_word(data: bytes, use_q: bool) -> str:
    if use_q:
        return "=?utf-8?q?" + "".join(_Q_TABLE[byte] for byte in data) + "?="
    return "=?utf-8?b?" + binascii.b2a_base64(data, newline=False).decode("ascii") + "?="


def encode_phrase(name: str) -> str:
    """A display name as atoms, a quoted-string or encoded-words. RFC 5322 §3.2.5, RFC 2047 §5 (3)."""
    name = refuse_control(name, "A name").replace("\t", " ").strip()
    if not name.isascii() or "=?" in name:
        return encode_word(name)
    if _ATOMS.fullmatch(name):
        return name
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def encode_text(text: str) -> str:
    """Unstructured text for a header: as it is, or as encoded-words from its first to its last word that needs them."""
    text = refuse_control(text, "A header")
    if text.isascii() and "=?" not in text and max(map(len, text.split(" ")), default=0) < 900:
        return text
    return encode_word(text)


def encode_param(name: str, value: str) -> list[str]:
    """One Content-Type or Content-Disposition parameter as pieces to fold between. RFC 2231 §3, §4."""
    refuse_control(value, f"The parameter {name}")
    value = value.replace("\t", " ")
    if value.isascii() and len(value) + len(name) < 70:
        if _TOKEN.fullmatch(value):
            return [f"{name}={value}"]
        return [f'{name}="' + value.replace("\\", "\\\\").replace('"', '\\"') + '"']
    units = [_PERCENT_TABLE[byte] for byte in value.encode("utf-8", "replace")]
    whole = "".join(units)
    if len(whole) + len(name) < 60:
        return [f"{name}*=utf-8''{whole}"]
    pieces, line = [], "utf-8''"
    for unit in units:
        if len(line) + len(unit) > 55:
            pieces.append(line)
            line = ""
        line += unit
    pieces.append(line)
    return [f"{name}*{index}*={piece}" for index, piece in enumerate(pieces)]


def fold(name: str, value: str) -> bytes:
    """The field `name: value` with CRLF, folded at spaces to MAX_LINE where it has any. Raises SYNTAX. RFC 5322 §2.2.3."""
    refuse_control(value, f"The header {name}")
    if not name or not _TOKEN.fullmatch(name):
        raise MailError(Reason.SYNTAX, f"{name!r} is not the name of a header.")
    lines: list[str] = []
    line = f"{name}:"
    for word in value.strip().split(" "):
        if len(line) + 1 + len(word.encode("utf-8", "replace")) > MAX_LINE and line.strip() and not line.endswith(":"):
            lines.append(line)
            line = ""
        line += " " + word
    lines.append(line)
    # A line of nothing but spaces would end the header at some readers: RFC 5322 §3.2.2 allows it only as obsolete.
    lines = [lines[0], *(text for text in lines[1:] if text.strip())]
    return "\r\n".join(lines).encode("utf-8", "replace") + b"\r\n"


def param_field(name: str, value: str, params: dict[str, str]) -> bytes:
    """A Content-Type or Content-Disposition field with one parameter a line where it gets long."""
    refuse_control(value, name)
    pieces = [piece for key, text in params.items() for piece in encode_param(key, text)]
    line = f"{name}: {value}"
    lines = []
    for piece in pieces:
        if len(line) + 2 + len(piece) > MAX_LINE - 1:
            lines.append(line + ";")
            line = " " + piece
        else:
            line += "; " + piece
    lines.append(line)
    return "\r\n".join(lines).encode("ascii") + b"\r\n"
