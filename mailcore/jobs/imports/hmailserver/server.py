"""hMailServer's settings, IP ranges, routes, lists and groups as Roost's. What stands better otherwise is said and left as it is here."""

import ipaddress
from collections.abc import Callable
from typing import Any

from mailcore.base.errors import MailError
from mailcore.directory import guard_verbs, route_verbs, sharing_verbs
from mailcore.directory.guard_verbs import DIRECTIONS, PROTOCOLS
from mailcore.jobs.imports.hmailserver import people, secrets
from mailcore.jobs.imports.hmailserver.people import moment
from mailcore.jobs.imports.hmailserver.reading import Record, number
from mailcore.jobs.imports.hmailserver.work import ACTOR, Work
from mailcore.settings import values
from mailcore.store import Tx, accounts
from mailcore.store.protection import IpRange
from mailcore.store.routes import Route

MINUTE, HOUR, KIB = 60, 3600, 1024
SMTP, POP3, IMAP = 1, 2, 8
_ALLOWED = (64, 128, 256, 512)
_NEEDS = (8192, 16384, 32768, 65536)
SPAM, VIRUS, TLS = 1024, 4096, 131072
SECURITY = {0: "none", 1: "tls", 2: "starttls-optional", 3: "starttls"}

Properties = dict[str, tuple[int, str]]
Setter = Callable[[Properties], Any]
"""A setting's value from hMailServer's, None to leave it as it is here."""


def _number(name: str, factor: int = 1) -> Setter:
    return lambda p: p[name][0] * factor if p.get(name, (0, ""))[0] > 0 else None


def _text(name: str) -> Setter:
    return lambda p: p[name][1].strip() if p.get(name, (0, ""))[1].strip() else None


def _flag(name: str) -> Setter:
    return lambda p: bool(p[name][0]) if name in p else None


def _score(switch: str, score: str) -> Setter:
    return lambda p: (p.get(score, (0, ""))[0] if p[switch][0] else 0) if switch in p else None


def _spamassassin(p: Properties) -> str | None:
    if not p.get("spamassassinenabled", (0, ""))[0]:
        return None
    return f"{p.get('spamassassinhost', (0, ''))[1] or '127.0.0.1'}:{p.get('spamassassinport', (783, ''))[0] or 783}"


def _scanner(p: Properties) -> str | None:
    if p.get("clamavenabled", (0, ""))[0]:
        return "clamd"
    return "command" if p.get("usecustomvirusscanner", (0, ""))[0] else None


def _lifetime(p: Properties) -> int | None:
    tries, minutes = p.get("smtpnoofretries", (0, ""))[0], p.get("smtpminutesbetweenretries", (0, ""))[0]
    return max(HOUR, tries * minutes * MINUTE) if tries and minutes and (tries, minutes) != (4, 60) else None


def _relay_security(p: Properties) -> str | None:
    if not p.get("smtprelayer", (0, ""))[1]:
        return None
    return "tls" if p.get("smtprelayerusessl", (0, ""))[0] else SECURITY.get(p.get("smtprelayerconnectionsecurity", (0, ""))[0], "none")


def _relay(name: str) -> Setter:
    return lambda p: p.get(name, (0, ""))[1] or None if p.get("usesmtprelayerauthentication", (0, ""))[0] else None


