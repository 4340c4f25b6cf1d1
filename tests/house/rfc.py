"""docs/rfc.toml as a page, and what the code cites: `python -m tests.house.rfc > docs/rfc.md`."""

import re
import tomllib
from pathlib import Path

HOME = Path(__file__).resolve().parents[2]
STATES = {"yes": "done", "partial": "in part", "planned": "to come", "no": "not meant to come"}
CITED = re.compile(r"RFCs? (\d{3,5}(?:(?: §[\d.]+)?(?:,| and) (?:RFC )?\d{4,5})*)")
"""`RFC 3501 §4.3, 7888 and 3516`: the numbers behind the first count too."""


def table() -> dict[str, dict[str, str]]:
    """Number → title, status, perhaps a note."""
    with (HOME / "docs" / "rfc.toml").open("rb") as file:
        return tomllib.load(file)


def cited() -> dict[str, str]:
    """Every number cited in the program → the first file that does."""
    found: dict[str, str] = {}
    for room in ("mailcore", "web", "webmail", "admin"):
        for path in sorted((HOME / room).rglob("*.py")):
            for match in CITED.finditer(path.read_text()):
                for number in re.findall(r"(?<![.§\d])\d{3,5}(?![.\d])", match[1]):
                    found.setdefault(number, str(path.relative_to(HOME)))
    return found


def markdown() -> str:
    """The page."""
    rows = sorted(table().items(), key=lambda item: int(item[0]))
    counts = ", ".join(f"{sum(row['status'] == state for _, row in rows)} {words}" for state, words in STATES.items())
    lines = ["# RFCs", "", f"Made from `rfc.toml`; {counts}. A test holds that every RFC the code cites stands here, and that every one marked done is cited.", ""]
    lines += ["| RFC | about | state | note |", "|--:|---|---|---|"]
    lines += [f"| [{number}](https://www.rfc-editor.org/rfc/rfc{number}) | {row['title']} | {STATES[row['status']]} | {row.get('note', '')} |" for number, row in rows]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(markdown(), end="")
