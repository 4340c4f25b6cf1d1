import email
import email.policy
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailcore.base.errors import MailError
from mailcore.mail.address import Address, NamedAddress
from mailcore.mail.body import decode_body, decode_text
from mailcore.mail.compose import (
    Attachment,
    OutgoingMessage,
    build,
    forward_subject,
    quote_html,
    quote_text,
    reply_all,
    reply_subject,
    reply_to,
    strip_bcc,
)
from mailcore.mail.headers import scan_headers
from mailcore.mail.mime import parse
from mailcore.mail.plain import flow, unflow

NOW = datetime(2026, 11, 23, 22, 47, 45, tzinfo=UTC)


def box(text, name=""):
    return NamedAddress(name, Address.parse(text))


def message(**changes):
    fields = {"from_": (box("jane@x.test", "Jane Doe"),), "to": (box("bob@y.test"),), "date": NOW, "msgid": "m1@x.test", "subject": "Hi", "text": "Hello\n"}
    return OutgoingMessage(**{**fields, **changes})


def shape(part):
    return (part.mime_type, [shape(child) for child in part.children]) if part.children else part.mime_type


def check_wire(data):
    assert data.isascii() and max(map(len, data.split(b"\r\n"))) <= 78
    assert data.count(b"\n") == data.count(b"\r\n") == data.count(b"\r")


def test_plain_text_is_one_flowed_part():
    data = build(message(text="word " * 60 + "\n> quoted\n-- \nJane\n"))
    check_wire(data)
    root = parse(data)
    assert shape(root) == "text/plain" and root.params["format"] == "flowed"
    assert unflow(decode_text(data, root)) == "word " * 59 + "word\n> quoted\n-- \nJane\n"
    headers = scan_headers(data)
    assert headers.get(b"from") == b"Jane Doe <jane@x.test>" and headers.get(b"message-id") == b"<m1@x.test>"
    assert headers.get(b"date") == b"Mon, 23 Nov 2026 22:47:45 +0000"


def test_parts_are_nested_as_clients_expect():
    picture = Attachment(name="p.png", type="image/png", content=b"\x89PNG" * 50, content_id="p1@x")
    file = Attachment(name="Übersicht 2026 – sehr langer Dateiname mit vielen Zeichen.pdf", type="application/pdf", content=b"%PDF" * 300)
    data = build(message(html="<p>Hällo <img src='cid:p1@x'></p>", text="Hällo", inline=(picture,), attachments=(file,)))
    check_wire(data)
    root = parse(data)
    assert shape(root) == (
        "multipart/mixed",
        [("multipart/alternative", ["text/plain", ("multipart/related", ["text/html", "image/png"])]), "application/pdf"],
    )
    assert root.children[1].filename == file.name and decode_body(data, root.children[1]) == file.content
    image = root.children[0].children[1].children[1]
    assert (image.content_id, image.disposition) == ("p1@x", "inline")
    assert decode_text(data, root.children[0].children[0]) == "Hällo"
    seen = email.message_from_bytes(data, policy=email.policy.default)
    assert [part.get_filename() for part in seen.iter_attachments()] == [file.name]


@pytest.mark.parametrize(
    ("changes", "tree"),
    [
        ({"html": "<p>x"}, ("multipart/alternative", ["text/plain", "text/html"])),
        ({"attachments": (Attachment(name="a", type="text/html", content=b"<p>"),)}, ("multipart/mixed", ["text/plain", "text/html"])),
        ({"text": "Ä" * 3000}, "text/plain"),
        ({"text": "x" * 3000}, "text/plain"),
        ({"attachments": (Attachment(name="m.eml", type="message/rfc822", content=b"Subject: x\n\nMime-Text\n"),)}, ("multipart/mixed", ["text/plain", "message/rfc822"])),
        ({"attachments": (Attachment(name="m.eml", type="message/rfc822", content="Subject: ä\n\n".encode()),)}, ("multipart/mixed", ["text/plain", "application/octet-stream"])),
        ({"attachments": (Attachment(name="", type="multipart/mixed", content=b"x"),)}, ("multipart/mixed", ["text/plain", "application/octet-stream"])),
    ],
)
def test_only_what_is_there_is_nested(changes, tree):
    data = build(message(**changes))
    check_wire(data)
    assert shape(parse(data)) == tree


@pytest.mark.parametrize("bad", ["a\r\nBcc: evil@x.test", "a\nb", "a\rb", "a\0b"])
@pytest.mark.parametrize(
    "place",
    [
        lambda bad: {"subject": bad},
        lambda bad: {"to": (NamedAddress(bad, Address.parse("a@b.test")),)},
        lambda bad: {"msgid": bad},
        lambda bad: {"in_reply_to": bad},
        lambda bad: {"references": (bad,)},
        lambda bad: {"language": bad},
        lambda bad: {"extra": (("X-A", bad),)},
        lambda bad: {"extra": ((bad, "x"),)},
        lambda bad: {"attachments": (Attachment(name=bad, type="text/plain", content=b""),)},
        lambda bad: {"attachments": (Attachment(name="a", type=bad, content=b""),)},
        lambda bad: {"html": "x", "inline": (Attachment(name="a", type="image/png", content=b"", content_id=bad),)},
    ],
)
def test_no_field_can_hold_a_line_break(place, bad):
    with pytest.raises(MailError):
        build(message(**place(bad)))