SETTINGS: dict[str, Setter] = {
    "server.hostname": _text("hostname"), "server.default_domain": _text("defaultdomain"), "smtp.message_size": _number("maxmessagesize", KIB),
    "smtp.max_connections": _number("maxsmtpconnections"), "imap.max_connections": _number("maximapconnections"),
    "pop3.max_connections": _number("maxpop3connections"), "smtp.greeting": _text("welcomesmtp"), "imap.greeting": _text("welcomeimap"),
    "smtp.mirror": _text("mirroremailaddress"), "queue.lifetime": _lifetime, "relay.host": lambda p: (p.get("smtprelayer", (0, ""))[1].partition("|")[0].strip() or None),
    "relay.port": lambda p: p.get("smtprelayerport", (0, ""))[0] or None if p.get("smtprelayer", (0, ""))[1] else None, "relay.security": _relay_security,
    "relay.user": _relay("smtprelayerusername"), "relay.password": _relay("smtprelayerpassword"), "outgoing.prefer_ipv6": _flag("ipv6preferredenabled"),
    "spam.mark": _number("spammarkthreshold"), "spam.refuse": _number("spamdeletethreshold"), "spam.spf": _score("usespf", "usespfscore"),
    "spam.mx": _score("usemxchecks", "usemxchecksscore"), "spam.helo": _score("ascheckhostinhelo", "ascheckhostinheloscore"),
    "spam.ptr": _score("ascheckptr", "ascheckptrscore"), "spam.dkim": _score("asdkimverificationenabled", "asdkimverificationfailurescore"),
    "spam.max_size": _number("antispammaxsize", KIB), "spam.headers": _flag("antispamaddheaderspam"), "spam.greylisting": _flag("usegreylisting"),
    "spam.grey_delay": _number("greylistinginitialdelay", MINUTE), "spam.grey_unused": _number("greylistinginitialdelete", HOUR),
    "spam.grey_used": _number("greylistingfinaldelete", HOUR), "spam.grey_spf": _flag("bypassgreylistingonspfsuccess"), "spam.spamassassin": _spamassassin,
    "spam.spamassassin_score": _number("spamassassinscore"), "spam.spamassassin_merge": _flag("spamassassinmergescore"), "virus.scanner": _scanner,
    "virus.command": _text("customvirusscannerexecutable"), "virus.max_size": _number("avmaxmsgsize", KIB),
    "virus.blocked_action": lambda p: "strip" if p.get("enableattachmentblocking", (0, ""))[0] else None,
    "signin.max_failures": lambda p: max(1, p["maxinvalidlogonattempts"][0]) if p.get("autobanonlogonfailureenabled", (0, ""))[0] and "maxinvalidlogonattempts" in p else None,
    "signin.window": _number("logonattemptswithinminutes", MINUTE), "signin.ban": _number("autobanminutes", MINUTE),
}  # fmt: skip
"""Roost's setting → how it follows from hMailServer's properties (their names in small letters)."""


def properties(work: Work, one: Record) -> None:
    """hm_settings: each that Roost has and that the backup says."""
    found = {node.tag.lower(): (number(node.get("LongValue", "")), node.get("StringValue", "")) for node in one.element}
    for name, setter in SETTINGS.items():
        value = setter(found)
        if value is not None:
            work.do("setting", name, lambda tx, n=name, v=value: values.write(tx, n, v, actor=ACTOR.name, now=work.now))  # type: ignore[misc]
    if found.get("usescriptserver", (0, ""))[0]:
        work.leave_out("setting", "scripts", "Roost runs no scripts on events; rules and Sieve do most of what they were written for")


def security_range(work: Work, one: Record) -> None:
    """An IP range. Bans are not taken: they ended with the old server."""
    name, options = one.text("Name"), one.number("Options")
    if name.lower().startswith("auto-ban"):
        return
    expires = moment(one.text("ExpiresTime")) if one.flag("Expires") else None
    if one.flag("Expires") and (expires is None or expires <= work.now):
        return
    allowed = [d for d, bit in zip(DIRECTIONS, _ALLOWED, strict=True) if options & bit]
    needs = {d for d, bit in zip(DIRECTIONS, _NEEDS, strict=True) if options & bit}
    note = ""
    if "external-external" in allowed and "external-external" not in needs and not _is_inside(one.text("LowerIP"), one.text("UpperIP")):
        needs.add("external-external")
        note = "it let strangers send to anywhere without signing in. Here it asks them to sign in"
    made = IpRange(
        name=name, priority=one.number("Priority"), lower=one.text("LowerIP"), upper=one.text("UpperIP"),
        protocols=" ".join(p for p, bit in zip(PROTOCOLS, (SMTP, POP3, IMAP), strict=True) if options & bit), allowed=" ".join(allowed),
        needs_auth=" ".join(d for d in DIRECTIONS if d in needs), checks_spam=bool(options & SPAM), checks_virus=bool(options & VIRUS), needs_tls=bool(options & TLS),
        expires_at=expires,
    )  # fmt: skip
    work.do("IP range", name, lambda tx: guard_verbs.put_range(tx, ACTOR, made, work.now), note)


def _is_inside(lower: str, upper: str) -> bool:
    """Whether a range lies in one's own networks."""
    try:
        first, last = ipaddress.ip_address(lower.strip()), ipaddress.ip_address(upper.strip())
    except ValueError:
        return False
    if isinstance(first, ipaddress.IPv4Address) and isinstance(last, ipaddress.IPv4Address) and first <= last:
        return all(net.is_private for net in ipaddress.summarize_address_range(first, last))
    if isinstance(first, ipaddress.IPv6Address) and isinstance(last, ipaddress.IPv6Address) and first <= last:
        return all(net.is_private for net in ipaddress.summarize_address_range(first, last))
    return False


