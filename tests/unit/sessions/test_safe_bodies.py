"""Large HTML that is kept safe: the same as made at once, whoever opens it, and gone with its message."""

import os
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mailcore.mail.html import sanitise
from mailcore.sessions import safe_bodies
from tests.web.hostile import snippets

SNIPPETS = snippets("https://trap.test")
PICTURES = frozenset({"logo@x", "a b/ü%22>@x"})
MORE = {
    "pictures": '<p>x<img src="cid:logo@x" alt="L"><img src="CID:a b/ü%22>@x"><img src="cid:other@x" alt="none"><img src="https://cdn.test/a.png?b=1&amp;c=%22"><img src="//cdn.test/b.png">',
    "links": '<a href="/c/logo">a</a><a href="https://x.test/?a=1&amp;b=2">b</a><img src="/0123/c/logo@x"><img src="data:image/png;base64,iVBORw0KGgo=">',
    "text": "src=\"/0/c/logo@x\" &lt;img src=&quot;cid:logo@x&quot;&gt; \u202e\U0001f600",
}


@pytest.fixture
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(safe_bodies, "LARGE_CHARACTERS", 0)
    return SimpleNamespace(config=SimpleNamespace(data_dir=tmp_path))


def made(folder: Any) -> list[str]:
    return sorted(one.name for one in (folder.config.data_dir / "made").iterdir())


def part(session: str) -> Callable[[str], str]:
    return lambda cid: f'/mail/part/{session}?x=1&cid="{len(cid)}'


@pytest.mark.parametrize("name", [*SNIPPETS, *MORE])
def test_what_is_kept_is_what_would_be_made_at_once(runtime: Any, name: str) -> None:
    text = {**SNIPPETS, **MORE}[name]
    for session in ("anns", "bobs"):
        for remote in (None, lambda url: f"/mail/image/{len(url)}&{session}"):  # noqa: B023 - called within the turn
            want = sanitise(text, cid_url=lambda cid: part(session)(cid) if cid in PICTURES else None, remote_url=remote)  # noqa: B023
            assert safe_bodies.safe(runtime, 7, text, PICTURES, cid_url=part(session), remote_url=remote) == want
    assert len(made(runtime)) == 1


def test_a_message_to_many_is_made_once_and_goes_with_each(runtime: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    safe_bodies.make(runtime, 1, "<p>To all", ())
    monkeypatch.setattr(safe_bodies, "sanitise", None)
    assert "To all" in safe_bodies.make(runtime, 2, "<p>To all", ()).html
    (runtime.config.data_dir / "made" / "2-unfinished.0a").write_text("x")
    there = {2}
    assert safe_bodies.forget(runtime, SimpleNamespace(one=lambda _sql, named: (1,) if named["i"] in there else None)) == 2  # type: ignore[arg-type]
    assert [name.partition("-")[0] for name in made(runtime)] == ["2"]


def test_the_oldest_goes_when_there_is_too_much(runtime: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = runtime.config.data_dir / "made"
    for number in range(3):
        safe_bodies.make(runtime, number, f"<p>{number}", ())
        for one in folder.glob(f"{number}-*"):
            os.utime(one, (number, number))
    size = next(folder.glob("0-*")).stat().st_size
    monkeypatch.setattr(safe_bodies, "KEPT_BYTES", size)
    safe_bodies.make(runtime, 3, "<p>3", ())
    assert [name.partition("-")[0] for name in made(runtime)] == ["2", "3"]


def test_a_torn_file_is_made_anew_and_a_folder_that_takes_nothing_hides_nothing(runtime: Any) -> None:
    safe_bodies.make(runtime, 1, "<p>whole", ())
    (path,) = (runtime.config.data_dir / "made").iterdir()
    path.write_text('{"nonce"')
    assert "whole" in safe_bodies.make(runtime, 1, "<p>whole", ()).html and "whole" in path.read_text()
    path.unlink()
    path.parent.rmdir()
    path.parent.write_text("in the way")
    assert "whole" in safe_bodies.make(runtime, 1, "<p>whole", ()).html
