"""The Site: the Runtime of the web process, where views find it, and the per-request facts made from it.

Reads go through `site().store.read()`; verbs that write are the directory's, the delivery's and the sessions', run by
`write`. `db.session` exists for reading with models and refuses to commit.
"""

from collections.abc import Callable
from contextvars import copy_context
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast

import flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import event

from mailcore.auth.login import Doorkeeper
from mailcore.directory import newcomers
from mailcore.runtime.keys import app_secret
from mailcore.runtime.runtime import Runtime
from mailcore.store import Store, Tx, schema

if TYPE_CHECKING:
    from mailcore.directory.actor import Actor

T = TypeVar("T")

db = SQLAlchemy(metadata=schema.metadata())


class Site:
    """The web's hold on one Runtime."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.doorkeeper = Doorkeeper(runtime, newcomers.add)

    @property
    def store(self) -> Store:
        """The store, for reading."""
        return self.runtime.store

    def read(self) -> Tx:
        """A Tx for reading."""
        return self.runtime.store.read()

    def write(self, fn: Callable[[Tx], T], *, bulk: bool = False) -> T:
        """Run one of mailcore's verbs in the store's write, on the writer's thread but with this request's context."""
        context = copy_context()
        return self.runtime.store.write(lambda tx: context.run(fn, tx), bulk=bulk)

    def now(self) -> int:
        """The present in microseconds since 1970 UTC."""
        return self.runtime.clock.micros()

    @property
    def secret(self) -> bytes:
        """The key that signs links."""
        return app_secret(self.runtime.config.data_dir)

    @property
    def data_dir(self) -> Path:
        """The data directory."""
        return self.runtime.config.data_dir


def site() -> Site:
    """The Site of the current app."""
    return cast(Site, flask.current_app.extensions["roost"])


def actor() -> "Actor":
    """Who asks, for the directory's verbs."""
    from mailcore.directory.actor import of_account
    from web.signed_in import account

    return of_account(account(), flask.request.remote_addr or "")


def attach_database(app: flask.Flask, runtime: Runtime) -> None:
    """Flask-SQLAlchemy over the store's own connections, for reading only."""
    database = runtime.store.database
    app.config["SQLALCHEMY_DATABASE_URI"] = "postgresql+psycopg://" if database.is_postgres else f"sqlite:///{getattr(database, 'path', '')}"
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {"creator": database.connect, "pool_size": 4, "max_overflow": 28}
    db.init_app(app)
    if not getattr(db, "is_guarded", False):
        event.listen(db.session, "before_commit", _refuse_commit)
        db.is_guarded = True  # type: ignore[attr-defined]


def _refuse_commit(_session: object) -> None:
    raise RuntimeError("db.session is for reading; writes are the store's")
