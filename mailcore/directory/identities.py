"""Who a person may write as: every address that delivers to them is an identity by itself, with a name and signatures.

The default signature is that of the account's own address. What is stored is only what differs from that. A person changes their
own; an admin changes them in their place.
"""

from dataclasses import replace

from mailcore.base.clock import Micros
from mailcore.base.errors import MailError, Reason
from mailcore.directory.actor import Actor
from mailcore.directory.resolve import senders_of
from mailcore.directory.verbs import clean_name, own_or_manageable
from mailcore.mail.address import Address
from mailcore.mail.html import sanitise
from mailcore.store import Tx, identities, records
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
    found = [stored.get(a) or Identity(address=a, position=i) for i, a in enumerate(senders_of(tx, account))]
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


def set_identity(tx: Tx, actor: Actor, account: Account, wanted: Identity, now: Micros) -> None:
    """Store a choice for one of the person's addresses. Raises MailError(NOT_PERMITTED, SYNTAX, NOT_FOUND)."""
    own_or_manageable(tx, actor, account.id)
    if wanted.address not in senders_of(tx, account):
        raise MailError(Reason.NOT_PERMITTED, f"{wanted.address} is not one of your addresses.")
    name = clean_name(wanted.name)
    reply_to = str(Address.parse(wanted.reply_to)) if wanted.reply_to.strip() else ""
    known = {s.id for s in identities.signatures(tx, account.id)} | {NONE, None}
    if wanted.new_signature_id not in known or wanted.reply_signature_id not in known:
        raise MailError(Reason.NOT_FOUND, "This signature is gone. Choose another one.")
    identities.put_identity(tx, account.id, replace(wanted, name="" if name == account.display_name else name, reply_to=reply_to))
    _audit(tx, actor, account, "account:identity_changed", {"address": wanted.address}, now)


def save_signature(tx: Tx, actor: Actor, account: Account, wanted: Signature, now: Micros) -> int:
    """Add (id 0) or change a signature; its id. The first one becomes the default. Raises MailError(SYNTAX, LIMIT, NOT_FOUND, ALREADY_EXISTS)."""
    own_or_manageable(tx, actor, account.id)
    name = clean_name(wanted.name) or "Signature"
    text = wanted.text.replace("\r\n", "\n").rstrip()
    if max(len(text), len(wanted.html)) > SIGNATURE_CHARACTERS or "\0" in text:
        raise MailError(Reason.SYNTAX, f"A signature has at most {SIGNATURE_CHARACTERS} characters.")
    present = {s.id: s for s in identities.signatures(tx, account.id)}
    if wanted.id and wanted.id not in present:
        raise MailError(Reason.NOT_FOUND, "This signature is gone. Choose another one.")
    if not wanted.id and len(present) >= SIGNATURES:
        raise MailError(Reason.LIMIT, f"There are {SIGNATURES} signatures already. Remove one first.")
    if any(s.name == name and s.id != wanted.id for s in present.values()):
        raise MailError(Reason.ALREADY_EXISTS, f"There is a signature called {name} already.")
    html = sanitise(wanted.html, cid_url=lambda _cid: None, remote_url=None).html if wanted.html.strip() else ""
    if wanted.id and html == present[wanted.id].html and text != present[wanted.id].text:
        html = ""  # the text was changed where its form could not be
    made = identities.put_signature(tx, account.id, Signature(id=wanted.id, name=name, text=text, html=html))
    if not present:
        _make_default(tx, account, made)
    _audit(tx, actor, account, "account:signature_changed", {"signature": name}, now)
    return made


def _make_default(tx: Tx, account: Account, signature_id: int) -> None:
    stored = {one.address: one for one in identities.identities(tx, account.id)}
    own = stored.get(account.address) or Identity(address=account.address)
    identities.put_identity(tx, account.id, replace(own, new_signature_id=signature_id, reply_signature_id=signature_id))


def remove_signature(tx: Tx, actor: Actor, account: Account, signature_id: int, now: Micros) -> None:
    """Remove a signature. Raises MailError(NOT_FOUND)."""
    own_or_manageable(tx, actor, account.id)
    name = next((s.name for s in identities.signatures(tx, account.id) if s.id == signature_id), None)
    if name is None:
        raise MailError(Reason.NOT_FOUND, "This signature is gone. Choose another one.")
    identities.remove_signature(tx, account.id, signature_id)
    _audit(tx, actor, account, "account:signature_removed", {"signature": name}, now)


def _audit(tx: Tx, actor: Actor, account: Account, name: str, what: dict[str, str], now: Micros) -> None:
    records.audit(tx, name, account.address, actor=actor.name, ip=actor.ip, now=now, new=what, domain_id=account.domain_id)
