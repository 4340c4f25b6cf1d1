"""A person's accounts elsewhere: added after they were tried, looked into now, removed. The password is kept and never shown."""

import ipaddress
from collections.abc import Callable
from dataclasses import replace

from mailcore.base.clock import Micros
from mailcore.base.errors import MailError, Reason
from mailcore.base.resolver import DnsTrouble
from mailcore.directory.actor import Actor
from mailcore.net import elsewhere, fetch
from mailcore.runtime import grants
from mailcore.runtime.runtime import Runtime
from mailcore.store import Tx, fetched, mailboxes, records
from mailcore.store.accounts import Account
from mailcore.store.fetched import Fetched

PORTS = {("pop3", "tls"): 995, ("pop3", "starttls"): 110, ("pop3", "none"): 110, ("imap", "tls"): 993, ("imap", "starttls"): 143, ("imap", "none"): 143}
MAX_AN_ACCOUNT = 10
EVERY_SECONDS = (300, 86_400)
"""Shortest and longest time between two looks."""
KEEP_DAYS = 365


def reached(runtime: Runtime, one: Fetched, *, is_private_fine: bool = False) -> elsewhere.Account:
    """Where *one* leads, its address judged; one in a private network is *is_private_fine* for an admin. Raises MailError(NETWORK, NOT_PERMITTED)."""
    try:
        address = fetch.judged_address(runtime.resolver, one.host, is_private_fine=is_private_fine or bool(runtime.settings.get("outgoing.private")))
    except DnsTrouble as error:
        raise MailError(Reason.NETWORK, f"The name {one.host} cannot be looked up now.") from error
    except MailError as error:
        if error.reason is Reason.NOT_PERMITTED:
            raise MailError(Reason.NOT_PERMITTED, f"{one.host} is inside a private network. An admin can allow that: Settings, “Ask servers in private networks”.") from error
        raise MailError(error.reason, f"There is no server {one.host}. Check its name.") from error
    return elsewhere.Account(
        protocol=one.protocol, host=one.host, address=address, port=one.port, security=one.security, username=one.username, password=one.password
    )


def opened(runtime: Runtime, one: Fetched, keep: Callable[[str], None]) -> elsewhere.Source:
    """The mailbox of *one*, open; *keep* is given a grant that its provider renewed. Raises MailError in words."""
    where = reached(runtime, one)
    if not grants.is_grant(one.password):
        return elsewhere.open_source(where)
    if one.security == "none" and not ipaddress.ip_address(where.address).is_loopback:
        raise MailError(Reason.NOT_PERMITTED, "A permission is shown over TLS only. Choose another kind of encryption.")
    kept = [one.password]

    def renew(new: str) -> None:
        kept.append(new)
        keep(new)

    token = grants.access(runtime, one.password, one.host, renew)
    try:
        return elsewhere.open_source(replace(where, password="", token=token))
    except MailError as error:
        if error.reason is Reason.AUTH_FAILED:
            grants.forget(runtime, kept[-1])
        raise


def checked(tx: Tx, account: Account, one: Fetched) -> Fetched:
    """*one* as it is kept. Raises MailError(SYNTAX, LIMIT)."""
    port = one.port or PORTS.get((one.protocol, one.security), 0)
    host = one.host.strip().lower().rstrip(".")
    if (one.protocol, one.security) not in PORTS or not host or any(c.isspace() or c in "/@" for c in host) or not 0 < port < 65_536:
        raise MailError(Reason.SYNTAX, "Name the server, such as imap.example.org.")
    if not one.username.strip() or not one.password or any(ord(c) < 32 for c in one.username + one.password):
        raise MailError(Reason.SYNTAX, "Fill in the user name and the password there.")
    if not EVERY_SECONDS[0] <= one.every_seconds <= EVERY_SECONDS[1] or not -1 <= one.keep_days <= KEEP_DAYS:
        raise MailError(Reason.SYNTAX, f"Look every 5 minutes to 24 hours, and keep mail there at most {KEEP_DAYS} days.")
    if len(fetched.of_account(tx, account.id)) >= MAX_AN_ACCOUNT:
        raise MailError(Reason.LIMIT, f"At most {MAX_AN_ACCOUNT} accounts elsewhere.")
    if mailboxes.by_name(tx, account.id, one.mailbox) is None:
        raise MailError(Reason.NOT_FOUND, f"There is no mailbox {one.mailbox}.")
    return replace(one, account_id=account.id, port=port, host=host, username=one.username.strip())


def add(runtime: Runtime, actor: Actor, account: Account, one: Fetched) -> tuple[int, int]:
    """Try *one*, then keep it; its id and how many messages wait there. Asks the network. Raises MailError in words."""
    made = checked(runtime.store.read(), account, one)
    renewed = [made.password]
    source = opened(runtime, made, renewed.append)
    try:
        with elsewhere.in_words(made.host, made.port):
            waiting = len(source.names())
    finally:
        source.close()
    now = runtime.clock.micros()

    def keep(tx: Tx) -> int:
        records.audit(tx, "fetched:added", account.address, actor=actor.name, ip=actor.ip, now=now, domain_id=account.domain_id, new={"host": made.host, "user": made.username})
        return fetched.add(tx, replace(made, password=renewed[-1], next_at=now))

    return runtime.store.write(keep), waiting


def own(tx: Tx, account: Account, fetched_id: int) -> Fetched:
    """One of the person's own. Raises MailError(NOT_FOUND)."""
    found = fetched.get(tx, fetched_id)
    if found is None or found.account_id != account.id:
        raise MailError(Reason.NOT_FOUND, "This account is no longer fetched.")
    return found


def look_now(tx: Tx, account: Account, fetched_id: int, now: Micros) -> None:
    """Look into it now. Raises MailError(NOT_FOUND)."""
    fetched.set_next(tx, own(tx, account, fetched_id).id, now)


def remove(tx: Tx, actor: Actor, account: Account, fetched_id: int, now: Micros) -> None:
    """Fetch it no more; what came stays. Raises MailError(NOT_FOUND)."""
    found = own(tx, account, fetched_id)
    fetched.remove(tx, found.id)
    records.audit(tx, "fetched:removed", account.address, actor=actor.name, ip=actor.ip, now=now, domain_id=account.domain_id, old={"host": found.host, "user": found.username})
