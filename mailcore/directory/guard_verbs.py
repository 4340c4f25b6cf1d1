"""The verbs on ranges of addresses and on senders that are let past or refused: checked, written and audited in one write."""

import ipaddress
from dataclasses import replace

from mailcore.base.clock import Micros
from mailcore.base.errors import MailError, Reason
from mailcore.base.ip import key, text
from mailcore.directory.actor import Actor
from mailcore.settings import values
from mailcore.store import Tx, access, protection, records
from mailcore.store.protection import IpRange

PROTOCOLS = ("smtp", "pop3", "imap")
DIRECTIONS = ("local-local", "local-external", "external-local", "external-external")
MAX_RANGES = 1000
"""Ranges are looked through for each connection."""
MAX_RULES = 10_000
TEXT_CHARACTERS = 320


def put_range(tx: Tx, actor: Actor, one: IpRange, now: Micros) -> None:
    """Add a range or change the one of its name; *lower* and *upper* as addresses or keys. Raises MailError."""
    actor.require_server()
    made = replace(one, name=one.name.strip(), lower=_as_key(one.lower), upper=_as_key(one.upper))
    if not made.name or len(made.name) > TEXT_CHARACTERS:
        raise MailError(Reason.SYNTAX, "Give the range a name.")
    if made.lower > made.upper:
        raise MailError(Reason.SYNTAX, "The first address is above the last.")
    for words, allowed in ((made.protocols, PROTOCOLS), (made.allowed, DIRECTIONS), (made.needs_auth, DIRECTIONS)):
        if not set(words.split()) <= set(allowed):
            raise MailError(Reason.SYNTAX, f"Known are only {', '.join(allowed)}.")
    if len(protection.ranges(tx, 0)) >= MAX_RANGES:
        raise MailError(Reason.LIMIT, f"There are {MAX_RANGES} ranges already.")
    protection.put_range(tx, made)
    new = {"from": text(made.lower), "to": text(made.upper), "priority": made.priority, "allowed": made.allowed, "needs_auth": made.needs_auth}
    records.audit(tx, "range:changed", made.name, actor=actor.name, ip=actor.ip, now=now, new=new)


def _as_key(address: str) -> str:
    return address if len(address) == 32 and ":" not in address else key(address)


def is_relaying(one: IpRange) -> bool:
    """Whether a range sends outward for addresses here without a sign-in."""
    return "local-external" in set(one.allowed.split()) - set(one.needs_auth.split())


def remove_range(tx: Tx, actor: Actor, name: str, now: Micros) -> None:
    """Take a range out. Raises MailError(NOT_FOUND)."""
    actor.require_server()
    if not protection.remove_range(tx, name):
        raise MailError(Reason.NOT_FOUND, f"There is no range {name!r}.")
    records.audit(tx, "range:removed", name, actor=actor.name, ip=actor.ip, now=now)


def add_hmailserver_ranges(tx: Tx, actor: Actor, now: Micros) -> None:
    """hMailServer's two ranges, and IPv6's loopback beside its own. They need no TLS for passwords there; here POLICY still does."""
    every, all_protocols = " ".join(DIRECTIONS), " ".join(PROTOCOLS)
    auth = {"Internet": "local-local local-external external-external"}
    for name, priority, lower, upper in (
        ("Internet", 10, "0.0.0.0", "255.255.255.255"), ("My computer", 30, "127.0.0.1", "127.0.0.1"), ("My computer (IPv6)", 30, "::1", "::1"),
    ):  # fmt: skip
        needs = auth.get(name, "external-external")
        put_range(tx, actor, IpRange(name=name, priority=priority, lower=lower, upper=upper, protocols=all_protocols, allowed=every, needs_auth=needs), now)


def add_sender_rule(tx: Tx, actor: Actor, kind: str, *, network: str = "", sender: str = "", note: str = "", now: Micros) -> int:
    """Let a network's or a sender's mail past ("allow") or refuse it ("deny"); its id. Raises MailError."""
    actor.require_server()
    if kind not in ("allow", "deny"):
        raise MailError(Reason.SYNTAX, "A rule allows or denies.")
    if not network.strip() and sender.strip("* ") == "":
        raise MailError(Reason.SYNTAX, "Name a network, a sender, or both: this rule would speak of everyone.")
    try:
        clean = str(ipaddress.ip_network(network.strip(), strict=False)) if network.strip() else ""
    except ValueError as error:
        raise MailError(Reason.SYNTAX, f"{network!r} is not an address or a network such as 192.0.2.0/24.") from error
    if len(protection.sender_rules(tx)) >= MAX_RULES:
        raise MailError(Reason.LIMIT, f"There are {MAX_RULES} rules already.")
    pattern = sender.strip()[:TEXT_CHARACTERS]
    rule_id = protection.add_sender_rule(tx, kind, clean, pattern, note[:TEXT_CHARACTERS], now)
    records.audit(tx, "sender_rule:added", f"{kind} {clean} {pattern}".strip(), actor=actor.name, ip=actor.ip, now=now)
    return rule_id


def remove_sender_rule(tx: Tx, actor: Actor, rule_id: int, now: Micros) -> None:
    """Take a rule out. Raises MailError(NOT_FOUND)."""
    actor.require_server()
    if not protection.remove_sender_rule(tx, rule_id):
        raise MailError(Reason.NOT_FOUND, "There is no such rule.")
    records.audit(tx, "sender_rule:removed", str(rule_id), actor=actor.name, ip=actor.ip, now=now)


def lift_ban(tx: Tx, actor: Actor, network: str, now: Micros) -> bool:
    """Let *network* sign in again; whether it was banned."""
    actor.require_server()
    was = access.lift_ban(tx, network)
    records.audit(tx, "ban:lifted", network[:100], actor=actor.name, ip=actor.ip, now=now)
    return was


def ban(tx: Tx, actor: Actor, ip: str, network: str, until: Micros, now: Micros) -> None:
    """Keep *network* (of the address *ip*) from signing in until then. Raises MailError(SYNTAX)."""
    actor.require_server()
    key(ip)
    access.put_ban(tx, network, f"by {actor.name}", now, until)
    records.audit(tx, "ban:made", network, actor=actor.name, ip=actor.ip, now=now)


HMAILSERVER_BAN = {"signin.max_failures": 3, "signin.window": 30 * 60, "signin.ban": 60 * 60}


def ban_as_hmailserver(tx: Tx, actor: Actor, now: Micros) -> None:
    """hMailServer's three wrong passwords in half an hour, out for an hour. The settings' page undoes it row by row."""
    actor.require_server()
    for name, value in HMAILSERVER_BAN.items():
        values.write(tx, name, value, actor=actor.name, ip=actor.ip, now=now)
