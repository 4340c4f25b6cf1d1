"""What is to become of a message for one account, as values: made by `sift`, performed by `act`."""

from dataclasses import dataclass, field

from mailcore.directory.resolve import LocalTarget
from mailcore.sieve.actions import HeaderEdit, Notify, Redirect, Remember, Vacation
from mailcore.store.records import TraceEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """One copy in one mailbox. *role* goes before *mailbox*; a mailbox that is missing is made (*creates*) or INBOX takes the copy.

    *flags* are `store.messages` bits, *keywords* space separated; *edits* is how many header edits this copy shows.
    """

    mailbox: str = "INBOX"
    role: str = ""
    creates: bool = False
    flags: int = 0
    keywords: tuple[str, ...] = ()
    edits: int = 0


@dataclass(slots=True, kw_only=True)
class Decision:
    """Everything for one account. Nothing in `copies` means that it keeps nothing; `refusal` says why the sender gets it back."""

    target: LocalTarget
    reached_by: str
    copies: list[Copy] = field(default_factory=list)
    redirects: list[tuple[Redirect, bool]] = field(default_factory=list)
    """With whether an admin's program asked for it, which needs no confirmation."""
    vacations: list[Vacation] = field(default_factory=list)
    notices: list[Notify] = field(default_factory=list)
    marks: list[Remember] = field(default_factory=list)
    edits: tuple[HeaderEdit, ...] = ()
    refusal: str = ""
    route: str = ""
    """The route that what is sent on goes by; "" is the usual one of its domain."""
    programs: list[str] = field(default_factory=list)
    error: str = ""
    shared_errors: dict[str, str] = field(default_factory=dict)
    """What the server's or the domain's rules stumbled over, by their scope."""
    events: list[TraceEvent] = field(default_factory=list)
