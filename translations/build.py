"""The translations: `extract` what the pages say, `update` the languages by it, `compile` them for the server. Run with .venv's Python.

What people read of mailcore's errors and of the settings has no gettext call, because mailcore knows no web; it is extracted here from the
source: constant sentences as they stand, those with values as `{0} {1}` shapes, each in the context "said".
"""

import ast
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

HERE = Path(__file__).resolve().parent
HOME = HERE.parent
LANGUAGES = ("de", "ar")
UNKEPT = ('"POT-Creation-Date', '"PO-Revision-Date', '"Report-Msgid', '"Last-Translator', '"Language-Team')
SAID = "said"
"""Context of a sentence that mailcore says."""
FOLDERS = ("admin", "web", "webmail", "templates")
METHODS = [("**/templates/**.html", "jinja2"), ("**/templates/**.txt", "jinja2"), ("templates/**.html", "jinja2"), ("templates/**.txt", "jinja2"), ("**.html", "jinja2"), ("**.txt", "jinja2"), ("**.py", "python")]
KEYWORDS = {"_": None, "gettext": None, "_l": None, "lazy_gettext": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2)}
ERRORS = {"MailError": 1, "Foreign": 1, "Overtaken": 1, "wrong": 1, "_wrong": 0}
"""Callable → which argument is the sentence."""
WORD = re.compile(r"[a-z]{2}")
"""A shape without one would fit any sentence."""
NAMED = {"Need": ("title", "text"), "Record": ("why",)}
"""Callable → which named arguments are sentences."""

ELSEWHERE = (
    "wire/", "listen/", "cli/", "serve/", "config/", "queue/", "senderauth/", "policy/", "sieve/", "mail/", "jobs/imports/", "jobs/restore.py", "store/blobs/",
    "store/engine.py", "store/schema.py", "store/dump.py", "store/migrations/", "sessions/imap/", "sessions/managesieve.py", "sessions/pop3.py",
)  # fmt: skip
"""What these say goes to mail programs, to the log or to a terminal, in English …"""
SHOWN = ("policy/sources.py", "sieve/rules.py", "mail/address.py", "mail/vcard.py")
"""… but these are read, or check what people type, on a page."""


def template() -> Catalog:
    """Every message of the pages and of mailcore's errors, in the order of the files."""
    found = Catalog(project="Roost", charset="utf-8", fuzzy=False)
    for folder in FOLDERS:
        options = {"**.html": {"trimmed": "false", "silent": "false", "encoding": "utf-8"}}
        for name, line, message, _comments, context in extract_from_dir(HOME / folder, METHODS, options, KEYWORDS):
            found.add(message, None, [(f"{folder}/{name}", line)], context=context)
    for text, path in (*said(), *settings(), *letters()):
        found.add(text, None, [(path, 1)], context=SAID)
    return found


def said() -> Iterator[tuple[str, str]]:
    """(sentence or shape, file) of what mailcore's errors tell people."""
    for path in sorted((HOME / "mailcore").rglob("*.py")):
        name = path.relative_to(HOME / "mailcore").as_posix()
        if name.startswith(ELSEWHERE) and name not in SHOWN:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and len(node.args) > ERRORS.get(node.func.id, 99):
                text = shape(node.args[ERRORS[node.func.id]])
                if " " in text:
                    yield text, str(path.relative_to(HOME))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                for keyword in node.keywords:
                    if keyword.arg in NAMED.get(node.func.id, ()):
                        yield from ((text, str(path.relative_to(HOME))) for text in either(keyword.value) if " " in text and WORD.search(text))


def settings() -> Iterator[tuple[str, str]]:
    """What the settings page says of each row."""
    from mailcore.settings.catalogue import CATALOGUE, GROUPS

    yield from ((text, "mailcore/settings/catalogue.py") for text in GROUPS.values())
    for row in CATALOGUE:
        yield from ((text, "mailcore/settings/catalogue.py") for text in (row.label, row.help, *row.choices.values()) if text)


def letters() -> Iterator[tuple[str, str]]:
    """What the page of the server's own messages says of each."""
    from mailcore.settings.letters import LETTERS

    for row in LETTERS:
        texts = (row.label, row.help, *(what for what, _example in row.variables.values()))
        yield from ((text, "mailcore/settings/letters.py") for text in texts)


def either(node: ast.expr) -> list[str]:
    """The sentences of an expression: both, where a condition chooses."""
    return [*either(node.body), *either(node.orelse)] if isinstance(node, ast.IfExp) else [shape(node)]


def shape(node: ast.expr) -> str:
    """A constant as it is, an f-string with {0} {1} for its values, "" for anything else."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        numbers = iter(range(100))
        return "".join(part.value if isinstance(part, ast.Constant) else f"{{{next(numbers)}}}" for part in node.values)  # type: ignore[misc]
    return ""


def po_path(language: str) -> Path:
    """Where a language's words are."""
    return HERE / language / "LC_MESSAGES" / "messages.po"


def read(language: str) -> Catalog:
    """A language as it stands."""
    path = po_path(language)
    if not path.exists():
        return Catalog(locale=language, project="Roost", charset="utf-8", fuzzy=False)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def update(language: str) -> Catalog:
    """Bring a language to the present messages: new ones come empty, those that are gone go."""
    catalog = read(language)
    catalog.update(template(), no_fuzzy_matching=True)
    catalog.obsolete.clear()
    catalog.fuzzy = False
    catalog.header_comment = f"# The pages of Roost in {catalog.locale.english_name if catalog.locale else language}. Licence: AGPL-3.0-or-later."
    path = po_path(language)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, catalog, width=0, no_location=True, omit_header=False, sort_output=True)
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(line for line in lines if not line.startswith(UNKEPT)), encoding="utf-8")  # two people's changes would meet there each time
    return catalog


def untranslated(catalog: Catalog) -> list[str]:
    """The messages of a language that have no words yet."""
    return [str(m.id) for m in catalog if m.id and (not m.string or (isinstance(m.string, tuple) and not all(m.string)))]


def compile_all() -> None:
    """Write the files that the server reads, whole or not at all."""
    for language in LANGUAGES:
        target = po_path(language).with_suffix(".mo")
        with tempfile.NamedTemporaryFile(dir=target.parent, delete=False) as file:
            write_mo(file, read(language))
        Path(file.name).chmod(0o644)
        Path(file.name).replace(target)


if __name__ == "__main__":
    verb = sys.argv[1] if len(sys.argv) > 1 else ""
    if verb == "update":
        for each in LANGUAGES:
            print(each, len(untranslated(update(each))), "without words")
        compile_all()
    elif verb == "compile":
        compile_all()
    else:
        sys.exit("translations/build.py update | compile")
