"""Every sentence of the pages, and every one that mailcore says on them, has words in each language; values stand where they stood."""

import ast
import re
import sys
from pathlib import Path

import pytest

HOME = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(HOME / "translations"))

import build  # noqa: E402

VALUES = re.compile(r"%\(\w+\)[sd]|(?<!%)\{\w*\}")


@pytest.fixture(scope="module")
def wanted() -> "build.Catalog":
    return build.template()


@pytest.mark.parametrize("language", build.LANGUAGES)
def test_nothing_is_left_in_english(language: str, wanted: "build.Catalog") -> None:
    catalog = build.read(language)
    missing = []
    for message in wanted:
        key = message.id if isinstance(message.id, str) else message.id[0]
        found = catalog.get(key, message.context) if key else None
        if key and (found is None or not found.string or (isinstance(found.string, tuple) and not all(found.string))):
            missing.append(key)
    assert missing == [], f"{len(missing)} without words: run translations/build.py update, then fill translations/{language}"


def test_no_sentence_hides_in_an_f_string() -> None:
    """What gathers the sentences does not look into those, so a sentence there is never translated."""
    hidden = [
        f"{path.relative_to(HOME)}:{call.lineno}"
        for room in ("web", "webmail", "admin")
        for path in sorted((HOME / room).rglob("*.py"))
        for text in ast.walk(ast.parse(path.read_text()))
        if isinstance(text, ast.JoinedStr)
        for call in ast.walk(text)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in ("_", "_l", "ngettext")
    ]
    assert hidden == []


@pytest.mark.parametrize("language", build.LANGUAGES)
def test_values_are_kept(language: str) -> None:
    for message in build.read(language):
        strings = message.string if isinstance(message.string, tuple) else (message.string,)
        ids = message.id if isinstance(message.id, tuple) else (message.id,)
        allowed = set(VALUES.findall(" ".join(ids)))
        for string in strings:
            assert set(VALUES.findall(string)) <= allowed, (message.id, string)
        if len(ids) == 1 and message.id:
            assert set(VALUES.findall(strings[0])) == allowed, (message.id, strings[0])
