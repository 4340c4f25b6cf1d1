"""Opens the store for a command, beside a running server or without one, as the user who owns the data directory."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from mailcore.base.errors import MailError, Reason
from mailcore.cli.main import Context
from mailcore.config import process
from mailcore.config.environment import Config, prepare_data_dir
from mailcore.runtime.runtime import Runtime, open_runtime
from mailcore.store import schema


@contextlib.contextmanager
def runtime_of(context: Context) -> Iterator[Runtime]:
    """A Runtime on the data directory. Raises MailError when there is none yet or its schema is not this program's."""
    become_owner(context.config)
    if not (context.config.data_dir / "run").is_dir():
        raise MailError(Reason.NOT_FOUND, f"There is no Roost data in {context.config.data_dir}. Start it once with ./roost up, or set ROOST_DATA_DIR.")
    prepare_data_dir(context.config)
    runtime = open_runtime_checked(context.config)
    try:
        yield runtime
    finally:
        runtime.close()


def open_runtime_checked(config: Config) -> Runtime:
    """Open the Runtime, refusing a schema that is not current."""
    from mailcore.runtime.machine import SystemRandom
    from mailcore.store import open_store

    store = open_store(data_dir=config.data_dir, database_url=config.database_url, blob_url=config.blob_url, random=SystemRandom(), blob_options=dict(config.blob_options))
    try:
        found = schema.current(store.database)
    finally:
        store.close()
    if found != schema.HEAD:
        raise MailError(Reason.CONFLICT, f"The database has schema {found or 'none'} and this program needs {schema.HEAD}. ./roost up brings it up to date.")
    return open_runtime(config, name="cli")


def become_owner(config: Config) -> None:
    """As root, act as the data directory's owner, so that no file in it becomes root's."""
    if not process.is_root() or not config.data_dir.exists():
        return
    status = config.data_dir.stat()
    if status.st_uid != 0 and process.shut_out_at(config.data_dir, status.st_uid, status.st_gid) is None:
        os.environ["HOME"] = str(config.data_dir)
        process.become(status.st_uid, status.st_gid)


def home() -> Path:
    """The folder of the program."""
    return Path(os.environ.get("ROOST_HOME", ".")).resolve()
