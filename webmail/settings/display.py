"""Theme, density, single-key shortcuts."""

from typing import Any

from mailcore.directory import personal
from web.signed_in import account
from web.site import actor, site
from webmail import presenters as p
from webmail.blueprints import setting
from webmail.settings.values import Errors


def shown(_errors: Errors) -> dict[str, Any]:
    """The form."""
    return {"form": p.DisplayForm(theme=setting("web.theme"), density=setting("web.density"), has_shortcuts=bool(setting("web.shortcuts")), undo_seconds=int(setting("web.undo_seconds")))}


def save(form: Any) -> None:
    """Raises MailError."""
    wanted = {"web.theme": form.get("theme", "auto"), "web.density": form.get("density", "comfortable"), "web.shortcuts": "shortcuts" in form}
    if "undo_seconds" in form:
        wanted["web.undo_seconds"] = form["undo_seconds"]
    site().write(lambda tx: personal.set_display(tx, actor(), account(), wanted, site().now()))
    site().runtime.settings.refresh()
