"""Domains, accounts, aliases and lists of hMailServer, each by the verb that the panel uses."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from xml.etree.ElementTree import Element

from mailcore.auth import ldap
from mailcore.base.clock import to_micros
from mailcore.delivery import confirm, notices
from mailcore.directory import away, fetching, identities, list_verbs, renaming, resolve, rules, verbs
from mailcore.jobs.imports.hmailserver import secrets
from mailcore.jobs.imports.hmailserver.reading import Record, number
from mailcore.jobs.imports.hmailserver.rules import rules_of
from mailcore.jobs.imports.hmailserver.work import ACTOR, Work
from mailcore.settings import values
from mailcore.sieve.rules import forwarded_to
from mailcore.store import Tx, accounts, fetched, filters, lists
from mailcore.store.accounts import Account
from mailcore.store.fetched import Fetched
from mailcore.store.identities import Signature

KIB, MIB = 1024, 1024**2
LIMITS_ACCOUNTS, LIMITS_ALIASES, LIMITS_LISTS = 1, 2, 4
GREYLISTS = 1
ROLES = ("user", "domain-admin", "server-admin")
MODES = ("public", "members", "announcement", "domain")
SIGNATURE_MODES = {1: "missing", 2: "replace", 3: "append"}
SECURITY = {0: "none", 1: "tls", 2: "starttls", 3: "starttls"}


def domain(work: Work, one: Record) -> None:
    """A domain with its limits, its catch-all and its signature."""
    name = one.text("Name")
    domain_id = work.do("domain", name, lambda tx: verbs.add_domain(tx, ACTOR, name, work.now))
    if domain_id is None:
        return
    limited = one.number("LimitationsEnabled")
    changes = {
        "is_enabled": one.flag("Active"), "catch_all": one.text("Postmaster").strip(),
        "plus_separator": (one.text("PlusAddressingChar") or "+")[:1] if one.flag("UsePlusAddressing") else "",
        "max_accounts": one.number("MaxNoOfAccounts") if limited & LIMITS_ACCOUNTS else 0,
        "max_aliases": one.number("MaxNoOfAliases") if limited & LIMITS_ALIASES else 0, "max_lists": one.number("MaxNoOfLists") if limited & LIMITS_LISTS else 0,
        "max_size_bytes": one.number("MaxSize") * MIB, "max_account_bytes": one.number("MaxAccountSize") * MIB, "max_message_bytes": one.number("MaxMessageSize") * KIB,
    }  # fmt: skip
    work.do("domain's limits", name, lambda tx: verbs.set_domain(tx, ACTOR, domain_id, changes, work.now))
    wanted: dict[str, object] = {}
    if one.flag("EnableSignature"):
        wanted = {
            "signature.mode": SIGNATURE_MODES.get(one.number("SignatureMethod"), "missing"), "signature.text": one.text("SignaturePlainText"),
            "signature.html": one.text("SignatureHTML"), "signature.replies": one.flag("AddSignaturesToReplies"), "signature.local": one.flag("AddSignaturesToLocalMail"),
        }  # fmt: skip
    if not one.number("AntiSpamOptions") & GREYLISTS:
        wanted["spam.greylisting"] = False
    scope = f"domain:{domain_id}"
    for key, value in wanted.items():
        work.do("domain's setting", f"{name} {key}", lambda tx, k=key, v=value: values.write(tx, k, v, scope=scope, actor=ACTOR.name, now=work.now))  # type: ignore[misc]
    if one.text("DKIMSelector") and one.text("DKIMPrivateKeyFile"):
        work.note("domain", name, f"it signed with the DKIM key {one.text('DKIMPrivateKeyFile')}. Upload that file on the domain's DNS page under its selector, or publish the new keys that the page shows")


def domain_alias(work: Work, one: Record) -> None:
    """Another name of a domain."""
    work.do("domain alias", one.text("Name"), lambda tx: renaming.add_name(tx, ACTOR, verbs.find_domain(tx, one.domain).id, one.text("Name"), work.now))


def alias(work: Work, one: Record) -> None:
    """An alias; one that was off is off."""

    def step(tx: Tx) -> None:
        made = verbs.add_alias(tx, ACTOR, one.text("Name"), [one.text("Value")], work.now)
        if not one.flag("Active"):
            verbs.set_alias(tx, ACTOR, made, work.now, is_enabled=False)

    work.do("alias", one.text("Name"), step)


def mailing_list(work: Work, one: Record) -> None:
    """A distribution list with its members."""
    members = [node.get("Name", "") for node in one.element.iter() if node.tag != "DistributionList" and "@" in node.get("Name", "")]
    mode = MODES[one.number("ListMode")] if 0 <= one.number("ListMode") < len(MODES) else "public"
    fields = {"mode": mode, "owner": one.text("RequiresAuthAddress"), "needs_sign_in": one.flag("RequiresAuth"), "is_enabled": one.flag("Active")}
    limit = int(work.runtime.settings.get("lists.members"))

    def step(tx: Tx) -> None:
        list_verbs.add(tx, ACTOR, one.text("Name"), work.now, members=[] if mode == "domain" else members, limit=limit, **fields)

    assert fields.keys() <= lists.FIELDS
    work.do("list", one.text("Name"), step)


def account(work: Work, one: Record) -> Account | None:
    """An account and everything that is its own but the mail; None when it could not be made. One that is here keeps what it has."""
    address = one.text("Name")
    note, stored = "", secrets.hash_of(one.text("Password"), one.number("PasswordEncryption"))
    if one.flag("ADActive"):
        stored, note = ldap.STORED, f"it signed in with Active Directory ({one.text('ADDomain')}\\{one.text('ADUsername')}). Set ldap.url for the domain"
    elif not stored:
        note = "its password cannot be taken over. Give it one"
    role = ROLES[one.number("AdminLevel")] if 0 <= one.number("AdminLevel") < len(ROLES) else "user"
    name = " ".join(part.strip() for part in (one.text("PersonFirstName"), one.text("PersonLastName")) if part.strip())
    quota = one.number("MaxAccountSize") * MIB

    def step(tx: Tx) -> int:
        made = verbs.add_account(tx, ACTOR, address, work.now, password_hash=stored, display_name=name, quota_bytes=quota, role=role)
        if not one.flag("Active"):
            accounts.set_account(tx, made, is_enabled=False)
        # There Trash and Junk were emptied by nobody: what has lain in them for years is not this server's to remove.
        values.write(tx, "trash.days", 0, scope=f"account:{made}", actor=ACTOR.name, now=work.now)
        return made

    made = work.do("account", address, step, note)
    found = accounts.account(work.read(), made) if made is not None else accounts.account_by_address(work.read(), address.lower())
    if made is not None and found is not None:
        _own_things(work, one, found)
    return found


def _own_things(work: Work, one: Record, mine: Account) -> None:
    _away(work, one, mine)
    _forwarding(work, one, mine)
    if one.flag("EnableSignature") and (one.text("SignaturePlainText").strip() or one.text("SignatureHTML").strip()):
        wanted = Signature(id=0, name="Signature", text=one.text("SignaturePlainText"), html=one.text("SignatureHTML"))
        work.do("signature", mine.address, lambda tx: identities.save_signature(tx, ACTOR, mine, wanted, work.now))
    rules_into(work, one.element, away.scope_of(mine), mine.address, mine)
    for node in one.element.iter("FetchAccount"):
        _fetched(work, node, mine)


def _away(work: Work, one: Record, mine: Account) -> None:
    text, subject = one.text("VacationMessage"), one.text("VacationSubject")
    if not text.strip():
        return
    ends = one.text("VacationExpireDate")[:10] if one.flag("VacationExpires") else ""
    is_over = bool(ends) and ends < work.runtime.clock.now().date().isoformat()
    wanted = away.Away(is_on=one.flag("VacationMessageOn") and not is_over, subject="" if "%SUBJECT%" in subject.upper() else subject, text=text, ends=ends)
    note = "%SUBJECT% is not filled in an auto-reply's text here" if "%SUBJECT%" in text.upper() else ""
    work.do("auto-reply", mine.address, lambda tx: away.set_away(tx, ACTOR, mine, wanted, work.now), note)


def _forwarding(work: Work, one: Record, mine: Account) -> None:
    target = one.text("ForwardAddress").strip()
    if not target:
        return
    wanted = away.Forwarding(is_on=one.flag("ForwardEnabled"), targets=(target,), keeps_copy=one.flag("ForwardKeepOriginal"))

    told = _told(work, mine, [target.lower()] if wanted.is_on else [])

    def step(tx: Tx) -> None:
        for outside in away.set_forwarding(tx, ACTOR, mine, wanted, work.now):
            _confirm(tx, work, mine, outside, told)

    work.do("forwarding", mine.address, step)


def _told(work: Work, mine: Account, targets: Iterable[str]) -> dict[str, notices.Notice]:
    """The notes to an owner about addresses elsewhere that get their mail from now on; none in a dry run, and none of what they know."""
    if work.is_dry:
        return {}
    known = {one.address for one in filters.targets(work.read(), mine.id) if one.confirmed_at is not None}
    return {key: confirm.told(work.runtime, mine, key) for key in targets if key not in known}


def _confirm(tx: Tx, work: Work, mine: Account, target: str, told: dict[str, notices.Notice]) -> None:
    """The admin who imports says yes for *target*, and its owner reads of it."""
    confirm.confirm(tx, ACTOR, mine, target, work.now)
    if target in told:
        notices.put(tx, work.runtime, told[target], work.now)


def rules_into(work: Work, element: Element, scope: str, owner: str, mine: Account | None = None) -> None:
    """The rules below *element* as those of *scope*; outside addresses that an account's rules forward to are confirmed by the import."""
    found, told = rules_of(element, work.delimiter)

    letters = _told(work, mine, forwarded_to(found)) if mine is not None else {}

    def step(tx: Tx) -> None:
        rules.save(tx, ACTOR, scope, found, work.now)
        for target in forwarded_to(found):
            if mine is not None and resolve.local_domain(tx, target.rpartition("@")[2]) is None:
                _confirm(tx, work, mine, target, letters)

    if found:
        work.do("rules", owner, step)
    for name, text in told:
        work.note("rule", f"{owner}: {name}", text)


