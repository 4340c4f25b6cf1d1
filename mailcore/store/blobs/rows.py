"""The rows that name blobs: claimed inside a write, doomed by the sweep in one write and removed in another a day later.

Equal bytes become one blob here and nowhere else: the unique SHA-256 decides, under the write's lock.
"""

from mailcore.base.clock import Micros
from mailcore.base.errors import MailError, Reason
from mailcore.base.ids import BlobId
from mailcore.store.blobs import BlobStore, Locator, Staged
from mailcore.store.engine import Tx

REFERENCES = (
    "SELECT 1 FROM emails WHERE emails.blob_id = blobs.id",
    "SELECT 1 FROM queue_items WHERE queue_items.blob_id = blobs.id",
    "SELECT 1 FROM jobs WHERE jobs.blob_id = blobs.id AND jobs.finished_at IS NULL",
    "SELECT 1 FROM uploads WHERE uploads.blob_id = blobs.id",
    "SELECT 1 FROM file_links WHERE file_links.blob_id = blobs.id",
)
"""Every way a blob can be in use."""

_CLAIM = """INSERT INTO blobs (sha256, segment, "offset", length, created_at) VALUES (:sha, :segment, :offset, :length, :now)
ON CONFLICT (sha256) DO UPDATE SET doomed_at = NULL RETURNING id, segment"""


def claim(tx: Tx, staged: Staged, now: Micros, blobs: BlobStore) -> BlobId:
    """The blob row for *staged*: a new one, or the one that already holds the same bytes. Raises MailError(STORAGE) if they were lost."""
    place = staged.locator
    if blobs.is_void(place.segment):
        raise MailError(Reason.STORAGE, "The disk refused the message.")
    row = tx.one(
        _CLAIM, {"sha": staged.sha256, "segment": place.segment, "offset": place.offset, "length": place.length, "now": now}
    )
    assert row is not None
    if staged.is_alone and row[1] != place.segment:
        tx.after.append(lambda: blobs.remove_segment(place.segment))
    return BlobId(row[0])


def locate(tx: Tx, blob_id: int) -> Locator | None:
    """Where blob *blob_id* lies, or None when there is no such row."""
    row = tx.one('SELECT segment, "offset", length FROM blobs WHERE id = :id', {"id": blob_id})
    return None if row is None else Locator(segment=row[0], offset=row[1], length=row[2])


def mark_doomed(tx: Tx, now: Micros, limit: int) -> int:
    """Mark up to *limit* blobs that nothing refers to; how many."""
    unused = " AND ".join(f"NOT EXISTS ({reference})" for reference in REFERENCES)
    return tx.run(
        f"UPDATE blobs SET doomed_at = :now WHERE id IN (SELECT id FROM blobs WHERE doomed_at IS NULL AND {unused} LIMIT :n)",
        {"now": now, "n": limit},
    )


def remove_doomed(tx: Tx, before: Micros, limit: int) -> list[str]:
    """Remove blobs doomed before *before* and still unused; the segments that no row names after it."""
    unused = " AND ".join(f"NOT EXISTS ({reference})" for reference in REFERENCES)
    rows = tx.all(
        f"SELECT id, segment FROM blobs WHERE doomed_at < :before AND {unused} LIMIT :n", {"before": before, "n": limit}
    )
    tx.many("DELETE FROM blobs WHERE id = :id", [{"id": row[0]} for row in rows])
    segments = {row[1] for row in rows}
    return sorted(s for s in segments if tx.one("SELECT 1 FROM blobs WHERE segment = :s LIMIT 1", {"s": s}) is None)
