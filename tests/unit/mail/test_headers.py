from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailcore.base.errors import MailError
from mailcore.mail.charset import decode_bytes
from mailcore.mail.encode import encode_text, param_field
from mailcore.mail.headers import decode_value, encode_word, fold, message_ids, parse_date, scan_headers
from mailcore.mail.params import decode_params, raw_params

BLOCK = b"From someone Mon Jan 1\r\nSubject: one\r\n two\r\nX-Empty:\r\njunk line\r\nTo : a@b\r\nsubject: three\r\n\r\nBody: no\r\n"


def test_fields_are_found_by_name_in_any_case_and_junk_is_passed_over():
    headers = scan_headers(BLOCK)
    assert headers.get(b"subject") == b"one two"
    assert headers.all(b"subject") == [b"one two", b"three"]
    assert headers.get(b"x-empty") == b""
    assert headers.get(b"to") == b"a@b"
    assert headers.get(b"body") is None
    assert BLOCK[headers.end :] == b"Body: no\r\n"


def test_offsets_give_back_the_very_bytes():
    for field in scan_headers(BLOCK):
        assert BLOCK[field.start :].startswith(field.name)
        assert BLOCK[field.start : field.end].endswith(b"\r\n")
    first = next(iter(scan_headers(BLOCK)))
    assert BLOCK[first.value_start : first.end] == b"one\r\n two\r\n"


@pytest.mark.parametrize("data", [b"", b"\r\nbody", b"\nbody", b"A: b", b"A: b\n\nbody", b"A: b\n\r\nbody", b":::\n"])
def test_odd_blocks_have_an_end(data):
    headers = scan_headers(data)
    assert 0 <= headers.end <= len(data)
    if b"body" in data:
        assert data[headers.end :] == b"body"


def parameters(value: bytes | str) -> tuple[str, dict[str, str]]:
    head, pairs = raw_params(value.encode() if isinstance(value, str) else value)
    return head.decode("latin-1"), decode_params(pairs)


@given(st.binary(max_size=300))
def test_any_bytes_are_a_header_block(data):
    headers = scan_headers(data)
    assert 0 <= headers.end <= len(data)
    for field in headers:
        assert 0 <= field.start <= field.value_start <= field.end <= headers.end
    for _, value in headers.items():
        decode_value(value)
        parameters(value)
        parse_date(value)
        message_ids(value)


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"plain", "plain"),
        (b"=?utf-8?Q?J=C3=B6rg_M?=", "Jörg M"),
        (b"=?utf-8?B?w7w=?= =?utf-8?Q?_x?=", "ü x"),
        (b"=?utf-8?q?=C3?= =?utf-8?q?=A4?=", "ä"),
        (b"a =?iso-8859-1?q?=E4?= b", "a ä b"),
        (b"=?utf-8?q?with space?=", "with space"),
        (b"=?utf-8?Q?What?_Yes?=", "What? Yes"),
        (b"=?nonsense?q?=E4?=", "ä"),
        (b"=?utf-8*de?q?x?=", "x"),
        (b"=?gb2312?b?1tC5+g==?=", "中国"),
        (b"=?iso-2022-jp?b?GyRCRnxLXBsoQg==?=", "日本"),
        ("Ünï".encode(), "Ünï"),
        ("Ünï".encode("cp1252"), "Ünï"),
        (b"a\r\n\tb\x00c", "a b c"),
        (b"=?broken", "=?broken"),
        (b"x=?utf-8?q?y?=z", "xyz"),
    ],
)
def test_header_text_is_decoded(raw, text):
    assert decode_value(raw) == text


@given(st.text(max_size=200))
def test_encoded_words_come_back_and_stay_short(text):
    text = "".join(c for c in text if c >= " " and c != "\x7f" and not "\ud800" <= c <= "\udfff").strip()
    word = encode_word(text)
    assert all(len(piece) <= 75 for piece in word.split(" "))
    assert decode_value(word.encode()) == text
    assert decode_value(fold("Subject", encode_text(text))[9:]) == text


def test_folded_lines_are_short_and_unfold_to_the_same():
    value = "some words here " * 30
    field = fold("References", value)
    assert max(map(len, field.split(b"\r\n"))) <= 76
    assert scan_headers(field + b"\r\n").get(b"references") == value.strip().encode()


@pytest.mark.parametrize("value", ["a\r\nBcc: x", "a\nb", "a\rb", "a\0b"])
def test_a_value_with_a_line_break_is_refused(value):
    with pytest.raises(MailError):
        fold("Subject", value)
    with pytest.raises(MailError):
        param_field("Content-Type", "text/plain", {"name": value})


