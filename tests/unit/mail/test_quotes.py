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


OUTLOOK = "<b>Von:</b> Ann &lt;ann@x.test&gt;<br><b>Gesendet:</b> Montag<br><b>An:</b> Bob<br><b>Betreff:</b> Plan"


@pytest.mark.parametrize(
    ("html", "folded"),
    [
        (f'<div><p>Yes.</p><p> </p><div><div style="x"><p>{OUTLOOK}</p></div></div><p>Shall we?</p></div>', f'<div><p>Yes.</p><p> </p>{HEAD}<div><div style="x"><p>{OUTLOOK}</p></div></div><p>Shall we?</p></details></div>'),
        (f"<div>Yes.</div><hr><div>{OUTLOOK}<div> </div></div><div>Shall we?</div>", f"<div>Yes.</div>{HEAD}<hr><div>{OUTLOOK}<div> </div></div><div>Shall we?</div></details>"),
        ("Yes.<br>\n-----Original Message-----<br>\nFrom: Ann<br>\nSent: Monday<br>\nTo: Bob<br>\nSubject: Plan<br>\nShall we?", f"Yes.<br>\n{HEAD}-----Original Message-----<br>\nFrom: Ann<br>\nSent: Monday<br>\nTo: Bob<br>\nSubject: Plan<br>\nShall we?</details>"),
        ("Yes.<br>\nFrom: Ann<br>\nDate: Monday<br>\nTo: Bob<br>\nSubject: Plan<br>\n<blockquote>Shall we?</blockquote>", f"Yes.<br>\n{HEAD}From: Ann<br>\nDate: Monday<br>\nTo: Bob<br>\nSubject: Plan<br>\n<blockquote>Shall we?</blockquote></details>"),
        ("<p>是。</p><div>发件人：安<br>发送时间：周一<br>收件人：鲍勃<br>主题：计划</div><p>好吗？</p>", f"<p>是。</p>{HEAD}<div>发件人：安<br>发送时间：周一<br>收件人：鲍勃<br>主题：计划</div><p>好吗？</p></details>"),
    ],
)  # fmt: skip
def test_what_outlook_puts_below_an_answer_is_folded(html: str, folded: str) -> None:
    assert fold(html, "Show") == folded


@pytest.mark.parametrize(
    "html",
    [
        f"<div>{OUTLOOK}</div><p>All of it</p>", "<p>From: here it is far. To: the point.</p>", f"<div><div>Yes.</div><div>{OUTLOOK}</div><p>old</p></div><p>an answer</p>",
        "<p>Yes, From: me Sent: now To: you Subject: none</p><p>more</p>",
        "<p>No quote</p>", "<blockquote>All of it</blockquote>", "<p>a</p><blockquote>b</blockquote><p>an answer</p>", "<p>a</p><blockquote>b</blockquote><img src=\"x\">",
        '<p>a</p><img alt="<blockquote>x</blockquote>">', "<p>a</p><blockquote>open",
    ],
)  # fmt: skip
def test_the_rest_stays_as_it_is(html: str) -> None:
    assert fold(html, "Show") == html


def test_a_hostile_body_takes_no_time() -> None:
    with within(20):
        for hostile in ("<blockquote>" * 200_000, "<p>From: a Sent: b To: " * 100_000, "<b>From:</b>" * 100_000, ("<b>From:</b>" + "Sent: " * 2000) * 100, "<a '" * 200_000, '<a "' * 100_001, "<" * 1_000_000):
            fold(hostile, "Show")
