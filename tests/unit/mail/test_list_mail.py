"""What a list writes into the mail it sends on, and the words it signs: hostile headers too."""

import random

import pytest

from mailcore.base.errors import MailError, Reason
from mailcore.mail import list_letter, list_token
from mailcore.mail.address import Address
from mailcore.mail.headers import scan_headers
from mailcore.mail.list_letter import Heading

KEY = b"k" * 32
HEADING = Heading(name="Chœur, the", address=Address.parse("choir@x.test"), list_id="choir.x.test", mark="mark", replies_to_list=True)


def test_a_bounce_address_names_its_member_for_seven_days_and_only_as_it_was_made() -> None:
    local, _, domain = list_token.bounce_address(42, "x.test", key=KEY, day=1020).rpartition("@")
    assert [list_token.member_of(text, domain, key=KEY, day=day) for text, day in ((local, 1020), (local.upper(), 1027))] == [42, 42]
    for text, where, day, reason in (
        (local, domain, 1028, Reason.EXPIRED), (local, domain, 1019, Reason.EXPIRED), (local[:-1] + "3", domain, 1020, Reason.UNKNOWN_USER),
        (local, "y.test", 1020, Reason.UNKNOWN_USER), ("list-bounces", domain, 1020, Reason.UNKNOWN_USER), (local + "\n", domain, 1020, Reason.UNKNOWN_USER),
        (local.replace("42", "४२"), domain, 1020, Reason.UNKNOWN_USER),
    ):  # fmt: skip
        with pytest.raises(MailError) as caught:
            list_token.member_of(text, where, key=KEY, day=day)
        assert caught.value.reason is reason


def test_a_leaving_link_is_good_for_one_member_under_one_address() -> None:
    word = list_token.leave_word(7, "bob@far.test", key=KEY)
    assert list_token.leaving_member(word) == 7 and list_token.is_leave_word(word, "bob@far.test", key=KEY)
    assert not list_token.is_leave_word(word, "eve@far.test", key=KEY)
    assert not list_token.is_leave_word(word.replace("7-", "8-"), "bob@far.test", key=KEY)
    assert [list_token.leaving_member(text) for text in ("", "7", "७-" + "a" * 24, word + "x")] == [0, 0, 0, 0]


def test_marks_of_other_lists_and_receipts_go_and_everything_else_stays_byte_for_byte() -> None:
    data = (
        b"Received: by a\r\nList-Id: <other.test>\r\nlist-unsubscribe:\r\n <https://a.test>\r\nDisposition-Notification-To: a@a.test\r\nFrom: Ann\r\n <ann@a.test>\r\n"
        b"Subject: =?utf-8?q?=C3=A4?=\r\nPrecedence: bulk\r\n\r\nList-Id: in the body\r\n"
    )
    made = list_letter.letter(data, Heading(name="", address=Address.parse("l@x.test"), list_id="l.x.test", mark="m"), rewrites=False)
    assert made == (
        b"List-Id: <l.x.test>\r\nList-Post: <mailto:l@x.test>\r\nPrecedence: list\r\nX-Roost-List: m\r\n"
        b"Received: by a\r\nFrom: Ann\r\n <ann@a.test>\r\nSubject: =?utf-8?q?=C3=A4?=\r\n\r\nList-Id: in the body\r\n"
    )


def test_no_header_of_a_stranger_stops_a_list_or_adds_a_line_to_its_own() -> None:
    chance = random.Random(7)
    pieces = [b"Ann", b"<", b">", b"@", b"a.test", b'"', b"\\", b",", b":", b";", b"(", b")", b"\xff", b"\xed\xa0\x80", b"\x00", b"\x0b", b"\r\n ", b"\t", b"=?utf-8?b?DQpCY2M6IGE=?=", b"=?utf-8?q?=0D=0AX:_y?=", "ä".encode(), b"x" * 300, b"ann@a.test"]
    for _ in range(3000):
        value = b"".join(chance.choice(pieces) for _ in range(chance.randrange(12)))
        again = b"From: " + value + b"\r\n" if chance.random() < 0.2 else b""
        made = list_letter.letter(b"From: " + value + b"\r\n" + again + b"Subject: s\r\n\r\nbody", HEADING, rewrites=True)
        names = [name for name, _ in scan_headers(made).items()]
        assert names.count(b"from") == 1 and b"bcc" not in names and b"x" not in names
        assert scan_headers(made).get(b"from", ).endswith(b"<choir@x.test>")
        assert made.endswith(b"\r\n\r\nbody")
