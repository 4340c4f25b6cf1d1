"""Blobs: what goes in comes out, faults of the disk become 4xx, and a segment that failed is never written again."""

import errno
import os
from pathlib import Path

import pytest

from mailcore.base.errors import MailError, Reason
from mailcore.store import Store, accounts, mailboxes, messages
from mailcore.store.blobs import BlobStore, segments
from mailcore.store.blobs.segments import SPOOL_MEMORY_BYTES, SegmentStore
from mailcore.store.messages import NewEmail
from tests.conftest import CountingRandom, make_store

NOW = 1_700_000_000_000_000


@pytest.fixture
def blobs(tmp_path: Path) -> SegmentStore:
    return SegmentStore(str(tmp_path / "blobs"), CountingRandom())


@pytest.mark.parametrize("size", [0, 1, 5000, SPOOL_MEMORY_BYTES, SPOOL_MEMORY_BYTES + 1, 3_000_000])
def test_a_spooled_blob_comes_back_byte_for_byte(blobs: SegmentStore, size: int) -> None:
    data = os.urandom(size)
    spool = blobs.spool()
    for start in range(0, size, 70_000):
        spool.write(data[start : start + 70_000])
    assert spool.contents() == data
    staged = spool.finish()
    blobs.sync()
    assert blobs.read(staged.locator) == data
    assert blobs.read(staged.locator, 10, 20) == data[10:30]


def test_an_aborted_spool_leaves_no_file(blobs: SegmentStore, tmp_path: Path) -> None:
    spool = blobs.spool()
    spool.write(b"x" * (SPOOL_MEMORY_BYTES + 10))
    spool.abort()
    assert [p.name for p in (tmp_path / "blobs").glob("*.seg")] == []


def test_equal_bytes_become_one_blob(store: Store) -> None:
    account = store.write(lambda tx: accounts.add_account(tx, accounts.add_domain(tx, "x.test", NOW), "a@x.test", NOW))
    inbox = store.write(lambda tx: mailboxes.create(tx, account, "INBOX", role="inbox", actor="t", now=NOW)).id
    for data in (b"same", b"same", b"y" * (SPOOL_MEMORY_BYTES + 1), b"y" * (SPOOL_MEMORY_BYTES + 1)):
        spool = store.blobs.spool()
        spool.write(data)
        staged = spool.finish()
        store.write(lambda tx, staged=staged: messages.append(tx, store.blobs, account, inbox, NewEmail(staged=staged), actor="t", now=NOW))
    assert store.read().value("SELECT count(*) FROM blobs") == 2
    assert store.read().value("SELECT count(*) FROM messages") == 4


def failing_write(monkeypatch: pytest.MonkeyPatch, error: int) -> None:
    def refuse(_fd: int, _data: object) -> int:
        raise OSError(error, os.strerror(error))

    monkeypatch.setattr(segments.os, "write", refuse)


@pytest.mark.parametrize(("code", "reason"), [(errno.ENOSPC, Reason.NO_SPACE), (errno.EIO, Reason.STORAGE)])
def test_a_write_the_disk_refuses_is_a_temporary_error(blobs: SegmentStore, monkeypatch: pytest.MonkeyPatch, code: int, reason: Reason) -> None:
    with monkeypatch.context() as patch:
        failing_write(patch, code)
        with pytest.raises(MailError) as caught:
            blobs.add(b"data")
    assert caught.value.reason is reason and caught.value.temporary
    staged = blobs.add(b"data")
    blobs.sync()
    assert blobs.read(staged.locator) == b"data"


