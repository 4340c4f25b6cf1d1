"""Templates of answers: add, change, remove."""

from typing import Any

import flask
from flask_babel import gettext as _

from mailcore.store import templates
from mailcore.store.templates import Template
from web.signed_in import account
from web.site import site
from webmail.settings.values import Errors, TemplatesPage


def shown(errors: Errors) -> dict[str, Any]:
    """The page; a template that was refused stands as it was typed."""
    present = templates.of_account(site().read(), account().id)
    draft = Template(id=0, name="")
    if errors:
        refused = typed(flask.request.form)
        present = [refused if one.id == refused.id else one for one in present]
        draft = refused if refused.id == 0 else draft
    return {"form": TemplatesPage(templates=tuple(present), draft=draft)}


def typed(form: Any) -> Template:
    """A template as it was typed."""
    number = form.get("id", "")
    return Template(id=int(number) if number.isdigit() else 0, name=form.get("name", ""), subject=form.get("subject", ""), text=form.get("text", ""), html=form.get("html", ""))


def save(form: Any) -> str:
    """Save or remove one. Raises MailError."""
    mine, wanted = account(), typed(form)
    if form.get("op") == "remove":
        site().write(lambda tx: templates.remove(tx, mine.id, wanted.id))
        return _("Template removed")
    site().write(lambda tx: templates.save(tx, mine.id, wanted))
    return _("Template saved")
