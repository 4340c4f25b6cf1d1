"""What the sender is told: failed, delayed, delivered or relayed (RFC 3461, 3464), in words for people first.

A null sender is never told anything. NOTIFY is honoured: NEVER silences, SUCCESS asks for good news, FAILURE and DELAY are the
default. Reports to people here are delivered at once; to others they go through the queue with a null sender.
"""

from collections.abc import Sequence

from mailcore.base.clock import DAY, Micros, from_micros
from mailcore.base.errors import MailError
from mailcore.delivery import list_bounces, lists, notices
from mailcore.mail import list_token
from mailcore.mail.address import Address, NamedAddress
from mailcore.mail.dsn import Dsn, DsnRecipient, build_dsn
from mailcore.runtime.runtime import Runtime
from mailcore.store import Tx, records
from mailcore.store.outbox import Item, Recipient
from mailcore.store.records import TraceEvent

SUBJECTS = {
    "failed": "Not delivered: {subject}", "delayed": "Still trying to deliver: {subject}", "delivered": "Delivered: {subject}",
    "relayed": "Handed on: {subject}",
}  # fmt: skip
RETURNED_BYTES = 100 * 1024
"""A message up to this comes back whole when RET=FULL asks; otherwise its header."""


def wants(recipient: Recipient, action: str) -> bool:
    """Whether NOTIFY asks for word of *action* on this recipient. RFC 3461 §4.1."""
    asked = set(recipient.notify.upper().split(",")) if recipient.notify else {"FAILURE", "DELAY"}
    return {"failed": "FAILURE", "delayed": "DELAY", "delivered": "SUCCESS", "relayed": "SUCCESS"}[action] in asked


def text_of(action: str, people: Sequence[Recipient], item: Item, *, until: Micros) -> str:
    """The words for people."""
    subject = f"\u201c{item.subject}\u201d" if item.subject else "without a subject"
    lines = {
        "failed": [f"Your message {subject} could not be delivered to:"],
        "delayed": [f"Your message {subject} has not been delivered yet. Roost goes on trying until {from_micros(until):%d %B, %H:%M} UTC; you need not send it again. It waits for:"],
        "delivered": [f"Your message {subject} has been delivered to:"],
        "relayed": [f"Your message {subject} has been handed to a server that gives no further word, for:"],
    }[action]
    for one in people:
        said = f" {one.remote} answered: {one.code or ''} {one.detail}".rstrip() if one.remote and one.detail else f" {one.detail}"
        lines += ["", f"  {one.address}", f"   {said.strip()}" if said.strip() else ""]
    if action == "failed":
        lines += ["", advice(people)]
    return "\n".join(lines) + "\n"


def advice(people: Sequence[Recipient]) -> str:
    """What to do, by the worst of the reasons."""
    status = {one.enhanced for one in people}
    if any(s.startswith(("5.1.1", "5.1.0", "5.1.6")) for s in status):
        return "Look whether the address is spelt right, and send the message again to the right one."
    if any(s.startswith(("5.1.2", "5.4.4")) for s in status):
        return "The part behind the @ does not exist or takes no mail. Look whether it is spelt right."
    if any(s.startswith(("5.2.2", "4.2.2")) for s in status):
        return "The recipient's mailbox is full. Try again later, or reach them another way."
    if any(s.startswith("5.3.4") for s in status):
        return "The message is too large for them. Send it without the attachment, or with a smaller one."
    return "If you think this is a mistake, show this message to the person who runs your mail server."


def build(runtime: Runtime, item: Item, people: Sequence[Recipient], action: str, original: bytes) -> bytes:
    """The report as bytes. Raises MailError for a sender that is no address."""
    now = runtime.clock.now()
    host = runtime.hostname
    dsn = Dsn(
        reporting_mta=host, from_=NamedAddress("Mail delivery", Address(local="postmaster", domain=_domain(host)), ""), to=Address.parse(item.sender),
        subject=SUBJECTS[action].format(subject=item.subject or "(no subject)"), text=text_of(action, people, item, until=item.expires_at),
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
    notice = notices.prepare(runtime, report, Address.parse(item.sender), "bounce", about=item.trace_id)
    now = runtime.clock.micros()

    def write(tx: Tx) -> None:
        notices.put(tx, runtime, notice, now)
        told = TraceEvent(at=now, kind="told", address=item.sender, data={"action": action, "report": notice.parcel.trace_id})
        records.trace_events(tx, item.trace_id, [told])

    runtime.store.write(write)