def test_after_a_failed_fsync_the_segment_is_never_written_again(sqlite_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store = sqlite_store
    account = store.write(lambda tx: accounts.add_account(tx, accounts.add_domain(tx, "x.test", NOW), "a@x.test", NOW))
    inbox = store.write(lambda tx: mailboxes.create(tx, account, "INBOX", role="inbox", actor="t", now=NOW)).id
    first, second = store.blobs.add(b"first"), store.blobs.add(b"second")

    def fail(_fd: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(segments, "sync_data", fail)
        with pytest.raises(MailError) as caught:
            store.write(lambda tx: messages.append(tx, store.blobs, account, inbox, NewEmail(staged=first), actor="t", now=NOW))
    assert caught.value.temporary
    with pytest.raises(MailError):  # bytes of the same segment, whose own sync would now find nothing to do
        store.write(lambda tx: messages.append(tx, store.blobs, account, inbox, NewEmail(staged=second), actor="t", now=NOW))
    third = store.blobs.add(b"third")
    assert third.locator.segment != first.locator.segment
    store.write(lambda tx: messages.append(tx, store.blobs, account, inbox, NewEmail(staged=third), actor="t", now=NOW))
    assert store.read().value("SELECT count(*) FROM messages") == 1


def test_a_short_write_is_completed_or_refused(blobs: SegmentStore, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.write

    with monkeypatch.context() as patch:
        patch.setattr(segments.os, "write", lambda fd, data: real(fd, bytes(data)[:7]))
        staged = blobs.add(b"a longer text than seven bytes")
    blobs.sync()
    assert blobs.read(staged.locator) == b"a longer text than seven bytes"
    with monkeypatch.context() as patch:
        patch.setattr(segments.os, "write", lambda fd, data: 0)
        with pytest.raises(MailError):
            blobs.add(b"nothing is taken")


def test_segments_of_a_live_process_are_not_offered_for_removal(blobs: SegmentStore, tmp_path: Path) -> None:
    blobs.add(b"x")
    blobs.sync()
    other = SegmentStore(str(tmp_path / "blobs"), CountingRandom())
    assert other.segments() == {}
    blobs.close()
    assert len(other.segments()) == 1


def test_a_segment_name_cannot_leave_the_folder(blobs: SegmentStore) -> None:
    from mailcore.store.blobs import Locator

    with pytest.raises(MailError):
        blobs.read(Locator(segment="../roost.db", offset=0, length=10))


def test_a_full_segment_is_closed_and_another_begun(blobs: SegmentStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "SEGMENT_BYTES", 1000)
    staged = [blobs.add(b"%04d" % i * 100) for i in range(10)]
    blobs.sync()
    assert len({s.locator.segment for s in staged}) > 1
    assert [blobs.read(s.locator) for s in staged] == [b"%04d" % i * 100 for i in range(10)]


def test_object_store_and_folder_keep_the_same_promises(tmp_path: Path, s3_options: dict[str, str]) -> None:
    from mailcore.store.blobs.objects import ObjectStore

    homes: list[BlobStore] = [SegmentStore(str(tmp_path / "b"), CountingRandom()), ObjectStore("s3://roost", s3_options, CountingRandom())]
    for home in homes:
        staged = [home.add(b"one"), home.add(b"two"), home.add(os.urandom(100_000))]
        home.sync()
        assert [home.read(s.locator) for s in staged[:2]] == [b"one", b"two"]
        assert home.read(staged[2].locator, 50, 10) == home.read(staged[2].locator)[50:60]
        home.sync()
        home.remove_segment(staged[0].locator.segment)
        home.remove_segment(staged[0].locator.segment)
        home.close()


def test_a_store_on_s3_keeps_mail(tmp_path: Path, s3_options: dict[str, str]) -> None:
    from mailcore.store import listing, open_store, schema

    store = open_store(data_dir=tmp_path, database_url="", blob_url="s3://roost", random=CountingRandom(), blob_options=s3_options)
    schema.migrate(store.database, now_text="t")
    account = store.write(lambda tx: accounts.add_account(tx, accounts.add_domain(tx, "x.test", NOW), "a@x.test", NOW))
    inbox = store.write(lambda tx: mailboxes.create(tx, account, "INBOX", role="inbox", actor="t", now=NOW)).id
    placed = []
    for i in range(5):
        staged = store.blobs.add(b"message %d" % i)
        placed.append(store.write(lambda tx, s=staged: messages.append(tx, store.blobs, account, inbox, NewEmail(staged=s), actor="t", now=NOW)))
    for i, one in enumerate(placed):
        assert listing.content(store.blobs, listing.get(store.read(), account, one.message_id)) == b"message %d" % i
    store.close()


def test_an_object_store_that_refuses_loses_nothing_that_was_acknowledged(tmp_path: Path, s3_options: dict[str, str]) -> None:
    from mailcore.store import open_store, schema

    store = open_store(data_dir=tmp_path, database_url="", blob_url="s3://no-such-bucket", random=CountingRandom(), blob_options=s3_options)
    schema.migrate(store.database, now_text="t")
    account = make_account(store)
    staged = store.blobs.add(b"bytes")
    with pytest.raises(MailError) as caught:
        store.write(lambda tx: messages.append(tx, store.blobs, account[0], account[1], NewEmail(staged=staged), actor="t", now=NOW))
    assert caught.value.temporary
    assert store.read().value("SELECT count(*) FROM messages") == 0


def make_account(store: Store) -> tuple[int, int]:
    account = store.write(lambda tx: accounts.add_account(tx, accounts.add_domain(tx, "x.test", NOW), "a@x.test", NOW))
    return account, store.write(lambda tx: mailboxes.create(tx, account, "INBOX", role="inbox", actor="t", now=NOW)).id


def test_a_reopened_store_reads_old_segments_and_writes_new_ones(tmp_path: Path) -> None:
    first = make_store(tmp_path)
    account, inbox = make_account(first)
    staged = first.blobs.add(b"before")
    placed = first.write(lambda tx: messages.append(tx, first.blobs, account, inbox, NewEmail(staged=staged), actor="t", now=NOW))
    first.close()
    second = SegmentStore(str(tmp_path / "blobs"), type("R", (), {"bytes": lambda self, n: os.urandom(n)})())
    assert second.read(staged.locator) == b"before"
    assert second.add(b"after").locator.segment != staged.locator.segment
    assert placed.uid == 1


def test_a_segment_that_fills_up_while_it_is_synced_is_not_closed_under_the_sync(blobs: SegmentStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bench filled segments faster than they were synced: the next sync found its descriptor closed and refused a batch of good mail."""
    monkeypatch.setattr(segments, "SEGMENT_BYTES", 3000)
    real, staged = segments.sync_data, []

    def slow(fd: int) -> None:
        if len(staged) == 1:
            staged.extend(blobs.add(os.urandom(2000)) for _ in range(3))  # other threads write on: the segment is full and another begun
        real(fd)

    monkeypatch.setattr(segments, "sync_data", slow)
    staged.append(blobs.add(os.urandom(2000)))
    blobs.sync()
    blobs.sync()
    assert len({one.locator.segment for one in staged}) == 2
    before = len(os.listdir("/proc/self/fd"))
    blobs.add(b"x" * 2000)
    blobs.sync()
    blobs.close()
    assert len(os.listdir("/proc/self/fd")) < before
