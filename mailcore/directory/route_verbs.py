"""The verbs on routes: checked, written and audited in one write."""

from dataclasses import replace

from mailcore.base.clock import Micros
from mailcore.base.errors import MailError, Reason
from mailcore.directory.actor import Actor
from mailcore.directory.verbs import domain_name
from mailcore.mail.address import Address
from mailcore.settings import values
from mailcore.store import Tx, accounts, records, routes
from mailcore.store.routes import Route

SECURITY = ("none", "starttls-optional", "starttls", "tls")
MAX_ROUTES = 1000
MAX_ADDRESSES = 20_000
"""Addresses of one route: a company's, not a country's."""
MAX_SECONDS = 30 * 86_400
TEXT_CHARACTERS = 320


def put(tx: Tx, actor: Actor, one: Route, now: Micros) -> int:
    """Add a route or change the one of its pattern; an empty password keeps the one that is there. Raises MailError."""
    actor.require_server()
    pattern = clean_pattern(one.pattern)
    old = next((r for r in routes.routes(tx) if r.pattern == pattern), None)
    if old is None and len(routes.routes(tx)) >= MAX_ROUTES:
        raise MailError(Reason.LIMIT, f"There are {MAX_ROUTES} routes already.")
    if accounts.domain(tx, pattern) is not None:
        raise MailError(Reason.IN_USE, f"{pattern} is served here, so its mail goes into mailboxes. A route is for a domain of another server.")
    if not one.host.strip() or any(c.isspace() or ord(c) < 33 for c in one.host.strip()) or not 0 < one.port < 65_536 or one.security not in SECURITY:
        raise MailError(Reason.SYNTAX, "Name the other server and its port, such as mail.example.org and 25.")
    if len(one.addresses) > MAX_ADDRESSES or not (0 <= one.lifetime_seconds <= MAX_SECONDS and 0 <= one.retry_seconds <= MAX_SECONDS):
        raise MailError(Reason.LIMIT, f"A route has at most {MAX_ADDRESSES:,} addresses, and its times are at most 30 days.")
    password = one.password or (old.password if old is not None and one.username else "")
    made = replace(
        one, pattern=pattern, host=one.host.strip().lower(), password=password, note=one.note.strip()[:TEXT_CHARACTERS],
        addresses=tuple(dict.fromkeys(_address(a, pattern) for a in one.addresses)),
    )  # fmt: skip
    new = {"host": made.host, "port": made.port, "security": made.security, "inbound": made.is_inbound, "addresses": len(made.addresses)}
    records.audit(tx, "route:changed", pattern, actor=actor.name, ip=actor.ip, now=now, new=new)
    return routes.put(tx, made)


def sign_in(tx: Tx, actor: Actor, route_id: int, user: str, secret: str, now: Micros) -> None:
    """Let a route (0: the relay of the settings) sign in as *user* with a grant. Raises MailError(NOT_FOUND)."""
    actor.require_server()
    if not route_id:
        values.write(tx, "relay.user", user, actor=actor.name, ip=actor.ip, now=now)
        values.write(tx, "relay.password", secret, actor=actor.name, ip=actor.ip, now=now)
        return
    found = next((r for r in routes.routes(tx) if r.id == route_id), None)
    if found is None:
        raise MailError(Reason.NOT_FOUND, "This route is gone already.")
    routes.put(tx, replace(found, username=user, password=secret))
    records.audit(tx, "route:signed-in", found.pattern, actor=actor.name, ip=actor.ip, now=now, new={"user": user})


def clean_pattern(text: str) -> str:
    """A domain, *.domain or * in lower case. Raises MailError(SYNTAX)."""
    name = text.strip().lower()
    if name == "*":
        return name
    return "*." + domain_name(name[2:]) if name.startswith("*.") else domain_name(name)


def _address(text: str, pattern: str) -> str:
    if "@" not in text:
        text = f"{text}@{pattern.removeprefix('*.') if pattern != '*' else 'x.invalid'}"
    return Address.parse(text).key


def remove(tx: Tx, actor: Actor, route_id: int, now: Micros) -> None:
    """Take a route out: its domains' mail goes by MX again. Raises MailError(NOT_FOUND)."""
    actor.require_server()
    found = next((r for r in routes.routes(tx) if r.id == route_id), None)
    if found is None:
        raise MailError(Reason.NOT_FOUND, "This route is gone already.")
    routes.remove(tx, route_id)
    records.audit(tx, "route:removed", found.pattern, actor=actor.name, ip=actor.ip, now=now)
