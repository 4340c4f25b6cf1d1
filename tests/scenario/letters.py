"""The whole way of a letter, for the power-cut test: taken from strangers and from people here, filed, queued, sent on by the queue.

Run as a program: `letters.py FOLDER SEED STEPS`. A line on standard output follows each promise: `local NAME` and `outside NAME` when the
sender was told so, `taken NAME` when the other server has it.
"""

import os
import random
import sys
from pathlib import Path

from mailcore.config.environment import Config, prepare_data_dir
from mailcore.delivery import accept, submit
from mailcore.delivery.parcel import parcel_of
from mailcore.directory import verbs
from mailcore.directory.actor import COMMAND_LINE
from mailcore.mail.address import Address, ReversePath
from mailcore.policy import pipeline
from mailcore.policy.facts import Client, Mail
from mailcore.queue import serve
from mailcore.runtime.runtime import Runtime, open_runtime
from mailcore.settings import values
from mailcore.store import Store, accounts, listing, mailboxes, outbox, schema
from tests.scenario.sink import Sink, Taken
from tests.unit.store.workload import open_at

PERSON, WRITER, ELSEWHERE = "ann@x.test", "una@x.test", "bob@far.test"


def say(text: str) -> None:
    os.write(1, f"{text}\n".encode())


def letter(name: str, sender: str, recipient: str) -> bytes:
    """The letter of *name*, known from it alone."""
    return f"From: {sender}\r\nTo: {recipient}\r\nSubject: {name}\r\nMessage-ID: <{name}@y.test>\r\nDate: Tue, 24 Nov 2026 10:00:00 +0000\r\n\r\n{name} {'x' * (len(name) * 97)}\r\n".encode()


def name_of(data: bytes) -> str:
    return data.partition(b"Subject: ")[2].partition(b"\r\n")[0].decode()


class Taking(list[Taken]):
    """What the other server took; it says so before it answers."""

    def append(self, one: Taken) -> None:
        say(f"taken {name_of(one.data)}")
        super().append(one)


def prepare(folder: str) -> None:
    """A store with two people."""
    prepare_data_dir(Config(data_dir=Path(folder), dns="none", hostname="mx.x.test"))
    store = open_at(folder)
    schema.migrate(store.database, now_text="t")
    store.write(lambda tx: verbs.add_domain(tx, COMMAND_LINE, "x.test", 1))
    for address in (PERSON, WRITER):
        store.write(lambda tx, a=address: verbs.add_account(tx, COMMAND_LINE, a, 1))
    store.close()


def from_stranger(runtime: Runtime, name: str) -> None:
    """A letter as SMTP takes it."""
    data = letter(name, "eve@y.test", PERSON)
    mail = Mail(client=Client(ip="127.0.0.1", listener="smtp", helo="y.test"), sender=ReversePath(Address.parse("eve@y.test")), size=len(data))
    mail.recipients.append(pipeline.at_recipient(runtime, mail, Address.parse(PERSON)))
    accept.accept(runtime, mail, parcel_of(runtime.new_trace_id(), runtime.store.blobs.add(data), data)).result()
    say(f"local {name}")


def from_here(runtime: Runtime, writer: accounts.Account, name: str) -> None:
    """A letter that leaves."""
    submit.submit_message(runtime, writer, letter(name, WRITER, ELSEWHERE), Address.parse(WRITER), [Address.parse(ELSEWHERE)])
    say(f"outside {name}")


def live(folder: str, seed: int, steps: int) -> None:
    """Take, file, queue and send on."""
    runtime, rng, sink = open_runtime(Config(data_dir=Path(folder), dns="none", hostname="mx.x.test"), name="test"), random.Random(seed), Sink()
    sink.taken = Taking()
    for name, value in (("relay.host", "127.0.0.1"), ("relay.port", str(sink.port)), ("relay.security", "none")):
        runtime.store.write(lambda tx, n=name, v=value: values.write(tx, n, v, actor="t", now=1))
    runtime.settings.refresh()
    writer = accounts.account_by_address(runtime.store.read(), WRITER)
    assert writer is not None
    for step in range(steps):
        if rng.random() < 0.5:
            from_stranger(runtime, f"{seed}-{step}")
        else:
            from_here(runtime, writer, f"{seed}-{step}")
        if rng.random() < 0.4:
            now = runtime.clock.micros()
            for item in runtime.store.write(lambda tx, n=now: outbox.lease(tx, "m/0/1", n, limit=5)):
                serve.serve(runtime, item)
    sink.stop()
    runtime.close()


def check(folder: str, lines: list[str]) -> int:
    """Open what is left: each promise is kept, nothing is torn; how many were checked."""
    store = open_at(folder)
    tx = store.read()
    assert tx.value("PRAGMA integrity_check") == "ok"
    told = {kind: {line.partition(" ")[2] for line in lines if line.startswith(f"{kind} ")} for kind in ("local", "outside", "taken")}
    assert told["local"] <= names_in(store, PERSON, "INBOX"), "a letter that was taken is gone"
    waiting = {str(row[0]) for row in tx.all("SELECT subject FROM queue_items")}
    assert told["outside"] <= waiting | told["taken"], "a letter that was to leave neither left nor waits"
    assert told["outside"] <= names_in(store, WRITER, "Sent"), "its copy in Sent came with it"
    store.close()
    return len(told["local"]) + len(told["outside"])


def names_in(store: Store, address: str, mailbox: str) -> set[str]:
    """The names of a mailbox's letters, every one of them whole."""
    tx, found = store.read(), set()
    account = accounts.account_by_address(tx, address)
    assert account is not None
    box = mailboxes.by_name(tx, account.id, mailbox)
    assert box is not None
    for (message_id,) in tx.all("SELECT id FROM messages WHERE mailbox_id = :b", {"b": box.id}):
        data = listing.content(store.blobs, listing.get(tx, account.id, message_id))
        name = name_of(data)
        sender, recipient = ("eve@y.test", PERSON) if mailbox == "INBOX" else (WRITER, ELSEWHERE)
        assert data.endswith(letter(name, sender, recipient)), f"{name} is torn"
        found.add(name)
    return found


if __name__ == "__main__":
    live(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
