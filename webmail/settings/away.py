"""Auto-reply and forwarding."""

from typing import Any

import flask
from flask_babel import gettext as _

from mailcore.base.errors import MailError
from mailcore.delivery import confirm
from mailcore.directory import away
from mailcore.store import filters
from web.away import page_of, typed_away, typed_forwarding
from web.signed_in import account
from web.site import actor, site
from webmail.settings.values import Errors


def shown(errors: Errors) -> dict[str, Any]:
    """Both forms."""
    return {"form": page_of(account(), flask.request.form, is_wrong=bool(errors))}


def save(form: Any) -> str | None:
    """One of: the auto-reply, the forwarding, a code, another code. Raises MailError."""
    op, mine = form.get("op"), account()
    if op == "forward":
        return _forward(form)
    if op == "code":
        confirm.take(site().runtime, actor(), mine, form.get("address", ""), form.get("code", ""))
        return _("Confirmed. Mail goes there from now on.")
    if op == "again":
        confirm.ask(site().runtime, mine, form.get("address", ""))
        return _("A new code is on its way.")
    site().write(lambda tx: away.set_away(tx, actor(), mine, typed_away(form), site().now()))
    return _("Auto-reply saved")


def _forward(form: Any) -> str:
    mine = account()
    try:
        missing = site().write(lambda tx: away.set_forwarding(tx, actor(), mine, typed_forwarding(form), site().now()))
    except MailError as error:
        error.field = "targets"  # type: ignore[attr-defined]
        raise
    asked = {one.address for one in filters.targets(site().read(), mine.id)}
    for address in missing:
        if address not in asked:
            confirm.ask(site().runtime, mine, address)
    return _("Saved. We sent a code to the new address.") if missing else _("Forwarding saved")
