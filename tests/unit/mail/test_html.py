import json
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailcore.mail.body import decode_text
from mailcore.mail.css import safe_style
from mailcore.mail.html import TAGS, html_to_text, safe_link, sanitise, text_to_html
from mailcore.mail.mime import parse
from tests.within import within

from .corpora import corpus

ATTRIBUTES = {"style", "align", "valign", "dir", "lang", "title", "width", "height", "bgcolor", "href", "rel", "target", "src", "alt", "border", "hspace", "vspace", "cellpadding", "cellspacing", "summary", "colspan", "rowspan", "nowrap", "scope", "span", "color", "face", "size", "start", "type", "reversed", "value", "noshade", "clear"}


class Judge(HTMLParser):
    """Reads HTML with another parser than those that made it, and notes all that is dangerous in it."""

    def __init__(self, own=()):
        super().__init__()
        self.wrong, self.own = [], set(own)

    def handle_starttag(self, tag, attrs):
        if tag not in TAGS:
            self.wrong.append(tag)
        for name, value in attrs:
            if name not in ATTRIBUTES:
                self.wrong.append((tag, name))
            if name == "href" and not re.match(r"(https?://|mailto:)", value, re.IGNORECASE):
                self.wrong.append((tag, name, value))
            if name == "src" and value not in self.own and not value.startswith("data:image/"):
                self.wrong.append((tag, name, value))
            if name == "style" and re.search(r"[\\@{}<>]|url|src\s*\(|image|expression|position|import|var\(|javascript|//", value, re.IGNORECASE):
                self.wrong.append((tag, name, value))
        if tag == "a" and ("rel", "noopener noreferrer") not in attrs:
            self.wrong.append("an open link")

    def handle_comment(self, data):
        self.wrong.append("comment")

    def handle_decl(self, decl):
        self.wrong.append("declaration")

    def handle_pi(self, data):
        self.wrong.append("instruction")

    def unknown_decl(self, data):
        self.wrong.append("unknown declaration")


def clean(html, remote_url=None):
    return sanitise(html, cid_url=lambda cid: None, remote_url=remote_url)


def judge(html):
    out = clean(html).html
    judged = Judge()
    judged.feed(out)
    judged.close()
    assert judged.wrong == [], (html[:300], out[:300])
    assert clean(out).html == out, html[:300]
    return out


def test_no_hostile_snippet_leaves_anything_behind_and_the_result_is_a_fixpoint():
    cases = json.loads(corpus("html/dompurify-expect.json").read_text())
    assert len(cases) > 200
    for case in cases:
        judge(case["html"])


HOSTILE = """
<script>alert(1)</script>|<svg/onload=alert(1)>|<img src=x onerror=alert(1)>|<body onload=alert(1)>x|<details open ontoggle=alert(1)>x|<video onerror=alert(1)><source src=x>
<marquee onstart=alert(1)>x|<input autofocus onfocus=alert(1)>|<style onload=alert(1)>x{}</style>|<IMG/SRC='x'/ONERROR='alert(1)'>|<xyz onclick=alert(1)>x</xyz>
<a href=" java\tscript:alert(1)">x</a>|<a href="&#x6a;avascript:alert(1)">x</a>|<a href="java&Tab;script:alert(1)">x</a>|<a href="\x01javascript:alert(1)">x</a>
<a href="vbscript:x">x</a>|<a href="data:text/html,x">x</a>|<a href="//host/x">x</a>|<a href="\\\\host">x</a>|<a href="javascript:1">x</a>|<a href="blob:x">x</a>|<a href="/x">x</a>
<base href="javascript:"><a href="x">x</a>|<form action=//evil><input type=password><button formaction=javascript:x>x</button></form>|<meta http-equiv=refresh content="0;url=//evil">
<link rel=stylesheet href=//evil>|<iframe src=//evil></iframe>|<iframe srcdoc="<script>x</script>"></iframe>|<object data=//evil></object>|<embed src=//evil>|<area href=javascript:x>
<svg><use href="data:image/svg+xml;base64,PHN2Zz4=#x"/></svg>|<svg><animate attributeName=href values=javascript:x /></svg>|<svg><foreignObject><p>x</foreignObject></svg>
<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">|<noscript><p title="</noscript><img src=x onerror=alert(1)>">|<math href=javascript:x>x</math>
<title><img src=x onerror=x></title>|<textarea><img src=x onerror=x></textarea>|<xmp><img src=x onerror=x></xmp>|<plaintext><img src=x onerror=x>|<template><script>x</script></template>
<!--[if gte mso 9]><script>x</script><![endif]-->|<![CDATA[<script>x</script>]]>|<?xml version="1.0"?><?php x ?>|<!-- --!><img src=x onerror=x>|<p id=location name=cookie class=x>x</p>
<p style="background:url(http://t/x)">x|<p style="background:u\\72l(http://t)">x|<p style="color:expression(x)">x|<p style="width:var(--x)">x|<p style="position:fixed;top:0;left:0">x
<p style="background-image:image-set('http://t' 1x)">x|<p style="color:red;}@import '//t';{">x|<p style="content:url(//t)">x|<p style="font-family:'x\\';position:fixed'">x|<p style="margin:-999px">x
<p style="width:100vw;height:100vh">x|<p style="cursor:url(//t)">x|<p style="list-style:url(//t)">x|<p style="filter:url(//t#x)">x|<p style="border-image:url(//t)">x|<p style="color:red/*">x
<p style="background:cross-fade(url(//t),red)">x|<p style="color: attr(title)">x|<p style="-moz-binding:url(//t)">x|<p style='font-family:"</p><script>x</script>"'>x|<p style="z-index:99;transform:scale(9)">x
<style>@import '//t'; p{background:url(//t)}</style><p>x|<img srcset="//t 1x" src=//t>|<picture><source srcset=//t><img src=//t></picture>|<table background=//t><tr><td background=http://t>x</table>
<body background=//t>x|<input type=image src=//t>|<video poster=//t src=//t><track src=//t></video>|<audio src=//t>|<a ping=//t href=http://x.test>x</a>|<dialog open>x</dialog>|<p popover>x</p>
<img src="data:image/svg+xml,<svg onload=x>">|<img src="data:text/html,x">|<img usemap=#m><map name=m><area href=javascript:x></map>|<isindex action=javascript:x>|<a href="http://x.test" target=_top>x</a>
<img src="cid:x" onerror=x>|<img src="http:evil">|<img src="/\\evil/x">|<img src=" http://t">|<img src="\thttp://t">|<img src="ftp://t">|<a href="mailto:x@y?body=<script>">x</a>|<a href="http://[x">x</a>
""".strip().replace("\n", "|").split("|")


