"""DKIM signing on the way out: after every rewrite and conversion, once a route, with each key of From's domain that DNS shows.

Only what an account here sent, or we wrote ourselves, is signed: a stranger's message that is passed on with our name in From
stays unsigned. A list signs what it sends on in its own name, beside the author's.
"""

from collections.abc import Callable

from mailcore.base.resolver import Resolver
from mailcore.delivery import forward
from mailcore.delivery.lists import OUT_KIND
from mailcore.directory import dkim_keys
from mailcore.mail.headers import scan_headers
from mailcore.runtime.runtime import Runtime
from mailcore.senderauth import dkim
from mailcore.senderauth.evidence import author_domain
from mailcore.store.outbox import Item


def signer(runtime: Runtime, resolver: Resolver, item: Item) -> Callable[[bytes], bytes]:
    """What puts our signatures above a message of *item* that is ready for the wire."""

    def sign(data: bytes) -> bytes:
        if item.kind in (forward.KIND, forward.WITHHELD, "relay") and item.account_id is None:
            return data
        now = runtime.clock.micros() // 1_000_000
        lines = [
            dkim.sign(data, dkim.SigningKey(domain=key.domain, selector=key.selector, algorithm=key.algorithm, private=key.private), now)
            for domain in domains_of(item, data)
            for key in dkim_keys.usable(runtime, resolver, domain)
        ]
        return b"".join(lines) + data

    return sign


def domains_of(item: Item, data: bytes) -> list[str]:
    """The domains that sign: the author's where they sent it from here, and a list's own."""
    author = author_domain(scan_headers(data))
    found = [] if item.kind == OUT_KIND and item.account_id is None else [author]
    if item.kind == OUT_KIND:
        found.append(item.sender.rpartition("@")[2])
    return [name for name in dict.fromkeys(found) if name]
