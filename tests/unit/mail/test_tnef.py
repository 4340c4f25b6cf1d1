"""winmail.dat: files and text come out, broken and hostile ones give what can be had, soon."""

import random
import struct

import pytest

from mailcore.mail import tnef
from tests.within import within


def attribute(key: int, value: bytes, level: int = 2) -> bytes:
    return struct.pack("<BII", level, key, len(value)) + value + struct.pack("<H", sum(value) & 0xFFFF)


def variable(kind: int, number: int, value: bytes) -> bytes:
    return struct.pack("<HHII", kind, number, 1, len(value)) + value + b"\0" * (-len(value) % 4)


def properties(*made: bytes) -> bytes:
    return struct.pack("<I", len(made)) + b"".join(made)


NAMED = struct.pack("<HH16sII", 0x03, 0x8001, b"g" * 16, 0, 7) + struct.pack("<I", 1) + struct.pack("<HH16sII", 0x03, 0x8002, b"g" * 16, 1, 6) + "abc".encode("utf-16-le") + b"\0\0" + struct.pack("<I", 2)


def package(*attributes: bytes) -> bytes:
    return struct.pack("<IH", tnef.SIGNATURE, 1) + b"".join(attributes)


def one_file(name: str, content: bytes, *, long: str = "") -> bytes:
    props = [variable(0x1F, 0x3707, (long + "\0").encode("utf-16-le"))] if long else []
    count = struct.pack("<I", 2 + len(props))
    return attribute(0x69002, b"\0" * 14) + attribute(0x18010, name.encode("cp1252") + b"\0") + attribute(0x6800F, content) + attribute(0x69005, count + NAMED + b"".join(props))


LITERAL_RTF = struct.pack("<III", 30, 12, 0x75465A4C) + b"\0" * 4 + b"\0{\\rtf1 a" + b"\0b}"


def test_files_come_out_by_their_long_names() -> None:
    data = package(attribute(0x69007, struct.pack("<II", 1252, 0), 1), one_file("PLUMS~1.TXT", b"nine plums", long="Plums of Žofie.txt"), one_file("gr\u00fcn.bin", b"\x01\x02"))
    assert tnef.read(data) == [tnef.File(name="Plums of Žofie.txt", content=b"nine plums"), tnef.File(name="grün.bin", content=b"\x01\x02")]


def test_the_text_is_the_first_file_html_before_plain_before_rtf() -> None:
    plain, html, rtf = variable(0x1F, 0x1000, "Grüße".encode("utf-16-le")), variable(0x102, 0x1013, b"<p>Hi</p>"), variable(0x102, 0x1009, LITERAL_RTF)
    assert tnef.read(package(attribute(0x69003, properties(rtf, plain, html), 1))) == [tnef.File(name="message.html", content=b"<p>Hi</p>")]
    assert tnef.read(package(attribute(0x69003, properties(rtf, plain), 1))) == [tnef.File(name="message.txt", content="Grüße".encode())]
    assert tnef.read(package(attribute(0x69003, properties(rtf), 1)))[0].content.startswith(b"{\\rtf1 a")


def test_compressed_rtf_of_the_specification_unpacks() -> None:
    packed = bytes.fromhex("2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d0a800fa0")
    assert tnef.unpack_rtf(packed) == b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"


def test_a_back_reference_may_reach_into_what_it_writes() -> None:
    start = len(tnef._RTF_START)
    data = struct.pack("<IIII", 0, 0, 0x75465A4C, 0) + bytes([0b10, ord("a"), start >> 4, (start & 15) << 4 | 8])
    assert tnef.unpack_rtf(data) == b"a" * 11


def test_a_broken_package_gives_what_stood_before_the_break() -> None:
    data = package(one_file("a.txt", b"first"), one_file("b.txt", b"second"))
    for end in range(0, len(data), 7):
        assert [f.name for f in tnef.read(data[:end])] in ([], ["a.txt"], ["a.txt", "b.txt"])
    assert [f.name for f in tnef.read(data[: len(data) - 3])] == ["a.txt", "b.txt"]


@pytest.mark.parametrize(
    "data",
    [
        b"", b"PK\x03\x04", package(attribute(0x69003, b"\xff" * 40)), package(*[attribute(0x69002, b"")] * 20_000), package(attribute(0x69003, struct.pack("<IHHI", 1, 0x101E, 0x1000, 2**32 - 1))),
        package(struct.pack("<BII", 1, 0x6800F, 2**32 - 1)), package(attribute(0x69007, struct.pack("<I", 2**32 - 1)), attribute(0x69002, b""), attribute(0x18010, b"\xff"), attribute(0x6800F, b"x")),
        package(attribute(0x69003, properties(*[variable(0x102, 0x1009, LITERAL_RTF)] * 500))),
        struct.pack("<IIII", 0, 2**32 - 1, 0x75465A4C, 0) + b"\xff" * 2_000_000,
    ],
    ids=range(9),
)  # fmt: skip
def test_hostile_packages_are_bounded(data: bytes) -> None:
    with within(3):
        found = tnef.read(data)
        assert len(tnef.unpack_rtf(data)) <= tnef.MAX_TEXT + 200
    assert len(found) <= tnef.MAX_FILES + 1


def test_changed_bytes_never_raise() -> None:
    whole, chance = package(one_file("a.txt", b"first", long="long.txt"), attribute(0x69003, properties(variable(0x102, 0x1009, LITERAL_RTF)), 1)), random.Random(7)
    for _round in range(3000):
        data = bytearray(whole)
        for _change in range(chance.randrange(1, 6)):
            data[chance.randrange(6, len(data))] = chance.randrange(256)
        tnef.read(bytes(data))
