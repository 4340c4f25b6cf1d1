import email

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailcore.mail.mime import parse
from mailcore.mail.structure import load_parts, summarise
from tests.within import within

from .corpora import corpus
from .sexp import read

SIMPLE = (
    b'Date: Mon, 23 Nov 2026 23:47:45 +0100\r\nFrom: "Doe \\"J\\", Jane" <jane@example.com>\r\nTo: Bob <bob@x.test>, carol@x.test,\r\n dave@x.test, e@x.test\r\n'
    b"Cc: Team: a@x.test;, undisclosed-recipients:;\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?= \\ you\r\nMessage-ID: <m1@example.com>\r\n"
    b"In-Reply-To: <p@x.test>\r\nReferences: <a@x.test> <p@x.test>\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
    b"Hello Bob,\r\n\r\nOn Monday Bob wrote:\r\n> old\r\n> text\r\nnew words.\r\n-- \r\nJane\r\n"
)


def test_the_envelope_is_what_imap_wants():
    jane = [[b'Doe "J", Jane', None, b"jane", b"example.com"]]
    assert read(summarise(SIMPLE).envelope) == [
        b"Mon, 23 Nov 2026 23:47:45 +0100",
        b"=?utf-8?q?Gr=C3=BC=C3=9Fe?= \\ you",
        jane,
        jane,
        jane,
        [[b"Bob", None, b"bob", b"x.test"], [None, None, b"carol", b"x.test"], [None, None, b"dave", b"x.test"], [None, None, b"e", b"x.test"]],
        [[None, None, b"Team", None], [None, None, b"a", b"x.test"], [None] * 4, [None, None, b"undisclosed-recipients", None], [None] * 4],
        None,
        b"<p@x.test>",
        b"<m1@example.com>",
    ]


def test_the_summary_holds_what_lists_and_threads_need():
    made = summarise(SIMPLE)
    assert (made.subject, made.base_subject) == ("Grüße \\ you", "grüße \\ you")
    assert (made.from_name, made.from_addr, made.sender_keys) == ('Doe "J", Jane', "jane@example.com", ("jane@example.com",))
    assert made.to_display == "Bob, carol@x.test, dave@x.test +1"
    assert made.preview == "Hello Bob, new words."
    assert (made.msgid, made.in_reply_to, made.references) == ("m1@example.com", "p@x.test", ("a@x.test", "p@x.test"))
    assert made.sent_at_micros == 1795474065000000
    assert (made.size, made.header_bytes) == (len(SIMPLE), SIMPLE.index(b"Hello"))
    assert not made.has_attachments and not made.is_auto and made.list_id == ""


def test_body_forms_are_what_imap_wants():
    made = summarise(SIMPLE)
    assert read(made.body) == [b"text", b"plain", [b"charset", b"utf-8"], None, None, b"7bit", len(SIMPLE) - made.header_bytes, 8]
    assert read(made.bodystructure)[8:] == [None, None, None, None]


MIXED = (
    b"From: a@x.test\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\nContent-Language: de, en\r\n\r\n"
    b"<head><title>no</title><style>p{}</style></head><p>Hello&nbsp;<b>wor</b>ld<!-- no --><script>no</script><blockquote>no</blockquote> &amp; you</p>\r\n"
    b"--b\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename*0*=utf-8''%C3%A4; filename*1=\"b.pdf\"\r\n"
    b"Content-Transfer-Encoding: base64\r\nContent-ID: <i>\r\nContent-Description: d\xc3\xa4\r\nContent-MD5: x\r\nContent-Location: l\r\n\r\nAAAA\r\n"
    b"--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: in\r\n\r\ntext\r\n--b--\r\n"
)


def test_a_bodystructure_shows_parts_dispositions_and_enclosed_messages():
    html, pdf, message, subtype, params, *rest = read(summarise(MIXED).bodystructure)
    assert html[:2] == [b"text", b"html"] and html[-2] == [b"de", b"en"]
    assert pdf[3:6] == [b"<i>", b"d\xc3\xa4", b"base64"]
    assert pdf[7:] == [b"x", [b"attachment", [b"filename*", b"utf-8''%C3%A4b.pdf"]], None, b"l"]
    assert message[:2] == [b"message", b"rfc822"] and message[7][1] == b"in"
    assert message[8][:2] == [b"text", b"plain"] and message[9] == 3
    assert (subtype, params, rest) == (b"mixed", [b"boundary", b"b"], [None, None, None])


def test_attachments_are_named_and_html_previews_are_text():
    made = summarise(MIXED)
    assert made.has_attachments and made.attachment_names == "äb.pdf"
    assert made.preview == "Hello world & you"


