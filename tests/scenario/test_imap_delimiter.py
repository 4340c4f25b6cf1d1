"""The delimiter of hMailServer: programs that kept their paths find them, and inside nothing changes."""

import json
import smtplib

from tests.lasting import lasting
from tests.scenario.server import RoostServer
from tests.scenario.test_imap import raw
from tests.scenario.test_managesieve import Client
from tests.scenario.waiting import eventually
from tests.web.visitor import signed_in

server = lasting(lambda: RoostServer(listeners=("smtp", "imap", "sieve", "http"), people=3, settings={"imap.delimiter": "."}))


def test_paths_have_dots_on_the_wire_and_levels_inside(server: RoostServer) -> None:
    wire = raw(server)
    assert wire.say('l LIST "" ""')[0] == b'* LIST (\\Noselect) "." ""'
    assert wire.say("n NAMESPACE")[0].startswith(b'* NAMESPACE (("" "."))') and b"/" not in wire.say("n NAMESPACE")[0]
    for command in ("a CREATE INBOX.Plans", "b CREATE Garden.Roses.&-.Tea", 's SUBSCRIBE "Garden.Roses"'):
        assert wire.say(command)[-1].split(b" ")[1] == b"OK", command
    shown = b"\n".join(wire.say('l LIST "" "*"'))
    assert b'"." "INBOX.Plans"' in shown and b'"." "Garden.Roses.&-.Tea"' in shown and b'"/"' not in shown
    assert b"INBOX.Plans" not in b"\n".join(wire.say('l LIST "" "%"'))
    assert b'"INBOX.Plans"' in b"\n".join(wire.say('l LIST "INBOX." "%"'))
    assert b'"Garden.Roses"' in b"\n".join(wire.say('l LSUB "" "Garden.%"'))
    assert wire.say("m STATUS Garden.Roses (MESSAGES)")[0] == b'* STATUS "Garden.Roses" (MESSAGES 0)'
    assert wire.say('r RENAME "Garden.Roses" "Garden.Bushes"')[-1].startswith(b"r OK")
    assert wire.say('e SELECT "Garden.Bushes.&-.Tea"')[-1].startswith(b"e OK")
    page = signed_in(server, "u1@x.test").get("/mail/mailboxes").text
    assert "Bushes" in page and "depth-1" in page and "Garden.Bushes" not in page


def test_a_dot_in_a_name_and_a_slash_change_places_and_come_back(server: RoostServer) -> None:
    person = signed_in(server, "u2@x.test")
    person.get("/mail/mailboxes")
    assert person.post("/mail/mailboxes", {"op": "create", "name": "v1.2", "parent": ""}).status_code == 200
    wire = raw(server, "u2@x.test")
    assert b'"." "v1/2"' in b"\n".join(wire.say('l LIST "" "*"'))
    assert wire.say('e SELECT "v1/2"')[-1].startswith(b"e OK")
    assert "v1.2" in person.get("/mail/mailboxes").text


SCRIPT = """require ["fileinto", "mailbox"];
if header :is "subject" "dots" { fileinto :create "Garden.Herbs"; }
elsif header :is "subject" "slashes" { fileinto :create "Garden/Herbs"; }
elsif allof (header :is "subject" "asked", mailboxexists "Garden.Herbs", mailboxexists "Garden/Herbs") { fileinto "Garden/Herbs"; }
elsif header :is "subject" "a dot inside" { fileinto "v1.3"; }
"""


def test_a_script_names_mailboxes_as_imap_shows_them_or_with_the_slash(server: RoostServer) -> None:
    person = signed_in(server, "u3@x.test")
    person.get("/mail/mailboxes")
    person.post("/mail/mailboxes", {"op": "create", "name": "v1.3", "parent": ""})
    sieve = Client(server, "u3@x.test")
    assert sieve.put("garden", SCRIPT.replace("\n", "\r\n")).startswith("OK") and sieve.say('SETACTIVE "garden"').startswith("OK")
    for subject in ("dots", "slashes", "asked", "a dot inside"):
        with smtplib.SMTP("127.0.0.1", server.ports["smtp"]) as client:
            client.sendmail("ann@out.test", ["u3@x.test"], f"From: ann@out.test\r\nTo: u3@x.test\r\nSubject: {subject}\r\n\r\nHello\r\n")
    wire = raw(server, "u3@x.test")
    for box, count in (("Garden.Herbs", b"MESSAGES 3"), ("v1/3", b"MESSAGES 1")):
        eventually(lambda: count in wire.say(f'm STATUS "{box}" (MESSAGES)')[0], lambda: wire.say('l LIST "" "*"'))  # noqa: B023


def test_it_is_a_setting_for_those_who_sign_in_from_then_on(server: RoostServer) -> None:
    before = raw(server)
    server.run("settings", "set", "imap.delimiter", "/")
    try:
        assert b'"."' in before.say('l LIST "" ""')[0]
        assert json.loads(server.run("settings", "get", "imap.delimiter", "--json"))["value"] == "/"
    finally:
        server.run("settings", "set", "imap.delimiter", ".")
    server.run("settings", "set", "imap.delimiter", "#", is_checked=False)
    assert json.loads(server.run("settings", "get", "imap.delimiter", "--json"))["value"] == "."
