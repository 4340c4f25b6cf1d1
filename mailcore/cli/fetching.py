"""`fetch`: accounts elsewhere whose mail comes to a person here."""

import sys
from typing import Any

from mailcore.base.clock import from_micros
from mailcore.cli.grammar import verb, verbs
from mailcore.cli.main import Context
from mailcore.cli.offline import runtime_of
from mailcore.directory import fetching
from mailcore.directory import verbs as directory
from mailcore.directory.actor import COMMAND_LINE
from mailcore.store import fetched
from mailcore.store.fetched import Fetched


def add(commands: Any, name: str) -> None:
    """The parser."""
    group = verbs(commands, "fetch", "Accounts elsewhere whose mail comes here. Example: ./roost fetch list ann@example.org")
    verb(group, "list", listed, "address", example="fetch list ann@example.org")
    made = verb(group, "add", added, "address", "host", "user", example="fetch add ann@example.org imap.example.net ann --password-stdin")
    made.add_argument("--password-stdin", action="store_true", help="read the password there from the standard input")
    made.add_argument("--protocol", choices=("imap", "pop3"), default="imap")
    made.add_argument("--security", choices=("tls", "starttls", "none"), default="tls")
    made.add_argument("--port", type=int, default=0)
    made.add_argument("--mailbox", default="INBOX")
    made.add_argument("--every", type=int, default=900, help="seconds between two looks")
    made.add_argument("--keep-days", type=int, default=-1, help="-1 leaves mail there, 0 deletes it at once")
    for word, run in (("now", look), ("remove", removed)):
        verb(group, word, run, "address", example=f"fetch {word} ann@example.org 3").add_argument("id", type=int)


def listed(context: Context) -> int:
    with runtime_of(context) as runtime:
        tx = runtime.store.read()
        rows = [
            {"id": f.id, "protocol": f.protocol, "host": f.host, "user": f.username, "mailbox": f.mailbox, "brought": f.brought, "looked": from_micros(f.last_at).isoformat()[:19] if f.last_at else "", "trouble": f.trouble}
            for f in fetched.of_account(tx, directory.find_account(tx, context.arguments.address).id)
        ]  # fmt: skip
        return context.table(rows, ["id", "protocol", "host", "user", "mailbox", "brought", "looked", "trouble"])


def added(context: Context) -> int:
    a = context.arguments
    password = sys.stdin.readline().rstrip("\r\n") if a.password_stdin else ""
    with runtime_of(context) as runtime:
        account = directory.find_account(runtime.store.read(), a.address)
        one = Fetched(
            account_id=account.id, protocol=a.protocol, host=a.host, port=a.port, security=a.security, username=a.user, password=password, mailbox=a.mailbox,
            every_seconds=a.every, keep_days=a.keep_days,
        )  # fmt: skip
        number, waiting = fetching.add(runtime, COMMAND_LINE, account, one)
        return context.answer({"id": number, "waiting": waiting}, f"It works: {waiting} messages are there. They come while Roost runs.")


def look(context: Context) -> int:
    return _change(context, lambda tx, account, now: fetching.look_now(tx, account, context.arguments.id, now), "It is looked into now.")


def removed(context: Context) -> int:
    return _change(context, lambda tx, account, now: fetching.remove(tx, COMMAND_LINE, account, context.arguments.id, now), "It is fetched no more.")


def _change(context: Context, change: Any, said: str) -> int:
    with runtime_of(context) as runtime:
        account = directory.find_account(runtime.store.read(), context.arguments.address)
        runtime.store.write(lambda tx: change(tx, account, runtime.clock.micros()))
        return context.answer({"done": said}, said)