@pytest.mark.parametrize("name", ["Bcc", "content-type", "From", "DKIM-Signature", "MIME-Version"])
def test_extra_headers_cannot_replace_ours(name):
    with pytest.raises(MailError):
        build(message(extra=((name, "x"),)))


def test_bcc_stays_at_home():
    hidden = message(bcc=(box("secret@z.test"),))
    assert b"secret" not in build(hidden)
    kept = build(hidden, keep_bcc=True)
    assert b"Bcc: secret@z.test\r\n" in kept
    assert strip_bcc(kept) == build(hidden)
    assert strip_bcc(b"Subject: x\r\nBCC: a,\r\n b\r\nTo: c\r\n\r\nBcc: body\r\n") == b"Subject: x\r\nTo: c\r\n\r\nBcc: body\r\n"


def test_an_idn_domain_goes_out_as_ascii_and_an_international_name_as_it_is():
    assert b"info@xn--bcher-kva.example" in build(message(to=(box("info@bücher.example"),)))
    assert "jörg@bücher.example".encode() in build(message(to=(box("jörg@bücher.example"),)))


def test_many_recipients_are_folded():
    data = build(message(to=tuple(box(f"user{i}@x.test", f"User Nr {i}, Ü") for i in range(500))))
    check_wire(data)


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\r\0"), max_size=400))
def test_any_text_comes_back(text):
    data = build(message(text=text))
    check_wire(data)
    root = parse(data)
    body = decode_text(data, root)
    assert body.replace(" ", "") in (text.replace(" ", ""), body if root.params.get("format") == "flowed" and "\t" in text + ">" else "") or unflow(body).replace(" ", "") == text.replace(" ", "")


@given(st.text(alphabet="ab >-F\nrom", max_size=300))
def test_flowed_text_keeps_its_words_and_short_lines(text):
    flowed = flow(text)
    assert flowed is None or max(map(len, flowed.split("\n"))) <= 76
    if flowed is not None:
        assert unflow(flowed).replace(" ", "") == text.replace(" ", "")


ORIGINAL = scan_headers(
    b"From: Jane <jane@x.test>\r\nTo: me@home.test, Carol <carol@y.test>\r\nCc: dave@y.test, JANE@x.test\r\nBcc: hidden@y.test\r\nSubject: Plans\r\n"
    b"Message-ID: <c@x>\r\nReferences: <a@x> <b@x>\r\n\r\n"
)


def addresses(boxes):
    return [str(item.address) for item in boxes]


def test_a_reply_goes_to_the_author_and_extends_the_references():
    reply = reply_to(ORIGINAL, {"me@home.test"})
    assert (addresses(reply.to), reply.cc) == (["jane@x.test"], ())
    assert (reply.subject, reply.in_reply_to, reply.references) == ("Re: Plans", "c@x", ("a@x", "b@x", "c@x"))


def test_a_reply_to_all_leaves_out_oneself_doubles_and_the_hidden():
    reply = reply_all(ORIGINAL, {"me@home.test"})
    assert (addresses(reply.to), addresses(reply.cc)) == (["jane@x.test"], ["carol@y.test", "dave@y.test"])


def test_reply_to_is_honoured_and_ones_own_mail_is_answered_to_its_recipients():
    assert addresses(reply_to(scan_headers(b"From: a@x.test\r\nReply-To: b@x.test, c@x.test\r\n\r\n")).to) == ["b@x.test", "c@x.test"]
    assert addresses(reply_to(scan_headers(b"From: me@x.test\r\nTo: b@x.test\r\n\r\n"), {"me@x.test"}).to) == ["b@x.test"]
    assert addresses(reply_all(scan_headers(b"From: me@x.test\r\nTo: me@x.test\r\n\r\n"), {"me@x.test"}).to) == ["me@x.test"]


def test_long_threads_keep_their_first_and_nearest_references():
    refs = b" ".join(b"<%d@x>" % i for i in range(100))
    reply = reply_to(scan_headers(b"From: a@x.test\r\nMessage-ID: <me@x>\r\nReferences: " + refs + b"\r\n\r\n"))
    assert len(reply.references) == 20 and reply.references[-1] == "me@x"


def test_marks_of_subjects_are_written_once():
    assert [reply_subject(s) for s in ("x", "Re: x", "AW: x", "RE[2]: x", "")] == ["Re: x", "Re: x", "AW: x", "RE[2]: x", "Re:"]
    assert [forward_subject(s) for s in ("x", "Fwd: x", "WG: x", "Re: x")] == ["Fwd: x", "Fwd: x", "WG: x", "Fwd: Re: x"]


def test_quotes_are_marked_line_by_line():
    assert quote_text("a\n\n> b\n", "Jane wrote:") == "Jane wrote:\n> a\n>\n>> b\n"
    assert quote_html("<p>a</p>", "J <x> wrote:") == '<p>J &lt;x&gt; wrote:</p><blockquote type="cite"><p>a</p></blockquote>'
