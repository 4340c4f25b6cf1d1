"""DMARC by RFC 9989: the record found by walking up the tree of names, alignment, and what the domain asks for.

`pct` is not read. A look-up without an answer gives temperror, which by rule refuses nothing.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from mailcore.base.resolver import DnsTrouble, Resolver
from mailcore.senderauth.tags import Unverified, parse_tags

MAX_QUERIES = 8
"""Names asked in one walk. RFC 9989 §4.10. Stops a From with a hundred labels from asking a hundred questions."""
MAX_WALKS = 12
"""Identifiers whose organisation is looked for, for one message. Stops ten signatures of ten domains each from asking on."""
POLICIES = ("none", "quarantine", "reject")
SOFTER = {"reject": "quarantine", "quarantine": "none", "none": "none"}

_VERSION = re.compile(r"\s*v\s*=\s*DMARC1\s*(;|\Z)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A DMARC record: what it asks for (`p`, `sp`, `np`), how strictly identifiers must agree, and whether it is a public suffix."""

    policy: str = "none"
    sub_policy: str = ""
    missing_policy: str = ""
    is_strict_dkim: bool = False
    is_strict_spf: bool = False
    psd: str = "u"
    is_testing: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DmarcResult:
    """none (no record), pass, fail, temperror, permerror; *policy* is what the domain asks for when it fails; *domain* is From's."""

    result: str
    domain: str = ""
    policy: str = "none"
    found_at: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """The records found from a name upwards, nearest first, and the organisational domain they mean."""

    records: tuple[tuple[str, Record], ...]
    organisation: str


def parse_record(text: str) -> Record | None:
    """A DMARC record, or None for what is none. RFC 9989 §4.7, §4.8."""
    if not _VERSION.match(text):
        return None
    try:
        tags = {k.lower(): v.decode("ascii", "replace").lower() for k, v in parse_tags(text.encode("utf-8", "surrogateescape")).items()}
    except Unverified:
        return None
    wanted = {name: tags.get(name, "") for name in ("p", "sp", "np")}
    has_bad = wanted["p"] not in POLICIES or any(wanted[name] and wanted[name] not in POLICIES for name in ("sp", "np"))
    if has_bad:
        if "mailto:" not in tags.get("rua", ""):
            return None
        wanted = {"p": "none", "sp": "", "np": ""}
    return Record(
        policy=wanted["p"], sub_policy=wanted["sp"], missing_policy=wanted["np"], is_strict_dkim=tags.get("adkim") == "s",
        is_strict_spf=tags.get("aspf") == "s", psd=tags.get("psd", "u") if tags.get("psd") in ("y", "n") else "u", is_testing=tags.get("t") == "y",
    )  # fmt: skip


def names_upwards(domain: str) -> list[str]:
    """The names a walk asks, nearest first, at most MAX_QUERIES: past eight labels it jumps to seven. RFC 9989 §4.10."""
    labels = domain.split(".")
    names = [domain]
    left = labels[-(MAX_QUERIES - 1) :] if len(labels) >= MAX_QUERIES else labels[1:]
    while left:
        names.append(".".join(left))
        left = left[1:]
    return names


def walk(resolver: Resolver, domain: str) -> Walk:
    """Walk up from *domain*. Raises DnsTrouble. RFC 9989 §4.10.1, §4.10.2."""
    found: list[tuple[str, Record]] = []
    for name in names_upwards(domain):
        records = [r for text in resolver.query(f"_dmarc.{name}", "TXT").values if (r := parse_record(text)) is not None]
        if len(records) != 1:
            continue
        found.append((name, records[0]))
        if records[0].psd in ("y", "n"):
            break
    return Walk(records=tuple(found), organisation=_organisation(domain, found))


def _organisation(domain: str, found: list[tuple[str, Record]]) -> str:
    if not found:
        return domain
    name, record = found[-1]
    if record.psd == "y" and name != domain:
        return ".".join(domain.split(".")[-(name.count(".") + 2) :])
    return name


class _Organisations:
    """Organisational domains, each looked for once, and only so many."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self._known: dict[str, Walk] = {}

    def of(self, domain: str) -> Walk:
        if domain not in self._known:
            if len(self._known) >= MAX_WALKS:
                return Walk(records=(), organisation=domain)
            self._known[domain] = walk(self._resolver, domain)
        return self._known[domain]

    def are_aligned(self, author: str, other: str, *, is_strict: bool) -> bool:
        """Whether an identifier's domain may speak for the author's. RFC 9989 §4.4."""
        if author == other:
            return True
        if is_strict or not other or not (_are_kin(author, other)):
            return False
        return self.of(author).organisation == self.of(other).organisation


def _are_kin(one: str, other: str) -> bool:
    """Whether two names share their last label: what saves a walk for the rest."""
    return one.rpartition(".")[2] == other.rpartition(".")[2]


def are_aligned(resolver: Resolver, author: str, other: str, *, is_strict: bool) -> bool:
    """Whether *other* may speak for *author*. Raises DnsTrouble. RFC 9989 §4.4."""
    author, other = author.rstrip(".").lower(), other.rstrip(".").lower()
    if any(not label for name in (author, other) for label in name.split(".")):
        return False
    return _Organisations(resolver).are_aligned(author, other, is_strict=is_strict)


def check(resolver: Resolver, author: str, *, spf_domain: str, dkim_domains: Iterable[str]) -> DmarcResult:
    """DMARC of a message whose From has the domain *author*; the others are the domains that passed SPF ("" for none) and DKIM. Never raises."""
    author = author.rstrip(".").lower()
    if not author or len(author) > 253 or any(not 0 < len(x) <= 63 for x in author.split(".")):
        return DmarcResult(result="permerror", domain=author[:253], reason="From names no domain.")
    try:
        return _check(_Organisations(resolver), resolver, author, spf_domain, list(dict.fromkeys(dkim_domains)))
    except DnsTrouble as error:
        return DmarcResult(result="temperror", domain=author, reason=error.detail)


def _check(known: _Organisations, resolver: Resolver, author: str, spf_domain: str, dkim_domains: list[str]) -> DmarcResult:
    found = known.of(author)
    by_name = dict(found.records)
    at = author if author in by_name else found.organisation if found.organisation in by_name else found.records[-1][0] if found.records else ""
    if not at:
        return DmarcResult(result="none", domain=author)
    record = by_name[at]
    is_pass = known.are_aligned(author, spf_domain, is_strict=record.is_strict_spf) if spf_domain else False
    is_pass = is_pass or any(known.are_aligned(author, d, is_strict=record.is_strict_dkim) for d in dkim_domains)
    policy = record.policy if at == author else record.sub_policy or record.policy
    if at != author and record.missing_policy and not _exists(resolver, author):
        policy = record.missing_policy
    if record.is_testing:
        policy = SOFTER[policy]
    reason = "" if is_pass else "Neither SPF nor DKIM passed for the domain in From."
    return DmarcResult(result="pass" if is_pass else "fail", domain=author, policy=policy, found_at=at, reason=reason)


def _exists(resolver: Resolver, name: str) -> bool:
    """Whether a name has an address or takes mail: RFC 9989 §3.2 calls it non-existent otherwise. Raises DnsTrouble."""
    return any(resolver.query(name, rdtype).values for rdtype in ("A", "AAAA", "MX"))
