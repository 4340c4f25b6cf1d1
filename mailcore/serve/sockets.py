"""Finds out what to listen on, binds it, and says in words what could not be bound and why.

Sockets are bound once by the supervisor (which may be root) and inherited by its children; every worker accepts on all.
"""

import errno
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field

from mailcore.base.errors import MailError, Reason
from mailcore.config.environment import HIGH_PORTS, STANDARD_PORTS, Address, Config

BACKLOG = 1024
IMPLICIT_TLS = frozenset({"submissions", "imaps", "pop3s", "https"})
WEB = frozenset({"http", "https"})


@dataclass(slots=True, kw_only=True)
class Bound:
    """What was bound: sockets by listener name, where they really are, and sentences about what could not be bound."""

    sockets: dict[str, list[socket.socket]] = field(default_factory=dict)
    addresses: dict[str, list[str]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    is_fallback: bool = False


def bind_all(config: Config) -> Bound:
    """Bind every listener. Raises MailError(IN_USE, NOT_PERMITTED) when an address that was asked for by name cannot be had."""
    if config.listen is not None:
        bound = Bound()
        for name, addresses in config.listen.items():
            for address in addresses:
                add(bound, name, address)
        return bound
    return bind_found_out()


def bind_found_out() -> Bound:
    """The standard ports on all addresses where they can be bound, else the high ports on loopback, saying so."""
    bound = Bound()
    denied: list[str] = []
    for name, port in STANDARD_PORTS.items():
        try:
            add(bound, name, Address(host="::", port=port))
        except MailError as error:
            denied.append(f"{port} ({error.detail})")
            bound.notes.append(f"{name}: {error.detail}")
    if not denied:
        return bound
    if len(denied) < len(STANDARD_PORTS) and all("in use" in reason for reason in denied):
        for name in STANDARD_PORTS:
            if name not in bound.sockets:
                add(bound, name, Address(host="127.0.0.1", port=HIGH_PORTS[name]))
        return bound
    close(bound)
    bound = Bound(is_fallback=True)
    bound.notes.append(
        "The standard mail ports need root; Roost listens on 127.0.0.1 with high ports instead, so other machines cannot reach it. "
        "Start it as root (sudo ./roost up) to serve others."
    )
    for name, port in HIGH_PORTS.items():
        try:
            add(bound, name, Address(host="127.0.0.1", port=port))
        except MailError as error:
            bound.notes.append(f"{name}: {error.detail}")
    if "http" not in bound.sockets and "https" not in bound.sockets:
        raise MailError(Reason.IN_USE, "Neither the web ports nor their stand-ins 8080 and 8443 are free. Stop what uses them, or choose others with ROOST_LISTEN.")
    return bound


def add(bound: Bound, name: str, address: Address) -> None:
    """Bind one address. Raises MailError with a sentence."""
    try:
        made = bind(address)
    except OSError as error:
        raise explain(name, address, error) from error
    bound.sockets.setdefault(name, []).append(made)
    host, port = made.getsockname()[:2]
    bound.addresses.setdefault(name, []).append(str(Address(host=host, port=port)))


def bind(address: Address) -> socket.socket:
    """A listening, non-blocking, inheritable socket; "::" also takes IPv4."""
    is_any = address.host == "::"
    family = socket.AF_INET6 if ":" in address.host and (socket.has_ipv6 or not is_any) else socket.AF_INET
    try:
        made = socket.socket(family, socket.SOCK_STREAM)
    except OSError:
        if not is_any:
            raise
        return bind(Address(host="0.0.0.0", port=address.port))
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if is_any:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        made.bind((address.host, address.port))
        made.listen(BACKLOG)
        made.setblocking(False)
        made.set_inheritable(True)
    except OSError as error:
        made.close()
        if is_any and error.errno == errno.EADDRNOTAVAIL:
            return bind(Address(host="0.0.0.0", port=address.port))
        raise
    return made


def explain(name: str, address: Address, error: OSError) -> MailError:
    """Why *address* could not be bound, and what to do."""
    if error.errno == errno.EADDRINUSE:
        return MailError(Reason.IN_USE, f"port {address.port} for {name} is in use by another program. Stop that program, or give another port with ROOST_LISTEN.")
    if error.errno in (errno.EACCES, errno.EPERM):
        return MailError(Reason.NOT_PERMITTED, f"port {address.port} for {name} needs root. Start with sudo, or give a port above 1023 with ROOST_LISTEN.")
    if error.errno == errno.EADDRNOTAVAIL:
        return MailError(Reason.NOT_FOUND, f"{address.host} for {name} is not an address of this machine. Mend ROOST_LISTEN.")
    return MailError(Reason.NETWORK, f"{address} for {name} cannot be used: {os.strerror(error.errno or 0)}.")


def close(bound: Bound) -> None:
    """Close every socket again."""
    for group in bound.sockets.values():
        for one in group:
            one.close()


def mail_sockets(sockets: Mapping[str, list[socket.socket]]) -> dict[str, list[socket.socket]]:
    """The sockets of the mail workers."""
    return {name: group for name, group in sockets.items() if name not in WEB}


def web_sockets(sockets: Mapping[str, list[socket.socket]]) -> dict[str, list[socket.socket]]:
    """The sockets of the web process."""
    return {name: group for name, group in sockets.items() if name in WEB}
