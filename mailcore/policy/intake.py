"""The checks every server needs: message size, free disk, who may relay, whether the recipient exists and has room, loops."""

import shutil
import time

from mailcore.base.clock import DAY, HOUR, SECOND, Micros
from mailcore.base.errors import MailError, Reason
from mailcore.directory import resolve
from mailcore.mail import list_token, srs
from mailcore.mail.address import Address
from mailcore.policy import list_mail, ranges
from mailcore.policy.facts import Client, Mail
from mailcore.policy.look import is_within
from mailcore.runtime.runtime import Runtime
from mailcore.store import Tx, accounts, records, routes

DISK_SECONDS = 5.0
"""How long a look at the free disk is believed."""
_disk: dict[str, tuple[float, int]] = {}


def size_limit(runtime: Runtime, domain_id: int | None = None) -> int:
    """Bytes of the largest message for a domain (or the server)."""
    return int(runtime.settings.get("smtp.message_size", domain_id=domain_id))


def file_bytes(limit: int) -> int:
    """How many bytes of files fit into a message of *limit* bytes: base64 writes 57 bytes as 78 (RFC 2045 §6.8)."""
    return limit * 57 // 78


def file_words(limit: int) -> str:
    """`file_bytes` for people, such as "36.5 MB": the same number on the page, in the webmail's errors and in the replies to programs."""
    count = file_bytes(limit)
    return f"{count / 1024**2:.1f} MB" if count >= 1024**2 else f"{count // 1024} KB"


def too_big(limit: int, size: int = 0) -> MailError:
    """A message over *limit*; *size* where it is known."""
    held = f"; this one has {size}" if size else ""
    return MailError(Reason.TOO_BIG, f"A message may have {limit} bytes here, which is {file_words(limit)} of files{held}.")


def largest_limit(runtime: Runtime) -> int:
    """What EHLO's SIZE announces: the server's own limit."""
    return size_limit(runtime)


def check_size(runtime: Runtime, mail: Mail, size: int) -> None:
    """Raises MailError(TOO_BIG) for a message over the limit of the server or of the sender's domain."""
    domain_id = mail.client.account.domain_id if mail.client.account is not None else None
    limit = size_limit(runtime, domain_id)
    if size > limit:
        raise too_big(limit, size)


def sent_before(runtime: Runtime, tx: Tx, mail: Mail) -> int:
    """See `Mail.sent_before`; 0 for whom no rate is set."""
    account = mail.client.account
    if account is None or not _rate(runtime, mail):
        return 0
    return records.sent_since(tx, account.id, runtime.clock.micros() - HOUR)


def check_rate(runtime: Runtime, mail: Mail, count: int) -> None:
    """Raises MailError(LIMIT) when *count* recipients are more than the account may write to now."""
    limit, account = _rate(runtime, mail), mail.client.account
    if limit and account is not None and mail.sent_before + count > limit:
        raise MailError(Reason.LIMIT, f"{account.address} may write to {limit} recipients in an hour. Try again later.", temporary=True)


def _rate(runtime: Runtime, mail: Mail) -> int:
    """The account's limit; 0 is none, as for programs on real loopback. The webmail may stand behind a proxy there, so it counts from everywhere."""
    client = mail.client
    if client.account is None or (client.is_near and client.listener != "web"):
        return 0
    return int(runtime.settings.get("submission.rate", domain_id=client.account.domain_id))


def is_by_relay(runtime: Runtime, client: Client) -> bool:
    """Whether a server in front of this one, which an admin named, brings the mail."""
    return client.account is None and is_within(client.ip, str(runtime.settings.get("auth.relays")))


def check_disk(runtime: Runtime) -> None:
    """Raises MailError(NO_SPACE) when the disk is nearer to full than the reserve."""
    folder = str(runtime.config.data_dir)
    now = time.monotonic()
    looked, free = _disk.get(folder, (-DISK_SECONDS, 0))
    if now - looked >= DISK_SECONDS:
        free = shutil.disk_usage(folder).free
        _disk[folder] = (now, free)
    if free < runtime.settings.get("storage.reserve"):
        raise MailError(Reason.NO_SPACE, "The server is short of disk space; try again later.")