def test_a_field_name_is_a_token():
    for name in ("", "a b", "a:b", "a\r\nb"):
        with pytest.raises(MailError):
            fold(name, "x")


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("Mon, 23 Nov 2026 23:47:45 +0100", datetime(2026, 11, 23, 22, 47, 45, tzinfo=UTC)),
        ("23 Nov 26 23:47 EST", datetime(2026, 11, 24, 4, 47, tzinfo=UTC)),
        ("Mon, 1 Jan 99 00:00:00 GMT (comment)", datetime(1999, 1, 1, tzinfo=UTC)),
        ("Mon (x), 1 (y) Jan 1999 00:00:00 +0000", datetime(1999, 1, 1, tzinfo=UTC)),
        ("Mon Nov 23 23:47:45 2026", datetime(2026, 11, 23, 23, 47, 45, tzinfo=UTC)),
        ("2026-11-23T23:47:45Z", datetime(2026, 11, 23, 23, 47, 45, tzinfo=UTC)),
        ("Sat, 31 Dec 2016 23:59:60 +0000", datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ("Mon, 23 Nov 2026 23:47:45 -9999", datetime(2026, 11, 23, 23, 47, 45, tzinfo=UTC)),
    ],
)
def test_dates_are_read_in_all_their_forms(text, utc):
    assert parse_date(text.encode()) == utc


def test_a_date_keeps_its_zone():
    moment = parse_date("Mon, 23 Nov 2026 23:47:45 -0330")
    assert moment is not None and moment.utcoffset() == -timedelta(hours=3, minutes=30)


@pytest.mark.parametrize("text", ["", "x", "32 Jan 2020 00:00", "Mon, 1 Foo 2020 00:00:00", "1 Jan 0000 00:00 +2300", "31 Dec 9999 23:00 -2300", "9" * 5000])
def test_what_is_no_date_is_none(text):
    assert parse_date(text) is None


def test_parameters_are_joined_and_decoded():
    head, params = parameters(
        b"attachment; filename*0*=utf-8'de'%C3%A4; filename*1=\"b%c\"; filename*2*=%20d;\r\n size=5; x=\"a\\\"b\"; y=z (note); =bad; ;"
    )
    assert head == "attachment"
    assert params == {"filename": "äb%c d", "size": "5", "x": 'a"b', "y": "z"}


def test_words_in_parameters_and_bare_spaces_are_understood():
    assert parameters('a/b; name="=?utf-8?q?=C3=A4.txt?="')[1] == {"name": "ä.txt"}
    assert parameters("a/b; name=my file (1).pdf; charset=x")[1] == {"name": "my file (1).pdf", "charset": "x"}
    assert parameters('a/b; name="C:\\dir\\file.doc"')[1] == {"name": "C:\\dir\\file.doc"}


@given(st.text(min_size=1, max_size=150))
def test_parameters_come_back(text):
    text = "".join(c for c in text if c >= " " and c != "\x7f" and not "\ud800" <= c <= "\udfff" and c not in "%'").strip() or "x"
    if "=?" in text or text[1:3] == ":\\":
        return
    field = param_field("Content-Disposition", "attachment", {"filename": text})
    assert field.isascii() and max(map(len, field.split(b"\r\n"))) <= 78
    assert parameters(scan_headers(field).get(b"content-disposition") or b"")[1] == {"filename": text}


def test_message_ids_lose_their_brackets_and_are_bounded():
    assert message_ids(b"<a@b> junk <c@d>\r\n <a@b>") == ("a@b", "c@d")
    assert message_ids(b"a@b") == ("a@b",)
    assert message_ids(b"") == message_ids(None) == message_ids(b"<>") == ()
    many = b" ".join(b"<%d@x>" % i for i in range(100_000))
    assert len(message_ids(many)) == 50
    assert message_ids(many)[-1] == "99999@x"


@pytest.mark.parametrize("label", ["idna", "punycode", "unicode_escape", "base64", "rot13", "zip", "nonsense", "", "utf-16\0", "x" * 500, "hex"])
def test_no_charset_label_raises_or_runs_a_codec_that_is_no_charset(label):
    assert decode_bytes(b"\\u0041 xn--a \xe4", label)
    assert decode_bytes(b"plain", label) in ("plain", decode_bytes(b"plain", label))


def test_labels_mean_what_mail_means_by_them():
    assert decode_bytes(b"\x93x\x94", "iso-8859-1") == "“x”"
    assert decode_bytes("ä".encode(), "us-ascii") == "ä"
    assert decode_bytes(b"+ADw-", "") == "+ADw-"
