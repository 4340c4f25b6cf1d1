"""Who a person may write as: every address that delivers to them is an identity by itself, with a name and signatures.

The default signature is that of the account's own address. What is stored is only what differs from that.
"""

from dataclasses import replace

from mailcore.base.errors import MailError, Reason
from mailcore.directory.resolve import addresses_of
from mailcore.directory.verbs import clean_name
from mailcore.mail.address import Address
from mailcore.mail.html import sanitise
from mailcore.store import Tx, identities
from mailcore.store.accounts import Account
from mailcore.store.identities import Identity, Signature

SIGNATURE_CHARACTERS = 10_000
"""Longest signature, text or HTML."""
SIGNATURES = 50
"""Most signatures of one account."""
NONE = 0
"""The signature id that says: no signature."""


def of_account(tx: Tx, account: Account) -> list[Identity]:
    """Every identity of *account*: own address first, then those it has chosen something for, then the rest."""
    stored = {one.address: one for one in identities.identities(tx, account.id)}
    found = [stored.get(a) or Identity(address=a, position=i) for i, a in enumerate(addresses_of(tx, account))]
    return [replace(one, name=one.name or account.display_name) for one in found]


def signature_for(tx: Tx, account: Account, address: str, *, is_reply: bool) -> Signature | None:
    """What stands under mail from *address*, or None for no signature."""
    stored = {one.address: one for one in identities.identities(tx, account.id)}
    chosen: int | None = None
    for key in (address, account.address):
        one = stored.get(key)
        chosen = None if one is None else (one.reply_signature_id if is_reply else one.new_signature_id)
        if chosen is not None:
            break
    return next((s for s in identities.signatures(tx, account.id) if s.id == chosen), None) if chosen else None


def set_identity(tx: Tx, account: Account, wanted: Identity) -> None:
    """Store a choice for one of the person's addresses. Raises MailError(NOT_PERMITTED, SYNTAX, NOT_FOUND)."""
    if wanted.address not in addresses_of(tx, account):
        raise MailError(Reason.NOT_PERMITTED, f"{wanted.address} is not one of your addresses.")
    name = clean_name(wanted.name)
    reply_to = str(Address.parse(wanted.reply_to)) if wanted.reply_to.strip() else ""
    known = {s.id for s in identities.signatures(tx, account.id)} | {NONE, None}
    if wanted.new_signature_id not in known or wanted.reply_signature_id not in known:
        raise MailError(Reason.NOT_FOUND, "This signature is gone. Choose another one.")
    identities.put_identity(tx, account.id, replace(wanted, name="" if name == account.display_name else name, reply_to=reply_to))


def save_signature(tx: Tx, account: Account, wanted: Signature) -> int:
    """Add (id 0) or change a signature; its id. The first one becomes the default. Raises MailError(SYNTAX, LIMIT, ALREADY_EXISTS)."""
    name = clean_name(wanted.name) or "Signature"
    text = wanted.text.replace("\r\n", "\n").rstrip()
    if max(len(text), len(wanted.html)) > SIGNATURE_CHARACTERS or "\0" in text:
        raise MailError(Reason.SYNTAX, f"A signature has at most {SIGNATURE_CHARACTERS} characters.")
    present = identities.signatures(tx, account.id)
    if not wanted.id and len(present) >= SIGNATURES:
        raise MailError(Reason.LIMIT, f"There are {SIGNATURES} signatures already. Remove one first.")
    if any(s.name == name and s.id != wanted.id for s in present):
        raise MailError(Reason.ALREADY_EXISTS, f"There is a signature called {name} already.")
    html = sanitise(wanted.html, cid_url=lambda _cid: None, remote_url=None).html if wanted.html.strip() else ""
    made = identities.put_signature(tx, account.id, Signature(id=wanted.id, name=name, text=text, html=html))
    if not present:
        _make_default(tx, account, made)
    return made


def _make_default(tx: Tx, account: Account, signature_id: int) -> None:
    stored = {one.address: one for one in identities.identities(tx, account.id)}
    own = stored.get(account.address) or Identity(address=account.address)
    identities.put_identity(tx, account.id, replace(own, new_signature_id=signature_id, reply_signature_id=signature_id))


def remove_signature(tx: Tx, account: Account, signature_id: int) -> None:
    """Remove a signature."""
    identities.remove_signature(tx, account.id, signature_id)
