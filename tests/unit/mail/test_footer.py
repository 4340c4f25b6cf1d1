"""A domain's signature: where it goes, in which charset, and what gets none."""

import email
from email import policy

import pytest

from mailcore.mail.footer import Footer, add

HEAD = b"From: ann@x.test\r\nTo: b@y.test\r\nSubject: S\r\nMIME-Version: 1.0\r\n"
MARK = Footer(text="X Ltd\nLong Lane 1", html="<b>X Ltd</b>", mode="append")


def body(data: bytes, kind: str = "plain") -> str:
    found = email.message_from_bytes(data, policy=policy.default).get_body((kind,))
    assert found is not None
    return str(found.get_content()).replace("\r\n", "\n")


def plain(text: str, charset: str = "utf-8", encoding: str = "8bit") -> bytes:
    return HEAD + f"Content-Type: text/plain; charset={charset}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n".encode() + text.replace("\n", "\r\n").encode(charset)


def test_it_stands_at_the_end_of_a_plain_text() -> None:
    made, why = add(plain("Hello\n"), MARK)
    assert why == "" and body(made) == "Hello\n\nX Ltd\nLong Lane 1\n"


def test_it_stands_above_the_quote_and_its_introduction() -> None:
    made, _ = add(plain("Yes.\n\nOn Monday Bob wrote:\n> Shall we?\n> Bob\n"), MARK)
    assert body(made) == "Yes.\n\nX Ltd\nLong Lane 1\n\nOn Monday Bob wrote:\n> Shall we?\n> Bob\n"


def test_answers_between_quotes_get_it_at_the_end() -> None:
    made, _ = add(plain("> One?\nYes.\n> Two?\nNo.\n"), MARK)
    assert body(made).endswith("No.\n\nX Ltd\nLong Lane 1\n")


@pytest.mark.parametrize(("mode", "has_own", "has_ours"), [("append", True, True), ("replace", False, True), ("missing", True, False)])
def test_the_persons_own_signature_is_kept_replaced_or_enough(mode: str, has_own: bool, has_ours: bool) -> None:
    made, why = add(plain("Hello\n\n-- \nAnn\n"), Footer(text="X Ltd", html="", mode=mode))
    assert ("Ann" in body(made)) is has_own and ("X Ltd" in body(made)) is has_ours and bool(why) is not has_ours


def test_a_conversation_has_it_once() -> None:
    data = plain("Again.\n\nOn Monday Ann wrote:\n> Yes.\n>\n> X Ltd\n> Long Lane 1\n")
    assert add(data, MARK) == (data, "the conversation has it already")


def test_the_charset_stays_where_it_can_and_becomes_utf8_where_it_must() -> None:
    kept, _ = add(plain("Grüße\n", "iso-8859-1"), MARK)
    assert b"charset=iso-8859-1" in kept and body(kept).startswith("Grüße\n")
    made, _ = add(plain("Grüße\n", "iso-8859-1"), Footer(text="Žofie", html="", mode="append"))
    assert b"charset=utf-8" in made and body(made) == "Grüße\n\nŽofie\n"
    bare, _ = add(b"From: ann@x.test\r\nSubject: S\r\n\r\nHello\r\n", Footer(text="Žofie", html="", mode="append"))
    assert body(bare) == "Hello\n\nŽofie\n"


def test_text_and_html_both_get_it_and_attachments_do_not() -> None:
    message = email.message.EmailMessage(policy=policy.SMTP)
    message["From"] = "ann@x.test"
    message.set_content("Hello\n")
    message.add_alternative("<html><body><p>Hello</p><blockquote type=\"cite\">old</blockquote></body></html>", subtype="html")
    message.add_attachment("a text file\n", filename="a.txt")
    made, why = add(message.as_bytes(), MARK)
    html = body(made, "html")
    assert why == "" and html.index("<b>X Ltd</b>") < html.index("<blockquote") and "X Ltd" in body(made)
    (file,) = list(email.message_from_bytes(made, policy=policy.default).iter_attachments())
    assert file.get_content().replace("\r\n", "\n") == "a text file\n"


@pytest.mark.parametrize(
    "data",
    [
        HEAD + b"Content-Type: multipart/signed; boundary=b; protocol=\"application/pgp-signature\"\r\n\r\n--b\r\n\r\nHello\r\n--b--\r\n",
        HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nHello\r\n--b\r\nContent-Type: text/calendar\r\n\r\nBEGIN:VCALENDAR\r\n--b--\r\n",
        HEAD + b"Auto-Submitted: auto-replied\r\n\r\nAway\r\n",
        HEAD + b"Resent-From: ann@x.test\r\n\r\nText\r\n",
        HEAD + b"DKIM-Signature: v=1; a=rsa-sha256\r\n\r\nText\r\n",
        HEAD + b"Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\nAAAA\r\n",
    ],
)  # fmt: skip
def test_what_must_not_change_keeps_every_byte_and_the_reason_is_told(data: bytes) -> None:
    made, why = add(data, MARK)
    assert made is data and why


@pytest.mark.parametrize("data", [b"", b"\r\n", HEAD, HEAD + b"Content-Type: multipart/mixed; boundary=\r\n\r\n--\r\n", HEAD + b"Content-Type: text/html\r\n\r\n" + b"<blockquote>" * 5000, plain("> " * 2000 + "\n" + ">" * 5000 + "\n")])
def test_odd_messages_end_soon_and_whole(data: bytes) -> None:
    made, why = add(data, MARK)
    assert made is data or not why
