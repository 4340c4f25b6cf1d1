"""The panel's blueprints, what surrounds each page, and what lists share: the scope of a domain admin, cursors, toasts."""

from typing import Any

import flask
from flask_babel import gettext as _

from admin import presenters as p
from mailcore.base.errors import MailError, Reason
from mailcore.store import accounts, outbox
from web.signed_in import account, is_signed_in
from web.site import actor, site
from web.words import direction, language, said

admin = flask.Blueprint("admin", __name__, url_prefix="/admin")
setup_blueprint = flask.Blueprint("setup", __name__, url_prefix="/setup")

PAGE = 50


def is_server() -> bool:
    """Whether a server admin asks."""
    return account().role == "server-admin"


def scope() -> int | None:
    """The domain a domain admin sees; None for all."""
    return None if is_server() else account().domain_id


def own_domains() -> list[accounts.Domain]:
    """The domains the admin sees."""
    found = accounts.domains(site().read())
    return [d for d in found if scope() is None or d.id == scope()]


def domain_of(name: str) -> accounts.Domain:
    """A domain the admin may manage. Raises MailError(NOT_FOUND, NOT_PERMITTED)."""
    from mailcore.directory import verbs

    found = verbs.find_domain(site().read(), name)
    actor().require_domain(found.id)
    return found


def chosen_domain() -> str:
    """The domain that a form for something new begins with: typed, asked for, or the first. Raises MailError(NOT_FOUND, NOT_PERMITTED)."""
    name = flask.request.form.get("domain") or flask.request.args.get("domain", "")
    return domain_of(name).name if name else own_domains()[0].name if own_domains() else ""


def domain_choices() -> tuple[p.Choice, ...]:
    """The domains as choices."""
    return tuple(p.Choice(value=d.name, label=d.name) for d in own_domains())


def beside(error: MailError) -> str:
    """What a form says beside its fields; what the asker may not do is a page of its own. Raises MailError(NOT_PERMITTED)."""
    if error.reason is Reason.NOT_PERMITTED:
        raise error
    return said(error)


def require_typed(form: Any, name: str) -> None:
    """What cannot be undone wants *name* typed. Raises MailError(SYNTAX)."""
    if form.get("confirm") != name:
        raise MailError(Reason.SYNTAX, _("Type %(name)s to delete it.", name=name))


def toast(text: str, undo: str | None = None) -> None:
    """Say it on the next page."""
    flask.session["admin_toast"] = {"text": text, "undo": undo}


def theme() -> str:
    """The theme of the cookie."""
    chosen = flask.request.cookies.get("theme", "")
    return chosen if chosen in ("light", "dark", "auto") else "auto"


@admin.context_processor
def around() -> dict[str, Any]:
    """The shell of every page."""
    if not is_signed_in():
        return {"shell": None, "theme": theme()}
    mine, tx = account(), site().read()
    words = [w for w in (mine.display_name or mine.address).replace("@", " ").replace(".", " ").split() if w[0].isalnum()] or ["?"]
    told = flask.session.pop("admin_toast", None)
    return {
        "area": "",
        "shell": p.AdminShell(
            name=mine.display_name or mine.address, initials=(words[0][0] + (words[1][0] if len(words) > 1 else "")).upper(), theme=theme(), language=language(),
            direction=direction(), domains=len(own_domains()), accounts=accounts.count_accounts(tx, scope()),
            queued=outbox.count(tx) if is_server() else 0, quarantined=outbox.count(tx, is_quarantined=True) if is_server() else 0, is_server_admin=is_server(), toast=p.Toast(**told) if told else None,
        ),
    }  # fmt: skip
