"""A dump of one database fills the other: the same rows, bytes and all."""

from pathlib import Path

from mailcore.delivery.parcel import new_email
from mailcore.mail.structure import summarise
from mailcore.store import Store, accounts, dump, mailboxes, messages
from tests.conftest import make_store
from tests.postgres import PostgresServer

NOW = 1_700_000_000_000_000


def filled(store: Store) -> None:
    def begin(tx):
        account = accounts.add_account(tx, accounts.add_domain(tx, "d.test", NOW), "a@d.test", NOW, display_name="Ä \n \"quoted\"")
        mailboxes.create_standard(tx, account, actor="t", now=NOW)
        return account

    account = store.write(begin)
    box = mailboxes.by_name(store.read(), account, "INBOX").id
    for number in range(dump.BATCH + 20):
        data = b"Subject: %d\r\n\r\n\xff\x00body" % number
        email = new_email(store.blobs.add(data), summarise(data), b"Prefix: \xff\r\n")
        store.write(lambda tx, e=email: messages.append(tx, store.blobs, account, box, e, actor="t", now=NOW))


def rows(store: Store) -> dict[str, list[tuple[object, ...]]]:
    def plain(value: object) -> object:
        return bytes(value) if isinstance(value, memoryview) else value

    return {
        table: [tuple(map(plain, r)) for r in store.read().all(f"SELECT {', '.join(f'{q}{c}{q}' for q in chr(34) for c in dump.columns(table))} FROM {table} ORDER BY 1, 2")]
        for table in dump.tables()
    }  # fmt: skip


def test_sqlite_becomes_postgresql_and_sqlite_again(tmp_path: Path, postgres: PostgresServer) -> None:
    first = make_store(tmp_path / "one")
    filled(first)
    stores = [first, make_store(tmp_path / "two", postgres.database()), make_store(tmp_path / "three")]
    for number, (source, target) in enumerate(zip(stores, stores[1:], strict=False)):
        folder = tmp_path / f"dump{number}"
        folder.mkdir()
        dump.write(source, folder, lambda table, count: True)
        dump.load(target, folder, lambda table, count: True, lambda table, row: row)
    assert rows(stores[1]) == rows(first) and rows(stores[2]) == rows(first)
    added = stores[1].write(lambda tx: accounts.add_domain(tx, "later.test", NOW))
    assert added > 1, "ids go on where they were"
    for store in stores:
        store.close()


def test_the_next_row_has_a_number_above_the_one_that_was_asked_for(store: Store) -> None:
    for table in ("emails", "messages", "mailboxes"):
        assert dump.last_number(store.read(), table) == 0
        store.write(lambda tx, t=table: dump.raise_number(tx, t, 5_000))
        assert dump.last_number(store.read(), table) == 5_000

    def live(tx):
        account = accounts.add_account(tx, accounts.add_domain(tx, "d.test", NOW), "a@d.test", NOW)
        mailboxes.create_standard(tx, account, actor="t", now=NOW)
        box = mailboxes.by_name(tx, account, "INBOX")
        data = b"Subject: x\r\n\r\nbody"
        return box, messages.append(tx, store.blobs, account, box.id, new_email(store.blobs.add(data), summarise(data)), actor="t", now=NOW)

    box, placed = store.write(live)
    assert (box.id, placed.email_id, placed.message_id) == (5_001, 5_001, 5_001)
    store.write(lambda tx: messages.expunge(tx, box.account_id, box.id, None, actor="t", now=NOW))
    assert dump.last_number(store.read(), "messages") == 5_001, "a number stays given when its row is gone"
