"""From a line to a command. Raises SmtpSyntaxError, which holds the reply, and nothing else.

Grammar stands above its function. What real senders get wrong and we let pass is a Quirk, each with the sender that needs it;
a listener may turn them off.
"""

import re
from collections.abc import Callable
from enum import Enum

from mailcore.base.errors import MailError, Reason
from mailcore.mail.address import ForwardPath, ReversePath
from mailcore.wire.smtp.commands import (
    Auth,
    Bdat,
    Body,
    Command,
    Data,
    Ehlo,
    Expn,
    Helo,
    Help,
    Lhlo,
    Mail,
    Noop,
    Notify,
    OriginalRecipient,
    Quit,
    Rcpt,
    Ret,
    Rset,
    StartTls,
    Vrfy,
)
from mailcore.wire.smtp.replies import Reply
from mailcore.wire.smtp.xtext import decode_unitext, decode_xtext

LINE_MAX_BYTES = 4096
"""Longest command line: RFC 5321's 512 and all that extensions add. Stops lines that fill memory."""
AUTH_LINE_MAX_BYTES = 12288
"""AUTH and its answers (RFC 4954 §4)."""
HOST_MAX_BYTES = 255
"""Longest EHLO name; it ends up in Received."""
ENVID_MAX = 100
"""RFC 3461 §4.4."""
ORCPT_MAX = 500
"""RFC 3461 §4.2."""
BDAT_MAX_DIGITS = 18
"""Longest chunk size; stops quadratic int()."""


class Quirk(Enum):
    """Deviations that are let pass."""

    SPACE_AFTER_COLON = "MAIL FROM: <a@b>: old scanners, PHP scripts, Outlook Express"
    NO_ANGLES = "MAIL FROM:a@b: network printers and alarm panels"
    NOOP_ARGUMENTS = "RSET, DATA or QUIT with words behind it: monitoring probes"


ALL_QUIRKS = frozenset(Quirk)


class SmtpSyntaxError(MailError):
    """A command that does not parse; *reply* is the answer."""

    def __init__(self, code: int, enhanced: str, text: str) -> None:
        super().__init__(Reason.SYNTAX, text)
        self.reply = Reply.of(code, enhanced, text)


# Possessive: three things side by side that take spaces would try a long run of them in every way there is.
_VERB = re.compile(rb"([A-Za-z0-9]{1,20}+)(?: ++([^\r\n\x00]*+))?\t*+\Z")
# A path runs to the > that is not inside quotes.
_PATH = r"(<(?:[^<>\"\\\s]|\"(?:[^\"\\]|\\.)*\")*>|[^\s<>\"]+)"
_MAIL = re.compile(rf"FROM:( *){_PATH}((?: +\S+)*) *\Z", re.IGNORECASE)
_RCPT = re.compile(rf"TO:( *){_PATH}((?: +\S+)*) *\Z", re.IGNORECASE)
_KEYWORD = re.compile(r"([A-Za-z0-9][A-Za-z0-9-]*)(?:=([!-<>-~\u0080-\U0010ffff]+))?\Z")
_BDAT = re.compile(r"([0-9]+)(?: +(LAST))?\Z", re.IGNORECASE)
_AUTH = re.compile(r"([A-Za-z0-9_-]{1,20})(?: +(=|[A-Za-z0-9+/]+={0,2}))?\Z")


def parse_command(line: bytes, quirks: frozenset[Quirk] = ALL_QUIRKS) -> Command:
    """The command on *line* (without CRLF). Raises SmtpSyntaxError. RFC 5321 §4.1.1."""
    found = _VERB.match(line)
    parse = PARSERS.get(found.group(1).upper()) if found is not None else None
    if found is None or parse is None:
        raise SmtpSyntaxError(500, "5.5.2", "Command not recognised.")
    if len(line) > LINE_MAX_BYTES and parse is not _auth:
        raise SmtpSyntaxError(500, "5.5.2", "The line is too long.")
    try:
        argument = (found.group(2) or b"").decode("utf-8").rstrip(" \t")
    except UnicodeDecodeError:
        raise SmtpSyntaxError(501, "5.5.2", "The line is neither ASCII nor UTF-8.") from None
    return parse(argument, quirks)


