"""Auto-reply and forwarding as a form, of one's own in the webmail and of somebody's in the panel."""

from dataclasses import dataclass
from typing import Any

from mailcore.directory import away, personal
from mailcore.directory.away import Away, Forwarding
from mailcore.store import filters
from mailcore.store.accounts import Account
from web.site import site


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetRow:
    """An address that mail is forwarded to. state: local, confirmed, waiting."""

    address: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AwayPage:
    """Auto-reply and forwarding as they stand. `sieve` is what both are run as, `error` what the filters last stumbled over; "" for nothing."""

    away: Away
    forward_text: str
    is_forwarding: bool
    keeps_copy: bool
    targets: tuple[TargetRow, ...]
    zone: str
    own_domain: str
    sieve: str = ""
    error: str = ""


def page_of(account: Account, form: Any, *, is_wrong: bool) -> AwayPage:
    """Both forms; the one that was refused stands as it was typed."""
    tx, op = site().read(), form.get("op") if is_wrong else ""
    reply = typed_away(form) if op == "away" else away.away(tx, account)
    forward = typed_forwarding(form) if op == "forward" else away.forwarding(tx, account)
    stored = {one.address for one in filters.targets(tx, account.id)}
    waiting = away.unconfirmed(tx, account)
    rows = tuple(TargetRow(address=t, state="waiting" if t in waiting else "confirmed" if t in stored else "local") for t in away.forwarding(tx, account).targets)
    return AwayPage(
        away=reply, forward_text="\n".join(forward.targets), is_forwarding=forward.is_on, keeps_copy=forward.keeps_copy, targets=rows,
        zone=personal.zone_name(site().runtime, account), own_domain=account.address.rpartition("@")[2], sieve=away.sieve_of(tx, account), error=filters.form(tx, away.scope_of(account), "error"),
    )  # fmt: skip


def typed_away(form: Any) -> Away:
    """The auto-reply as it was typed."""
    days = form.get("days", "")
    return Away(
        is_on="is_on" in form, starts=form.get("starts", ""), ends=form.get("ends", ""), subject=form.get("subject", ""), text=form.get("text", ""),
        inside_text=form.get("inside_text", ""), days=int(days) if days.isascii() and days.isdigit() and len(days) < 5 else 7,
    )  # fmt: skip


def typed_forwarding(form: Any) -> Forwarding:
    """The forwarding as it was typed."""
    words = form.get("targets", "").replace(",", "\n").replace(";", "\n").split("\n")
    return Forwarding(is_on="is_forwarding" in form, targets=tuple(w.strip() for w in words if w.strip()), keeps_copy="keeps_copy" in form)
