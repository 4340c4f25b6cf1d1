"""Signatures, and which of them stands under mail from which address."""

from typing import Any

import flask
from flask_babel import gettext as _

from mailcore.directory import identities
from mailcore.store.identities import Identity, Signature
from mailcore.store.identities import signatures as stored_signatures
from web.signed_in import account
from web.site import site
from webmail import presenters as p
from webmail.settings.values import Errors, IdentityRow, SignatureRow, SignaturesPage


def shown(errors: Errors) -> dict[str, Any]:
    """The page; a signature that was refused stands as it was typed."""
    tx, mine, typed = site().read(), account(), flask.request.form
    present = [SignatureRow(id=s.id, name=s.name, text=s.text, html=s.html) for s in stored_signatures(tx, mine.id)]
    draft = SignatureRow(id=0, name="", text="", html="")
    if errors and typed.get("op") == "signature":
        refused = SignatureRow(id=_number(typed, "id"), name=typed.get("name", ""), text=typed.get("text", ""), html="")
        present = [refused if s.id == refused.id else s for s in present]
        draft = refused if refused.id == 0 else draft
    choices = (p.Choice(value="0", label=_("None")), *(p.Choice(value=str(s.id), label=s.name) for s in present))
    rows = tuple(_row(one, mine.address) for one in identities.of_account(tx, mine))
    return {"form": SignaturesPage(signatures=tuple(present), identities=rows, choices=choices, draft=draft)}


def _row(one: Identity, own: str) -> IdentityRow:
    def text(chosen: int | None) -> str:
        return ("0" if one.address == own else "") if chosen is None else str(chosen)

    return IdentityRow(
        address=one.address, name=one.name, reply_to=one.reply_to, new_signature=text(one.new_signature_id), reply_signature=text(one.reply_signature_id),
        is_own=one.address == own,
    )  # fmt: skip


def _number(form: Any, name: str) -> int:
    value = form.get(name, "")
    return int(value) if value.isdigit() else 0


def save(form: Any) -> str | None:
    """Save or remove a signature, or save what was chosen for an address. Raises MailError."""
    op, mine = form.get("op"), account()
    if op == "remove":
        site().write(lambda tx: identities.remove_signature(tx, mine, _number(form, "id")))
        return _("Signature removed")
    if op == "signature":
        wanted = Signature(id=_number(form, "id"), name=form.get("name", ""), text=form.get("text", ""), html=form.get("html", ""))
        site().write(lambda tx: identities.save_signature(tx, mine, wanted))
        return _("Signature saved")

    def chosen(name: str) -> int | None:
        value = form.get(name, "")
        return int(value) if value.isdigit() else None

    identity = Identity(
        address=form.get("address", ""), name=form.get("name", ""), reply_to=form.get("reply_to", ""), new_signature_id=chosen("new_signature"),
        reply_signature_id=chosen("reply_signature"),
    )  # fmt: skip
    site().write(lambda tx: identities.set_identity(tx, mine, identity))
    return None
