"""Values that the templates of webmail and panel both receive: an option, a toast, a failure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One option of a select: what is sent and what is read."""

    value: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Toast:
    """What just happened, in one sentence. *undo* is the token of the face's undo view, None when nothing can be undone."""

    text: str
    undo: str | None = None
    is_error: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why something is not there: what happened, what it means, what to do. *retry_url* is a GET."""

    title: str
    text: str
    retry_url: str | None = None
