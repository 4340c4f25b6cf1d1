"""`logs`, `diagnose`, `announce`: what the server wrote, what another server says, a message to everybody."""

import sys
from typing import Any

from mailcore.base.errors import MailError, Reason
from mailcore.cli.main import Context
from mailcore.cli.offline import runtime_of
from mailcore.directory import announcing, logs
from mailcore.directory.actor import COMMAND_LINE
from mailcore.queue import diagnose


def add(commands: Any, name: str) -> None:
    """The parser of one of the three."""
    {"logs": _logs, "diagnose": _diagnose, "announce": _announce}[name](commands)


def _logs(commands: Any) -> None:
    parser = commands.add_parser("logs", description="The newest lines of the log. Example: ./roost logs --level warning --contains imap")
    parser.add_argument("--day", default="", help="such as 2026-11-25; left out: the newest")
    parser.add_argument("--contains", default="")
    parser.add_argument("--level", choices=logs.LEVELS, default="debug")
    parser.add_argument("--lines", type=int, default=50)
    parser.add_argument("--json", action="store_true")
    parser.set_defaults(run=show_logs)


def _diagnose(commands: Any) -> None:
    parser = commands.add_parser("diagnose", description="Asks another server whether it would take mail. Example: ./roost diagnose someone@example.org")
    parser.add_argument("address", help="an address elsewhere, or a domain for its mail servers only")
    parser.add_argument("--sender", default="")
    parser.add_argument("--json", action="store_true")
    parser.set_defaults(run=run_diagnose)


def _announce(commands: Any) -> None:
    parser = commands.add_parser("announce", description="Writes to everybody; the text on standard input. Example: ./roost announce --from admin@example.org --subject 'Tonight' < text")
    parser.add_argument("--to", default="*", help="addresses with * and ?")
    parser.add_argument("--from", dest="sender", required=True)
    parser.add_argument("--name", default="")
    parser.add_argument("--subject", required=True)
    parser.add_argument("--json", action="store_true")
    parser.set_defaults(run=run_announce)


def show_logs(context: Context) -> int:
    a = context.arguments
    with runtime_of(context) as runtime:
        days = logs.days(runtime)
        if not days:
            raise MailError(Reason.NOT_FOUND, "Nothing was written yet.")
        found = logs.tail(runtime, a.day or days[0], contains=a.contains, level=a.level, limit=max(1, min(a.lines, 100_000)))[::-1]
        return context.answer(found, "\n".join(found))


def run_diagnose(context: Context) -> int:
    a = context.arguments
    with runtime_of(context) as runtime:
        steps = diagnose.dialogue(runtime, a.address, a.sender) if "@" in a.address else diagnose.mx(runtime, a.address)
        text = "\n".join(f"{'ok ' if s.is_good else 'NO '} {s.title}{': ' + s.text if s.text else ''}" + "".join("\n     " + line for line in s.said) for s in steps)
        context.answer([{"title": s.title, "good": s.is_good, "text": s.text, "said": s.said} for s in steps], text)
        return 0 if steps[-1].is_good else 1


def run_announce(context: Context) -> int:
    a, text = context.arguments, sys.stdin.read()
    with runtime_of(context) as runtime:
        now = runtime.clock.micros()
        number = runtime.store.write(lambda tx: announcing.ask(tx, COMMAND_LINE, to=a.to, sender=a.sender, name=a.name, subject=a.subject, text=text, now=now))
        return context.answer({"job": number}, "It goes out while Roost runs.")
