import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailcore.base.errors import MailError, Reason
from mailcore.mail.address import (
    Address,
    Domain,
    ForwardPath,
    Group,
    NamedAddress,
    ReversePath,
    format_address,
    mailboxes,
    parse_address_list,
)
from tests.within import within

from .corpora import corpus

ACCEPTED = {"ISEMAIL_VALID_CATEGORY", "ISEMAIL_DNSWARN", "ISEMAIL_RFC5321"}
REFUSED = {"ISEMAIL_ERR", "ISEMAIL_CFWS", "ISEMAIL_RFC5322"}


def test_isemail_facts_are_judged_as_rfc_5321_mailboxes():
    wrong = []
    for case in ET.parse(corpus("addresses/isemail.xml")).getroot().iter("test"):
        text = "".join(chr(ord(c) - 0x2400) if 0x2400 <= ord(c) <= 0x2421 else c for c in case.findtext("address") or "")
        try:
            Address.parse(text)
            taken = True
        except MailError as error:
            assert error.reason is Reason.SYNTAX
            taken = False
        category = case.findtext("category")
        if (category in ACCEPTED and not taken) or (category in REFUSED and taken):
            wrong.append((text, category, case.findtext("diagnosis")))
    assert wrong == []


@pytest.mark.parametrize(
    "text", ["a@b", "a.b+c@example.com", '"a b"@x.test', '"a\\"b"@x.test', "jörg@bücher.example", "u@[192.0.2.1]", "u@[IPv6:2001:db8::1]"]
)
def test_an_address_prints_as_it_was_read(text):
    assert str(Address.parse(text)) == text


@pytest.mark.parametrize(
    "text", ["a@b\r\nRCPT TO:<c@d>", "a b@c", "a..b@c", ".a@b", "a@-b.test", "a@b..c", "a@[300.1.1.1]", "x" * 65 + "@b", "a@" + "b." * 130 + "c", "a@b_c.test"]
)
def test_what_is_no_mailbox_is_refused(text):
    with pytest.raises(MailError):
        Address.parse(text)


def test_two_spellings_of_one_address_have_one_key():
    assert Address.parse("Jo\u0308rg@BÜCHER.example").key == Address.parse("jörg@xn--bcher-kva.Example").key
    assert Address.parse('"Bob"@X.test').key == "bob@x.test"


def test_an_address_made_by_hand_cannot_hold_a_line_break():
    with pytest.raises(MailError):
        Address("a\r\nb", "x.test")


def test_a_domain_has_one_normal_form():
    assert Domain.parse("BÜCHER.Example").ascii == "xn--bcher-kva.example"
    assert Domain.parse("xn--bcher-kva.example").unicode == "bücher.example"
    for text in ("", ".", "a..b", "-a.test", "a" * 64 + ".test", "a b", "x\u0000y", "ä" * 5000):
        with pytest.raises(MailError):
            Domain.parse(text)


def test_an_idn_domain_alone_can_go_out_as_ascii():
    assert str(Address.parse("info@bücher.example").with_ascii_domain()) == "info@xn--bcher-kva.example"


def test_the_null_path_is_a_reverse_path_and_no_forward_path():
    assert ReversePath.parse("<>") == ReversePath(None)
    assert str(ReversePath(None)) == "<>"
    with pytest.raises(MailError):
        ForwardPath.parse("<>")


def test_bare_postmaster_is_a_forward_path_only():
    assert ForwardPath.parse("<PostMaster>").address == Address("PostMaster", "")
    with pytest.raises(MailError):
        ReversePath.parse("<postmaster>")


def test_a_source_route_is_dropped():
    assert str(ForwardPath.parse("<@one.test,@two.test:u@x.test>")) == "<u@x.test>"


@pytest.mark.parametrize("text", ["a@b", "<a@b", "a@b>", "<<a@b>>", "<a@b> ", "<@r:>", "< a@b>"])
def test_a_path_is_exactly_what_stands_in_angle_brackets(text):
    with pytest.raises(MailError):
        ForwardPath.parse(text)


