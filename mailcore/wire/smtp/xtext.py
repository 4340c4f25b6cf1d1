"""xtext and UTF-8 xtext: how ESMTP parameters carry any text (RFC 3461 §4, RFC 6533 §3)."""

import re

_PLAIN = re.compile(r"[!-*,-<>-~]*\Z")
_ENCODE = re.compile(r"[^!-*,-<>-~]")
_XTEXT = re.compile(r"(?:[!-*,-<>-~]|\+[0-9A-F]{2})*\Z", re.IGNORECASE)
_HEX = re.compile(r"\+([0-9A-F]{2})", re.IGNORECASE)
_NOT_QCHAR = re.compile(r"[^!-*,-<>-\[\]-~\u00a1-\U0010ffff]")
_UNITEXT = re.compile(r"(?:[!-*,-<>-\[\]-~\u0080-\U0010ffff]|\\x\{[0-9A-F]{2,6}\})*\Z", re.IGNORECASE)
_EMBEDDED = re.compile(r"\\x\{([0-9A-F]{2,6})\}", re.IGNORECASE)


def encode_xtext(text: str) -> str:
    """*text* with `+`, `=` and what is not printable ASCII as `+HH` of its UTF-8."""
    if _PLAIN.match(text):
        return text
    return _ENCODE.sub(lambda found: "".join([f"+{octet:02X}" for octet in found.group().encode("utf-8")]), text)


def decode_xtext(text: str) -> str | None:
    """The text in *text*, or None when it is no xtext or hides a control character."""
    if not _XTEXT.match(text):
        return None
    if "+" not in text:
        return text
    # Each escape is one octet: gather them as Latin-1, then read the whole as UTF-8 where it is that.
    plain = _HEX.sub(lambda found: chr(int(found.group(1), 16)), text)
    try:
        plain = plain.encode("latin-1").decode("utf-8")
    except UnicodeDecodeError:
        pass
    return plain if plain.isprintable() else None


def encode_unitext(text: str) -> str:
    """*text* for a `utf-8;` ORCPT (RFC 6533 §3, utf-8-addr-unitext)."""
    return _NOT_QCHAR.sub(lambda found: f"\\x{{{ord(found.group()):02X}}}", text)


def decode_unitext(text: str) -> str | None:
    """The address of a `utf-8;` ORCPT, whose escapes are `\\x{HEX}` (RFC 6533 §3), or None."""
    if not _UNITEXT.match(text):
        return None
    try:
        plain = _EMBEDDED.sub(lambda found: chr(int(found.group(1), 16)), text)
        plain.encode("utf-8")
    except (ValueError, OverflowError):
        return None
    return plain if plain.isprintable() else None
