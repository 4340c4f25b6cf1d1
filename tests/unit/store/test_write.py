"""One commit for many writers: each function stands or falls alone, and nobody is told "stored" before it is."""

import threading

import pytest

from mailcore.base.errors import MailError, Reason
from mailcore.store import Store, accounts, mailboxes, messages
from mailcore.store.messages import NewEmail
from mailcore.store.write import BATCH_ENTRIES

NOW = 1_700_000_000_000_000


def count(store: Store) -> int:
    return int(store.read().value("SELECT count(*) FROM domains"))


def test_a_failing_function_does_not_fail_its_neighbours(store: Store) -> None:
    def fail(tx):
        accounts.add_domain(tx, "half.test", NOW)
        raise MailError(Reason.LIMIT, "no")

    futures = [store.submit(lambda tx, i=i: accounts.add_domain(tx, f"d{i}.test", NOW)) for i in range(20)]
    failing = store.submit(fail)
    futures += [store.submit(lambda tx, i=i: accounts.add_domain(tx, f"e{i}.test", NOW)) for i in range(20)]
    assert len({f.result(10) for f in futures}) == 40
    with pytest.raises(MailError, match="no"):
        failing.result(10)
    assert count(store) == 40


def test_more_functions_than_a_batch_holds_are_all_run(store: Store) -> None:
    futures = [store.submit(lambda tx, i=i: accounts.add_domain(tx, f"d{i}.test", NOW)) for i in range(BATCH_ENTRIES * 2 + 7)]
    for future in futures:
        future.result(30)
    assert count(store) == BATCH_ENTRIES * 2 + 7


def test_a_write_is_seen_by_a_reader_as_soon_as_it_returns(store: Store) -> None:
    store.write(lambda tx: accounts.add_domain(tx, "x.test", NOW))
    assert accounts.domain(store.read(), "x.test") is not None


def test_hints_come_after_the_commit(store: Store) -> None:
    seen: list[int] = []
    store.on_commit(lambda hints: seen.append(int(store.database.connect().cursor().execute("SELECT count(*) FROM mailboxes").fetchone()[0])))
    account = store.write(lambda tx: accounts.add_account(tx, accounts.add_domain(tx, "x.test", NOW), "a@x.test", NOW))
    store.write(lambda tx: mailboxes.create_standard(tx, account, actor="t", now=NOW))
    assert seen == [6]


def test_a_failed_function_hints_nothing(store: Store) -> None:
    seen: list[object] = []
    account = store.write(lambda tx: accounts.add_account(tx, accounts.add_domain(tx, "x.test", NOW), "a@x.test", NOW))
    store.on_commit(seen.append)

    def fail(tx):
        mailboxes.create(tx, account, "X", actor="t", now=NOW)
        raise MailError(Reason.LIMIT)

    with pytest.raises(MailError):
        store.write(fail)
    assert seen == []


def test_writers_in_many_threads_keep_uids_and_counts_right(store: Store) -> None:
    account = store.write(lambda tx: accounts.add_account(tx, accounts.add_domain(tx, "x.test", NOW), "a@x.test", NOW))
    inbox = store.write(lambda tx: mailboxes.create(tx, account, "INBOX", role="inbox", actor="t", now=NOW)).id
    told: list[int] = []

    def append(number: int) -> None:
        for i in range(10):
            staged = store.blobs.add(b"%d.%d" % (number, i))
            told.append(store.write(lambda tx: messages.append(tx, store.blobs, account, inbox, NewEmail(staged=staged), actor="t", now=NOW)).uid)

    threads = [threading.Thread(target=append, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == list(range(1, 81))
    assert mailboxes.get(store.read(), inbox).message_count == 80  # type: ignore[union-attr]


def test_a_closed_store_takes_no_writes(sqlite_store: Store) -> None:
    sqlite_store.write(lambda tx: accounts.add_domain(tx, "x.test", NOW))
    sqlite_store.close()
    with pytest.raises(MailError):
        sqlite_store.write(lambda tx: accounts.add_domain(tx, "y.test", NOW))