_Parse = Callable[[str, frozenset[Quirk]], Command]


# ehlo = "EHLO" SP ( Domain / address-literal ) CRLF
def _greeting(kind: type[Ehlo]) -> _Parse:
    def parse(argument: str, quirks: frozenset[Quirk]) -> Command:
        if not argument or " " in argument or not argument.isprintable() or len(argument) > HOST_MAX_BYTES:
            raise SmtpSyntaxError(501, "5.5.4", f"{kind.__name__.upper()} needs one host name.")
        return kind(host=argument)

    return parse


def _bare(kind: type[Command]) -> _Parse:
    def parse(argument: str, quirks: frozenset[Quirk]) -> Command:
        if argument and kind is not Noop and Quirk.NOOP_ARGUMENTS not in quirks:
            raise SmtpSyntaxError(501, "5.5.4", "The command takes no argument.")
        return kind()

    return parse


def _with_text(kind: type[Vrfy], *, is_needed: bool) -> _Parse:
    def parse(argument: str, quirks: frozenset[Quirk]) -> Command:
        if is_needed and not argument:
            raise SmtpSyntaxError(501, "5.5.4", "The command needs an argument.")
        return kind(argument=argument)

    return parse


def _split(pattern: re.Pattern[str], argument: str, quirks: frozenset[Quirk], form: str) -> tuple[str, dict[str, str]]:
    """The path in angle brackets and the parameters by upper-case name."""
    found = pattern.match(argument)
    if found is None or (found.group(1) and Quirk.SPACE_AFTER_COLON not in quirks):
        raise SmtpSyntaxError(501, "5.5.2", f"Syntax: {form}")
    path = found.group(2)
    if path[0] != "<":
        if Quirk.NO_ANGLES not in quirks:
            raise SmtpSyntaxError(501, "5.5.2", f"Syntax: {form}")
        path = f"<{path}>"
    params: dict[str, str] = {}
    for word in found.group(3).split():
        param = _KEYWORD.match(word)
        if param is None:
            raise SmtpSyntaxError(501, "5.5.4", "A parameter is malformed.")
        name = param.group(1).upper()
        if name in params:
            raise SmtpSyntaxError(501, "5.5.4", f"{name} is given twice.")
        params[name] = param.group(2) or ""
    return path, params


# mail = "MAIL FROM:" Reverse-path [SP Mail-parameters] CRLF
def _mail(argument: str, quirks: frozenset[Quirk]) -> Command:
    path_text, params = _split(_MAIL, argument, quirks, "MAIL FROM:<address> [parameters]")
    try:
        path = ReversePath.parse(path_text)
    except MailError as error:
        raise SmtpSyntaxError(501, "5.1.7", error.detail) from None
    if not params:
        values: dict[str, object] = {}
    else:
        values = _read_params(params, _MAIL_PARAMS)
    if not path_text.isascii() and not values.get("has_smtputf8"):
        raise SmtpSyntaxError(553, "5.6.7", "This address needs SMTPUTF8.")
    return Mail(path=path, **values)  # type: ignore[arg-type]


# rcpt = "RCPT TO:" ( "<Postmaster@" Domain ">" / "<Postmaster>" / Forward-path ) [SP Rcpt-parameters] CRLF
def _rcpt(argument: str, quirks: frozenset[Quirk]) -> Command:
    path_text, params = _split(_RCPT, argument, quirks, "RCPT TO:<address> [parameters]")
    try:
        path = ForwardPath.parse(path_text)
    except MailError as error:
        raise SmtpSyntaxError(501, "5.1.3", error.detail) from None
    if not params:
        return Rcpt(path=path)
    return Rcpt(path=path, **_read_params(params, _RCPT_PARAMS))  # type: ignore[arg-type]


_Param = tuple[str, Callable[[str], object]]


def _read_params(params: dict[str, str], known: dict[str, _Param]) -> dict[str, object]:
    values: dict[str, object] = {}
    for name, text in params.items():
        row = known.get(name)
        if row is None:
            raise SmtpSyntaxError(555, "5.5.4", f"Parameter {name} is not supported.")
        value = row[1](text)
        if value is None:
            raise SmtpSyntaxError(501, "5.5.4", f"The value of {name} is wrong.")
        values[row[0]] = value
    return values


