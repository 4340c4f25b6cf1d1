"""Invitations by mail: read as other programs write them, answered in the organizer's own words, and bounded."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailcore.mail import calendar, invitation
from mailcore.mail.address import Address
from tests.within import within

NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
OUTLOOK_ZONE = (
    "BEGIN:VTIMEZONE\r\nTZID:W. Europe Standard Time\r\n"
    "BEGIN:STANDARD\r\nDTSTART:16010101T030000\r\nTZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\nRRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10\r\nEND:STANDARD\r\n"
    "BEGIN:DAYLIGHT\r\nDTSTART:16010101T020000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\nRRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3\r\nEND:DAYLIGHT\r\n"
    "END:VTIMEZONE\r\n"
)


def event(*lines: str, method: str = "REQUEST", zone: str = "") -> bytes:
    own = ["UID:42@far.test", "ORGANIZER;CN=Ann Miller:mailto:ann@far.test", "ATTENDEE;CN=\"Bo, the 1st\";PARTSTAT=ACCEPTED:mailto:bo@far.test", *lines]
    return ("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:" + method + "\r\n" + zone + "BEGIN:VEVENT\r\n" + "\r\n".join(own) + "\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n").encode()


def read(*lines: str, method: str = "REQUEST", zone: str = "") -> invitation.Invitation:
    found = invitation.read(event(*lines, method=method, zone=zone))
    assert found is not None
    return found


def test_what_when_where_and_who_are_read() -> None:
    found = read("SUMMARY:Plum harvest\\, the long\r\n  one", "DTSTART:20261203T090000Z", "DURATION:PT1H30M", "LOCATION:Orchard\\; gate 2", "SEQUENCE:3", "DESCRIPTION:Bring\\nbaskets")
    assert (found.title, found.where, found.about, found.sequence) == ("Plum harvest, the long one", "Orchard; gate 2", "Bring\nbaskets", 3)
    assert found.starts is not None and found.starts.at == datetime(2026, 12, 3, 9, tzinfo=UTC)
    assert found.ends is not None and found.ends.at == datetime(2026, 12, 3, 10, 30, tzinfo=UTC)
    assert [(str(g.address), g.name, g.status) for g in found.guests] == [("bo@far.test", "Bo, the 1st", "ACCEPTED")]


@pytest.mark.parametrize(
    ("start", "zone", "expected"),
    [
        ("DTSTART;TZID=Europe/Berlin:20261203T100000", "", datetime(2026, 12, 3, 9, tzinfo=UTC)),
        ("DTSTART;TZID=Europe/Berlin:20260703T100000", "", datetime(2026, 7, 3, 8, tzinfo=UTC)),
        ("DTSTART;TZID=/mozilla.org/20050126_1/America/New_York:20260703T100000", "", datetime(2026, 7, 3, 14, tzinfo=UTC)),
        ("DTSTART;TZID=W. Europe Standard Time:20261203T100000", OUTLOOK_ZONE, datetime(2026, 12, 3, 9, tzinfo=UTC)),
        ("DTSTART;TZID=W. Europe Standard Time:20260703T100000", OUTLOOK_ZONE, datetime(2026, 7, 3, 8, tzinfo=UTC)),
        ("DTSTART;TZID=W. Europe Standard Time:20260329T010000", OUTLOOK_ZONE, datetime(2026, 3, 29, 0, tzinfo=UTC)),
        ("DTSTART;TZID=W. Europe Standard Time:20260329T030000", OUTLOOK_ZONE, datetime(2026, 3, 29, 1, tzinfo=UTC)),
        ("DTSTART;TZID=\"W. Europe Standard Time\":20261025T040000", OUTLOOK_ZONE, datetime(2026, 10, 25, 3, tzinfo=UTC)),
    ],
)
def test_a_time_is_told_in_the_zone_its_program_named(start: str, zone: str, expected: datetime) -> None:
    found = read(start, zone=zone)
    assert found.starts is not None and found.starts.at == expected


def test_a_zone_nobody_explains_leaves_the_time_as_written() -> None:
    found = read("DTSTART;TZID=Harvest Time:20261203T100000")
    assert found.starts is not None and found.starts == calendar.Moment(at=datetime(2026, 12, 3, 10), zone="Harvest Time")


def test_a_whole_day_ends_on_its_last_day_and_not_on_the_next() -> None:
    found = read("DTSTART;VALUE=DATE:20261203", "DTEND;VALUE=DATE:20261205")
    assert found.starts is not None and found.ends is not None and (found.starts.at, found.ends.at) == (date(2026, 12, 3), date(2026, 12, 4))


def test_cancelled_changed_and_one_date_of_a_series_are_told_apart() -> None:
    assert read("DTSTART:20261203T090000Z", method="CANCEL").is_cancelled
    assert read("STATUS:CANCELLED").is_cancelled and not read().is_cancelled
    assert read("RECURRENCE-ID:20261203T090000Z").is_one_of_series


def test_an_answer_repeats_the_organizers_own_words_and_no_more() -> None:
    asked = read("SUMMARY:Plums; and\\nmore", "DTSTART;TZID=Europe/Berlin:20261203T100000", "RECURRENCE-ID;TZID=Europe/Berlin:20261203T100000", "SEQUENCE:7", "X-EVIL:1")
    text = invitation.answer(asked, address=Address.parse("me@x.test"), name='Möwe "the" gull', status="TENTATIVE", now=NOW)
    again = invitation.read(text.encode())
    assert again is not None
    assert (again.method, again.uid, again.sequence, again.starts) == ("REPLY", "42@far.test", 7, asked.starts)
    assert [(str(g.address), g.status) for g in again.guests] == [("me@x.test", "TENTATIVE")] and again.is_one_of_series
    assert "X-EVIL" not in text and all(len(line.encode()) <= 75 for line in text.split("\r\n"))


def test_nothing_in_an_invitation_adds_a_line_to_the_answer() -> None:
    asked = read("SUMMARY:a\\nATTENDEE:mailto:x@y.test", "UID:1\\nEND:VEVENT", "DTSTART;X=\"a\u2028b\":20261203T100000Z")
    text = invitation.answer(asked, address=Address.parse("me@x.test"), name="a\r\nATTENDEE:mailto:evil@y.test", status="ACCEPTED", now=NOW)
    assert text.count("\r\nATTENDEE") == 1 and text.count("END:VEVENT\r\n") == 1


@pytest.mark.parametrize(
    "data",
    [
        b"", b"BEGIN:VCALENDAR", b"END:VEVENT\r\nBEGIN:VEVENT", b"\xff\xfe\x00", b"BEGIN:VCALENDAR\r\n" * 50_000, b"BEGIN:X\r\n" * 50_000 + b"END:X\r\n" * 50_000,
        event("DTSTART:99991231T235959Z", "DURATION:P9999W"), event("DTSTART;TZID=../../etc/passwd:20261203T100000"), event("DTSTART;VALUE=DATE:00010101", "DTEND;VALUE=DATE:00010101"),
        event("DTSTART;TZID=Europe/Berlin:00010101T000000"), event("DTSTART:20261399T999999"), event("SEQUENCE:" + "9" * 5000), event("SUMMARY:" + "a" * 900_000),
        event("ATTENDEE;CN=" + "a,b" * 50_000 + ":mailto:a@b.test"), event("X" + ";A=" * 100_000 + ":1"), event(*["ATTENDEE:mailto:a@b.test"] * 15_000), event(*["SUMMARY:a\r\n b"] * 9_000),
        event("DTSTART;TZID=W. Europe Standard Time:00010101T000000", zone=OUTLOOK_ZONE),
    ],
    ids=range(18),
)  # fmt: skip
def test_a_hostile_file_is_read_soon_and_within_bounds(data: bytes) -> None:
    with within(1.5):
        found = invitation.read(data)
    assert found is None or (len(found.guests) <= invitation.MAX_GUESTS and len(found.title) <= invitation.MAX_TITLE)


@given(st.lists(st.sampled_from(["BEGIN:VCALENDAR", "BEGIN:VEVENT", "END:VEVENT", "END:VCALENDAR", "DTSTART:", "DTSTART;TZID=Europe/Rome:20261203T1000", "UID:1", " fold", "DTEND:20261203", "DURATION:P1D", "RRULE:FREQ=;X", "ATTENDEE:mailto:<>"]) | st.text(max_size=30), max_size=30))
def test_whatever_the_lines_are_reading_never_raises(lines: list[str]) -> None:
    invitation.read("\r\n".join(lines).encode("utf-8", "replace"))
