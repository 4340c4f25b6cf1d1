"""Signatures, and what stands under mail from which address, as a form: of one's own in the webmail and of somebody's in the panel."""

from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _

from mailcore.directory import identities
from mailcore.store import identities as stored
from mailcore.store.accounts import Account
from mailcore.store.identities import Identity, Signature
from web.site import actor, site
from web.values import Choice


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityRow:
    """One of the person's addresses and what was chosen for it. Signature values are ids as text; "" is the default, "0" none."""

    address: str
    name: str
    reply_to: str
    new_signature: str
    reply_signature: str
    is_own: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SignaturesPage:
    """Signatures, addresses, and what may be chosen for them. *draft* is the one that is not there yet; HTML is sanitised."""

    signatures: tuple[Signature, ...]
    identities: tuple[IdentityRow, ...]
    choices: tuple[Choice, ...]
    draft: Signature


def page_of(account: Account, form: Any, *, is_wrong: bool) -> SignaturesPage:
    """The page; what was refused stands as it was typed."""
    tx = site().read()
    present, draft = stored.signatures(tx, account.id), Signature(id=0, name="", text="")
    choices = (Choice(value="0", label=_("None")), *(Choice(value=str(s.id), label=s.name) for s in present))
    if is_wrong and form.get("op") == "signature":
        refused = Signature(id=_number(form.get("id")), name=form.get("name", ""), text=form.get("text", ""))
        present = [refused if s.id == refused.id else s for s in present]
        draft = refused if refused.id == 0 else draft
    rows = tuple(_row(one, account.address) for one in identities.of_account(tx, account))
    return SignaturesPage(signatures=tuple(present), identities=rows, choices=choices, draft=draft)


def _row(one: Identity, own: str) -> IdentityRow:
    def text(chosen: int | None) -> str:
        return ("0" if one.address == own else "") if chosen is None else str(chosen)

    return IdentityRow(
        address=one.address, name=one.name, reply_to=one.reply_to, new_signature=text(one.new_signature_id), reply_signature=text(one.reply_signature_id),
        is_own=one.address == own,
    )  # fmt: skip


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 15 else 0


def change(account: Account, form: Any) -> str:
    """Save or remove a signature, or save what was chosen for an address; what to say then. Raises MailError."""
    op, now = form.get("op"), site().now()
    if op == "remove":
        site().write(lambda tx: identities.remove_signature(tx, actor(), account, _number(form.get("id")), now))
        return _("Signature removed")
    if op == "signature":
        wanted = Signature(id=_number(form.get("id")), name=form.get("name", ""), text=form.get("text", ""), html=form.get("html", ""))
        site().write(lambda tx: identities.save_signature(tx, actor(), account, wanted, now))
        return _("Signature saved")

    def chosen(name: str) -> int | None:
        return _number(form[name]) if form.get(name) else None

    identity = Identity(
        address=form.get("address", ""), name=form.get("name", ""), reply_to=form.get("reply_to", ""), new_signature_id=chosen("new_signature"),
        reply_signature_id=chosen("reply_signature"),
    )  # fmt: skip
    site().write(lambda tx: identities.set_identity(tx, actor(), account, identity, now))
    return _("Saved")
