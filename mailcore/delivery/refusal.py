"""The report to a sender whose message one of several recipients refused after DATA had its one reply. RFC 3464, RFC 5429 §2.2."""

from mailcore.base.clock import from_micros
from mailcore.delivery import notices
from mailcore.delivery.decision import Decision
from mailcore.delivery.parcel import Parcel
from mailcore.mail.address import Address, NamedAddress
from mailcore.mail.dsn import Dsn, DsnRecipient, build_dsn
from mailcore.policy.facts import Mail
from mailcore.runtime.runtime import Runtime


def report(runtime: Runtime, mail: Mail, parcel: Parcel, decision: Decision) -> notices.Notice:
    """The notice for the sender of *mail*, which has one."""
    assert mail.sender.address is not None
    host, now = runtime.hostname, runtime.clock.micros()
    subject = parcel.summary.subject
    dsn = Dsn(
        reporting_mta=host, from_=NamedAddress("Mail delivery", Address(local="postmaster", domain=host if "." in host else "localhost.localdomain"), ""),
        to=mail.sender.address, subject=f"Refused by the recipient: {subject or '(no subject)'}",
        text=f"{decision.reached_by} does not take your message “{subject}”.\n\nThe recipient's filter says:\n\n{decision.refusal}\n",
        recipients=(DsnRecipient(final=decision.reached_by, action="failed", status="5.7.1", diagnostic=f"550 {decision.refusal[:200]}"),),
        date=from_micros(now), msgid=f"{runtime.new_trace_id()}@{host}", original=bytes(parcel.data), arrival=from_micros(now),
    )  # fmt: skip
    return notices.prepare(runtime, build_dsn(dsn), mail.sender.address, "bounce", about=parcel.trace_id)