@pytest.mark.parametrize(
    ("head", "attached"),
    [
        (b"Content-Type: image/png\r\nContent-ID: <x>", True),
        (b"Content-Type: image/png", True),
        (b"Content-Type: application/pgp-signature; name=s.asc", False),
        (b"Content-Type: text/plain", False),
        (b"Content-Type: text/plain; name=notes.txt", True),
        (b"Content-Type: text/plain\r\nContent-Disposition: inline; filename=notes.txt", True),
        (b"Content-Type: text/calendar", False),
        (b"Content-Type: text/csv", True),
    ],
)
def test_only_what_people_call_an_attachment_counts(head, attached):
    data = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nhello\r\n--b\r\n" + head + b"\r\n\r\nx\r\n--b--\r\n"
    assert summarise(data).has_attachments is attached


def test_a_picture_with_a_content_id_beside_html_is_likely_part_of_it():
    data = (
        b'Content-Type: multipart/related; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n<img src="cid:x">\r\n'
        b"--b\r\nContent-Type: image/png\r\nContent-ID: <x>\r\n\r\nx\r\n--b--\r\n"
    )
    assert not summarise(data).has_attachments


@pytest.mark.parametrize(
    ("field", "is_auto"),
    [
        (b"Auto-Submitted: auto-replied (vacation)", True),
        (b"Auto-Submitted: no", False),
        (b"Precedence: Bulk", True),
        (b"List-Id: The list <L.x.test>", True),
        (b"X-Auto-Response-Suppress: All", True),
        (b"Content-Type: multipart/report; boundary=b\r\n\r\n--b", True),
        (b"X-Other: y", False),
    ],
)
def test_mail_written_by_programs_is_known(field, is_auto):
    assert summarise(field + b"\r\n\r\n\r\nx").is_auto is is_auto


def test_a_list_is_known_by_its_id_alone():
    assert summarise(b"List-Id: The <best> list <L.x.test>\r\n\r\n").list_id == "l.x.test"


def test_eight_bit_and_line_breaks_go_as_literals_and_nul_is_dropped():
    made = summarise("Subject: Ünï\x00\r\nFrom: Ä <ä@bücher.example>\r\n\r\n".encode())
    assert b"{5}\r\n\xc3\x9cn\xc3\xaf" in made.envelope
    assert read(made.envelope)[2] == [["Ä".encode(), None, "ä".encode(), "bücher.example".encode()]]
    assert (made.from_name, made.from_addr, made.sender_keys) == ("Ä", "ä@bücher.example", ("ä@xn--bcher-kva.example",))


def test_a_preview_cut_in_a_character_stays_clean():
    for body in ("ä" * 9000, "日本語 " * 9000, "😀" * 4000):
        for pad in range(4):
            preview = summarise(b"Content-Type: text/plain; charset=utf-8\r\n\r\n" + b"x" * pad + body.encode()).preview
            assert "\ufffd" not in preview and "Ã" not in preview


@pytest.mark.parametrize("unit", ["<", "<!--", "<style>", "<a '", '<a "', "&", "<p ", "</p", "<![CDATA[", "x", "> ", "on wrote:\n", "\u200b", "<head>"])
def test_hostile_bodies_have_a_quick_preview(unit):
    for kind in (b"html", b"plain"):
        with within(0.5):
            summarise(b"Content-Type: text/" + kind + b"; charset=utf-8\r\n\r\n" + unit.encode() * 30_000)


def test_a_header_of_addresses_stays_bounded():
    data = b"To: " + b"a@b," * 200_000 + b"\r\n\r\n"
    with within(2):
        made = summarise(data)
    assert len(made.envelope) < 400_000
    read(made.envelope)


def test_groups_cut_at_the_limit_are_closed():
    made = summarise(b"To: T:" + b"a@b," * 20_000 + b";\r\n\r\n")
    assert read(made.envelope)[5][-1] == [None] * 4


def judge(data):
    with within(2):
        made = summarise(data)
    assert len(read(made.envelope)) == 10
    structure, body = read(made.bodystructure), read(made.body)
    root = load_parts(made.parts)
    for part in root.walk():
        assert 0 <= part.header_start <= part.body_start <= part.body_end <= len(data)
    compare(structure, body, root)
    made.preview.encode(), made.subject.encode(), made.attachment_names.encode(), made.from_name.encode()


