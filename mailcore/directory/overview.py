"""What an admin should look at first: things that need doing, each with why and where to mend it."""

import shutil
from dataclasses import dataclass

from mailcore.base.clock import DAY, Micros
from mailcore.directory import dns_records
from mailcore.runtime.runtime import Runtime
from mailcore.store import Tx, access, accounts, outbox


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """One thing to do. *level*: bad, warn, info; *place* and *target* say where: dns, queue, settings, accounts, account, bans, domains."""

    level: str
    title: str
    text: str
    place: str
    target: str = ""


def needs(runtime: Runtime, tx: Tx, now: Micros) -> list[Need]:
    """Everything that wants attention, worst first."""
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
    if runtime.settings.get("server.mode") != "lan":
        for domain in domains[:20]:
            missing = [r for r in dns_records.check(runtime, tx, domain) if r.state in ("missing", "wrong")]
            if missing:
                names = ", ".join(dict.fromkeys(kind_of(r) for r in missing))
                found.append(Need(level="bad", title=f"{domain.name}: {names} to fix", text=missing[0].why, place="dns", target=domain.name))
    full = tx.all("SELECT address FROM accounts WHERE quota_bytes > 0 AND used_bytes * 100 >= quota_bytes * 95 AND deleted_at IS NULL ORDER BY address LIMIT 20")
    if full:
        names = ", ".join(r[0] for r in full[:4])
        found.append(Need(level="warn", title=f"{len(full)} accounts are nearly full", text=f"{names}. Mail for a full account is refused.", place="accounts"))
    banned = access.bans(tx, now)
    if banned:
        found.append(Need(level="info", title=f"{len(banned)} addresses may not sign in", text=f"{banned[0][0]}: {banned[0][1]}", place="sessions"))
    for address, ip, protocol, agent, times in access.stubborn(tx, now - DAY):
        program = agent[:60] or protocol.upper()
        found.append(Need(level="info", title=f"{program} at {ip} keeps sending an old password", text=f"It tried {times} times in a day as {address}. The new one has to be typed in there.", place="account", target=address))
    order = {"bad": 0, "warn": 1, "info": 2}
    return sorted(found, key=lambda n: order[n.level])


def kind_of(record: dns_records.Record) -> str:
    """A record's common name: MX, SPF, DMARC, DKIM, TLS-RPT, or its type."""
    if record.rdtype == "TXT":
        return "DMARC" if record.name.startswith("_dmarc.") else "DKIM" if "._domainkey." in record.name else "TLS-RPT" if record.name.startswith("_smtp._tls.") else "SPF"
    return record.rdtype