def _fetched(work: Work, node: Element, mine: Account) -> None:
    """An external account. It is not tried now: what is wrong there shows at the first look."""
    host = node.get("ServerAddress", "").strip().lower()
    is_tls = node.get("UseSSL") == "1"
    days = number(node.get("DaysToKeep", ""))
    one = Fetched(
        account_id=mine.id, protocol="pop3", host=host, port=number(node.get("Port", "")) or 110, username=node.get("Username", ""),
        security="tls" if is_tls else SECURITY.get(number(node.get("ConnectionSecurity", "")), "none"), password=secrets.revealed(node.get("Password", "")),
        every_seconds=min(86_400, max(300, number(node.get("Minutes", "")) * 60)), keep_days=-1 if days < 0 else min(days, 365), is_enabled=node.get("Active") == "1",
    )  # fmt: skip
    known = [uid for uid in (each.get("UID", "") for each in node.iter("FetchAccountUID")) if uid]

    def step(tx: Tx) -> None:
        made = fetched.add(tx, replace(fetching.checked(tx, mine, one), next_at=work.now))
        for uid in known:
            fetched.remember(tx, made, uid, work.now)

    work.do("external account", f"{mine.address} from {host}", step)


def moment(text: str) -> int | None:
    """hMailServer's local time as microseconds, in this machine's zone; None for what is none."""
    try:
        return to_micros(datetime.fromisoformat(text.strip()).astimezone())
    except ValueError:
        return None
