"""Auto-reply and forwarding of one person: the form as people fill it in, kept as JSON and run as the Sieve made from it here.

A reply is remembered by what it says (RFC 5230 §4.2), so switching it off and on answers nobody twice, and other words answer everybody anew.
"""

import json
from dataclasses import asdict, dataclass, fields, replace
from datetime import date

from mailcore.base.clock import Micros
from mailcore.base.errors import MailError, Reason
from mailcore.directory import resolve, verbs
from mailcore.directory.actor import Actor
from mailcore.mail.address import Address
from mailcore.store import Tx, filters, records, scripts
from mailcore.store.accounts import Account

TEXT_CHARACTERS = 10_000
SUBJECT_CHARACTERS = 200
MAX_DAYS = 30
MAX_TARGETS = 5
"""Addresses one account may forward to: Sieve's own limit of redirects a run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Away:
    """The auto-reply. *starts* and *ends* are ISO dates in the account's zone, both inclusive, "" for open; *days* between two replies to one sender.

    *inside_text* goes to people of the account's own domain; "" for the same text.
    """

    is_on: bool = False
    starts: str = ""
    ends: str = ""
    subject: str = ""
    text: str = ""
    inside_text: str = ""
    days: int = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Forwarding:
    """Where mail goes as well (*keeps_copy*) or instead."""

    is_on: bool = False
    targets: tuple[str, ...] = ()
    keeps_copy: bool = True


def scope_of(account: Account) -> str:
    """The account's scope among filters."""
    return f"account:{account.id}"


def away(tx: Tx, account: Account) -> Away:
    """The auto-reply as it stands."""
    stored = json.loads(filters.form(tx, scope_of(account), "away") or "{}")
    return Away(**{one.name: stored[one.name] for one in fields(Away) if one.name in stored})


def forwarding(tx: Tx, account: Account) -> Forwarding:
    """The forwarding as it stands."""
    text = filters.form(tx, scope_of(account), "forward")
    if not text:
        return Forwarding()
    stored = json.loads(text)
    return Forwarding(**{**stored, "targets": tuple(stored["targets"])})


def sieve_of(tx: Tx, account: Account) -> str:
    """The Sieve that runs for both forms; "" where both are off."""
    return filters.form(tx, scope_of(account), "away-program")


def is_away_now(wanted: Away, today: date) -> bool:
    """Whether the auto-reply answers on *today*, a date in the account's zone."""
    return wanted.is_on and (not wanted.starts or wanted.starts <= today.isoformat()) and (not wanted.ends or today.isoformat() <= wanted.ends)


def set_away(tx: Tx, actor: Actor, account: Account, wanted: Away, now: Micros) -> None:
    """Store the auto-reply. Raises MailError(SYNTAX, NOT_PERMITTED) with a sentence."""
    verbs.own_or_manageable(tx, actor, account.id)
    old = away(tx, account)
    clean = replace(
        wanted, starts=_day(wanted.starts), ends=_day(wanted.ends), subject=" ".join(wanted.subject.split())[:SUBJECT_CHARACTERS],
        text=wanted.text.replace("\r\n", "\n").strip(), inside_text=wanted.inside_text.replace("\r\n", "\n").strip(),
    )  # fmt: skip
    if clean.is_on and not clean.text:
        raise MailError(Reason.SYNTAX, "Write what the auto-reply says.")
    if max(len(clean.text), len(clean.inside_text)) > TEXT_CHARACTERS or "\0" in clean.text + clean.inside_text:
        raise MailError(Reason.SYNTAX, f"An auto-reply has at most {TEXT_CHARACTERS} characters.")
    if clean.starts and clean.ends and clean.ends < clean.starts:
        raise MailError(Reason.SYNTAX, "The last day is before the first.")
    if not 1 <= clean.days <= MAX_DAYS:
        raise MailError(Reason.SYNTAX, f"One reply a sender every 1 to {MAX_DAYS} days.")
    filters.put_form(tx, scope_of(account), "away", json.dumps(asdict(clean)), now)
    _renew(tx, account, now)
    _audit(tx, actor, account, "account:away_changed", {"is_on": old.is_on}, {"is_on": clean.is_on, "starts": clean.starts, "ends": clean.ends}, now)