@pytest.mark.parametrize("html", HOSTILE)
def test_known_attacks_leave_nothing_behind(html):
    out = judge(html)
    assert "alert(1)" not in re.sub(r"&[a-z]+;", "", out) or "onerror" not in out.replace("&lt;", "")


def test_text_inside_removed_elements_is_not_shown():
    assert clean("<title>t</title><style>s</style><script>c</script>x<textarea>y</textarea>").html == "x"


def test_remote_content_is_counted_and_blocked_or_sent_through_the_proxy():
    html = '<img src="http://t/a.png"><img src="//t/b"><table background="http://t/c"><tr><td style="background:url(http://t/d)">x</td></tr></table>'
    blocked = clean(html)
    assert blocked.remote_count == 4 and "t/" not in blocked.html
    shown = sanitise(html, cid_url=lambda cid: None, remote_url=lambda url: "/proxy?sig=1&url=" + url)
    assert '<img src="/proxy?sig=1&amp;url=http://t/a.png">' in shown.html and "url=https://t/b" in shown.html
    assert shown.html.count("t/") == 2


def test_pictures_of_the_message_get_the_urls_of_their_parts():
    out = sanitise('<img src="CID:a&amp;b@x"><img src="cid:unknown">', cid_url={"a&b@x": "/part/2?x=1&y=2"}.get, remote_url=None)
    assert out.html == '<img src="/part/2?x=1&amp;y=2"><img>' and out.remote_count == 0


def test_a_mail_cannot_forge_the_urls_we_give_out():
    assert clean('<img src="/part/2"><img src="part/2"><img src="/proxy?u=http://t">').html == "<img><img><img>"


def test_links_open_apart_and_only_to_the_web_and_mail():
    assert clean('<a href="https://x.test/?a=1&b=2" rel=opener target=_top>x</a>').html == (
        '<a href="https://x.test/?a=1&amp;b=2" rel="noopener noreferrer" target="_blank">x</a>'
    )
    assert safe_link("HTTP://x.test/") == "HTTP://x.test/" and safe_link("mailto:a@b")
    for url in ("", "#x", "x", "http:x", "http://", "https:\\\\x", "java\nscript:x", "file:///x", "cid:x", "tel:1", "http:///x"):
        assert safe_link(url) is None


def test_a_newsletter_keeps_its_looks():
    html = '<table width="600" cellpadding="0" bgcolor="#fff"><tbody><tr><td align="center" style="font-family: Arial, sans-serif; color: #333; padding: 10px 5%;">A &amp; B</td></tr></tbody></table>'
    assert clean(html).html == html.replace("Arial", "arial")


