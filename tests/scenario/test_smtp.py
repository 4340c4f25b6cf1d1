"""SMTP as strangers and programs speak it: every trap of the library underneath, smuggling, limits, and what each answer is."""

import re
import smtplib
import socket
import ssl
from collections.abc import Iterator

import pytest

from tests.scenario.server import PASSWORD, RoostServer
from tests.scenario.waiting import eventually
from tests.web import visitor


@pytest.fixture(scope="module")
def server() -> Iterator[RoostServer]:
    made = RoostServer(listeners=("smtp", "submission", "submissions"), people=4)
    made.run("alias", "add", "info@x.test", "u1@x.test", "u2@x.test")
    made.run("account", "set", "u4@x.test", "--quota", "20K")
    yield made
    made.remove()


class Wire:
    """A raw connection."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=20)
        self.file = self.socket.makefile("rb")
        self.greeting = self.reply()

    def reply(self) -> str:
        lines = []
        while line := self.file.readline():
            lines.append(line.decode().rstrip())
            if line[3:4] != b"-":
                break
        return "\n".join(lines)

    def say(self, text: str | bytes) -> str:
        self.send(text)
        return self.reply()

    def send(self, text: str | bytes) -> None:
        self.socket.sendall((text.encode() if isinstance(text, str) else text) + b"\r\n")

    def is_closed(self) -> bool:
        try:
            return self.file.read(1) == b""
        except (ConnectionResetError, TimeoutError) as error:
            return isinstance(error, ConnectionResetError)

    def begin(self, sender: str = "a@out.test", to: str = "u1@x.test") -> None:
        assert self.say("EHLO client.test").startswith("250")
        assert self.say(f"MAIL FROM:<{sender}>").startswith("250")
        assert self.say(f"RCPT TO:<{to}>").startswith("250")


@pytest.fixture
def wire(server: RoostServer) -> Iterator[Wire]:
    made = Wire(server.ports["smtp"])
    yield made
    made.socket.close()


def stored(server: RoostServer, words: str) -> list[str]:
    """Subjects of stored messages that hold *words*, from the trace."""
    import json

    return [row["trace_id"] for row in json.loads(server.run("trace", words, "--json"))] if words else []


def test_what_is_offered_is_what_works(wire: Wire) -> None:
    offer = wire.say("EHLO client.test")
    for keyword in ("SIZE 52428800", "8BITMIME", "SMTPUTF8", "PIPELINING", "ENHANCEDSTATUSCODES", "DSN", "CHUNKING", "STARTTLS"):
        assert keyword in offer
    assert "AUTH" not in offer


def test_the_null_sender_is_a_sender(wire: Wire) -> None:
    wire.begin(sender="")
    assert wire.say("MAIL FROM:<other@out.test>").startswith("503")
    assert wire.say("DATA").startswith("354")
    assert wire.say("Subject: a bounce\r\n\r\nx\r\n.").startswith("250 2.0.0")


@pytest.mark.parametrize(
    ("to", "code"),
    [
        ("u1@x.test", "250 2.1.5"), ("U1@X.TEST", "250"), ("u1+shop@x.test", "250"), ("info@x.test", "250"), ("postmaster@x.test", "250"), ("postmaster", "250"),
        ("abuse@x.test", "250"), ("nobody@x.test", "550 5.1.1"), ("u1@elsewhere.test", "550 5.7.1"), ("u1%x.test@elsewhere.test", "550 5.7.1"),
        ('"u1@x.test"@elsewhere.test', "550 5.7.1"), ("@x.test:u1@elsewhere.test", "550 5.7.1"), ("u1@[127.0.0.1]", "550"),
    ],
)  # fmt: skip
def test_recipients(wire: Wire, to: str, code: str) -> None:
    wire.say("EHLO client.test")
    wire.say("MAIL FROM:<a@out.test>")
    assert wire.say(f"RCPT TO:<{to}>").startswith(code)


def test_recipients_who_differ_are_answered_one_by_one(server: RoostServer, wire: Wire) -> None:
    wire.say("EHLO client.test")
    wire.send("MAIL FROM:<a@out.test>\r\nRCPT TO:<u1@x.test>\r\nRCPT TO:<nobody@x.test>\r\nRCPT TO:<info@x.test>\r\nDATA")
    assert [wire.reply()[:3] for _ in range(5)] == ["250", "250", "550", "250", "354"]
    assert wire.say("Subject: differ\r\n\r\nx\r\n.").startswith("250")


@pytest.mark.parametrize("ending", ["a\n.\nMAIL FROM:<admin@x.test>\r\nb", "a\r.\rb", "a\n.\r\nb", "a\r\n.\nb", "a\r\n\0.\nb", "x\ny", "x\ry"])
def test_a_bare_cr_or_lf_refuses_the_whole_message_and_closes(wire: Wire, ending: str) -> None:
    wire.begin()
    wire.say("DATA")
    answer = wire.say(f"Subject: smuggle\r\n\r\n{ending}\r\n.")
    assert answer.startswith("550 5.5.2")
    assert wire.is_closed()


def test_nothing_behind_a_smuggled_end_is_read_as_a_command(server: RoostServer, wire: Wire) -> None:
    wire.begin()
    wire.say("DATA")
    wire.send("Subject: smuggled-outer\r\n\r\na\n.\nMAIL FROM:<admin@x.test>\nRCPT TO:<u1@x.test>\nDATA\nSubject: smuggled-inner\r\n\r\nb\r\n.\r\nNOOP")
    assert wire.reply().startswith("550")
    assert wire.is_closed()
    assert stored(server, "smuggled") == []


def test_a_nul_and_long_lines_and_eight_bits_are_accepted_as_they_are(wire: Wire) -> None:
    wire.begin()
    wire.say("DATA")
    assert wire.say(b"Subject: odd\r\n\r\n" + b"y" * 70_000 + b"\r\n\0\xff\xfe\r\n.").startswith("250")


def test_starttls_forgets_what_came_before_and_what_came_behind(server: RoostServer) -> None:
    wire = Wire(server.ports["submission"])
    assert wire.say("EHLO client.test").startswith("250")
    wire.send("STARTTLS\r\nNOOP\r\nMAIL FROM:<a@x.test>")
    assert wire.reply().startswith("220")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        tls = context.wrap_socket(wire.socket, server_hostname="mx.x.test")
    except ssl.SSLError:
        return  # what was injected broke the handshake itself: nothing was taken as a command
    tls.settimeout(1)
    with pytest.raises(TimeoutError):
        tls.recv(100)
    tls.sendall(b"MAIL FROM:<a@x.test>\r\n")
    assert tls.recv(100).startswith(b"503")


def test_after_starttls_the_greeting_must_be_said_again(server: RoostServer) -> None:
    with smtplib.SMTP("127.0.0.1", server.ports["smtp"], timeout=20) as client:
        client.ehlo()
        client.starttls(context=unverified())
        assert client.docmd("MAIL", "FROM:<a@out.test>")[0] == 503
        assert client.ehlo()[0] == 250
        assert "starttls" not in client.esmtp_features


def unverified() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


@pytest.mark.parametrize("verb", ["AUTH PLAIN", "auth plain", "Auth Plain"])
def test_auth_in_any_case(server: RoostServer, verb: str) -> None:
    import base64

    wire = Wire(server.ports["submission"])
    wire.say("EHLO client.test")
    token = base64.b64encode(b"\0u1@x.test\0" + PASSWORD.encode()).decode()
    assert wire.say(f"{verb} {token}").startswith("235 2.7.0")
    assert wire.say(f"{verb} {token}").startswith("503")


def test_auth_with_challenges_empty_response_and_cancel(server: RoostServer) -> None:
    import base64

    wire = Wire(server.ports["submission"])
    wire.say("EHLO client.test")
    assert wire.say("AUTH LOGIN").startswith("334")
    assert wire.say("*").startswith("501")
    assert wire.say("AUTH PLAIN =").startswith("501")
    assert wire.say("AUTH CRAM-MD5").startswith("504")
    assert wire.say("AUTH LOGIN").startswith("334")
    assert wire.say(base64.b64encode(b"u1@x.test").decode()).startswith("334")
    assert wire.say(base64.b64encode(b"wrong").decode()).startswith("535 5.7.8")
    assert wire.say("AUTH PLAIN").startswith("334")
    assert wire.say(base64.b64encode(b"\0u1@x.test\0" + PASSWORD.encode()).decode()).startswith("235")


def test_port_25_takes_no_sign_ins(wire: Wire) -> None:
    wire.say("EHLO client.test")
    assert wire.say("AUTH PLAIN AAAA").startswith("503")


def test_submission_wants_a_sign_in(server: RoostServer) -> None:
    wire = Wire(server.ports["submission"])
    wire.say("EHLO client.test")
    assert wire.say("MAIL FROM:<u1@x.test>").startswith("530 5.7.0")


def signed_in(server: RoostServer) -> smtplib.SMTP_SSL:
    client = smtplib.SMTP_SSL("127.0.0.1", server.ports["submissions"], context=unverified(), timeout=20)
    client.login("u1@x.test", PASSWORD)
    return client


def test_people_send_as_themselves_and_their_aliases_only(server: RoostServer) -> None:
    with signed_in(server) as client:
        for sender in ("u1@x.test", "info@x.test", "u1+tag@x.test"):
            assert client.sendmail(sender, ["u2@x.test"], f"From: {sender}\r\nSubject: mine\r\n\r\nx\r\n") == {}
        with pytest.raises(smtplib.SMTPSenderRefused) as caught:
            client.sendmail("u2@x.test", ["u3@x.test"], "From: u2@x.test\r\n\r\nx\r\n")
        assert caught.value.smtp_code == 550 and b"u2@x.test" in caught.value.smtp_error  # type: ignore[operator]
        with pytest.raises(smtplib.SMTPDataError) as denied:
            client.sendmail("u1@x.test", ["u3@x.test"], "From: Boss <admin@x.test>\r\n\r\nx\r\n")
        assert denied.value.smtp_code == 550


def test_several_authors_need_a_sender_of_ones_own(server: RoostServer) -> None:
    with signed_in(server) as client:
        with pytest.raises(smtplib.SMTPDataError, match="admin@x.test"):
            client.sendmail("u1@x.test", ["u3@x.test"], "From: u1@x.test, admin@x.test\r\nSubject: both\r\n\r\nx\r\n")
        with pytest.raises(smtplib.SMTPDataError, match="admin@x.test"):
            client.sendmail("u1@x.test", ["u3@x.test"], "From: u1@x.test, admin@x.test\r\nSender: admin@x.test\r\nSubject: both\r\n\r\nx\r\n")
        client.sendmail("u1@x.test", ["u3@x.test"], "From: u1@x.test, admin@x.test\r\nSender: u1@x.test\r\nSubject: both of us\r\n\r\nx\r\n")
    assert stored(server, "both of us")


def test_a_device_sends_as_any_address_of_its_domain_and_of_no_other(server: RoostServer) -> None:
    server.run("settings", "set", "signin.device", "on", "--account", "u1@x.test")
    server.settle()
    try:
        with signed_in(server) as client:
            client.sendmail("scanner@x.test", ["u3@x.test"], "From: Scanner <scanner@x.test>\r\nSubject: a scan\r\n\r\nx\r\n")
            with pytest.raises(smtplib.SMTPSenderRefused, match="signin.device"):
                client.sendmail("boss@elsewhere.test", ["u3@x.test"], "From: boss@elsewhere.test\r\n\r\nx\r\n")
        assert stored(server, "a scan")
    finally:
        server.run("settings", "set", "signin.device", "off", "--account", "u1@x.test")


def test_bcc_is_on_no_wire_and_date_and_id_are_added(server: RoostServer) -> None:
    with signed_in(server) as client:
        client.sendmail("u1@x.test", ["u2@x.test"], "From: u1@x.test\r\nTo: u2@x.test\r\nBcc: secret@x.test\r\nSubject: hidden-copy\r\n\r\nbody\r\n")
    assert stored(server, "hidden-copy")
    import sqlite3

    (name, offset, length) = sqlite3.connect(server.folder / "data" / "roost.db").execute(
        "SELECT b.segment, b.offset, b.length FROM emails e JOIN blobs b ON b.id = e.blob_id WHERE e.subject = 'hidden-copy'"
    ).fetchone()
    data = (server.folder / "data" / "blobs" / name).read_bytes()[offset : offset + length]
    assert data.startswith(b"Date: ") and b"Message-ID: <" in data and b"Bcc" not in data and b"secret@" not in data


def test_a_message_over_the_size_is_refused_early_and_late(server: RoostServer, wire: Wire) -> None:
    wire.say("EHLO client.test")
    assert wire.say("MAIL FROM:<a@out.test> SIZE=99999999").startswith("552 5.3.4")
    server.run("settings", "set", "smtp.message_size", "64K")
    server.settle()
    try:
        wire.begin()
        wire.say("DATA")
        assert wire.say(b"Subject: big\r\n\r\n" + b"x" * 100_000 + b"\r\n.").startswith("552 5.3.4")
        assert wire.say("NOOP").startswith("250")
    finally:
        server.run("settings", "set", "smtp.message_size")
    server.settle()


def test_a_full_mailbox_is_452_for_a_week_then_552(server: RoostServer, wire: Wire) -> None:
    wire.say("EHLO client.test")
    wire.say("MAIL FROM:<a@out.test> SIZE=30000")
    assert wire.say("RCPT TO:<u4@x.test>").startswith("452 4.2.2")
    server.run("settings", "set", "quota.grace", "0s")
    server.settle()
    assert wire.say("RCPT TO:<u4@x.test>").startswith("552 5.2.2")
    server.run("settings", "set", "quota.grace")


def test_a_looping_message_is_refused(wire: Wire) -> None:
    wire.begin()
    wire.say("DATA")
    hops = "".join(f"Received: from a by b; Mon, 1 Jan 2024 00:00:{n % 60:02} +0000\r\n" for n in range(60))
    assert wire.say(f"{hops}Subject: loop\r\n\r\nx\r\n.").startswith("554 5.4.6")


def test_bdat_chunks_make_one_message(server: RoostServer, wire: Wire) -> None:
    wire.begin()
    wire.socket.sendall(b"BDAT 20\r\nSubject: in-chunks\r\n")
    assert wire.reply().startswith("250")
    first, rest = b"\r\nfirst\r\n.\r\n", b"last\r\n"
    wire.socket.sendall(b"BDAT %d\r\n%bBDAT %d LAST\r\n%b" % (len(first), first, len(rest), rest))
    assert wire.reply().startswith("250")
    assert wire.reply().startswith("250 2.0.0 Stored as")
    assert stored(server, "in-chunks")


def test_a_bdat_that_may_not_come_is_swallowed(wire: Wire) -> None:
    wire.say("EHLO client.test")
    wire.socket.sendall(b"BDAT 12 LAST\r\nRSET\r\nQUIT\r\nNOOP\r\n")
    assert wire.reply().startswith("503")
    assert wire.reply().startswith("250")


def test_pipelined_commands_are_answered_in_order(wire: Wire) -> None:
    wire.send("EHLO c\r\nMAIL FROM:<a@out.test>\r\nRCPT TO:<u1@x.test>\r\nRSET\r\nNOOP\r\nVRFY x\r\nEXPN x\r\nHELP\r\nBOGUS\r\nQUIT")
    codes = [wire.reply()[:3] for _ in range(10)]
    assert codes == ["250", "250", "250", "250", "250", "252", "502", "214", "500", "221"]
    assert wire.is_closed()


def test_a_line_that_never_ends_closes_the_connection(wire: Wire) -> None:
    wire.socket.sendall(b"A" * 50_000)
    assert wire.reply().startswith("500")
    assert wire.is_closed()


def test_too_many_wrong_commands_close_the_connection(wire: Wire) -> None:
    wire.send("\r\n".join(["BOGUS"] * 60))
    answers = []
    while answer := wire.reply():
        answers.append(answer[:3])
    assert answers[-1] == "421" and 50 <= len(answers) <= 60


def test_limits_of_one_connection_are_not_anothers(server: RoostServer) -> None:
    first, second = Wire(server.ports["smtp"]), Wire(server.ports["smtp"])
    first.say("EHLO a")
    second.say("EHLO b")
    assert first.say("MAIL FROM:<a@out.test> SIZE=10 BODY=8BITMIME RET=HDRS ENVID=QQ314159").startswith("250")
    assert second.say("MAIL FROM:<a@out.test> BODY=8BITMIME").startswith("250")
    assert first.say("RCPT TO:<u1@x.test> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;u1@x.test").startswith("250")
    assert second.say("RCPT TO:<u1@x.test> FOO=BAR").startswith("555")


def test_a_connection_cut_in_the_message_leaves_nothing_and_one_cut_after_the_dot_leaves_it_whole(server: RoostServer) -> None:
    cut = Wire(server.ports["smtp"])
    cut.begin()
    cut.say("DATA")
    cut.socket.sendall(b"Subject: cut-before\r\n\r\nhalf")
    cut.socket.close()
    gone = Wire(server.ports["smtp"])
    gone.begin()
    gone.say("DATA")
    gone.socket.sendall(b"Subject: cut-after\r\n\r\nwhole\r\n.\r\n")
    gone.socket.shutdown(socket.SHUT_WR)
    gone.socket.close()
    eventually(lambda: stored(server, "cut-after"))
    assert stored(server, "cut-after")
    assert stored(server, "cut-before") == []


def test_a_disabled_account_and_an_unknown_one_are_told_alike(server: RoostServer) -> None:
    answers = []
    for name in ("u1@x.test", "nobody@x.test", "' OR 1=1--", "*)(uid=*"):
        with smtplib.SMTP_SSL("127.0.0.1", server.ports["submissions"], context=unverified(), timeout=20) as client, pytest.raises(smtplib.SMTPAuthenticationError) as caught:
            client.login(name, "wrong password")
        answers.append((caught.value.smtp_code, caught.value.smtp_error))
    assert len(set(answers)) == 1 and answers[0][0] == 535


def test_swaks_sends_with_tls_and_a_password(server: RoostServer) -> None:
    import shutil
    import subprocess

    if shutil.which("swaks") is None:
        pytest.skip("swaks is not installed")
    done = subprocess.run(
        ["swaks", "--server", f"127.0.0.1:{server.ports['submission']}", "--tls", "--auth", "PLAIN", "--auth-user", "u1@x.test", "--auth-password", PASSWORD,
         "--from", "u1@x.test", "--to", "u2@x.test", "--header", "Subject: by swaks"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if "TLS not available" in done.stdout + done.stderr:
        pytest.skip("swaks has no TLS here (libnet-ssleay-perl)")
    assert done.returncode == 0, done.stdout
    assert re.search(r"250 2.0.0 Stored as \w{16}", done.stdout)


def test_an_account_and_a_strangers_address_are_slowed_down_beyond_their_rate() -> None:
    one = RoostServer(listeners=("smtp", "submission"), host="0.0.0.0", people=2, workers=1, settings={"submission.rate": "3", "smtp.rate": "2"})
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    try:
        for who in ("u1@x.test", "u2@x.test"):  # one's limit is not another's
            with smtplib.SMTP("127.0.0.1", one.ports["submission"], timeout=20, source_address=("127.0.0.5", 0)) as client:
                client.starttls(context=trusting)
                client.login(who, PASSWORD)
                client.mail(who)
                answers = [client.rcpt("u2@x.test") for _ in range(4)]
                assert [code for code, _ in answers] == [250, 250, 250, 451] and b"3 recipients in an hour" in answers[3][1]
        for ip, expected in (("127.0.0.6", [250, 250, 451]), ("127.0.0.7", [250, 250, 451]), ("127.0.0.1", [250, 250, 250])):
            with smtplib.SMTP("127.0.0.1", one.ports["smtp"], timeout=20, source_address=(ip, 0)) as client:
                client.ehlo()
                client.mail("ann@out.test")
                assert [client.rcpt("u1@x.test")[0] for _ in range(3)] == expected, ip
    finally:
        one.remove()


def test_what_the_webmail_and_other_connections_sent_counts_for_programs_too() -> None:
    one = RoostServer(listeners=("submission", "http"), host="0.0.0.0", people=2, settings={"submission.rate": "4", "web.undo_seconds": "0"})
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE

    def connected() -> smtplib.SMTP:
        client = smtplib.SMTP("127.0.0.1", one.ports["submission"], timeout=20, source_address=("127.0.0.5", 0))
        client.starttls(context=trusting)
        client.login("u1@x.test", PASSWORD)
        client.mail("u1@x.test")
        return client

    try:
        person = visitor.signed_in(one, "u1@x.test")
        draft = re.search(r'data-draft="([^"]+)"', person.get("/compose").text)[1]  # type: ignore[index]
        person.post(f"/compose/{draft}/send", {"to": "u2@x.test, admin@x.test", "subject": "From the webmail", "body": "x", "format": "text", "op": "send"})
        with connected() as first, connected() as second:
            assert [first.rcpt("u2@x.test")[0] for _ in range(3)] == [250, 250, 451]
            assert second.rcpt("u2@x.test")[0] == 250, "the first has sent nothing yet"
            assert first.data("From: u1@x.test\r\nSubject: first\r\n\r\nx\r\n")[0] == 250
            code, text = second.data("From: u1@x.test\r\nSubject: second\r\n\r\nx\r\n")
            assert code == 451 and b"4 recipients in an hour" in text
    finally:
        one.remove()
