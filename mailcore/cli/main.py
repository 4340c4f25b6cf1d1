"""Parses the command line, runs one command, and turns a MailError into one sentence and an exit code.

Each command's module adds its own parser (`add(commands)`) and is imported only when it is asked for.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

from mailcore.base.errors import MailError, Reason
from mailcore.config.environment import Config, load

COMMANDS: dict[str, str] = {
    "up": "run", "test": "testing", "status": "status", "setup": "setup", "domain": "people", "account": "people", "alias": "people",
    "admin": "people", "settings": "server", "queue": "flow", "trace": "flow", "ban": "server", "doctor": "server", "service": "service",
    "dns": "server", "backup": "keeping", "restore": "keeping", "import": "importing",
    "dkim": "protection", "range": "protection", "sender": "protection", "rule": "rules", "rules": "rules", "quarantine": "protection",
    "certificate": "certificates", "route": "routes", "list": "lists", "group": "sharing", "public": "sharing", "fetch": "fetching",
    "logs": "looking", "diagnose": "looking", "announce": "looking", "messages": "letters", "traffic": "traffic",
    "audit": "records", "session": "records",
}  # fmt: skip
"""Command → module of this package."""

EXIT_USAGE, EXIT_REFUSED, EXIT_NOT_RUNNING = 2, 1, 3

Run = Callable[["Context"], int]


class Context:
    """One command's arguments, configuration and way to answer."""

    def __init__(self, arguments: argparse.Namespace, config: Config) -> None:
        self.arguments = arguments
        self.config = config

    @property
    def is_json(self) -> bool:
        """Whether the answer is for programs."""
        return bool(getattr(self.arguments, "json", False))

    def answer(self, data: Any, text: str | None = None) -> int:
        """Print *data* as JSON, or *text* for people; exit code 0."""
        if self.is_json:
            print(json.dumps(data, default=str, ensure_ascii=False))
        elif text is not None:
            print(text)
        return 0

    def table(self, rows: list[dict[str, Any]], columns: list[str]) -> int:
        """Print rows as JSON or as aligned columns."""
        if self.is_json:
            return self.answer(rows)
        widths = [max([len(c), *(len(str(r[c])) for r in rows)]) for c in columns]
        print("  ".join(c.ljust(w) for c, w in zip(columns, widths, strict=True)).rstrip())
        for row in rows:
            print("  ".join(str(row[c]).ljust(w) for c, w in zip(columns, widths, strict=True)).rstrip())
        return 0


class Parser(argparse.ArgumentParser):
    """argparse that ends with our exit code and one line."""

    def error(self, message: str) -> Any:
        self.exit(EXIT_USAGE, f"roost: {message}\nTry: {self.prog.replace('roost', './roost', 1)} --help\n")


def build(name: str) -> tuple[Parser, Any]:
    """The parser of one command, and the holder its module filled."""
    parser = Parser(prog="roost", description="Your own mail server, webmail first, in one command.")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True, parser_class=Parser)
    if name in COMMANDS:
        import_module(f"mailcore.cli.{COMMANDS[name]}").add(commands, name)
    return parser, commands


def main(arguments: list[str] | None = None) -> int:
    """Run the command of *arguments* (the process's own when None); the exit code."""
    os.umask(0o077)
    words = sys.argv[1:] if arguments is None else arguments
    name = next((w for w in words if not w.startswith("-")), "")
    if name not in COMMANDS:
        return overview(name)
    parser, _ = build(name)
    parsed = parser.parse_args(words)
    try:
        context = Context(parsed, load(os.environ))
        run: Run = parsed.run
        return run(context)
    except MailError as error:
        if getattr(parsed, "json", False):
            print(json.dumps({"error": error.detail, "reason": error.reason.value}))
        print(f"roost: {error.detail}", file=sys.stderr)
        return EXIT_NOT_RUNNING if error.reason is Reason.EXPIRED else EXIT_REFUSED
    except BrokenPipeError:
        return 0
    except KeyboardInterrupt:
        return 130


def overview(name: str) -> int:
    """All commands in a few lines; an unknown one is an error."""
    if name:
        print(f"roost: there is no command {name!r}.", file=sys.stderr)
    print(
        "Roost, your own mail server.\n\n"
        "  ./roost up                       install what is missing, start everything\n"
        "  ./roost setup --help             finish set-up without a browser\n"
        "  ./roost status [--wait SECONDS]  is everything up?\n"
        "  ./roost domain|account|alias     add, list, show, set, remove\n"
        "  ./roost settings get|set|list    every setting\n"
        "  ./roost queue, trace, ban        mail on its way, what became of it, who is kept out\n"
        "  ./roost traffic [DOMAIN]         mail in and out, refused, spam, sessions, space, by hours or days\n"
        "  ./roost range, sender, rule      addresses, senders and filters; quarantine: mail that is held\n"
        "  ./roost audit, session           who changed what, who is signed in\n"
        "  ./roost logs, diagnose, announce what was written, what another server says, a message to all\n"
        "  ./roost messages list|show|set   the words of bounces and other notes the server writes\n"
        "  ./roost route add|list|remove    domains whose mail goes to a server of their own\n"
        "  ./roost fetch add|list|now      accounts elsewhere whose mail comes here\n"
        "  ./roost dkim list|rotate         the keys domains sign with\n"
        "  ./roost certificate list|add     certificates; renew: ask the authority now\n"
        "  ./roost backup, restore          keep everything, bring it back\n"
        "  ./roost import mail|imap|hmailserver  bring mail and accounts from elsewhere\n"
        "  ./roost admin reset              a way back in\n"
        "  ./roost service install|remove   a systemd unit\n"
        "  ./roost dns check, doctor        what is wrong, and what to do\n"
        "  ./roost test [--all], bench      for programmers\n\n"
        "Each command explains itself with --help, and answers programs with --json."
    )
    return EXIT_USAGE if name else 0
