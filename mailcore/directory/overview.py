"""What an admin should look at first: things that need doing, each with why and where to mend it."""

import shutil
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from mailcore.base.clock import DAY, Micros
from mailcore.base.ip import key as ip_key
from mailcore.directory import dns_records, dns_soon, guard_verbs, resolve
from mailcore.runtime import told
from mailcore.runtime.runtime import Runtime
from mailcore.store import Tx, access, accounts, filters, lists, outbox, protection, records

ORDER = {"bad": 0, "warn": 1, "info": 2}
MOST = 20
"""Domains whose DNS is looked at, and full accounts that are counted."""
NEARLY = 95
"""Per cent of a limit."""
CROWD = 5
"""So many EHLO names, or domains elsewhere, from one address in a day are more than one machine."""
LOOKED = 5000
"""Messages of the last day that are looked at for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """One thing to do. *level*: bad, warn, info; *place* and *target* say where: dns, queue, settings, accounts, account, list, rules, sessions, domains, status, range."""

    level: str
    title: str
    text: str
    place: str
    target: str = ""


def needs(runtime: Runtime, tx: Tx, now: Micros) -> list[Need]:
    """Everything that wants a server admin's attention, worst first."""
    found: list[Need] = []
    free = shutil.disk_usage(runtime.config.data_dir).free
    if free < runtime.settings.get("storage.reserve") * 2:
        found.append(Need(level="bad", title="The disk is nearly full", text=f"{free // 1024**2} MB are free. Below the reserve no mail is taken.", place="settings", target="storage"))
    domains = accounts.domains(tx)
    if not domains:
        found.append(Need(level="bad", title="No domain is served yet", text="Mail arrives once there is a domain and somebody in it.", place="domains"))
    if not runtime.settings.get("server.hostname"):
        found.append(Need(level="warn", title="The server has no name of its own", text="Other servers see it in the greeting; it should be its public DNS name.", place="settings", target="server"))
    for name, count, detail in outbox.waiting_by_domain(tx, limit=5):
        where = name or "the relay"
        found.append(Need(level="warn", title=f"One message waits for {where}" if count == 1 else f"{count} messages wait for {where}", text=f"The other side says: {detail[:160]}" if detail else "It could not be reached.", place="queue", target=name))
    found += [*scanners(told.health(runtime.run_dir)), *dns(runtime, domains[:MOST], has_server=True), *people(tx, now, None), *hidden_clients(tx, now)]
    banned = access.bans(tx, now)
    if banned:
        found.append(Need(level="info", title=f"{len(banned)} addresses may not sign in", text=f"{banned[0][0]}: {banned[0][1]}", place="sessions"))
    return sorted(found, key=lambda n: ORDER[n.level])


def needs_of(runtime: Runtime, tx: Tx, domain_id: int, now: Micros) -> list[Need]:
    """What wants the attention of a domain's own admin, worst first: nothing of other domains, and nothing that only the server's admin can mend."""
    own = [d for d in accounts.domains(tx) if d.id == domain_id]
    found = [*dns(runtime, own), *people(tx, now, domain_id)]
    for domain in own:
        found += limits(tx, domain)
    return sorted(found, key=lambda n: ORDER[n.level])


def scanners(health: Sequence[told.Health]) -> list[Need]:
    """What the checks ask and get no answer from. Without DNS no block list answers, which says nothing of the lists."""
    has_dns = any(one.name == "DNS" and one.state == "well" for one in health)
    return [
        Need(level="bad" if one.where else "warn", title=f"{one.name} does not answer" if one.where else f"The block list {one.name} is not asked", text=one.detail, place="status")
        for one in health if one.state == "down" and (one.where or has_dns)
    ]  # fmt: skip


def hidden_clients(tx: Tx, now: Micros) -> list[Need]:
    """Addresses that relay without a sign-in and look as if others stood behind them: a proxy, or a mail server that passes on what strangers send."""
    ranges = protection.ranges(tx, now)
    if not any(guard_verbs.is_relaying(one) for one in ranges):
        return []
    names: dict[str, set[str]] = defaultdict(set)
    domains: dict[str, set[str]] = defaultdict(set)
    for ip, helo, sender in records.strangers(tx, now - DAY, LOOKED):
        names[ip].add(helo.lower())
        domain = sender.rpartition("@")[2].lower()
        if domain and resolve.local_domain(tx, domain) is None:
            domains[ip].add(domain)
    found = []
    for ip in names:
        holding = next((one for one in ranges if one.lower <= ip_key(ip) <= one.upper), None)
        if holding is not None and guard_verbs.is_relaying(holding) and max(len(names[ip]), len(domains[ip])) >= CROWD:
            found.append(Need(level="bad", title=f"Strangers may be relaying by way of {ip}", text=f"In a day it gave {len(names[ip])} names and sent for {len(domains[ip])} domains elsewhere. Whoever stands behind it relays without a sign-in: let the range {holding.name} ask for one, or leave this address out.", place="range", target=holding.name))
    return found[:MOST]


