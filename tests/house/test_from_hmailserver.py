"""The table for people who come from hMailServer is held against the settings, the pages and the commands that there are."""

import re
from pathlib import Path

from mailcore.cli.main import COMMANDS
from mailcore.settings.catalogue import BY_NAME, CATALOGUE, GROUPS

HOME = Path(__file__).resolve().parents[2]
TEXT = (HOME / "docs" / "from-hmailserver.md").read_text()
NAMES = re.findall(r"`([^`]+)`", TEXT)


def test_every_setting_that_is_named_is_one() -> None:
    named = {n for n in NAMES if re.fullmatch(r"[a-z_]+\.[a-z_]+", n) and n.partition(".")[0] in GROUPS}
    assert named and named - BY_NAME.keys() == set()


def test_every_setting_that_knows_an_old_name_stands_in_the_table() -> None:
    assert {s.name for s in CATALOGUE if s.was} - set(NAMES) == set()


def test_every_command_that_is_named_is_one() -> None:
    assert {n.split()[1] for n in NAMES if n.startswith("./roost ")} - COMMANDS.keys() == set()


def test_every_page_that_is_named_is_one() -> None:
    source = "\n".join(p.read_text() for room in ("admin", "webmail") for p in (HOME / room).rglob("*.py"))
    routes = set(re.findall(r'@admin\.(?:get|post|route)\("([^"]*)"', source)) | {f"/settings/{k}" for k in re.findall(r'^    "([a-z-]+)": Section', source, re.MULTILINE)}
    routes |= set(re.findall(r'@\w+\.(?:get|post|route)\("(/[^"]*)"', source))
    plain = {re.sub(r"<[^>]*>", "<>", r) for r in routes}
    for page in (n for n in NAMES if n.startswith("/")):
        if len(page) > 1:
            found = re.sub(r"<[^>]*>", "<>", page)
            assert found in plain or found.removeprefix("/admin") in plain, page
