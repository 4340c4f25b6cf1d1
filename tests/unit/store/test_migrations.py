"""A database of an earlier Roost is brought up to date with what was in it, after a copy; a newer one is refused."""

from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Engine, event, inspect

from mailcore.base.errors import MailError, Reason
from mailcore.store import Store, identities, open_store, schema, tallies
from tests.conftest import CountingRandom
from tests.postgres import PostgresServer


@pytest.fixture(params=["sqlite", "postgresql"])
def first(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """A store whose database is that of the first version, with one person and their signature."""
    postgres: PostgresServer | None = request.getfixturevalue("postgres") if request.param == "postgresql" else None
    store = open_store(data_dir=tmp_path, database_url=postgres.database() if postgres else "", blob_url="", random=CountingRandom())
    config = Config()
    config.set_main_option("script_location", str(Path(schema.__file__).with_name("migrations")))
    engine = schema.sqlalchemy_engine(store.database)
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.commit()
    engine.dispose()

    def fill(tx):
        tx.run("INSERT INTO domains (id, name) VALUES (7, 'x.test')")
        tx.run("INSERT INTO accounts (id, domain_id, address, modseq) VALUES (9, 7, 'a@x.test', 5)")
        tx.run("INSERT INTO counters (hour, name, value) VALUES (48, 'received', 3), (49, 'received', 4), (72, 'received', 5)")
        tx.run("INSERT INTO identities (account_id, address, signature_text) VALUES (9, 'a@x.test', 'Ann')")

    store.write(fill)
    return store


def test_an_older_database_keeps_its_people_and_their_signatures(first: Store, tmp_path: Path) -> None:
    copy = schema.migrate(first.database, now_text="then")
    assert first.database.is_postgres or (copy is not None and Path(copy).stat().st_size > 0)
    tx = first.read()
    assert tx.one("SELECT id, address, modseq FROM accounts") == (9, "a@x.test", 5)
    (signature,) = identities.signatures(tx, 9)
    (identity,) = identities.identities(tx, 9)
    assert signature.text == "Ann" and identity.new_signature_id == identity.reply_signature_id == signature.id
    assert schema.migrate(first.database, now_text="again") is None, "nothing is left to do"


def test_what_was_counted_by_the_hour_is_counted_by_the_day_too(first: Store) -> None:
    schema.migrate(first.database, now_text="then")
    assert tallies.read(first.read(), "hour", 0) == {"received": {48: 3, 49: 4, 72: 5}}
    assert tallies.read(first.read(), "day", 0) == {"received": {2: 7, 3: 5}}


def test_the_migrated_tables_are_those_of_the_models(first: Store) -> None:
    schema.migrate(first.database, now_text="then")
    engine = schema.sqlalchemy_engine(first.database)
    with engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection, opts={"compare_type": False}), schema.metadata())
    engine.dispose()
    assert [d for d in differences if not str(d).count("mail_words")] == []


def test_a_newer_database_is_refused_with_what_to_do(first: Store) -> None:
    schema.migrate(first.database, now_text="then")
    first.write(lambda tx: tx.run("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(MailError) as refused:
        schema.migrate(first.database, now_text="then")
    assert refused.value.reason is Reason.CONFLICT and "newer Roost" in refused.value.detail


@pytest.mark.parametrize("statement", [1, 4, 9, 20, 45])
def test_a_change_of_schema_that_is_cut_leaves_what_was_there_and_can_be_done_again(first: Store, statement: int) -> None:
    left = [statement]

    def cut(*_: object) -> None:
        left[0] -= 1
        if left[0] == 0:
            raise OSError(28, "No space left on device")

    tables = _tables(first)
    event.listen(Engine, "before_cursor_execute", cut)
    try:
        with pytest.raises(OSError, match="No space"):
            schema.migrate(first.database, now_text="then")
    finally:
        event.remove(Engine, "before_cursor_execute", cut)
    assert schema.current(first.database) == "0001" and _tables(first) == tables
    schema.migrate(first.database, now_text="later")
    assert schema.current(first.database) == schema.HEAD
    assert first.read().value("SELECT address FROM accounts WHERE id = 9") == "a@x.test"


def _tables(store: Store) -> set[str]:
    engine = schema.sqlalchemy_engine(store.database)
    try:
        return set(inspect(engine).get_table_names())
    finally:
        engine.dispose()
