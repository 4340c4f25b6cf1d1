"""What the sender is told: failed, delayed, delivered or relayed (RFC 3461, 3464), in words for people first.

A null sender is never told anything. NOTIFY is honoured: NEVER silences, SUCCESS asks for good news, FAILURE and DELAY are the
default. Reports to people here are delivered at once; to others they go through the queue with a null sender.
"""

from collections.abc import Sequence

from mailcore.base.clock import DAY, from_micros
from mailcore.base.errors import MailError
from mailcore.delivery import list_bounces, lists, notices
from mailcore.directory import letters, resolve
from mailcore.mail import list_token, srs
from mailcore.mail.address import Address, NamedAddress
from mailcore.mail.dsn import Dsn, DsnRecipient, build_dsn
from mailcore.runtime.runtime import Runtime
from mailcore.settings.letters import filled
from mailcore.store import Tx, records
from mailcore.store.outbox import Item, Recipient
from mailcore.store.records import TraceEvent

ADVICE_BY_STATUS = (
    (("5.1.1", "5.1.0", "5.1.6"), "spelling"), (("5.1.2", "5.4.4"), "domain"), (("5.2.2", "4.2.2"), "full"), (("5.3.4",), "large"),
)  # fmt: skip
"""Enhanced status → which advice of the server's own messages; RFC 3463."""
RETURNED_BYTES = 100 * 1024
"""A message up to this comes back whole when RET=FULL asks; otherwise its header."""


def wants(recipient: Recipient, action: str) -> bool:
    """Whether NOTIFY asks for word of *action* on this recipient. RFC 3461 §4.1."""
    asked = set(recipient.notify.upper().split(",")) if recipient.notify else {"FAILURE", "DELAY"}
    return {"failed": "FAILURE", "delayed": "DELAY", "delivered": "SUCCESS", "relayed": "SUCCESS"}[action] in asked


def writer(runtime: Runtime, item: Item) -> Address:
    """Who is told of *item*: its sender, and for mail that was passed on from here who wrote it. Raises MailError for a sender that is no address."""
    sender = Address.parse(item.sender)
    if srs.is_rewritten(sender.local) and resolve.local_domain(runtime.store.read(), sender.key.rpartition("@")[2]) is not None:
        return Address.parse(srs.restore(sender.local, key=runtime.key("srs"), day=item.created_at // DAY))
    return sender


def words_of(runtime: Runtime, action: str, people: Sequence[Recipient], item: Item) -> tuple[str, str]:
    """(subject, text) for people, in the sender's language."""
    tx = runtime.store.read()
    sender = writer(runtime, item)
    language = letters.language_for(runtime, tx, sender)
    until = from_micros(item.expires_at)
    values = {
        "Subject": item.subject or letters.sentence(language, "no subject"), "Recipients": "\n\n".join(_told(one, language) for one in people), "Sender": str(sender),
        "Until": f"{until:%d %B, %H:%M} UTC" if language == "en" else f"{until:%Y-%m-%d, %H:%M} UTC", "Advice": letters.sentence(language, advice(people)),
    }  # fmt: skip
    return letters.written(runtime, tx, f"bounce.{action}", language, **values)


def _told(one: Recipient, language: str) -> str:
    said = f"{one.code or ''} {one.detail}".strip()
    if one.remote and one.detail:
        said = filled(letters.sentence(language, "answered"), {"Server": one.remote, "Text": said})
    return f"  {one.address}" + (f"\n   {said if one.remote else one.detail}" if one.detail else "")


def advice(people: Sequence[Recipient]) -> str:
    """Which advice fits, by the worst of the reasons."""
    status = {one.enhanced for one in people}
    found = (key for starts, key in ADVICE_BY_STATUS if any(s.startswith(starts) for s in status))
    return next(found, "other")


def build(runtime: Runtime, item: Item, people: Sequence[Recipient], action: str, original: bytes) -> bytes:
    """The report as bytes. Raises MailError for a sender that is no address."""
    now = runtime.clock.now()
    host = runtime.hostname
    subject, text = words_of(runtime, action, people, item)
    dsn = Dsn(
        reporting_mta=host, from_=NamedAddress("Mail delivery", Address(local="postmaster", domain=_domain(host)), ""), to=writer(runtime, item),
        subject=subject, text=text,
        recipients=tuple(_row(one, action, item) for one in people), date=now, msgid=f"{runtime.new_trace_id()}@{host}",
        original=original, return_full=item.ret == "FULL" and len(original) <= RETURNED_BYTES, envelope_id=item.envid,
        arrival=from_micros(item.created_at),
    )  # fmt: skip
    return build_dsn(dsn)


def _domain(host: str) -> str:
    return host if "." in host else "localhost.localdomain"


def _row(one: Recipient, action: str, item: Item) -> DsnRecipient:
    status = one.enhanced or {"failed": "5.0.0", "delayed": "4.0.0"}.get(action, "2.0.0")
    if action == "failed" and status.startswith("4"):
        status = "4.4.7"
    return DsnRecipient(
        final=one.address, action="failed" if action == "failed" else action, status=status, original=one.orcpt, remote_mta=one.remote.split(" ")[0] if one.remote else "",
        diagnostic=f"{one.code} {one.detail}" if one.code else one.detail, last_attempt=from_micros(one.changed_at),
        retry_until=from_micros(item.expires_at) if action == "delayed" else None,
    )  # fmt: skip


def tell(runtime: Runtime, item: Item, people: Sequence[Recipient], action: str) -> None:
    """Send one report on *people* to the item's sender, unless there is nobody to tell. Never raises for a sender that is gone."""
    if item.kind == lists.OUT_KIND:
        count_for_list(runtime, item, people, action)
        return
    chosen = [one for one in people if wants(one, action)]
    if not item.sender or not chosen:
        return
    try:
        original = item.prefix + runtime.store.blobs.read(item.locator)
        report = build(runtime, item, chosen, action, original)
        deliver(runtime, item, report, action)
    except MailError as error:
        if error.temporary:
            raise
        runtime.log.warning("no report could be sent", trace=item.trace_id, detail=error.detail)


def count_for_list(runtime: Runtime, item: Item, people: Sequence[Recipient], action: str) -> None:
    """Mail of a list has no author to tell: a failure is the member's own, and is counted when the other side said 5xx."""
    if action != "failed":
        return
    now, sender = runtime.clock.micros(), Address.parse(item.sender)
    member_id = list_token.member_of(sender.local, sender.key.rpartition("@")[2], key=runtime.key("lists"), day=item.created_at // DAY)

    def write(tx: Tx) -> None:
        events = [list_bounces.came_back(tx, runtime, member_id, now, is_for_good=one.code >= 500) for one in people]
        records.trace_events(tx, item.trace_id, events)

    runtime.store.write(write)


def deliver(runtime: Runtime, item: Item, report: bytes, action: str) -> None:
    """Put the report into the sender's mailbox, or the queue when the sender is elsewhere."""
    sender = writer(runtime, item)
    notice = notices.prepare(runtime, report, sender, "bounce", about=item.trace_id)
    now = runtime.clock.micros()

    def write(tx: Tx) -> None:
        notices.put(tx, runtime, notice, now)
        told = TraceEvent(at=now, kind="told", address=str(sender), data={"action": action, "report": notice.parcel.trace_id})
        records.trace_events(tx, item.trace_id, [told])

    runtime.store.write(write)
