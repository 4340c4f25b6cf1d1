"""What the pages of distribution lists show."""

from dataclasses import dataclass, field

from admin.presenters import Choice


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRow:
    """One list in the table. *who_text* says who may write."""

    address: str
    name: str
    who_text: str
    members_text: str
    paused: int = 0
    is_disabled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberRow:
    """One member. *paused_text* says since when nothing is sent; "" for one who gets mail."""

    address: str
    joined_text: str
    paused_text: str = ""
    bounces_text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListPage:
    """One list: its form as typed, and its members' table where it has rows of its own."""

    address: str = ""
    name: str = ""
    mode: str = "public"
    owner: str = ""
    reply_to: str = "author"
    pasted: str = ""
    summary: str = ""
    is_new: bool = False
    is_disabled: bool = False
    needs_sign_in: bool = False
    domains: tuple[Choice, ...] = ()
    members: tuple[MemberRow, ...] = ()
    errors: dict[str, str] = field(default_factory=dict)