def find_recipient(runtime: Runtime, tx: Tx, mail: Mail, address: Address) -> resolve.Recipient | None:
    """What *address* leads to here; None for an outside address that this client may send to.

    Raises MailError: UNKNOWN_USER, DISABLED, RELAY_DENIED, and POLICY in a network of its own.
    """
    if srs.is_rewritten(address.local) and resolve.local_domain(tx, address.key.rpartition("@")[2]) is not None:
        return returned(runtime, mail, address)
    if list_token.is_bounce_address(address.local) and resolve.local_domain(tx, address.key.rpartition("@")[2]) is not None:
        return list_mail.returned(runtime, tx, mail, address)
    try:
        found = resolve.resolve(tx, address, str(runtime.settings.get("server.default_domain")))
    except MailError as error:
        if error.reason is not Reason.UNKNOWN_DOMAIN:
            raise
    else:
        check_direction(runtime, tx, mail, to_here=True)
        list_mail.check_writer(tx, mail, found)
        return found
    route = routes.match(tx, address.key.rpartition("@")[2])
    if route is not None and not route.takes(address.key):
        raise MailError(Reason.UNKNOWN_USER, f"{address} does not exist behind this server.")
    if route is not None and route.is_inbound:
        return None
    if mail.client.account is None and ranges.of(runtime, mail.client.ip).id == 0:
        raise MailError(Reason.RELAY_DENIED, f"{address.domain} is not served here, and relaying needs a sign-in.")
    check_direction(runtime, tx, mail, to_here=False)
    if route is None and runtime.settings.get("server.mode") == "lan":
        raise MailError(Reason.POLICY, f"This server sends only inside its own network, and {address.domain} is not in it.")
    return None


def check_direction(runtime: Runtime, tx: Tx, mail: Mail, *, to_here: bool) -> None:
    """Raises MailError(RELAY_DENIED, AUTH_REQUIRED) when the client's range says so; nothing to ask where no range was made."""
    client, sender = mail.client, mail.sender.address
    if ranges.of(runtime, client.ip).id:
        from_here = sender is not None and resolve.local_domain(tx, sender.key.rpartition("@")[2]) is not None
        ranges.check_direction(runtime, client.ip, is_signed_in=client.account is not None, from_here=from_here, to_here=to_here)


def returned(runtime: Runtime, mail: Mail, address: Address) -> resolve.Recipient:
    """Whom a bounce of redirected mail goes back to: the sender inside a rewritten address, for the null path only.

    Raises MailError(UNKNOWN_USER, EXPIRED).
    """
    if mail.sender.address is not None:
        raise MailError(Reason.UNKNOWN_USER, f"{address} takes only reports about forwarded mail.")
    original = srs.restore(address.local, key=runtime.key("srs"), day=runtime.clock.micros() // DAY)
    return resolve.Recipient(original=str(address), remote=[str(Address.parse(original))])


def check_room(runtime: Runtime, tx: Tx, recipient: resolve.Recipient, size: int, now: Micros) -> MailError | None:
    """Why no account behind *recipient* has room for *size* bytes, or None when one has or the recipient also leads elsewhere."""
    if recipient.remote or recipient.lists or not recipient.local:
        return None
    trouble: MailError | None = None
    for target in recipient.local:
        account = accounts.account(tx, target.account_id)
        if account is None:
            continue
        if not account.quota_bytes or account.used_bytes + size <= account.quota_bytes:
            if account.over_quota_since is not None:
                note_over_quota(runtime, account.id, None)
            return None
        since = account.over_quota_since
        is_grace = since is None or now - since < runtime.settings.get("quota.grace") * SECOND
        trouble = MailError(Reason.OVER_QUOTA, f"The mailbox of {account.address} is full.", temporary=is_grace)
        if since is None:
            note_over_quota(runtime, account.id, now)
    return trouble


def note_over_quota(runtime: Runtime, account_id: int, since: Micros | None) -> None:
    """Remember when an account first had no room, so that the grace time has a start; None once mail fits again."""
    runtime.store.submit(lambda tx: accounts.set_account(tx, account_id, over_quota_since=since))


def check_loops(runtime: Runtime, received: int) -> None:
    """Raises MailError(LOOP) for a message that has come through too many servers. RFC 5321 §6.3."""
    limit = runtime.settings.get("smtp.max_received")
    if received > limit:
        raise MailError(Reason.LOOP, f"The message has {received} Received lines, more than {limit}: it goes round in a loop.")


