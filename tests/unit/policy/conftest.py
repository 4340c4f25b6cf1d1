"""A Runtime on a fresh store whose DNS is a table, and messages of strangers for it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from mailcore.config.environment import Config, prepare_data_dir
from mailcore.directory import resolve, verbs
from mailcore.directory.actor import COMMAND_LINE
from mailcore.mail.address import Address, ReversePath
from mailcore.policy import examine, lists, ranges
from mailcore.policy.facts import Accepted, Client, Finding, Mail
from mailcore.runtime.runtime import Runtime, open_runtime
from mailcore.settings import values
from mailcore.store import open_store, schema
from tests.conftest import CountingRandom
from tests.unit.senderauth.table import TableResolver

LETTER = b"From: Eve <eve@far.test>\r\nTo: ann@x.test\r\nSubject: Hello\r\nMessage-ID: <1@far.test>\r\n\r\nBuy now at http://shop.bad.test/x\r\n"
STRANGER = "192.0.2.9"
HONEST = {
    ("far.test", "TXT"): ["v=spf1 ip4:192.0.2.9 -all"], ("far.test", "MX"): ["10 mx.far.test."], ("mx.far.test", "A"): [STRANGER],
    ("9.2.0.192.in-addr.arpa", "PTR"): ["mx.far.test."],
}  # fmt: skip
"""DNS of a stranger who does everything right."""


class Desk:
    """What a message meets. `dns` is what the Internet says."""

    def __init__(self, folder: Path) -> None:
        config = Config(data_dir=folder, dns="none", hostname="mx.x.test")
        prepare_data_dir(config)
        store = open_store(data_dir=folder, database_url="", blob_url="", random=CountingRandom())
        schema.migrate(store.database, now_text="t")
        store.close()
        self.runtime: Runtime = open_runtime(config, name="test")
        self.runtime.log.set_level("error")
        self.dns = TableResolver(HONEST)
        self.runtime.resolver = self.dns
        self.domain = self.write(lambda tx: verbs.add_domain(tx, COMMAND_LINE, "x.test", 1))
        self.account = self.write(lambda tx: verbs.add_account(tx, COMMAND_LINE, "ann@x.test", 1))
        self.mail: Mail | None = None

    def write(self, fn):  # noqa: ANN001, ANN201
        return self.runtime.store.write(fn)

    def publish(self, name: str, rdtype: str, *found: str) -> None:
        self.dns.records[(name, rdtype)] = found

    def set(self, name: str, value: object) -> None:
        self.write(lambda tx: values.write(tx, name, value, actor="t", now=self.runtime.clock.micros()))
        self.runtime.settings.refresh()
        lists.probe(self.runtime)

    def arrive(self, data: bytes = LETTER, *, ip: str = STRANGER, helo: str = "mx.far.test", sender: str = "eve@far.test", to: tuple[str, ...] = ("ann@x.test",), is_fetched: bool = False) -> list[Finding]:
        """Examine a message; its findings, also when it is refused (then it raises)."""
        tx = self.runtime.store.read()
        path = ReversePath(Address.parse(sender)) if sender else ReversePath(None)
        people = [Accepted(path=one, address=Address.parse(one), recipient=resolve.resolve(tx, Address.parse(one))) for one in to]
        self.mail = Mail(client=Client(ip=ip, helo=helo), sender=path, recipients=people, is_fetched=is_fetched)
        self.stored = examine.examine(self.runtime, self.mail, data, self.runtime.new_trace_id())
        return self.mail.findings

    def points(self) -> int:
        assert self.mail is not None
        return examine.total(self.mail)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    ranges._known.clear()
    yield made
    made.runtime.close()
