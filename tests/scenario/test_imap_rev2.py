"""IMAP4rev2 and UTF8=ACCEPT on a whole server: what changes for a client that asks for them, and what stays for one that does not."""


import pytest

from tests.lasting import lasting
from tests.scenario.server import RoostServer
from tests.scenario.test_imap import Raw, deliver, raw

NAME, SHIFTED = "Büro/日本語", b"B&APw-ro/&ZeVnLIqe-"


server = lasting(lambda: RoostServer(listeners=("smtp", "imap"), people=2))


def enabled(server: RoostServer, what: str) -> Raw:
    wire = raw(server)
    assert wire.say(f"e ENABLE {what}")[0] == f"* ENABLED {what}".encode()
    return wire


def append(wire: Raw, before: bytes, message: bytes, after: bytes = b"") -> bytes:
    """APPEND with a literal; the tagged answer."""
    wire.socket.sendall(b"ap APPEND " + before + b"{%d}\r\n" % len(message))
    assert wire.file.readline().startswith(b"+")
    wire.socket.sendall(message + after + b"\r\n")
    return wire.until(b"ap ")[-1]


def test_it_is_offered_and_takes_effect_only_when_asked_for(server: RoostServer) -> None:
    wire = raw(server)
    words = wire.say("c CAPABILITY")[0]
    assert b" IMAP4rev1 IMAP4rev2 " in words and b" UTF8=ACCEPT" in words
    deliver(server, "u1@x.test")
    first = wire.say("s SELECT INBOX")
    assert any(line.endswith(b" RECENT") for line in first) and not any(line.startswith(b"* LIST") for line in first)
    assert b"* SEARCH 1" in wire.say("f SEARCH ALL")
    assert wire.say("x ENABLE IMAP4rev2")[0] == b"* ENABLED", "not while a mailbox is open"


def test_an_open_mailbox_has_no_recent_tells_its_name_and_search_answers_by_esearch(server: RoostServer) -> None:
    deliver(server, "u1@x.test")
    wire = enabled(server, "IMAP4rev2")
    first = wire.say("s SELECT INBOX")
    assert b'* LIST () "/" INBOX' in first and not any(b"RECENT" in line.upper() for line in first)
    assert wire.say("f UID SEARCH ALL")[0].startswith(b'* ESEARCH (TAG "f") UID ALL 1')
    assert wire.say("g SEARCH FROM nobody")[0] == b'* ESEARCH (TAG "g")'
    again = wire.say("t SELECT Sent")
    assert again[0].startswith(b"* OK [CLOSED]")
    wire.say("u SELECT INBOX")
    deliver(server, "u1@x.test", 2)
    told = wire.say("n NOOP")
    assert any(line.endswith(b" EXISTS") for line in told) and not any(b"RECENT" in line.upper() for line in told)
    assert b"\\Recent" not in b" ".join(wire.say("v FETCH 1:* FLAGS"))


@pytest.mark.parametrize("what", ["IMAP4rev2", "UTF8=ACCEPT"])
def test_names_go_as_utf_8_and_the_others_see_them_shifted(server: RoostServer, what: str) -> None:
    wire = enabled(server, what)
    for command in (f'a CREATE "{NAME}"', 'b CREATE "Tom & Jerry"'):
        assert wire.say(command)[-1].split(b" ")[1] == b"OK"
    listed = b"\n".join(wire.say('l LIST "" "*"'))
    assert f'"{NAME}"'.encode() in listed and b'"Tom & Jerry"' in listed and b"&APw-" not in listed
    assert f'"{NAME}"'.encode() in b"\n".join(wire.say('p LIST "" "Bü*"'))
    assert f'* STATUS "{NAME}" (MESSAGES 0)'.encode() in wire.say(f'm STATUS "{NAME}" (MESSAGES)')
    assert f'"{NAME}"'.encode() in wire.say(f'r MYRIGHTS "{NAME}"')[0]
    other = raw(server)
    shown = b"\n".join(other.say('l LIST "" "*"'))
    assert b'"%b"' % SHIFTED in shown and b'"Tom &- Jerry"' in shown
    assert other.say(b'c CREATE "B\xc3\xbc"')[-1].split(b" ")[1] in (b"NO", b"BAD")
    for command in (f'a DELETE "{NAME}"', 'b DELETE "Tom & Jerry"'):
        assert wire.say(command)[-1].split(b" ")[1] == b"OK"


def test_what_is_no_utf_8_is_refused(server: RoostServer) -> None:
    wire = enabled(server, "UTF8=ACCEPT")
    assert wire.say(b'a CREATE "B\xfcro"')[-1].startswith(b"a NO")


def test_append_takes_a_message_marked_as_utf_8(server: RoostServer) -> None:
    wire = enabled(server, "UTF8=ACCEPT")
    message = "Subject: Grüße\r\n\r\nhello\r\n".encode()
    assert append(wire, b"Drafts (\\Draft) UTF8 (~", message, b")").startswith(b"ap OK [APPENDUID")
    assert append(wire, b"Drafts UTF8 (~", message).startswith(b"ap BAD")
    wire.socket.sendall(b"ap APPEND Drafts UTF8 (~{%d+}\r\n%b) UTF8 (~{%d+}\r\n%b)\r\n" % (len(message), message, len(message), message))
    assert wire.until(b"ap ")[-1].startswith(b"ap OK [APPENDUID")
    shown = wire.say("s SELECT Drafts")
    assert b"* 3 EXISTS" in shown
