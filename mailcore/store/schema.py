"""Brings the database's schema to this program's version, copying a SQLite database first, and refuses a newer one.

Alembic is imported only when there is something to do, so that a start on a current schema costs one query.
"""

import contextlib
import shutil
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from mailcore.base.errors import MailError, Reason
from mailcore.store.engine import Database, SqliteDatabase

HEAD = "0014"
"""The revision this program was written for: the newest file in `migrations/versions`."""
KNOWN = tuple(f"{number:04}" for number in range(1, int(HEAD) + 1))
LOCK_KEY = 0x526F6F7374
"""PostgreSQL's advisory lock that lets one process migrate at a time."""


def current(database: Database) -> str | None:
    """The schema's revision, or None for an empty database. Raises MailError(STORAGE)."""
    tx = database.read()
    if tx.is_postgres:
        has_table = tx.value("SELECT to_regclass('alembic_version')") is not None
    else:
        has_table = tx.one("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'") is not None
    return tx.value("SELECT version_num FROM alembic_version") if has_table else None


def migrate(database: Database, *, now_text: str) -> str | None:
    """Apply what is missing; the path of the copy that was made first, if any. Raises MailError(CONFLICT) for a newer schema."""
    found = current(database)
    if found == HEAD:
        return None
    if found is not None and found not in KNOWN:
        raise MailError(
            Reason.CONFLICT, f"The database was written by a newer Roost (schema {found}, this program knows {HEAD}). Start that version, or restore a backup."
        )
    copy = _copy(database, found, now_text) if found is not None and isinstance(database, SqliteDatabase) else None
    _upgrade(database)
    return copy


def _copy(database: SqliteDatabase, revision: str, now_text: str) -> str:
    source = Path(database.path)
    if shutil.disk_usage(source.parent).free < 2 * source.stat().st_size:
        raise MailError(Reason.NO_SPACE, "There is no room to copy the database before it is changed. Free some disk space and start again.")
    target = source.with_name(f"{source.stem}-before-{HEAD}-{now_text}.db")
    database.read().run("VACUUM INTO :p", {"p": str(target)})
    return str(target)


def sqlalchemy_engine(database: Database) -> sa.Engine:
    """An SQLAlchemy engine over the store's own connections, for migrations and the web's reading."""
    url = "postgresql+psycopg://" if database.is_postgres else "sqlite://"
    return sa.create_engine(url, creator=database.connect, poolclass=sa.pool.QueuePool, pool_size=4, max_overflow=28)


def _upgrade(database: Database) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    engine = sqlalchemy_engine(database)
    with engine.connect() as connection:
        run = connection.exec_driver_sql
        if database.is_postgres:
            run(f"SELECT pg_advisory_lock({LOCK_KEY})")
        try:
            # One transaction for all of it, which the drivers in autocommit do not open by themselves: all steps or none.
            run("BEGIN" if database.is_postgres else "BEGIN IMMEDIATE")
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            run("COMMIT")
        except BaseException:
            with contextlib.suppress(sa.exc.SQLAlchemyError):
                run("ROLLBACK")
            raise
        finally:
            if database.is_postgres:
                run(f"SELECT pg_advisory_unlock({LOCK_KEY})")
    engine.dispose()


def metadata() -> Any:
    """The tables' metadata, for Flask-SQLAlchemy."""
    from mailcore.store.models import Base

    return Base.metadata