@pytest.mark.parametrize(
    ("style", "kept"),
    [
        ("COLOR: Red !important; x: y", "color: red"),
        ("background: #fff", "background-color: #fff"),
        ("background: #fff url(x)", ""),
        ("color: rgb(1 , 2, 3)", "color: rgb(1,2,3)"),
        ("width: 99999px; height: 10px", "height: 10px"),
        ("font-size: 1e9px", ""),
        ("display: flex; display: block", "display: block"),
        ("margin: 0 -5px; margin: 1px", "margin: 1px"),
        ("color: red; /* x */ width: 1.50em", "color: red; width: 1.5em"),
        ("color: red" + " " * 5000, ""),
        ("font-family: 'Segoe UI', \"a'b\"", ""),
        ("width: calc(1px)", ""),
        ("{color: red}", ""),
    ],
)
def test_styles_are_reduced_to_looks(style, kept):
    assert safe_style(style) == kept
    assert safe_style(kept) == kept


@settings(max_examples=150)
@given(
    st.lists(
        st.sampled_from(
            ["<a ", "<img ", "<p ", "<table>", "<td>", "</a>", "</p>", ">", '"', "'", "=", "href=", "src=", "style=", "onerror=", "javascript:", "http://t ", "cid:x", "<svg>", "<style>",
             "<!--", "-->", "<![CDATA[", "]]>", "&lt;", "&#x6a;", "&", "<", "\\", "url(", ")", ";", "color:red", "<math><mtext>", "<noscript>", "</noscript>", "x", "\x00", "\u2028", "<b>", "<i>"]
        ),
        max_size=25,
    ).map("".join)
)  # fmt: skip
def test_any_soup_comes_out_safe(html):
    judge(html)
    judged = Judge()
    judged.feed(text_to_html(html))
    assert judged.wrong == []
    html_to_text(html)


@pytest.mark.parametrize("unit", ["<div>", "<b><i>", "<table><tr><td>", "<", "&", "&lt;", "<p style='color:red'>x", "<a href='", "<!--", "<svg>", "</p>", "<p>x<b>y<p>", "<img src=x>"])
def test_hostile_size_and_depth_are_cut(unit):
    with within(8):
        clean(unit * (400_000 // len(unit)))
        html_to_text(unit * (400_000 // len(unit)))


def test_what_is_cut_is_said():
    assert clean("<div>" * 5000 + "x").has_cut and clean("x" * 2_000_000).has_cut and not clean("<div>x</div>").has_cut


def test_the_corpus_comes_out_safe():
    for path in sorted(corpus("messages").rglob("*")):
        if path.is_file() and "LICENSE" not in str(path):
            data = path.read_bytes()
            for part in parse(data).walk():
                if part.type == "text" and part.subtype == "html":
                    with within(4):
                        judge(decode_text(data, part))


def test_text_becomes_html_with_links_and_quote_levels():
    assert text_to_html("a <b>\n> q1\n>> q2\nsee http://x.test/a?b=1&c=(d).") == (
        "a &lt;b&gt;<br>\n<blockquote>q1<br>\n<blockquote>q2<br>\n</blockquote></blockquote>"
        'see <a href="http://x.test/a?b=1&amp;c=(d)" rel="noopener noreferrer" target="_blank">http://x.test/a?b=1&amp;c=(d)</a>.<br>\n'
    )


@pytest.mark.parametrize(
    "text",
    ['http://x"onmouseover=alert(1)', "<img onerror=x src=http://x.test>", "[1] http://x.test/'><script>", "javascript:alert(1)", "www.x.test\" style=\"x", "a@b.test<script>", "mailto:x@y.test\"x=", "\u202ehttp://x.test"],
)
def test_hostile_text_stays_text(text):
    out = text_to_html(text)
    judged = Judge()
    judged.feed(out)
    assert judged.wrong == [] and "\u202e" not in out


def test_long_lines_of_text_are_linkified_quickly():
    for unit in ("a", "http://", "a@", "www.", "a.", ")", ">", "> ", "http://x.y)))"):
        with within(3):
            text_to_html(unit * (300_000 // len(unit)))


def test_html_becomes_readable_text():
    html = "<style>x</style><h1>Title</h1><p>One <b>two</b>\n three<br>four</p><ul><li>a<li>b</ul><blockquote>q<blockquote>r</blockquote></blockquote><p><a href='https://x.test/y'>link</a> &amp; <img alt='pic' src=x></p>"
    assert html_to_text(html) == "Title\n\nOne two three\nfour\n\n- a\n- b\n\n> q\n>\n>> r\n\nlink <https://x.test/y> & pic\n"
