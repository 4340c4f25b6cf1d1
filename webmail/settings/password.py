"""A new password, with the old one."""

from typing import Any

import flask
from flask_babel import gettext as _

from mailcore.auth.login import Attempt
from mailcore.base.errors import MailError
from mailcore.base.secret import Secret
from mailcore.directory import verbs
from web.signed_in import account, visitor
from web.site import actor, site
from webmail.settings.values import wrong


def check_old(text: str) -> None:
    """Raises MailError unless *text* is the password; counted like every sign-in."""
    request = flask.request
    attempt = Attempt(login=account().address, password=Secret(text), protocol="web", ip=request.remote_addr or "", is_tls=request.is_secure)
    try:
        site().doorkeeper.sign_in(attempt)
    except MailError as error:
        raise wrong("old_password", _("The password is wrong.")) from error


def save(form: Any) -> None:
    """Raises MailError."""
    check_old(form.get("old_password", ""))
    if form.get("new_password") != form.get("new_password_again"):
        raise wrong("new_password_again", _("The two are not the same."))
    hashed, keep = verbs.checked_hash(form.get("new_password", "")), visitor().session.id
    site().write(lambda tx: verbs.set_password(tx, actor(), account().id, hashed, site().now(), keep_session=keep))
