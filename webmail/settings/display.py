"""Theme, density, conversations, single-key shortcuts."""

from typing import Any

from mailcore.directory import personal
from web.signed_in import account
from web.site import actor, site
from webmail import presenters as p
from webmail.blueprints import setting
from webmail.settings.values import Errors
from webmail.trust import MOST_SENDERS


def shown(_errors: Errors) -> dict[str, Any]:
    """The form."""
    return {"form": p.DisplayForm(theme=setting("web.theme"), density=setting("web.density"), has_shortcuts=bool(setting("web.shortcuts")), has_conversations=bool(setting("web.conversations")), has_warnings=bool(setting("web.warnings")), asks_receipts=setting("web.receipts") == "ask", undo_seconds=int(setting("web.undo_seconds")), images_from=setting("web.images_from"))}


def save(form: Any) -> None:
    """The whole page, or the shortcuts alone, which their own dialog switches. Raises MailError."""
    wanted: dict[str, Any] = {f"web.{name}": form[name] for name in ("theme", "density", "undo_seconds") if name in form}
    wanted["web.shortcuts"] = form.get("shortcuts") == "1"
    if "theme" in form:
        wanted["web.conversations"] = form.get("conversations") == "1"
        wanted["web.warnings"] = form.get("warnings") == "1"
        wanted["web.images_from"] = " ".join(form.get("images_from", "").replace(",", " ").lower().split()[-MOST_SENDERS:])
        wanted["web.receipts"] = "ask" if form.get("receipts") == "1" else "never"
    site().write(lambda tx: personal.set_display(tx, actor(), account(), wanted, site().now()))
    site().runtime.settings.refresh()