@given(st.text(max_size=80))
def test_any_text_is_an_address_or_a_syntax_error(text):
    try:
        address = Address.parse(text)
    except MailError:
        return
    assert Address.parse(str(address)) == address


def one(value):
    (item,) = parse_address_list(value)
    assert isinstance(item, NamedAddress)
    return item.name, str(item.address) if item.address else None


@pytest.mark.parametrize(
    ("value", "name", "address"),
    [
        ("a@b.test", "", "a@b.test"),
        ('"Doe, Jane" <jane@b.test>', "Doe, Jane", "jane@b.test"),
        ("Jane Doe <jane@b.test>", "Jane Doe", "jane@b.test"),
        ("jane@b.test (Jane (the) Doe)", "Jane (the) Doe", "jane@b.test"),
        ("=?utf-8?q?J=C3=B6rg,_X?= <j@b.test>", "Jörg, X", "j@b.test"),
        ('"=?utf-8?b?SsO2cmc=?=" <j@b.test>', "Jörg", "j@b.test"),
        ("Jane Doe jane@b.test", "Jane Doe", "jane@b.test"),
        ("jane @ b . test", "", "jane@b.test"),
        ("<@r.test,@s.test:jane@b.test>", "", "jane@b.test"),
        ("a..b@docomo.test", "", '"a..b"@docomo.test'),
        ("Jane <jane@b.test", "Jane", "jane@b.test"),
        ("J. R. Doe <j@b.test>", "J. R. Doe", "j@b.test"),
        ('"ceo@x.test" <evil@y.test>', "ceo@x.test", "evil@y.test"),
        ("MAILER-DAEMON", "MAILER-DAEMON", None),
        ("Jane\r\n Doe <jane@b.test>", "Jane Doe", "jane@b.test"),
    ],
)
def test_address_headers_are_read_as_people_write_them(value, name, address):
    assert one(value) == (name, address)


def test_raw_eight_bit_names_are_read_as_utf8_or_windows_1252():
    assert one("Jörg <j@b.test>".encode())[0] == "Jörg"
    assert one("Jörg <j@b.test>".encode("cp1252"))[0] == "Jörg"


def test_groups_keep_their_members_together():
    assert parse_address_list("Team: a@x.test, B <b@x.test>;, c@x.test, undisclosed-recipients:;") == [
        Group("Team", (NamedAddress("", Address("a", "x.test"), "a@x.test"), NamedAddress("B", Address("b", "x.test"), "B <b@x.test>"))),
        NamedAddress("", Address("c", "x.test"), "c@x.test"),
        Group("undisclosed-recipients", ()),
    ]
    assert [str(box.address) for box in mailboxes("T: a@x.test, b@x.test;, c@x.test")] == ["a@x.test", "b@x.test", "c@x.test"]


def test_a_hundred_thousand_recipients_are_read_in_seconds():
    value = ", ".join(f'"User, {i}" <u{i}@x.test>' for i in range(100_000))
    with within(5):
        assert len(parse_address_list(value)) == 100_000


@pytest.mark.parametrize("unit", ["(", "<", '"', " ", ",;:", "a ", "@.", "\\", "(\\", "[", "a:", "=?a?q?", "\r\n ", "<a@b> "])
def test_hostile_repetition_costs_only_its_length(unit):
    with within(3):
        parse_address_list(unit * (300_000 // len(unit)))


@given(st.text(alphabet='ab@.<>()[]",;:\\ \r\n=?é\x00', max_size=120))
def test_the_header_parser_never_raises(value):
    for item in parse_address_list(value):
        str(item)
    parse_address_list(value.encode())


def test_names_are_written_so_that_they_come_back():
    address = Address.parse("j@x.test")
    for name in ("Jane", "Doe, Jane", 'a "b" \\c', "Jörg Müller", "=?x?q?y?=", "日本 " * 20, "a@b", "o'x (y)"):
        (item,) = parse_address_list(format_address(name, address))
        assert isinstance(item, NamedAddress)
        assert (item.name, item.address) == (name.strip(), address)


def test_a_name_cannot_end_the_header():
    with pytest.raises(MailError):
        format_address("x\r\nBcc: y", Address.parse("j@x.test"))
