"""Reads, keeps and applies other domains' MTA-STS policies: a policy that cannot be read again holds until it ends (RFC 8461 §5)."""

from mailcore.base.clock import SECOND
from mailcore.base.errors import MailError
from mailcore.base.resolver import DnsTrouble, Resolver
from mailcore.net import fetch
from mailcore.runtime.runtime import Runtime
from mailcore.senderauth import mta_sts
from mailcore.store import Tx, routes
from mailcore.store.routes import StsPolicy

FORGET_SECONDS = 86_400
"""A policy that ended is kept this long, so that one that cannot be read today is not gone tomorrow."""


def policy_of(runtime: Runtime, resolver: Resolver, domain: str) -> StsPolicy | None:
    """The policy that holds for *domain* now; None where it has none. What went wrong on the way is logged, and never stops mail."""
    known, now = routes.sts_policy(runtime.store.read(), domain), runtime.clock.micros()
    held = known if known is not None and known.expires_at > now else None
    try:
        said = mta_sts.record_id(resolver.query(f"_mta-sts.{domain}", "TXT").values)
    except DnsTrouble:
        return held
    if said is None or (held is not None and held.policy_id == said):
        return held
    try:
        found = mta_sts.parse(fetch.sts_policy(resolver, domain, port=int(runtime.settings.get("outgoing.https_port")), is_private_fine=bool(runtime.settings.get("outgoing.private"))))
    except (MailError, DnsTrouble) as error:
        runtime.log.warning("mta-sts policy cannot be read", domain=domain, detail=error.detail)
        return held
    fresh = StsPolicy(domain=domain, policy_id=said, mode=found.mode, mx=found.mx, expires_at=now + found.max_age_seconds * SECOND)

    def keep(tx: Tx) -> None:
        routes.put_sts_policy(tx, fresh)
        routes.forget_sts_policies(tx, now - FORGET_SECONDS * SECOND, 100)

    runtime.store.write(keep, bulk=True)
    return fresh
