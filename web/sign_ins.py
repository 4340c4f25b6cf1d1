"""Who tried to sign in as somebody lately: for the person in the webmail and for the admin in the panel."""

from dataclasses import dataclass

from flask_babel import gettext as _

from mailcore.store import access
from mailcore.store.accounts import Account
from web import words
from web.site import site

SHOWN = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInRow:
    """A sign-in that was tried."""

    time_text: str
    time_iso: str
    protocol: str
    ip: str
    agent: str
    is_good: bool
    is_tls: bool


def latest(account: Account) -> tuple[SignInRow, ...]:
    """The newest, at most SHOWN."""
    return tuple(
        SignInRow(
            time_text=words.short(at), time_iso=words.iso(at), protocol={"web": _("Webmail"), "code": _("Second step"), "half": _("Right password, no code")}.get(protocol, protocol.upper()), ip=ip, agent=words.program_name(agent) if agent else "",
            is_good=is_good, is_tls=is_tls,
        )
        for at, protocol, ip, agent, is_good, is_tls in access.recent_sign_ins(site().read(), account.id, SHOWN)
    )  # fmt: skip
