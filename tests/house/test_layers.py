"""The house's rules that no compiler checks: layers, guards on every route, and where the operating system may be touched."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import flask
import pytest

from mailcore.config.environment import load, prepare_data_dir
from mailcore.runtime.runtime import open_runtime
from mailcore.serve import start
from mailcore.serve.sockets import Bound

HOME = Path(__file__).resolve().parents[2]
POSIX_ONLY = {"fcntl", "pwd", "grp", "resource", "termios", "pty"}
POSIX_ROOMS = ("mailcore/serve/", "mailcore/config/")


def sources(*folders: str) -> Iterator[Path]:
    for folder in folders:
        yield from sorted((HOME / folder).rglob("*.py"))


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.partition(".")[0])
    return names


def test_imports_go_down_the_house_only() -> None:
    done = subprocess.run([str(Path(sys.executable).parent / "lint-imports")], cwd=HOME, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr


def test_posix_parts_stay_in_their_rooms() -> None:
    found = {
        str(path.relative_to(HOME)): imported(path) & POSIX_ONLY
        for path in sources("mailcore", "web", "webmail", "admin")
        if not str(path.relative_to(HOME)).startswith(POSIX_ROOMS)
    }
    assert {name: used for name, used in found.items() if used} == {}


def test_faces_never_write_rows_themselves() -> None:
    verbs = ("INSERT INTO", "UPDATE ", "DELETE FROM", ".run(\"")
    found = [
        f"{path.relative_to(HOME)}: {node.value[:40]}"
        for path in sources("web", "webmail", "admin")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.lstrip().startswith(verbs[:3])
    ]
    assert found == []


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[flask.Flask]:
    import wsgi

    folder = tmp_path_factory.mktemp("house") / "data"
    config = load({"ROOST_DATA_DIR": str(folder), "ROOST_DNS": "none"})
    prepare_data_dir(config)
    start.prepare(config, Bound())
    runtime = open_runtime(config, name="house")
    yield wsgi.create_app(runtime)
    runtime.close()


def test_every_page_says_who_may_see_it(app: flask.Flask) -> None:
    bare = [
        str(rule) for rule in app.url_map.iter_rules()
        if rule.endpoint not in ("static", "healthz") and not hasattr(app.view_functions[rule.endpoint], "guard")
    ]  # fmt: skip
    assert bare == []


def test_every_panel_page_asks_for_an_admin(app: flask.Flask) -> None:
    open_doors = [
        str(rule) for rule in app.url_map.iter_rules()
        if str(rule).startswith("/admin") and app.view_functions[rule.endpoint].guard not in ("domain-admin", "server-admin")  # type: ignore[attr-defined]
    ]  # fmt: skip
    assert open_doors == []
