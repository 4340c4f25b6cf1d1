"""One message on its way into the store: its bytes staged, its summary made once, its trace id given."""

from dataclasses import dataclass
from mmap import mmap

from mailcore.mail.structure import Summary, summarise
from mailcore.store.blobs import Staged
from mailcore.store.messages import NewEmail


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """A message that can be stored for many: its *data*, staged, and their *summary*."""

    trace_id: str
    staged: Staged
    summary: Summary
    data: bytes | mmap

    def email(self, prefix: bytes) -> NewEmail:
        """The email to store under *prefix* (the lines we put on top)."""
        return new_email(self.staged, self.summary, prefix, self.trace_id)


def new_email(staged: Staged, summary: Summary, prefix: bytes = b"", trace_id: str = "") -> NewEmail:
    """A stored email made from a summary."""
    return NewEmail(
        staged=staged, prefix=prefix, sent_at=summary.sent_at_micros, subject=summary.subject, base_subject=summary.base_subject,
        from_name=summary.from_name, from_addr=summary.from_addr, to_display=summary.to_display, preview=summary.preview, msgid=summary.msgid,
        in_reply_to=summary.in_reply_to, references=summary.references, has_attachments=summary.has_attachments, trace_id=trace_id,
        envelope=summary.envelope, body=summary.body, bodystructure=summary.bodystructure, parts=summary.parts, extra=summary.attachment_names,
    )  # fmt: skip


def parcel_of(trace_id: str, staged: Staged, data: bytes | mmap) -> Parcel:
    """The parcel of whole *data* that is staged already."""
    return Parcel(trace_id=trace_id, staged=staged, summary=summarise(data), data=data)
