"""Authentication-Results: read, written, and taken off where a stranger wrote it in our name. RFC 8601.

Only a field whose authserv-id is our own, added by ourselves, says anything; everything else here is text from outside. Reading
is lenient and bounded and never raises.
"""

import re
from dataclasses import dataclass

from mailcore.base.errors import MailError, Reason
from mailcore.mail.headers import fold, scan_headers
from mailcore.mail.words import unfold

MAX_RESULTS = 100
"""Results read of one field. Stops a field of semicolons from filling a message's trace."""
MAX_FIELD_BYTES = 16_384
"""Octets of one field that are looked at."""

_TOKEN = re.compile(r'[ \t]++|"((?:[^"\\]|\\.)*+)"?|(\()|([;=])|([^ \t;="(]++)')
_PARENS = re.compile(r"[^()\\]*+(?:\\.|[()])")
_SAFE = re.compile(r"[A-Za-z0-9!#$%&'*+./:@^_`{|}~-]+")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodResult:
    """One method's result, such as dkim=pass; *properties* are ("header.d", "x.test") pairs."""

    method: str
    result: str
    reason: str = ""
    properties: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthResults:
    """A whole field. No results is written as "none"."""

    authserv_id: str
    results: tuple[MethodResult, ...] = ()

    def __bytes__(self) -> bytes:
        """The field with CRLF, folded. Raises SYNTAX for names that are none. RFC 8601 §2.2."""
        if not self.authserv_id or not _SAFE.fullmatch(self.authserv_id):
            raise MailError(Reason.SYNTAX, "The authserv-id is not a name.")
        clauses = [_clause(result) for result in self.results] or ["none"]
        return fold("Authentication-Results", self.authserv_id + "; " + "; ".join(clauses))


def _clause(result: MethodResult) -> str:
    if not _NAME.fullmatch(result.method) or not _NAME.fullmatch(result.result):
        raise MailError(Reason.SYNTAX, "A method and its result are names.")
    words = [f"{result.method}={result.result}"]
    if result.reason:
        words.append(f"reason={_value(result.reason)}")
    words.extend(f"{name}={_value(value)}" for name, value in result.properties if _NAME.fullmatch(name) and value)
    return " ".join(words)


def _value(text: str) -> str:
    """A value as token or quoted-string, without what could end either."""
    text = "".join(char if char.isprintable() else "?" for char in text[:500])
    return text if _SAFE.fullmatch(text) else '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def parse_authres(value: bytes) -> AuthResults | None:
    """Reads the field's value; None when it has no authserv-id. Never raises. RFC 8601 §2.2."""
    clauses: list[list[str]] = [[]]
    for token in _tokens(unfold(value[:MAX_FIELD_BYTES]).decode("utf-8", "replace")):
        if token == ";":
            clauses.append([])
        else:
            clauses[-1].append(token)
    if not clauses[0] or clauses[0][0] == "=":
        return None
    results = [result for clause in clauses[1 : MAX_RESULTS + 1] if (result := _result(clause))]
    return AuthResults(authserv_id=clauses[0][0].lower(), results=tuple(results))


def _tokens(text: str) -> list[str]:
    """Words, "=" and ";" without comments and white space."""
    out, pos = [], 0
    while pos < len(text):
        found = _TOKEN.match(text, pos)
        if found is None:
            pos += 1
            continue
        pos = found.end()
        quoted, comment, special, word = found.groups()
        if comment:
            pos = _skip_comment(text, pos)
        elif quoted is not None:
            out.append(re.sub(r"\\(.)", r"\1", quoted))
        elif special or word:
            out.append(special or word)
    return out


def _skip_comment(text: str, pos: int) -> int:
    depth = 1
    while depth:
        found = _PARENS.match(text, pos)
        if found is None:
            return len(text)
        pos = found.end()
        if found.group()[-2:-1] != "\\":
            depth += 1 if found.group()[-1] == "(" else -1
    return pos


def _result(clause: list[str]) -> MethodResult | None:
    """Reads `method=result reason=x ptype.property=value ...`."""
    pairs = [(clause[i - 1].lower(), clause[i + 1]) for i in range(1, len(clause) - 1) if clause[i] == "="]
    if not pairs or "." in pairs[0][0]:
        return None
    method, result = pairs[0]
    reason = next((value for name, value in pairs[1:] if name == "reason"), "")
    properties = tuple((name, value) for name, value in pairs[1:] if "." in name)
    return MethodResult(method=method.partition("/")[0], result=result.lower(), reason=reason, properties=properties)


def strip_own(data: bytes, authserv_id: str) -> bytes:
    """*data* without the Authentication-Results, Received-SPF and X-Spam fields that bear our id. RFC 8601 §5."""
    own = authserv_id.lower()
    cuts = []
    for field in scan_headers(data):
        name = field.name.lower()
        value = data[field.value_start : field.end]
        if name == b"authentication-results":
            parsed = parse_authres(value)
            is_ours = parsed is not None and parsed.authserv_id == own
        elif name == b"received-spf" or name.startswith(b"x-spam"):
            is_ours = own.encode("utf-8") in value.lower()
        else:
            continue
        if is_ours:
            cuts.append((field.start, field.end))
    return without(data, cuts)


def without(data: bytes, cuts: list[tuple[int, int]]) -> bytes:
    """*data* without the ranges *cuts*, which are in order and apart."""
    if not cuts:
        return data
    out, pos = [], 0
    for start, end in cuts:
        out.append(data[pos:start])
        pos = end
    out.append(data[pos:])
    return b"".join(out)
