"""Asks an LDAP directory or Active Directory whether a password is right: by binding as the person, found by a pattern or a search.

An empty password is never sent: a directory takes it as "anonymous" and says yes (RFC 4513 §5.1.2). What a person typed is escaped
before it becomes part of a name or a filter (RFC 4514 §2.4, RFC 4515 §3).
"""

import contextlib
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from mailcore.base.errors import MailError, Reason
from mailcore.runtime.runtime import Runtime

SECONDS = 5
"""How long the directory may take for one step, so that a dead one does not use up the threads that sign people in."""
STORED = "ldap"
"""Stands in place of a hash for who signs in by the directory."""
REMEMBER_SECONDS = 60.0
"""A password that was right is believed for so long: programs open many connections at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """Where to ask, as the settings of a domain say. *user* or *search* has %u, %d and %a for local part, domain and address."""

    url: str
    is_starttls: bool
    ca_file: str
    user: str
    base: str
    search: str
    bind_name: str
    bind_password: str
    creates: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who was found; *name* is the display name there, or ""."""

    name: str


def of_domain(runtime: Runtime, domain_id: int) -> Directory | None:
    """The directory of a domain, or None where it has none."""

    def get(name: str) -> Any:
        return runtime.settings.get(name, domain_id=domain_id)

    if not get("ldap.url"):
        return None
    return Directory(
        url=str(get("ldap.url")), is_starttls=bool(get("ldap.starttls")), ca_file=str(get("ldap.ca_file")), user=str(get("ldap.user")), base=str(get("ldap.base")),
        search=str(get("ldap.search")), bind_name=str(get("ldap.bind_name")), bind_password=str(get("ldap.bind_password")), creates=bool(get("ldap.creates")),
    )  # fmt: skip


def ask(directory: Directory, address: str, password: str) -> Person | None:
    """The person behind *address* if *password* is theirs, else None. Raises MailError(NETWORK, temporary) when the directory does not answer."""
    trouble: type[Exception] = import_module("ldap3.core.exceptions").LDAPException
    in_filter, in_name = import_module("ldap3.utils.conv").escape_filter_chars, import_module("ldap3.utils.dn").escape_rdn
    if not password:
        return None
    try:
        if directory.search:
            with _connected(directory, directory.bind_name, directory.bind_password) as connection:
                if directory.bind_name and not connection.bound:
                    raise MailError(Reason.NETWORK, "The directory refuses the name or password that Roost searches with.", temporary=True)
                connection.search(directory.base, filled(directory.search, address, in_filter), attributes=["cn", "displayName"], size_limit=2)
                found = [(e["dn"], e["attributes"]) for e in connection.response if e.get("type") == "searchResEntry"]
            if len(found) != 1:
                return None
            name, attributes = found[0]
        else:
            name, attributes = filled(directory.user, address, in_name if "=" in directory.user else str), {}
        with _connected(directory, name, password) as connection:
            return Person(name=_shown(attributes)) if connection.bound else None
    except (trouble, OSError) as error:
        raise MailError(Reason.NETWORK, f"The directory does not answer: {str(error)[:200]}", temporary=True) from error


def filled(pattern: str, address: str, escape: Any) -> str:
    """*pattern* with the person put in, each part escaped once."""
    local, _, domain = address.rpartition("@")
    parts = {"%u": local, "%d": domain, "%a": address, "%%": "%"}
    out, at = [], 0
    while at < len(pattern):
        word = pattern[at : at + 2]
        out.append("%" if word == "%%" else str(escape(parts[word])) if word in parts else pattern[at])
        at += 2 if word in parts else 1
    return "".join(out)


@contextlib.contextmanager
def _connected(directory: Directory, name: str, password: str) -> Iterator[Any]:
    ldap3: Any = import_module("ldap3")
    tls = ldap3.Tls(validate=ssl.CERT_REQUIRED, ca_certs_file=directory.ca_file or None)
    server = ldap3.Server(directory.url, connect_timeout=SECONDS, tls=tls, get_info=ldap3.NONE)
    connection = ldap3.Connection(server, user=name or None, password=password or None, receive_timeout=SECONDS, read_only=True, raise_exceptions=False)
    connection.open()
    if directory.is_starttls:
        connection.start_tls()
    try:
        if name:
            connection.bind()
        yield connection
    finally:
        connection.unbind()


def _shown(attributes: Any) -> str:
    for key in ("displayName", "cn"):
        value = attributes.get(key) if attributes else None
        text = value[0] if isinstance(value, list) and value else value
        if isinstance(text, str) and text:
            return "".join(c for c in text if c.isprintable())[:200]
    return ""
