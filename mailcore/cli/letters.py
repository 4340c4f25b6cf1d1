"""`messages`: the words of what the server writes itself, by language."""

import sys
from typing import Any

from mailcore.cli.grammar import verb, verbs
from mailcore.cli.main import Context
from mailcore.cli.offline import runtime_of
from mailcore.directory import letters
from mailcore.directory.actor import COMMAND_LINE
from mailcore.settings.letters import LANGUAGES, LETTERS
from mailcore.store import Tx
from mailcore.store import letters as rows

EXAMPLE = "messages set bounce.failed --language de --subject 'Nicht zugestellt: %Subject%' < text"


def add(commands: Any, name: str) -> None:
    """The parser of `messages`."""
    group = verbs(commands, name, f"The server's own messages: bounces, warnings, notes. Example: ./roost {EXAMPLE}")
    verb(group, "list", messages_list, example="messages list")
    for word, run, example in (("show", messages_show, "messages show bounce.failed --language de"), ("set", messages_set, EXAMPLE), ("reset", messages_reset, "messages reset bounce.failed --language de")):
        parser = verb(group, word, run, "name", example=example)
        parser.add_argument("--language", choices=LANGUAGES, default="en")
        if word == "set":
            parser.add_argument("--subject", help="left out: it stays")
            parser.add_argument("--text", help="left out: read from standard input")


def messages_list(context: Context) -> int:
    """Every message, and the languages in which its words were changed."""
    with runtime_of(context) as runtime:
        changed = rows.changed(runtime.store.read())
        found = [
            {"name": one.name, "label": one.label, "changed": [lang for lang in LANGUAGES if (one.name, lang) in changed], "variables": list(one.variables), "help": one.help} for one in LETTERS
        ]
        if context.is_json:
            return context.answer(found)
        return context.table([{**row, "changed": ", ".join(row["changed"]) or "-"} for row in found], ["name", "changed", "label"])


def _told(context: Context, tx: Tx) -> int:
    found = letters.words(tx, context.arguments.name, context.arguments.language)
    data = {"name": found.letter.name, "language": found.language, "is_changed": found.is_own, "subject": found.subject, "text": found.text, "variables": {n: what for n, (what, _shown) in found.letter.variables.items()}}
    known = "".join(f"  %{n}%: {what}\n" for n, (what, _shown) in found.letter.variables.items())
    return context.answer(data, f"{found.subject}\n\n{found.text}\nVariables:\n{known}".rstrip("\n"))


def messages_show(context: Context) -> int:
    """The words as they stand."""
    with runtime_of(context) as runtime:
        return _told(context, runtime.store.read())


def messages_set(context: Context) -> int:
    """Other words for one message in one language."""
    asked = context.arguments
    with runtime_of(context) as runtime:
        old = letters.words(runtime.store.read(), asked.name, asked.language)
        subject = old.subject if asked.subject is None else asked.subject
        text = asked.text if asked.text is not None else (sys.stdin.read() or old.text) if old.text else ""
        runtime.store.write(lambda tx: letters.change(tx, COMMAND_LINE, asked.name, asked.language, subject, text, runtime.clock.micros()))
        return _told(context, runtime.store.read())


def messages_reset(context: Context) -> int:
    """Back to the words Roost comes with."""
    asked = context.arguments
    with runtime_of(context) as runtime:
        runtime.store.write(lambda tx: letters.reset(tx, COMMAND_LINE, asked.name, asked.language, runtime.clock.micros()))
        return _told(context, runtime.store.read())
