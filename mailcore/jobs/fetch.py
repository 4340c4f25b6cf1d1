"""Brings mail from accounts elsewhere: each in a thread of its own, so that a slow server there holds up nobody here.

A message and the memory that it came are one write: a crash brings none twice and loses none. Nothing fetched is refused or
bounced (POLICY, "Fetched mail"): the worst is Junk.
"""

import asyncio
import contextlib
import time
from concurrent.futures import ThreadPoolExecutor

from mailcore.base.clock import DAY, SECOND
from mailcore.base.errors import MailError, Reason
from mailcore.delivery import accept
from mailcore.delivery.parcel import parcel_of
from mailcore.directory import fetching
from mailcore.directory.resolve import Recipient, target_of
from mailcore.events.bus import woken
from mailcore.mail.address import Address, ReversePath
from mailcore.mail.address import mailboxes as header_addresses
from mailcore.mail.headers import scan_headers
from mailcore.net import elsewhere
from mailcore.net.patience import in_time
from mailcore.policy import pipeline
from mailcore.policy.facts import Accepted, Client, Mail
from mailcore.runtime.runtime import Runtime
from mailcore.store import Tx, accounts, fetched
from mailcore.store.fetched import Fetched

THREADS = 4
IDLE_SECONDS = 5.0
MESSAGES_A_LOOK = 500
"""The rest comes with the next look, so that a huge mailbox does not keep a thread for hours."""
LOOK_SECONDS = 600.0
PATIENCE = 2
"""A look is broken off after so many times LOOK_SECONDS, wherever it is. Stops a server that sends byte by byte from holding a thread."""
BUSY = 10 * SECOND
"""When a mailbox that another program was reading is looked at again."""


async def run(runtime: Runtime) -> None:
    """Until cancelled: see what is due, look into it, wait."""
    loop, wake = asyncio.get_running_loop(), asyncio.Event()
    stop = runtime.bus.subscribe(0, lambda _account, _mailbox: wake.set())
    pool = ThreadPoolExecutor(THREADS, thread_name_prefix="fetch")
    running: set[asyncio.Future[None]] = set()
    try:
        while True:
            wake.clear()
            for one in await asyncio.to_thread(take, runtime, THREADS - len(running)):
                future = loop.run_in_executor(pool, look_into, runtime, one)
                running.add(future)
                future.add_done_callback(running.discard)
            await woken(wake, IDLE_SECONDS)
    finally:
        stop()
        pool.shutdown(wait=False, cancel_futures=True)


def take(runtime: Runtime, room: int) -> list[Fetched]:
    """What is due and no other process has taken."""
    if room <= 0:
        return []
    try:
        now = runtime.clock.micros()
        found = fetched.due(runtime.store.read(), now, room)
        return [one for one in found if runtime.store.write(lambda tx, o=one: fetched.claim(tx, o, now + o.every_seconds * SECOND), bulk=True)]  # type: ignore[misc]
    except MailError as error:
        runtime.log.warning("fetching waits", detail=error.detail)
        return []


def look_into(runtime: Runtime, one: Fetched) -> None:
    """One look: bring what is new, delete there what has been kept long enough, and remember how it went."""
    trouble, is_busy = "", False
    try:
        source = fetching.opened(runtime, one, lambda secret: runtime.store.write(lambda tx: fetched.set_password(tx, one.id, secret), bulk=True))
        try:
            with in_time(source.connection, PATIENCE * LOOK_SECONDS):
                trouble = bring(runtime, one, source)
        finally:
            source.close()
    except MailError as error:
        trouble, is_busy = error.detail, error.reason is Reason.IN_USE
    except Exception as error:  # noqa: BLE001 - whatever a server elsewhere does, the next look comes
        trouble = f"{one.host} broke off: {type(error).__name__}."
        runtime.log.warning("fetching failed", host=one.host, error=f"{type(error).__name__}: {error}")
    now = runtime.clock.micros()

    def told(tx: Tx) -> None:
        fetched.told(tx, one.id, trouble, now)
        if is_busy:
            fetched.set_next(tx, one.id, now + BUSY)

    with contextlib.suppress(MailError):
        runtime.store.write(told, bulk=True)


def bring(runtime: Runtime, one: Fetched, source: elsewhere.Source) -> str:
    """Bring what is new from *source*; what is wrong with the rest, or ""."""
    account = accounts.account(runtime.store.read(), one.account_id)
    if account is None or not account.is_enabled:
        return ""
    known, names, limit = fetched.known(runtime.store.read(), one.id), source.names(), int(runtime.settings.get("smtp.message_size"))
    until, brought, too_big = time.monotonic() + LOOK_SECONDS, 0, 0
    now = runtime.clock.micros()
    for name in names:
        if name not in known and brought < MESSAGES_A_LOOK and time.monotonic() < until:
            data = source.read(name, limit)
            if data is None:
                too_big += 1
                continue
            deliver(runtime, one, account, name, data)
            known[name], brought = now, brought + 1
        if name in known and (one.keep_days == 0 or (one.keep_days > 0 and now - known[name] > one.keep_days * DAY)):
            source.delete(name)
    gone = list(known.keys() - set(names))
    if gone:
        runtime.store.write(lambda tx: fetched.forget(tx, one.id, gone), bulk=True)
    return f"{too_big} messages there are larger than this server takes, and stay there." if too_big else ""


class CameBefore(MailError):
    """Another look has brought the message meanwhile."""


def deliver(runtime: Runtime, one: Fetched, account: accounts.Account, name: str, data: bytes) -> None:
    """One message into the person's mailbox, through the checks and their filters. Raises MailError when it cannot be stored."""
    data = with_line_ends(data)
    target = Recipient(original=account.address, local=[target_of(account)], domain_id=account.domain_id)
    mail = Mail(client=Client(ip="0.0.0.0", listener="fetch", helo=one.host), sender=sender_of(data), size=len(data), home="" if one.mailbox == "INBOX" else one.mailbox, is_fetched=True)
    mail.recipients.append(Accepted(path=account.address, address=Address.parse(account.address), recipient=target))
    trace_id = runtime.new_trace_id()
    if pipeline.is_examined(runtime, mail):
        data = pipeline.examine(runtime, mail, data, trace_id)
    parcel = parcel_of(trace_id, runtime.store.blobs.add(data), data)

    def remember(tx: Tx) -> None:
        if not fetched.remember(tx, one.id, name, runtime.clock.micros()):
            raise CameBefore(Reason.ALREADY_EXISTS)

    with contextlib.suppress(CameBefore):  # nothing of this write has stayed, and all is well
        (accept.drop(runtime, mail, parcel, also=remember) if mail.is_dropped else accept.accept(runtime, mail, parcel, also=remember)).result()


def with_line_ends(data: bytes) -> bytes:
    """Mail as it goes over the wire: every line ends with CRLF. Servers elsewhere store what they like."""
    if b"\r\n" in data and data.count(b"\n") == data.count(b"\r\n") == data.count(b"\r"):
        return data
    return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\n", b"\r\n")


def sender_of(data: bytes) -> ReversePath:
    """Who sent it: Return-Path as the other server wrote it, else From; the null path for what has neither."""
    headers = scan_headers(data)
    for field in (b"return-path", b"from"):
        raw = headers.raw(field)
        if raw is not None:
            found = [n.address for n in header_addresses(raw.decode("utf-8", "replace")) if n.address]
            return ReversePath(found[0] if found else None)
    return ReversePath(None)
