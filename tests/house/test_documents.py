"""The documents say what the program does."""

import re
from pathlib import Path

from mailcore.settings import document
from mailcore.settings.catalogue import CATALOGUE, GROUPS

HOME = Path(__file__).resolve().parents[2]


def test_the_page_of_settings_is_the_catalogue() -> None:
    assert (HOME / "docs" / "settings.md").read_text() == document.markdown(), "run: python -m mailcore.settings.document > docs/settings.md"


def test_every_setting_is_explained_and_stands_in_a_group_that_is_shown() -> None:
    assert [s.name for s in CATALOGUE if not (s.label and s.help and s.group in GROUPS)] == []


def test_every_setting_is_read_somewhere() -> None:
    code = "\n".join(p.read_text() for room in ("mailcore", "web", "webmail", "admin") for p in (HOME / room).rglob("*.py") if p.name != "catalogue.py")
    built = ("max_connections",)  # read as f"{protocol}.max_connections"
    unread = [s.name for s in CATALOGUE if f'"{s.name}"' not in code and f"{s.group}.{{" not in code and s.name.split(".")[1] not in built]
    assert unread == []


def test_links_in_the_documents_lead_somewhere() -> None:
    dead = []
    for page in (*HOME.glob("*.md"), *(HOME / "docs").rglob("*.md")):
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text()):
            if "://" not in target and not (page.parent / target).exists():
                dead.append(f"{page.name}: {target}")
    assert dead == []
