"""A verb that no product code calls is a wire that leads nowhere: the filter that learns was finished, tested, and told nothing for weeks."""

import ast
from pathlib import Path

HOME = Path(__file__).resolve().parents[2]
ROOMS = ("mailcore", "web", "webmail", "admin")
APART = {"mailcore.store.migrations"}
"""Alembic calls what stands there."""
BY_TABLE = {"add": "mailcore.cli.", "factory": "mailcore.listen."}
"""Called of every module of a table: the commands' parsers, the listeners."""
ALLOWED = {
    "mailcore.senderauth.dmarc.are_aligned": "the table of alignments in RFC 9989's terms is asked of it; the check itself keeps one look-up for many questions",
    "wsgi.__getattr__": "Python calls it when a WSGI server asks for `wsgi:app`",
}
"""What else only tests or others call, each with the reason why it stands all the same."""


def modules() -> dict[str, ast.Module]:
    found = {}
    for room in ROOMS:
        for path in sorted((HOME / room).rglob("*.py")):
            name = ".".join(path.relative_to(HOME).with_suffix("").parts).removesuffix(".__init__")
            if not any(name.startswith(one) for one in APART):
                found[name] = ast.parse(path.read_text())
    found["wsgi"] = ast.parse((HOME / "wsgi.py").read_text())
    return found


def uses_of(name: str, tree: ast.Module, known: set[str]) -> set[str]:
    """`module.verb` of every verb that a module names: imported from, reached through an imported module, or called where it is defined."""
    found, alias = set(), {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            for one in node.names:
                whole = f"{node.module}.{one.name}"
                if whole in known:
                    alias[one.asname or one.name] = whole
                else:
                    found.add(whole)
        elif isinstance(node, ast.Import):
            alias |= {one.asname: one.name for one in node.names if one.asname}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in alias:
            found.add(f"{alias[node.value.id]}.{node.attr}")
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            found.add(f"{name}.{node.id}")
    return found


def registered(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether a decorator hands it to somebody who calls it: a route, a handler, a hook."""
    return any(isinstance(one, ast.Call | ast.Attribute) for one in node.decorator_list)


def idle() -> set[str]:
    """Functions of modules that nothing in the product names."""
    trees = modules()
    used = {use for name, tree in trees.items() for use in uses_of(name, tree, set(trees))}
    return {
        f"{name}.{node.name}"
        for name, tree in trees.items()
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not registered(node) and f"{name}.{node.name}" not in used
        and not name.startswith(BY_TABLE.get(node.name, "-"))
    }  # fmt: skip


def test_every_verb_is_called_by_something_that_is_no_test() -> None:
    assert sorted(idle() - set(ALLOWED)) == []
