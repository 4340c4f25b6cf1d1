"""Everything in one process, without a fork: how Roost can be tried where there is none."""

import imaplib
import smtplib
import time

from tests.lasting import lasting
from tests.scenario.server import PASSWORD, RoostServer
from tests.web.visitor import signed_in

server = lasting(lambda: RoostServer(people=2, ROOST_ONE_PROCESS="1"))


def test_one_process_receives_shows_and_sends_mail(server: RoostServer) -> None:
    assert len(set(server.pids().values())) == 1
    with smtplib.SMTP("127.0.0.1", server.ports["submission"], timeout=20) as client:
        client.login("u1@x.test", PASSWORD)
        client.sendmail("u1@x.test", ["u2@x.test"], "From: u1@x.test\r\nTo: u2@x.test\r\nSubject: All in one\r\n\r\nx\r\n")
    with imaplib.IMAP4("127.0.0.1", server.ports["imap"], timeout=20) as imap:
        imap.login("u2@x.test", PASSWORD)
        imap.select("INBOX")
        assert len(imap.search(None, "SUBJECT", '"All in one"')[1][0].split()) == 1
    person = signed_in(server, "u2@x.test")
    assert "All in one" in person.get("/").text


def test_jobs_and_news_run_there_too_and_it_stops_when_told(server: RoostServer) -> None:
    with imaplib.IMAP4("127.0.0.1", server.ports["imap"], timeout=20) as idle:
        idle.login("u1@x.test", PASSWORD)
        idle.select("INBOX")
        idle.send(b"i1 IDLE\r\n")
        assert idle.readline().startswith(b"+")
        server.run("list", "add", "both@x.test", "--member", "u1@x.test", "--member", "u2@x.test")
        with smtplib.SMTP("127.0.0.1", server.ports["smtp"], timeout=20) as client:
            client.sendmail("ann@out.test", ["both@x.test"], "From: ann@out.test\r\nTo: both@x.test\r\nSubject: To both\r\n\r\nx\r\n")
        assert b"EXISTS" in idle.readline(), "the list was expanded by the queue, and who waits is told"
        idle.send(b"DONE\r\n")
        while not idle.readline().startswith(b"i1 OK"):
            continue
    began = time.monotonic()
    server.stop()
    assert server.process is not None and server.process.wait(1) == 0 and time.monotonic() - began < 8
    server.start()
