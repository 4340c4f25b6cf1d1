"""What surrounds every page of the panel, and its home."""

from dataclasses import dataclass

from web.values import Failure, Toast


@dataclass(frozen=True, slots=True, kw_only=True)
class AdminShell:
    """What surrounds every admin page. *tint* 1..5; *health*: ok, warn, bad; *theme*: light, dark, auto."""

    name: str
    initials: str
    tint: int = 4
    theme: str = "auto"
    density: str = "comfortable"
    language: str = "en"
    direction: str = "ltr"
    health: str = "ok"
    health_text: str = ""
    domains: int = 0
    accounts: int = 0
    queued: int = 0
    quarantined: int = 0
    is_server_admin: bool = True
    """False for a domain admin, who sees only the pages of own domains."""
    has_webmail: bool = True
    toast: Toast | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Paging:
    """Where a list stands. *older* and *newer* are whole URLs; *shown* of *total*; *state*: ready, empty, failed, forbidden."""

    shown: int = 0
    total: int = 0
    older: str | None = None
    newer: str | None = None
    state: str = "ready"
    is_filtered: bool = False
    failure: Failure | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NeedsDoing:
    """One thing that wants attention. *level*: bad, warn, info. *action_url* is a GET unless *is_post*."""

    level: str
    title: str
    text: str
    action_label: str
    action_url: str
    is_post: bool = False
