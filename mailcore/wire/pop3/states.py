"""Which POP3 command may come in which state (RFC 1939 §3), and what CAPA says (RFC 2449 §6)."""

from dataclasses import dataclass
from enum import Enum

from mailcore.wire.pop3 import commands as c


class State(Enum):
    """RFC 1939 §3."""

    AUTHORIZATION = "authorization"
    TRANSACTION = "transaction"
    UPDATE = "update"


ALLOWED: dict[State, frozenset[type[c.Command]]] = {
    State.AUTHORIZATION: frozenset({c.User, c.Pass, c.Auth, c.Stls, c.Capa, c.Utf8, c.Noop, c.Quit}),
    State.TRANSACTION: frozenset({c.Stat, c.List, c.Retr, c.Dele, c.Noop, c.Rset, c.Top, c.Uidl, c.Capa, c.Quit}),
    State.UPDATE: frozenset(),
}
"""NOOP before login is let through: some clients keep a connection open with it while they ask for the password."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What decides the capability list besides the state."""

    is_tls: bool
    can_starttls: bool = False
    can_login: bool = True
    mechanisms: tuple[str, ...] = ("PLAIN",)
    login_delay_seconds: int | None = None
    expire: str = "NEVER"


def capabilities(state: State, offer: Offer) -> tuple[str, ...]:
    """The lines of CAPA in *state*. RFC 2449 §6, RFC 3206 (AUTH-RESP-CODE), RFC 6856."""
    lines = ["TOP", "UIDL", "PIPELINING", "RESP-CODES", "AUTH-RESP-CODE", f"EXPIRE {offer.expire}", "UTF8"]
    if state is State.AUTHORIZATION:
        if offer.can_starttls and not offer.is_tls:
            lines.append("STLS")
        if offer.can_login:
            lines.append("USER")
    if offer.can_login and offer.mechanisms:
        lines.append("SASL " + " ".join(offer.mechanisms))
    if offer.login_delay_seconds is not None:
        lines.append(f"LOGIN-DELAY {offer.login_delay_seconds}")
    return tuple(lines)