def route(work: Work, one: Record) -> None:
    """A route with its addresses and sign-in."""
    minutes, tries = one.number("MinutesBetweenTry"), one.number("NumberOfTries")
    made = Route(
        pattern=one.text("Name"), note=one.text("Description"), host=one.text("TargetHost"), port=one.number("TargetPort") or 25,
        security="tls" if one.flag("UseSSL") else SECURITY.get(one.number("ConnectionSecurity"), "none"),
        username=one.text("Username") if one.flag("RequiresAuthentication") else "",
        password=secrets.revealed(one.text("Password")) if one.flag("RequiresAuthentication") else "",
        addresses=() if one.flag("ToAllAddresses") else tuple(n.get("Name", "") for n in one.element.iter() if n.tag != "Route" and n.get("Name")),
        is_inbound=True, lifetime_seconds=minutes * tries * MINUTE, retry_seconds=minutes * MINUTE,
    )  # fmt: skip
    work.do("route", one.text("Name"), lambda tx: route_verbs.put(tx, ACTOR, made, work.now))


def white_address(work: Work, one: Record) -> None:
    """Senders and networks that are let past the spam checks."""
    sender = one.text("EMailAddress").strip()
    networks = _networks(one.text("LowerIPAddress"), one.text("UpperIPAddress"))
    name = " ".join(part for part in (sender, one.text("LowerIPAddress"), one.text("UpperIPAddress")) if part)

    def step(tx: Tx) -> None:
        for network in networks or [""]:
            guard_verbs.add_sender_rule(tx, ACTOR, "allow", network=network, sender="" if sender in ("", "*") else sender, note=one.text("Description"), now=work.now)

    work.do("allowed sender", name, step)


def _networks(lower: str, upper: str) -> list[str]:
    """The networks of a range, none for "everything" and for what is no range."""
    try:
        first, last = ipaddress.IPv4Address(lower.strip()), ipaddress.IPv4Address(upper.strip())
        found = [str(n) for n in ipaddress.summarize_address_range(first, last)]
    except ValueError:
        return []
    return [] if found == ["0.0.0.0/0"] else found[:64]


class Gathered:
    """What stands in one setting here and in many rows there: written at the end."""

    def __init__(self) -> None:
        self.rows: dict[str, list[str]] = {"spam.dnsbl": [], "spam.uribl": [], "virus.blocked": [], "auth.relays": []}

    def take(self, one: Record) -> None:
        """A row of a block list, a blocked attachment or an incoming relay."""
        if one.kind == "BlockedAttachment":
            self.rows["virus.blocked"].append(one.text("Name").replace(" ", "?"))
        elif one.kind == "IncomingRelay":
            self.rows["auth.relays"] += _networks(one.text("LowerIP"), one.text("UpperIP"))
        elif one.flag("Active"):
            expected = one.text("ExpectedResult").strip() or "127.0.0.*"
            row = f"{one.text('Name').strip()} {expected} {max(1, one.number('Score'))}"
            self.rows["spam.dnsbl" if one.kind == "DNSBlackList" else "spam.uribl"].append(row)

    def write(self, work: Work) -> None:
        """Each setting that has rows."""
        for name, rows in self.rows.items():
            text = ("; " if name.startswith("spam.") else " ").join(dict.fromkeys(rows))
            if text:
                work.do("setting", name, lambda tx, n=name, t=text: values.write(tx, n, t, actor=ACTOR.name, now=work.now))  # type: ignore[misc]


def group(work: Work, one: Record) -> None:
    """A group of people. Here it has an address: in the domain of its first member."""
    members = [n.get("Name", "") for n in one.element.iter() if n.tag != "Group" and "@" in n.get("Name", "")]
    home = members[0].rpartition("@")[2] if members else _first_domain(work)
    local = "".join(c if c.isalnum() or c in "-_." else "-" for c in one.text("Name").strip().lower()).strip("-.") or "group"
    address = f"{local}@{home}"

    def step(tx: Tx) -> None:
        sharing_verbs.add_group(tx, ACTOR, address, work.now, name=one.text("Name"))
        for member in members:
            try:
                sharing_verbs.join_group(tx, ACTOR, address, member, work.now)
            except MailError as error:
                work.note("group", address, error.detail)

    work.do("group", address, step)
    work.groups[one.text("Name").lower()] = address


def _first_domain(work: Work) -> str:
    found = accounts.domains(work.read())
    return found[0].name if found else ""


def rules(work: Work, one: Record) -> None:
    """The global rules."""
    people.rules_into(work, one.element, "system", "server")
