"""Bytes to text for whatever charset a message claims. Never raises, never guesses a stateful or escape-driven codec.

A label is looked up in our alias table first: mail says "gb2312" and means GB 18030, says "iso-8859-1" and means Windows-1252.
What fails in the declared charset is tried as UTF-8, and what fails there is Windows-1252 with gaps replaced.
"""

import codecs
import re
from functools import lru_cache

_ALIASES = {
    "us-ascii": "utf-8",
    "ascii": "utf-8",
    "ansi_x3.4-1968": "utf-8",
    "utf8mb4": "utf-8",
    "unicode-1-1-utf-8": "utf-8",
    "x-unknown": "utf-8",
    "unknown": "utf-8",
    "unknown-8bit": "utf-8",
    "8bit": "utf-8",
    "default": "utf-8",
    "iso-8859-1": "cp1252",
    "iso8859-1": "cp1252",
    "iso_8859-1": "cp1252",
    "latin1": "cp1252",
    "latin-1": "cp1252",
    "iso-8859-9": "cp1254",
    "iso-8859-8-i": "iso-8859-8",
    "iso-8859-8-e": "iso-8859-8",
    "iso-8859-6-i": "iso-8859-6",
    "iso-8859-11": "cp874",
    "windows-874": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gb_2312-80": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "hz-gb2312": "hz",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "x-sjis": "cp932",
    "windows-31j": "cp932",
    "ks_c_5601-1987": "cp949",
    "ks_c_5601": "cp949",
    "euc-kr": "cp949",
    "x-windows-949": "cp949",
    "big5": "big5hkscs",
    "x-big5": "big5hkscs",
    "unicode-1-1-utf-7": "utf-7",
    "x-mac-roman": "mac-roman",
    "macintosh": "mac-roman",
    "x-mac-cyrillic": "mac-cyrillic",
}
# These are not charsets of text: two are quadratic in hostile input, the others let a message write escapes.
_REFUSED = frozenset(
    {"idna", "punycode", "unicode_escape", "unicode-escape", "raw_unicode_escape", "raw-unicode-escape", "undefined", "mbcs", "oem"}
)
_HALVES = re.compile("[\ud800-\udfff]")
_JUNK = re.compile(r"[^A-Za-z0-9._:+-]")


@lru_cache(maxsize=512)
def codec_name(label: str) -> str | None:
    """Python's codec for a charset *label* of a message, or None when there is none fit for text."""
    wanted = _JUNK.sub("", label[:60]).lower()
    wanted = _ALIASES.get(wanted, wanted)
    for guess in (wanted, wanted.replace("windows-", "cp").replace("cp-", "cp").removeprefix("x-")):
        try:
            info = codecs.lookup(guess)
        except (LookupError, ValueError):
            continue
        if getattr(info, "_is_text_encoding", True) and info.name not in _REFUSED:
            return info.name
    return None


def decode_bytes(data: bytes, label: str = "") -> str:
    """*data* as text in the charset *label*, else UTF-8, else Windows-1252. Never raises."""
    if data.isascii() and (not label or label.lower() in ("utf-8", "us-ascii")):
        return data.decode("ascii")
    codec = codec_name(label) if label else "utf-8"
    for name in (codec, "utf-8") if codec != "utf-8" else ("utf-8",):
        if name is None:
            continue
        try:
            return _whole(data.decode(name))
        except (UnicodeError, ValueError):
            continue
    if codec in (None, "utf-8", "cp1252"):
        return _declared_utf8_or_legacy(data, label)
    return _whole(data.decode(str(codec), "replace"))


def _whole(text: str) -> str:
    """*text* with half surrogates replaced: UTF-7 can write them, and nothing can store or send them."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace") if _HALVES.search(text) else text


def _declared_utf8_or_legacy(data: bytes, label: str) -> str:
    """A few bad bytes in what says it is UTF-8 stay UTF-8 with marks; anything else is Windows-1252."""
    if label.lower() in ("utf-8", "utf8"):
        text = data.decode("utf-8", "replace")
        if text.count("\ufffd") * 20 <= len(text):
            return text
    return data.decode("cp1252", "replace")