def compare(structure, body, part):
    """BODYSTRUCTURE, BODY and the tree say the same."""
    if part.children:
        count = len(part.children)
        assert structure[count] == body[count] == part.subtype.encode()
        assert len(structure) == count + 5 and len(body) == count + 1
        for full, short, child in zip(structure, body, part.children, strict=False):
            compare(full, short, child)
        return
    assert (structure[0], structure[1], structure[6]) == (part.type.encode(), part.subtype.encode(), part.size)
    own = 7
    if part.message:
        compare(structure[8], body[8], part.message)
        own = 10
    elif part.type == "text":
        own = 8
    assert len(body) == own and structure[own - 1] == body[own - 1] and len(structure) == own + 4


@settings(max_examples=200)
@given(st.binary(max_size=500))
def test_any_bytes_have_a_summary(data):
    judge(data)
    judge(b"Subject: " + data)
    judge(b"From: " + data)
    judge(b"Content-Type: " + data)


def corpus_messages():
    folder = corpus("messages")
    return [path for path in sorted(folder.rglob("*")) if path.is_file() and "LICENSE" not in str(path)]


def test_the_corpus_is_summarised_raw_and_normalised():
    paths = corpus_messages()
    assert len(paths) > 500
    for path in paths:
        raw = path.read_bytes()
        judge(raw)
        judge(raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))


def stdlib_shape(message):
    kind, payload = message.get_content_type(), message.get_payload()
    if not isinstance(payload, list):
        return "text/plain" if kind.startswith("multipart/") else kind
    if kind.startswith("message/") and kind not in ("message/rfc822", "message/global"):
        return kind
    return (kind, [stdlib_shape(part) for part in payload])


def own_shape(part):
    if part.children:
        return (part.mime_type, [own_shape(child) for child in part.children])
    return (part.mime_type, [own_shape(part.message)]) if part.message else part.mime_type


# Messages where Python's parser ends the header at a line that is no field, and messages enclosed in base64, which are one leaf here.
OTHERWISE = ("multi-badnames", "multi-clen", "multi-digest", "multi-simple", "2gifs-base64", "parts-base64", "base64encoded-rfc822message", "very-very-long")


def test_the_corpus_has_the_trees_that_python_sees():
    for path in corpus_messages():
        data = path.read_bytes()
        if not any(name in path.name for name in OTHERWISE):
            assert own_shape(parse(data)) == stdlib_shape(email.message_from_bytes(data)), path.name


def told_shape(structure):
    """The tree of types in a BODYSTRUCTURE as a client reads it."""
    if isinstance(structure[0], list):
        children = []
        for part in structure:
            if not isinstance(part, list):
                return (f"multipart/{part.decode().lower()}", [told_shape(child) for child in children])
            children.append(part)
    kind = f"{structure[0].decode()}/{structure[1].decode()}".lower()
    return (kind, [told_shape(structure[8])]) if kind in ("message/rfc822", "message/global") and isinstance(structure[8], list) else kind


def test_the_bodystructure_of_the_corpus_tells_the_trees_that_python_sees():
    for path in corpus_messages():
        data = path.read_bytes()
        if not any(name in path.name for name in OTHERWISE):
            assert told_shape(read(summarise(data).bodystructure)) == stdlib_shape(email.message_from_bytes(data)), path.name


@pytest.mark.parametrize("word", [b"=?utf-8?Q?x=00y?=", b"=?utf-7?Q?x+2AA-y+AAA-?=", b"=?utf-16?B?AAB4AA==?=", b'"x\\\x00y"', b"x\x00y"])
def test_every_word_of_a_message_can_be_stored(word):
    """No NUL, which PostgreSQL refuses, and no half of a surrogate, which UTF-8 has no form for."""
    data = (
        b"From: " + word + b" <a@x.test>\r\nTo: " + word + b" <" + word + b"@x.test>\r\nSubject: " + word + b"\r\nMessage-ID: <" + word + b"@x>\r\nReferences: <" + word + b"@y>\r\n"
        b"List-Id: " + word + b" <l.x>\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-7\r\n\r\nhe+2AA-l\x00lo +AAA-\r\n--b\r\n"
        b"Content-Type: application/x; name=" + word + b"\r\nContent-Disposition: attachment; filename*=utf-7''a%00+2AA-b\r\n\r\nx\r\n--b--\r\n"
    )
    made = summarise(data)
    for name in ("subject", "base_subject", "from_name", "from_addr", "to_display", "preview", "msgid", "in_reply_to", "list_id", "attachment_names", "references", "sender_keys"):
        for value in (getattr(made, name),) if isinstance(getattr(made, name), str) else getattr(made, name):
            assert "\0" not in value and value.encode() is not None, (name, value)
