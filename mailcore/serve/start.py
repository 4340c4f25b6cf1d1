"""What stands before the children: schema, secrets, own CA and leaf, the set-up link. Runs once, as the user all else runs as."""

import base64
import contextlib
import ipaddress
import os
import re
import socket
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from mailcore.base.errors import MailError
from mailcore.config.environment import Config, host_name
from mailcore.directory import certificate_verbs
from mailcore.net.tls import OwnCertificates, write_private
from mailcore.runtime.keys import app_secret, node_id
from mailcore.runtime.machine import SystemClock, SystemRandom
from mailcore.serve.sockets import Bound
from mailcore.settings.values import Settings
from mailcore.store import Tx, accounts, open_store, outbox, schema

MAX_NAMES = 200
"""Names of the own leaf. Every handshake carries it; servers of more domains than that have an authority sign."""
_LOCAL = re.compile(r"\|-- ([0-9.]+)\s+/32 host LOCAL")


def prepare(config: Config, bound: Bound) -> dict[str, object]:
    """Bring the data directory up to date; facts for the screen and the status. Raises MailError with what to do."""
    clock = SystemClock()
    store = open_store(
        data_dir=config.data_dir, database_url=config.database_url, blob_url=config.blob_url, random=SystemRandom(), blob_options=dict(config.blob_options)
    )
    try:
        copy = schema.migrate(store.database, now_text=clock.now().strftime("%Y%m%d-%H%M%S"))
        settings = Settings(store)
        settings.refresh()
        app_secret(config.data_dir)
        store.write(lambda tx: outbox.take_back(tx, f"{node_id(config.data_dir)}/", clock.micros()))
        is_done = bool(settings.get("server.setup_done"))
        names = renew_own(config, settings, store.read(), clock.now())
        told: dict[str, object] = {"hostname": names[0], "setup_done": is_done, "fallback": bound.is_fallback}
        if copy:
            told["database_copy"] = copy
        if not is_done:
            told["setup_link"] = setup_link(config.data_dir, bound)
        return told
    finally:
        store.close()


def setup_token(data_dir: Path) -> str:
    """The one-time token of the set-up link, made once and removed when set-up is done."""
    path = data_dir / "setup-token"
    if not path.exists():
        write_private(path, base64.urlsafe_b64encode(os.urandom(18)))
    return path.read_text().strip()


def setup_link(data_dir: Path, bound: Bound) -> str:
    """Where the wizard waits: https where it listens, else http on loopback."""
    scheme = "https" if "https" in bound.addresses else "http"
    where = (bound.addresses.get(scheme) or ["localhost"])[0]
    host, _, port = where.rpartition(":")
    if host in ("[::]", "0.0.0.0", ""):
        host = lan_address() or "localhost"
    is_default = port == {"https": "443", "http": "80"}[scheme]
    return f"{scheme}://{host}{'' if is_default else ':' + port}/setup?token={quote(setup_token(data_dir))}"


def lan_address() -> str:
    """The address other machines reach this one by, as the routing table sees it; "" when there is none. Nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
            return str(probe.getsockname()[0])
        except OSError:
            return ""


def own_addresses() -> list[str]:
    """Every address that machines of this network may call this one by, as Linux lists them; elsewhere the one of the routing table."""
    found = [lan_address()]
    with contextlib.suppress(OSError):
        found += _LOCAL.findall(Path("/proc/net/fib_trie").read_text())
    with contextlib.suppress(OSError):
        rows = (line.split() for line in Path("/proc/net/if_inet6").read_text().splitlines())
        found += [str(ipaddress.IPv6Address(int(row[0], 16))) for row in rows]
    return [one for one in dict.fromkeys(found) if one and not (ipaddress.ip_address(one).is_loopback or ipaddress.ip_address(one).is_link_local)]


def certificate_names(hostname: str, domains: Iterable[str]) -> list[str]:
    """Every name and address the own leaf carries: the server's, this machine's, and what mail programs ask for of each domain."""
    names = [hostname, "localhost", "127.0.0.1", "::1", *own_addresses()]
    names += [name for domain in domains for name in (domain, f"mail.{domain}", *(f"{word}.{domain}" for word in certificate_verbs.HELPERS))]
    return [name for name in dict.fromkeys(names) if name and (_is_ip(name) or _is_host(name))][:MAX_NAMES]


def renew_own(config: Config, settings: Settings, tx: Tx, now: datetime) -> list[str]:
    """Roost's own certificates as they are to be now: the CA once, and a leaf that names everything and does not end soon. The names."""
    domains = [name for one in accounts.domains(tx)[:MAX_NAMES] if one.is_enabled for name in (one.name, *accounts.domain_aliases(tx, one.id))]
    names = certificate_names(str(settings.get("server.hostname")) or host_name(config), domains)
    OwnCertificates(config.data_dir / "tls").ensure(names, now)
    return names


def _is_ip(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _is_host(text: str) -> bool:
    return len(text) <= 253 and all(part and all(c.isalnum() or c in "-_" for c in part) for part in text.split("."))


def check(config: Config) -> str | None:
    """A sentence when the database cannot be opened as it is, else None (`roost doctor`)."""
    try:
        store = open_store(data_dir=config.data_dir, database_url=config.database_url, blob_url=config.blob_url, random=SystemRandom())
    except MailError as error:
        return error.detail
    try:
        found = schema.current(store.database)
        return None if found == schema.HEAD else f"The schema is {found or 'not made yet'}; the next start makes it {schema.HEAD}."
    except MailError as error:
        return error.detail
    finally:
        store.close()
