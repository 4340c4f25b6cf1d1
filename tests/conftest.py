"""Fixtures every kind of test shares: options, a PostgreSQL server, stores on both databases, a clock that stands still."""

import datetime
import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from mailcore.base.clock import FixedClock
from mailcore.store import Store, open_store, schema
from tests.postgres import PostgresServer, binaries
from tests.scenario.server import KEPT

hypothesis.settings.register_profile("roost", deadline=None)
hypothesis.settings.load_profile("roost")

CORPORA = Path(__file__).resolve().parents[2] / "shared" / "corpora"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--all", action="store_true", default=False, help="also the long tests")


def pytest_configure(config: pytest.Config) -> None:
    if KEPT not in os.environ:  # the workers of a run inherit its folder
        os.environ[KEPT] = config.roost_kept = tempfile.mkdtemp(prefix="roost-test-kept-")  # type: ignore[attr-defined]


def pytest_unconfigure(config: pytest.Config) -> None:
    if hasattr(config, "roost_kept"):
        shutil.rmtree(config.roost_kept, ignore_errors=True)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--all"):
        return
    skip = pytest.mark.skip(reason="long: runs with ./roost test --all")
    for item in items:
        if "long" in item.keywords:
            item.add_marker(skip)


class CountingRandom:
    """Bytes that differ each time and repeat with each run."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)

    def bytes(self, count: int) -> bytes:
        import hashlib

        return hashlib.shake_128(str(next(self._numbers)).encode()).digest(count)


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(datetime.datetime(2026, 3, 4, 5, 6, 7, tzinfo=datetime.UTC))


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    if binaries() is None:
        pytest.skip("no PostgreSQL server is installed (Debian: postgresql)")
    server = PostgresServer()
    yield server
    server.stop()


def make_store(folder: Path, database_url: str = "") -> Store:
    """A migrated store in *folder*."""
    store = open_store(data_dir=folder, database_url=database_url, blob_url="", random=CountingRandom())
    schema.migrate(store.database, now_text="test")
    return store


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A migrated, empty store on each database in turn."""
    url = request.getfixturevalue("postgres").database() if request.param == "postgresql" else ""
    made = make_store(tmp_path, url)
    yield made
    made.close()


@pytest.fixture
def sqlite_store(tmp_path: Path) -> Iterator[Store]:
    """A migrated, empty store on SQLite, for what does not depend on the database."""
    made = make_store(tmp_path)
    yield made
    made.close()


@pytest.fixture(scope="session")
def corpora() -> Path:
    """The shared test data; the test is skipped, saying so, where it is missing."""
    if not CORPORA.is_dir():
        pytest.skip(f"the shared test data is not at {CORPORA}")
    return CORPORA


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """A local S3 server's URL."""
    moto = pytest.importorskip("moto.server", reason="moto, the local S3 server, is not installed")
    server = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3_options(s3_server: str) -> dict[str, str]:
    """Options of a bucket called "roost" on the local S3 server."""
    import urllib.request

    urllib.request.urlopen(urllib.request.Request(s3_server + "/roost", method="PUT", headers={"Authorization": "AWS4-HMAC-SHA256 Credential=k/20260101/us-east-1/s3/aws4_request"})).read()
    return {
        "aws_access_key_id": "k", "aws_secret_access_key": "s", "aws_region": "us-east-1", "aws_endpoint": s3_server, "aws_allow_http": "true",
        "aws_virtual_hosted_style_request": "false",
    }  # fmt: skip
