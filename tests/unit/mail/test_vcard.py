"""Files of people: what phones and programs write is read, and what is written is read back as it was."""

import pytest

from mailcore.base.errors import MailError
from mailcore.mail.vcard import Card, read, to_csv, vcard

PNG = b"\x89PNG\r\n\x1a\n" + bytes(200)
FULL = Card(
    name="Zoë; Ünal, \\ the 1st", addresses=("zoe@x.test", "z@y.test"), phones=("+49 170 123", "12"), organization="A; B, C", note="one\ntwo; three, 日本語 " * 9,
    groups=("Crew, A", "Friends"), photo=PNG,
)  # fmt: skip


@pytest.mark.parametrize("version", ["3.0", "4.0"])
def test_a_card_comes_back_as_it_was_written(version: str) -> None:
    text = vcard(FULL, version)
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    (again,) = read(text.encode())
    assert again.name == FULL.name and again.addresses == FULL.addresses and again.phones == FULL.phones
    assert again.note == FULL.note.strip() and again.groups == FULL.groups and again.photo == PNG


def test_what_an_old_phone_writes_is_read() -> None:
    data = b"BEGIN:VCARD\r\nVERSION:2.1\r\nN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:M=C3=BC=\r\nller;J=C3=B6rg;;;\r\nitem1.EMAIL;INTERNET:j@x.test\r\nEND:VCARD\r\n"
    assert read(data) == [Card(name="Jörg Müller", addresses=("j@x.test",))]


@pytest.mark.parametrize("charset", ["utf-8", "utf-16", "cp1252"])
def test_a_file_in_another_charset_keeps_its_letters(charset: str) -> None:
    assert read("BEGIN:VCARD\nFN:Jürgen\nEMAIL:j@x.test\nEND:VCARD\n".encode(charset))[0].name == "Jürgen"


def test_csv_of_gmail_and_outlook_is_read() -> None:
    gmail = "First Name,Last Name,E-mail 1 - Value,E-mail 2 - Value,Phone 1 - Value,Labels\nMira,Kessler,m@x.test,k@x.test,123,* myContacts ::: Crew\n"
    assert read(gmail.encode()) == [Card(name="Mira Kessler", addresses=("m@x.test", "k@x.test"), phones=("123",), groups=("Crew",))]
    assert read(b"Vorname;Nachname;E-Mail-Adresse\r\nJ\xf6rg;Uhl;j@x.test\r\n")[0].name == "Jörg Uhl"


def test_csv_runs_no_formula_and_comes_back() -> None:
    text = to_csv([Card(name="=cmd()", addresses=("a@x.test",), note='a "b", c')])
    assert "'=cmd()" in text and read(text.encode())[0].note == 'a "b", c'


@pytest.mark.parametrize("data", [b"", b"hello", b"BEGIN:VCARD\n", b"a,b\n1,2\n", b"\xff\xfe\x00", b'"' * 1000, b"Name,Email\n" + b'"' + b"x" * 300_000])
def test_a_broken_file_is_refused_with_a_sentence(data: bytes) -> None:
    with pytest.raises(MailError):
        read(data)


def test_a_huge_line_takes_no_time_to_speak_of() -> None:
    read(b"BEGIN:VCARD\nFN;" + b"X=1;" * 100_000 + b":a\nCATEGORIES:" + b"\\," * 100_000 + b"\nNOTE:" + b"\\" * 200_000 + b"\nEMAIL:a@x.test\nEND:VCARD")
