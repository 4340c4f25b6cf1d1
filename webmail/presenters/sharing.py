"""Who else may use a mailbox."""

from dataclasses import dataclass

from web.values import Choice
from webmail.presenters.shell import initials_of, tint_of


@dataclass(frozen=True, slots=True, kw_only=True)
class HolderLine:
    """One person, group or everyone. *holder* is what the form sends; *rights* a preset's name, "" for letters that no preset has."""

    holder: str
    kind: str
    """user, group, anyone."""
    name: str
    detail: str = ""
    rights: str = ""
    letters: str = ""

    @property
    def initials(self) -> str:
        """One or two capitals."""
        return initials_of(self.name)

    @property
    def tint(self) -> int:
        """Avatar colour, 1..5."""
        return tint_of(self.holder)


@dataclass(frozen=True, slots=True, kw_only=True)
class SharePage:
    """The page of one mailbox: who may use it, and the form for one more."""

    mailbox_id: str
    name: str
    holders: tuple[HolderLine, ...]
    presets: tuple[Choice, ...]
    groups: tuple[Choice, ...]
    inner: int = 0
    """Mailboxes inside this one."""
    typed: str = ""
    domain: str = ""
