"""What somebody types into a mail program, and Apple's profile that does it by itself: for the person in the webmail and for the admin in the panel."""

from dataclasses import dataclass
from typing import Any

import flask
from flask_babel import gettext as _

from mailcore.directory import programs
from mailcore.store.accounts import Account
from web.site import site


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramRow:
    """One line of what to type into a mail program."""

    label: str
    host: str
    port: int
    security: str


def rows() -> tuple[ProgramRow, ...]:
    """Every way in, the better one first."""
    labels = {"imap": _("Reading (IMAP)"), "pop3": _("Fetching (POP3)"), "smtp": _("Sending (SMTP)"), "sieve": _("Filters (ManageSieve)")}
    found = [*programs.services(site().runtime), *programs.filters(site().runtime)]
    return tuple(ProgramRow(label=labels[one.kind], host=one.host, port=one.port, security=_("SSL/TLS") if one.is_implicit else _("STARTTLS")) for one in found)


def has_profile() -> bool:
    """Whether Apple's profile can be made at present."""
    return programs.for_profile(site().runtime) is not None


def apple(account: Account) -> Any:
    """The profile as a file. Raises MailError(NOT_SUPPORTED)."""
    profile = programs.apple_profile(site().runtime, account.address, account.display_name)
    return flask.Response(profile, mimetype="application/x-apple-aspen-config", headers={"Content-Disposition": 'attachment; filename="roost.mobileconfig"'})
