"""Fills static/vendor/: copies the files vendor.toml names out of node_modules and joins our own CSS and ES modules.

Decision: joining is text, not a build. A module's own imports are dropped and its exports become plain declarations, so top-level
names must differ across the modules of a bundle (a second declaration is a syntax error, which the gallery test sees). Standard
library only, because the launcher runs it before anything is installed. Running npm is left to the launcher.
"""

import re
import shutil
import sys
import tomllib
from pathlib import Path

_IMPORT = re.compile(r"^import [^;]*;\n", re.M)
_JS_COMMENT = re.compile(r"^[ \t]*(?://[^\n]*|/\*\*.*?\*/)\n", re.M | re.S)
"""A comment that has its lines to itself. Browsers need none of them, and they are a seventh of what is sent."""
_CSS_COMMENT = re.compile(r"/\*.*?\*/\n?", re.S)
_CSS_SPACE = re.compile(r"\s*([{}])\s*|(?<=;)\s+")
_JS_INDENT = re.compile(r"^[ \t]+|\n(?=\n)", re.M)
"""No template literal of ours spans lines, so what stands before a line means nothing."""
_EXPORT = re.compile(r"^export (?=(?:async |function|const|let|class))", re.M)


def collect(static: Path, node_modules: Path) -> list[str]:
    """Copies and joins everything vendor.toml names; returns the names written, relative to static/vendor/."""
    plan = tomllib.loads((static / "vendor.toml").read_text("utf-8"))
    target = static / "vendor"
    target.mkdir(exist_ok=True)
    for entry in plan["file"]:
        source = node_modules / entry["package"] / entry["from"]
        if source.exists():  # a part that is newer than the last set-up comes with the next one
            (target / entry["to"]).parent.mkdir(exist_ok=True)
            shutil.copyfile(source, target / entry["to"])
    for bundle in plan["bundle"]:
        joined = "\n".join(_source(static / name) for name in bundle["from"])
        (target / bundle["to"]).write_text(joined, "utf-8")
    return [entry["to"] for entry in (*plan["file"], *plan["bundle"])]


def _source(path: Path) -> str:
    """One source file as it stands in a bundle: modules lose `import` lines and the word `export`."""
    text = path.read_text("utf-8")
    if path.suffix == ".js":
        return _JS_INDENT.sub("", _JS_COMMENT.sub("", _EXPORT.sub("", _IMPORT.sub("", text))))
    return _CSS_SPACE.sub(r"\1", _CSS_COMMENT.sub("", text)).replace(";}", "}") if path.suffix == ".css" else text


if __name__ == "__main__":
    here = Path(__file__).resolve().parent
    for name in collect(here, here.parent / "node_modules"):
        sys.stdout.write(f"static/vendor/{name}\n")
