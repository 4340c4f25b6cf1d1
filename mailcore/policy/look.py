"""What a check looks at, and the reading of settings that several of them share: networks, patterns of addresses, lists of lists."""

import fnmatch
import ipaddress
import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from mailcore.base.resolver import Resolver
from mailcore.mail.headers import Headers
from mailcore.policy.facts import Finding, Level, Mail
from mailcore.runtime.runtime import Runtime

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One message under examination. *ip* and *helo* are the first untrusted hop's, "" where nobody knows."""

    runtime: Runtime
    mail: Mail
    data: bytes
    headers: Headers
    resolver: Resolver
    ip: str
    helo: str
    account_ids: tuple[int, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def sender(self) -> str:
        """The envelope's sender, "" for the null path."""
        return str(self.mail.sender.address or "")

    @property
    def is_fetched(self) -> bool:
        """Whether nobody waits for a refusal."""
        return self.mail.is_fetched

    def get(self, name: str) -> Any:
        """A setting of the server."""
        return self.runtime.settings.get(name)


def scored(check: str, score: int, text: str, **facts: Any) -> Finding:
    """A finding that only adds to the score; *text* says why, for people, where it adds something."""
    return Finding(check=check, level=Level.ACCEPT, facts={"score": score, **({"text": text} if score else {}), **facts})


@lru_cache(maxsize=256)
def networks(text: str) -> tuple[Network, ...]:
    """The addresses and networks in *text*; what is none is passed over."""
    found = []
    for word in re.split(r"[\s,;]+", text):
        try:
            found.append(ipaddress.ip_network(word, strict=False))
        except ValueError:
            continue
    return tuple(found)


def is_within(ip: str, text: str) -> bool:
    """Whether *ip* is in one of the networks of *text*."""
    if not text:
        return False
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return False
    return any(address.version == one.version and address in one for one in networks(text))


@lru_cache(maxsize=1024)
def _pattern(text: str) -> re.Pattern[str]:
    # fnmatch's translation of [ is not wanted: an address may hold one.
    return re.compile(fnmatch.translate(text.replace("[", "[[]").lower()))


def is_like(text: str, pattern: str) -> bool:
    """Whether *text* fits a pattern with * and ?, in any case; "" fits all."""
    return not pattern or _pattern(pattern[:320]).match(text.lower()[:998]) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedList:
    """A DNS list: its *host*, the answers that count (first three octets, low, high of the last), and its *score*."""

    host: str
    expected: tuple[tuple[str, int, int], ...]
    score: int

    def counts(self, answer: str) -> bool:
        """Whether *answer* is one of the expected."""
        stem, _, last = answer.rpartition(".")
        return last.isdigit() and any(stem == s and low <= int(last) <= high for s, low, high in self.expected)


_EXPECTED = re.compile(r"(127\.\d{1,3}\.\d{1,3})\.(?:(\d{1,3})(?:-(\d{1,3}))?|\*)")


@lru_cache(maxsize=64)
def named_lists(text: str) -> tuple[NamedList, ...]:
    """Lists as the settings write them: "host answers score; host …", answers such as 127.0.0.2-8|127.0.0.10."""
    found = []
    for line in re.split(r"[;\n]", text):
        words = line.split()
        if len(words) < 2:
            continue
        expected = []
        for part in words[1].split("|"):
            match = _EXPECTED.fullmatch(part)
            if match is not None:
                low = int(match.group(2)) if match.group(2) else 0
                expected.append((match.group(1), low, int(match.group(3)) if match.group(3) else (low if match.group(2) else 255)))
        score = int(words[2]) if len(words) > 2 and words[2].isdigit() else 3
        if expected:
            found.append(NamedList(host=words[0].strip(".").lower(), expected=tuple(expected), score=score))
    return tuple(found)
