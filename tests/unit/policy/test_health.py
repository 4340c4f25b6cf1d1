"""Programs that checks ask: each says what it is when it answers, and why not when it does not."""

import http.server
import sys
import threading
from dataclasses import replace

from mailcore.policy import health
from tests.scenario.server import free_ports
from tests.unit.policy.conftest import Desk
from tests.unit.policy.test_scanners import answering


def seen(desk: Desk) -> dict[str, tuple[str, str]]:
    return {one.name: (one.state, one.version) for one in health.look(desk.runtime)}


def test_each_scanner_that_is_set_says_what_it_is(desk: Desk) -> None:
    class Rspamd(http.server.BaseHTTPRequestHandler):
        server_version, sys_version = "rspamd/3.4", ""

        def do_GET(self) -> None:  # noqa: N802
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"pong\r\n")

        def log_message(self, *_: object) -> None:
            return

    rspamd = http.server.HTTPServer(("127.0.0.1", 0), Rspamd)
    threading.Thread(target=rspamd.serve_forever, daemon=True).start()
    with answering(lambda _: b"SPAMD/1.5 0 PONG\r\n", b"\r\n\r\n") as spamd, answering(lambda _: b"ClamAV 1.0.7/27000/today\0", b"\0") as clamd:
        for name, value in (("spam.spamassassin", spamd), ("spam.rspamd", f"127.0.0.1:{rspamd.server_port}"), ("virus.scanner", "clamd"), ("virus.clamd", clamd)):
            desk.set(name, value)
        assert seen(desk).items() >= {"SpamAssassin": ("well", "SPAMD/1.5"), "rspamd": ("well", "rspamd/3.4"), "ClamAV": ("well", "ClamAV 1.0.7/27000/today")}.items()
    rspamd.shutdown()
    rspamd.server_close()
    desk.set("virus.scanner", "command")
    desk.set("virus.command", f"{sys.executable} scan.py %FILE%")
    assert seen(desk)["Scanner program"] == ("well", "")


def test_what_is_down_says_why_and_when_it_was_last_well(desk: Desk) -> None:
    (port,) = free_ports(1)
    desk.set("spam.spamassassin", f"127.0.0.1:{port}")
    desk.set("virus.scanner", "command")
    desk.set("virus.command", "/no/such/program %FILE%")
    found = {one.name: one for one in health.look(desk.runtime)}
    assert (found["SpamAssassin"].state, found["SpamAssassin"].detail, found["SpamAssassin"].well_at) == ("down", "Connection refused", 0)
    assert "no program /no/such/program" in found["Scanner program"].detail
    with answering(lambda _: b"HTTP/1.0 400 no\r\n", b"\r\n\r\n") as other:
        desk.set("spam.spamassassin", other)
        assert "It answers 'HTTP/1.0" in next(one.detail for one in health.look(desk.runtime) if one.name == "SpamAssassin")


def test_dns_that_is_silent_and_lists_that_are_suspended_are_named(desk: Desk) -> None:
    desk.set("spam.dnsbl", "bl.test 127.0.0.2 3")
    desk.runtime.config = replace(desk.runtime.config, dns="127.0.0.1:53")
    assert seen(desk).items() >= {"DNS": ("well", ""), "bl.test": ("down", "")}.items(), "it does not list its own test entry"
    desk.dns.silent.add(("", "NS"))
    assert seen(desk)["DNS"][0] == "down"
