"""Mail on its way and what became of it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueRow:
    """One recipient's delivery that has not ended. *state*: waiting, trying, held, failed."""

    id: str
    sender: str
    """Empty for the null sender."""
    recipient: str
    subject: str
    state: str
    next_text: str
    age_text: str
    size_text: str
    attempts: int
    reply: str
    """What the other server last said, or empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try of one recipient. *outcome*: delivered, later, failed; *reply* is the other server's, verbatim."""

    time_text: str
    time_iso: str
    host: str
    outcome: str
    text: str
    reply: str = ""
    tls: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueItemPage:
    """One queued message with every try, newest first. *trace_id* names its timeline."""

    row: QueueRow
    attempts: tuple[Attempt, ...]
    trace_id: str
    route_text: str
    expires_text: str
    message_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceRow:
    """One message found in the timeline. *state*: delivered, filed, waiting, refused, failed."""

    id: str
    time_text: str
    time_iso: str
    sender: str
    recipient: str
    subject: str
    state: str
    state_text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineEvent:
    """One decision about a message. *tone*: accent, green, amber, red; *code* is a reply or value, verbatim."""

    time_text: str
    time_iso: str
    title: str
    text: str = ""
    code: str = ""
    tone: str = "accent"
    href: str = ""
    link_text: str = ""
    """Where another message stands that the event speaks of."""
    day_text: str = ""
    """The day, where it is another than that of the event before and not today."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TracePage:
    """The whole story of one message."""

    id: str
    sender: str
    recipients: tuple[str, ...]
    subject: str
    state: str
    state_text: str
    size_text: str
    message_id: str
    events: tuple[TimelineEvent, ...]
