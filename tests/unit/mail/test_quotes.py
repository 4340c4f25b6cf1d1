"""The quoted end of a message folds; what is answered below a quote stays open; nothing in an attribute is taken for a tag."""


import pytest

from mailcore.mail.quotes import fold
from tests.within import within

HEAD = '<details class="quoted"><summary>Show</summary>'


@pytest.mark.parametrize(
    ("html", "folded"),
    [
        ("<p>Yes.</p><blockquote>Shall we?</blockquote>", f"<p>Yes.</p>{HEAD}<blockquote>Shall we?</blockquote></details>"),
        ("<p>Yes.</p><div><blockquote>a<blockquote>b</blockquote></blockquote><br></div>", f"<p>Yes.</p><div>{HEAD}<blockquote>a<blockquote>b</blockquote></blockquote></details><br></div>"),
        ("<blockquote>one</blockquote><p>Mine</p><blockquote>two</blockquote> &nbsp;", f"<blockquote>one</blockquote><p>Mine</p>{HEAD}<blockquote>two</blockquote></details> &nbsp;"),
    ],
)
def test_a_quoted_end_is_folded(html: str, folded: str) -> None:
    assert fold(html, "Show") == folded


@pytest.mark.parametrize(
    "html",
    [
        "<p>No quote</p>", "<blockquote>All of it</blockquote>", "<p>a</p><blockquote>b</blockquote><p>an answer</p>", "<p>a</p><blockquote>b</blockquote><img src=\"x\">",
        '<p>a</p><img alt="<blockquote>x</blockquote>">', "<p>a</p><blockquote>open",
    ],
)  # fmt: skip
def test_the_rest_stays_as_it_is(html: str) -> None:
    assert fold(html, "Show") == html


def test_a_hostile_body_takes_no_time() -> None:
    with within(20):
        for hostile in ("<blockquote>" * 200_000, "<a '" * 200_000, '<a "' * 100_001, "<" * 1_000_000):
            fold(hostile, "Show")