def _size(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 20 else None


def _body(text: str) -> Body | None:
    return _BODIES.get(text.upper())


def _flag(text: str) -> bool | None:
    return None if text else True


def _ret(text: str) -> Ret | None:
    return _RETS.get(text.upper())


def _envid(text: str) -> str | None:
    plain = decode_xtext(text) if text and text.isascii() else None
    return plain if plain is not None and len(plain) <= ENVID_MAX else None


def _mail_auth(text: str) -> str | None:
    if text == "<>":
        return ""
    return (decode_xtext(text) or None) if text.isascii() else None


def _notify(text: str) -> frozenset[Notify] | None:
    words = text.upper().split(",")
    if words == ["NEVER"]:
        return frozenset()
    found = [_NOTIFIES.get(word) for word in words]
    return None if None in found else frozenset([when for when in found if when is not None])


# original-recipient-address = addr-type ";" xtext
def _orcpt(text: str) -> OriginalRecipient | None:
    kind, semicolon, address = text.partition(";")
    kind = kind.lower()
    if not semicolon or not address or len(text) > ORCPT_MAX or not re.fullmatch(r"[a-z0-9-]{1,30}", kind):
        return None
    plain = (decode_unitext(address) if kind == "utf-8" else None) or decode_xtext(address)
    return OriginalRecipient(kind, plain) if plain else None


_BODIES = {body.value: body for body in Body}
_RETS = {ret.value: ret for ret in Ret}
_NOTIFIES = {when.value: when for when in Notify}
_MAIL_PARAMS: dict[str, _Param] = {
    "SIZE": ("size_bytes", _size),
    "BODY": ("body", _body),
    "SMTPUTF8": ("has_smtputf8", _flag),
    "RET": ("ret", _ret),
    "ENVID": ("envid", _envid),
    "AUTH": ("auth", _mail_auth),
}
_RCPT_PARAMS: dict[str, _Param] = {
    "NOTIFY": ("notify", _notify),
    "ORCPT": ("orcpt", _orcpt),
}


# bdat-cmd = "BDAT" SP chunk-size [SP "LAST"] CRLF
def _bdat(argument: str, quirks: frozenset[Quirk]) -> Command:
    found = _BDAT.match(argument)
    if found is None or len(found.group(1)) > BDAT_MAX_DIGITS:
        # The octets that follow cannot be counted, so the caller closes: RFC 3030 §2 leaves no way to go on.
        raise SmtpSyntaxError(501, "5.5.4", "Syntax: BDAT size [LAST]")
    return Bdat(size_bytes=int(found.group(1)), is_last=found.group(2) is not None)


# auth-command = "AUTH" SP sasl-mech [SP initial-response] CRLF
def _auth(argument: str, quirks: frozenset[Quirk]) -> Command:
    found = _AUTH.match(argument)
    if found is None or len(argument) > AUTH_LINE_MAX_BYTES:
        raise SmtpSyntaxError(501, "5.5.2", "Syntax: AUTH mechanism [base64]")
    initial = found.group(2)
    return Auth(mechanism=found.group(1).upper(), initial=None if initial is None else initial.encode("ascii"))


PARSERS: dict[bytes, _Parse] = {
    b"EHLO": _greeting(Ehlo),
    b"HELO": _greeting(Helo),
    b"LHLO": _greeting(Lhlo),
    b"MAIL": _mail,
    b"RCPT": _rcpt,
    b"DATA": _bare(Data),
    b"BDAT": _bdat,
    b"RSET": _bare(Rset),
    b"NOOP": _bare(Noop),
    b"QUIT": _bare(Quit),
    b"STARTTLS": _bare(StartTls),
    b"VRFY": _with_text(Vrfy, is_needed=True),
    b"EXPN": _with_text(Expn, is_needed=True),
    b"HELP": _with_text(Help, is_needed=False),
    b"AUTH": _auth,
}
"""One row for every verb."""
