"""What a script asks for, as values: the interpreter returns these and performs nothing.

Whatever stores or sends the message says how many of `Result.header_edits` came before it (`edits`), because RFC 5293 §6 gives each
action the header as it stood at that moment. Performing them, and all checks against people and networks (confirmed redirects,
whom an auto-reply may go to), is delivery's.
"""

from dataclasses import dataclass

INBOX = "INBOX"
DEFAULT_VACATION_SECONDS = 7 * 86_400
"""RFC 5230 §4.1: the usual pause between two replies to one person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    """Into INBOX. *flags* are IMAP's names, as `\\Seen` or `$Label`. RFC 5228 §4.3."""

    flags: tuple[str, ...] = ()
    edits: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FileInto:
    """Into *mailbox*, or, where there is one, into the mailbox of *special_use*. RFC 5228 §4.1, RFC 5490 §3.2, RFC 8579 §4."""

    mailbox: str
    flags: tuple[str, ...] = ()
    is_copy: bool = False
    create: bool = False
    special_use: str = ""
    edits: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Discard:
    """Drop it silently. RFC 5228 §4.4."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Redirect:
    """Send it on to *address*, unchanged but for the edits. RFC 5228 §4.2."""

    address: str
    is_copy: bool = False
    edits: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reject:
    """Refuse it with *reason*: in the SMTP dialogue where that is still possible; `is_ereject` prefers that. RFC 5429 §2."""

    reason: str
    is_ereject: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Vacation:
    """Reply once in *seconds* (0: each time) to a sender; *handle* names what is remembered. RFC 5230 §4, RFC 6131 §2."""

    reason: str
    subject: str | None = None
    from_address: str | None = None
    addresses: tuple[str, ...] = ()
    seconds: int = DEFAULT_VACATION_SECONDS
    is_mime: bool = False
    handle: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notify:
    """Tell *address* (from a mailto: URI) that mail came. RFC 5435 §3, RFC 5436 §2."""

    address: str
    message: str = ""
    from_address: str | None = None
    importance: int = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Remember:
    """Remember *mark* for *seconds* as seen by the duplicate test, once delivery has succeeded. RFC 7352 §3."""

    mark: str
    seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SendBy:
    """What leaves because of this run, and the message itself where it leaves, goes by the route of this name. Ours: `vnd.roost.route`."""

    route: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunProgram:
    """Give the message to the program of this *name*, once delivery has succeeded. Ours: `vnd.roost.program`."""

    name: str


Action = Keep | FileInto | Discard | Redirect | Reject | Vacation | Notify | Remember | SendBy | RunProgram


@dataclass(frozen=True, slots=True, kw_only=True)
class AddHeader:
    """Put `name: value` before all fields, or behind them. *value* has no line breaks. RFC 5293 §4."""

    name: str
    value: str
    is_last: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteHeader:
    """Take away the *nth* field (from 1) of *name*, counted as the edits before this one left them. RFC 5293 §5."""

    name: str
    nth: int


HeaderEdit = AddHeader | DeleteHeader


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One line of the trace: what the script did, in which script ("" is the main one) and line."""

    line: int
    text: str
    script: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What one run asks for. `actions` holds the Keep of an implicit keep too; after an error it holds nothing else.

    `error` is "" or a sentence for the owner that names the line.
    """

    actions: tuple[Action, ...]
    header_edits: tuple[HeaderEdit, ...] = ()
    is_implicit_keep: bool = False
    error: str = ""
    trace: tuple[Step, ...] = ()
