"""The report to a sender whose message one of several recipients refused after DATA had its one reply. RFC 3464, RFC 5429 §2.2."""

from mailcore.base.clock import from_micros
from mailcore.delivery import notices
from mailcore.delivery.decision import Decision
from mailcore.delivery.parcel import Parcel
from mailcore.directory import letters
from mailcore.mail.address import Address, NamedAddress
from mailcore.mail.dsn import Dsn, DsnRecipient, build_dsn
from mailcore.policy.facts import Mail
from mailcore.runtime.runtime import Runtime


def report(runtime: Runtime, mail: Mail, parcel: Parcel, decision: Decision) -> notices.Notice:
    """The notice for the sender of *mail*, which has one."""
    assert mail.sender.address is not None
    host, now = runtime.hostname, runtime.clock.micros()
    tx = runtime.store.read()
    language = letters.language_for(runtime, tx, mail.sender.address)
    about = parcel.summary.subject or letters.sentence(language, "no subject")
    subject, text = letters.written(
        runtime, tx, "bounce.refused", language, Subject=about, Recipient=decision.reached_by, Reason=decision.refusal, Sender=str(mail.sender.address)
    )
    dsn = Dsn(
        reporting_mta=host, from_=NamedAddress("Mail delivery", Address(local="postmaster", domain=host if "." in host else "localhost.localdomain"), ""),
        to=mail.sender.address, subject=subject, text=text,
        recipients=(DsnRecipient(final=decision.reached_by, action="failed", status="5.7.1", diagnostic=f"550 {decision.refusal[:200]}"),),
        date=from_micros(now), msgid=f"{runtime.new_trace_id()}@{host}", original=bytes(parcel.data), arrival=from_micros(now),
    )  # fmt: skip
    return notices.prepare(runtime, build_dsn(dsn), mail.sender.address, "bounce", about=parcel.trace_id)