def dns(runtime: Runtime, domains: Sequence[accounts.Domain], *, has_server: bool = False) -> list[Need]:
    """Domains with a record that is missing or wrong, and with *has_server* the server's own name; what was seen last, where DNS is slow."""
    return dns_soon.soon(runtime, (has_server, *(domain.id for domain in domains)), lambda: _dns(runtime, domains, has_server=has_server))


def _dns(runtime: Runtime, domains: Sequence[accounts.Domain], *, has_server: bool) -> list[Need]:
    found, tx = [], runtime.store.read()
    own = dns_records.of_server(runtime) if has_server and domains and runtime.settings.get("server.mode") != "lan" else []
    if broken := [r for r in own if r.state in ("missing", "wrong")]:
        names = ", ".join(dict.fromkeys(r.rdtype for r in broken))
        found.append(Need(level="bad", title=f"{runtime.hostname}: {names} to fix", text=broken[0].why, place="dns", target=domains[0].name))
    for domain in domains if runtime.settings.get("server.mode") != "lan" else ():
        missing = [r for r in dns_records.check(runtime, tx, domain) if r.state in ("missing", "wrong")]
        if missing:
            names = ", ".join(dict.fromkeys(kind_of(r) for r in missing))
            found.append(Need(level="bad", title=f"{domain.name}: {names} to fix", text=missing[0].why, place="dns", target=domain.name))
    return found


def people(tx: Tx, now: Micros, domain_id: int | None) -> list[Need]:
    """Accounts that are nearly full or on the way, readers of lists whose mail comes back, and programs that send an old password."""
    found = []
    full = [a.address for a in accounts.accounts(tx, domain_id, state="full", limit=MOST)]
    if full:
        found.append(Need(level="warn", title="One account is nearly full" if len(full) == 1 else f"{len(full)} accounts are nearly full", text=f"{', '.join(full[:4])}. Mail for a full account is refused.", place="accounts"))
    filling = [a.address for a in accounts.accounts(tx, domain_id, state="filling", limit=MOST)]
    if filling:
        found.append(Need(level="info", title="One account is more than four fifths full" if len(filling) == 1 else f"{len(filling)} accounts are more than four fifths full", text=f"{', '.join(filling[:4])}. At the limit mail for them is refused.", place="accounts", target="filling"))
    for domain, error in filters.stumbles(tx, domain_id):
        found.append(Need(level="warn", title=f"A rule of {domain} could not be carried out" if domain else "A rule of the server could not be carried out", text=f"{error} The mail stays in the inbox until the rule is changed.", place="rules", target=domain))
    for address, count in lists.with_paused(tx, domain_id, limit=5):
        found.append(Need(level="warn", title=f"One reader of {address} gets no mail" if count == 1 else f"{count} readers of {address} get no mail", text="Mail to them came back again and again, so they are paused. Correct the address, or take it off the list.", place="list", target=address))
    for address, ip, protocol, agent, times in access.stubborn(tx, now - DAY, domain_id=domain_id):
        program = agent[:60] or protocol.upper()
        found.append(Need(level="info", title=f"{program} at {ip} keeps sending an old password", text=f"It tried {times} times in a day as {address}. The new one has to be typed in there.", place="account", target=address))
    return found


def limits(tx: Tx, domain: accounts.Domain) -> list[Need]:
    """What a domain has nearly used up of what the server's admin gives it."""
    found = []
    count, used = accounts.count_accounts(tx, domain.id), accounts.domain_totals(tx).get(domain.id, (0, 0))[1]
    if domain.max_size_bytes and used * 100 >= domain.max_size_bytes * NEARLY:
        found.append(Need(level="warn", title=f"The space of {domain.name} is nearly used up", text=f"{used // 1024**2} of {domain.max_size_bytes // 1024**2} MB are used. Ask the server's admin for more, or have old mail deleted.", place="accounts"))
    if domain.max_accounts and count >= domain.max_accounts:
        found.append(Need(level="info", title=f"{domain.name} can have no further account", text=f"All {domain.max_accounts} are in use. Ask the server's admin for more, or remove one that nobody uses.", place="accounts"))
    return found


def kind_of(record: dns_records.Record) -> str:
    """A record's common name: MX, SPF, DMARC, DKIM, TLS-RPT, or its type."""
    if record.rdtype == "TXT":
        return "DMARC" if record.name.startswith("_dmarc.") else "DKIM" if "._domainkey." in record.name else "TLS-RPT" if record.name.startswith("_smtp._tls.") else "MTA-STS" if record.name.startswith("_mta-sts.") else "SPF"
    return record.rdtype