def _day(text: str) -> str:
    if not text.strip():
        return ""
    try:
        return date.fromisoformat(text.strip()).isoformat()
    except ValueError as error:
        raise MailError(Reason.SYNTAX, f"{text} is not a day such as 2026-11-30.") from error


def set_forwarding(tx: Tx, actor: Actor, account: Account, wanted: Forwarding, now: Micros) -> list[str]:
    """Store where mail is forwarded; the outside addresses that have still to confirm. Raises MailError(SYNTAX, LIMIT, NOT_PERMITTED)."""
    verbs.own_or_manageable(tx, actor, account.id)
    targets = tuple(dict.fromkeys(Address.parse(t.strip()).key for t in wanted.targets if t.strip()))
    if wanted.is_on and not targets:
        raise MailError(Reason.SYNTAX, "Write the address that the mail goes to.")
    if len(targets) > MAX_TARGETS:
        raise MailError(Reason.LIMIT, f"Mail can go on to at most {MAX_TARGETS} addresses. Ask your admin for an alias.")
    if account.address in targets:
        raise MailError(Reason.SYNTAX, "This is your own address: the mail is here already.")
    old = forwarding(tx, account)
    clean = replace(wanted, targets=targets)
    filters.put_form(tx, scope_of(account), "forward", json.dumps(asdict(clean)), now)
    _renew(tx, account, now)
    _audit(tx, actor, account, "account:forwarding_changed", asdict(old), asdict(clean), now)
    return unconfirmed(tx, account)


def unconfirmed(tx: Tx, account: Account) -> list[str]:
    """Outside addresses among the account's targets that have not confirmed."""
    known = {one.address for one in filters.targets(tx, account.id) if one.confirmed_at is not None}
    return [t for t in forwarding(tx, account).targets if t not in known and resolve.local_domain(tx, t.rpartition("@")[2]) is None]


def _renew(tx: Tx, account: Account, now: Micros) -> None:
    reply, forward = away(tx, account), forwarding(tx, account)
    text = program(reply, forward, account.address.rpartition("@")[2])
    filters.put_form(tx, scope_of(account), "away-program", text, now)
    scripts.touch(tx, account.id, now)


def program(reply: Away, forward: Forwarding, own_domain: str) -> str:
    """The Sieve that does what both forms say; "" when both are off."""
    lines: list[str] = []
    if reply.is_on:
        lines += _vacation(reply, own_domain)
    if forward.is_on:
        copy = ":copy " if forward.keeps_copy else ""
        lines += [f"redirect {copy}{quoted(target)};" for target in forward.targets]
        lines += [] if forward.keeps_copy else ["stop;"]
    if not lines:
        return ""
    return "\r\n".join(['require ["vacation", "date", "relational", "copy"];', *lines, ""])


def _vacation(reply: Away, own_domain: str) -> list[str]:
    subject = f":subject {quoted(reply.subject)} " if reply.subject else ""

    def command(text: str) -> str:
        return f"vacation :days {reply.days} {subject}{quoted(text)};"

    if reply.inside_text and reply.inside_text != reply.text:
        answer = (
            f'if address :domain :is "from" {quoted(own_domain)} {{ {command(reply.inside_text)} }}'
            f" else {{ {command(reply.text)} }}"
        )  # fmt: skip
    else:
        answer = command(reply.text)
    bounds = [(sign, day) for sign, day in (("ge", reply.starts), ("le", reply.ends)) if day]
    if not bounds:
        return [answer]
    tests = ", ".join(f'currentdate :value "{sign}" "date" {quoted(day)}' for sign, day in bounds)
    return [f"if allof ({tests}) {{ {answer} }}"]


def quoted(text: str) -> str:
    """*text* as a Sieve string. RFC 5228 §2.4.2."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\r\n", "\n").replace("\n", "\r\n").replace("\0", "") + '"'


def _audit(tx: Tx, actor: Actor, account: Account, name: str, old: dict[str, object], new: dict[str, object], now: Micros) -> None:
    records.audit(tx, name, account.address, actor=actor.name, ip=actor.ip, now=now, old=old, new=new, domain_id=account.domain_id)
