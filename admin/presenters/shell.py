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


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """One figure of the day, with what it counts."""

    value: int
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MailGraph:
    """Messages an hour, oldest first, 2 to 168 points. *hours* labels every point ("14:00")."""

    accepted: tuple[int, ...]
    refused: tuple[int, ...]
    hours: tuple[str, ...]

    WIDTH = 520
    HEIGHT = 120

    @property
    def peak(self) -> int:
        """The largest hour, at least 1; the top of the drawing."""
        return max(1, *self.accepted, *self.refused)

    def points(self, series: tuple[int, ...]) -> str:
        """*series* as `x,y` pairs of an SVG polyline in a WIDTH x HEIGHT box, 8 units free at the top."""
        step = self.WIDTH / max(1, len(series) - 1)
        scale = (self.HEIGHT - 8) / self.peak
        return " ".join(f"{index * step:.1f},{self.HEIGHT - value * scale:.1f}" for index, value in enumerate(series))
