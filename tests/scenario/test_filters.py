"""Rules, forwarding and auto-replies in a running server: what a person sets is what happens to their mail."""

import imaplib
import json
import re
import smtplib
import time

import pytest

from tests.lasting import lasting
from tests.scenario.server import PASSWORD, RoostServer
from tests.scenario.waiting import eventually
from tests.web.visitor import Browser

AWAY = "/settings/away"


server = lasting(lambda: RoostServer(listeners=("smtp", "imap", "http"), people=6))


def person(server: RoostServer, number: int) -> Browser:
    browser = Browser(server)
    assert browser.sign_in(f"u{number}@x.test").status_code == 200
    return browser


def send(server: RoostServer, to: str, subject: str, sender: str = "ann@out.test", text: str = "Hello", **headers: str) -> None:
    lines = {"From": f"<{sender or 'ann@out.test'}>", "To": to, "Subject": subject, "Message-ID": f"<{time.monotonic_ns()}@out.test>", **{k.replace("_", "-"): v for k, v in headers.items()}}
    data = "".join(f"{k}: {v}\r\n" for k, v in lines.items()) + f"\r\n{text}\r\n"
    with smtplib.SMTP("127.0.0.1", server.ports["smtp"]) as client:
        client.sendmail(sender, [to], data)


def subjects(server: RoostServer, number: int, box: str = "INBOX") -> list[str]:
    with imaplib.IMAP4("127.0.0.1", server.ports["imap"]) as imap:
        imap.login(f"u{number}@x.test", PASSWORD)
        if imap.select(f'"{box}"', readonly=True)[0] != "OK":
            return []
        found = imap.fetch("1:*", "BODY.PEEK[HEADER.FIELDS (SUBJECT)]")[1] if imap.search(None, "ALL")[1][0] else []
    return [part[1].decode().partition(":")[2].strip() for part in found if isinstance(part, tuple)]


def message(server: RoostServer, number: int, subject: str, box: str = "INBOX") -> str:
    with imaplib.IMAP4("127.0.0.1", server.ports["imap"]) as imap:
        imap.login(f"u{number}@x.test", PASSWORD)
        imap.select(f'"{box}"', readonly=True)
        found = imap.search(None, "SUBJECT", f'"{subject}"')[1][0].split()
        return imap.fetch(found[-1], "BODY.PEEK[]")[1][0][1].decode() if found else ""


def queue(server: RoostServer) -> str:
    return server.run("queue", "list", "--json")


def test_an_auto_reply_answers_a_colleague_once_and_says_what_it_is(server: RoostServer) -> None:
    away = person(server, 1)
    away.get(AWAY)
    assert away.post(AWAY, {"op": "away", "is_on": "1", "subject": "Away: %SUBJECT%", "text": "Back on Monday.\nBcc: x@y.test", "days": "7"}).status_code == 200
    assert "Auto-reply on" in away.get("/").text
    send(server, "u1@x.test", "First", sender="u2@x.test")
    eventually(lambda: "Away: First" in subjects(server, 2))
    send(server, "u1@x.test", "Second", sender="u2@x.test")
    eventually(lambda: "Second" in subjects(server, 1))
    assert "Away: Second" not in subjects(server, 2), "one reply a sender in seven days"
    reply = message(server, 2, "Away: First")
    head = reply.partition("\r\n\r\n")[0].lower()
    assert "auto-submitted: auto-replied" in head and "return-path: <>" in head and "in-reply-to: <" in head and "\nbcc:" not in head
    assert "Back on Monday." in reply


@pytest.mark.parametrize(
    "headers", [{"List_Id": "<l.out.test>"}, {"Auto_Submitted": "auto-replied"}, {"Precedence": "bulk"}, {"X_Auto_Response_Suppress": "All"}, {"To": "somebody@else.test"}]
)
def test_no_auto_reply_goes_to_lists_robots_and_mail_for_others(server: RoostServer, headers: dict[str, str]) -> None:
    before = len(subjects(server, 3))
    name = next(iter(headers))
    send(server, "u1@x.test", f"No answer {name}", sender="u3@x.test", **headers)
    eventually(lambda: f"No answer {name}" in subjects(server, 1))
    assert len(subjects(server, 3)) == before
    trace = json.loads(server.run("trace", f"No answer {name}", "--json"))[0]["trace_id"]
    assert "no auto-reply" in server.run("trace", trace, "--json")


@pytest.mark.parametrize("sender", ["mailer-daemon@out.test", "owner-l@out.test", "l-request@out.test", "noreply@out.test"])
def test_no_auto_reply_goes_to_the_address_of_a_robot(server: RoostServer, sender: str) -> None:
    send(server, "u1@x.test", f"From {sender}", sender=sender)
    eventually(lambda: f"From {sender}" in subjects(server, 1))
    trace = json.loads(server.run("trace", f"From {sender}", "--json"))[0]["trace_id"]
    assert "is a robot" in server.run("trace", trace, "--json") and sender not in queue(server)


def test_who_was_answered_is_remembered_over_off_and_on_and_a_restart(server: RoostServer) -> None:
    def switched(*words: str) -> None:
        server.run("account", "away", "u5@x.test", *words)
        server.settle()

    switched("--text", "Back on Monday.")
    send(server, "u5@x.test", "Once", sender="u3@x.test")
    eventually(lambda: "Auto: Once" in subjects(server, 3))
    switched("--off")
    switched("--text", "Back on Monday.")
    send(server, "u5@x.test", "Twice", sender="u3@x.test")
    eventually(lambda: "Twice" in subjects(server, 5))
    server.stop()
    server.start()
    send(server, "u5@x.test", "Thrice", sender="u3@x.test")
    eventually(lambda: "Thrice" in subjects(server, 5))
    switched("--text", "Back on Tuesday, later than I thought.")
    send(server, "u5@x.test", "New words", sender="u3@x.test")
    eventually(lambda: "Auto: New words" in subjects(server, 3))
    assert [one for one in subjects(server, 3) if one.startswith("Auto:")] == ["Auto: Once", "Auto: New words"]
    switched("--off")


def test_the_null_sender_gets_no_auto_reply(server: RoostServer) -> None:
    send(server, "u1@x.test", "A bounce", sender="")
    eventually(lambda: "A bounce" in subjects(server, 1))
    assert "A bounce" not in queue(server)


def test_mail_is_forwarded_to_a_colleague_and_kept(server: RoostServer) -> None:
    me = person(server, 4)
    me.get(AWAY)
    me.post(AWAY, {"op": "forward", "is_forwarding": "1", "targets": "u5@x.test", "keeps_copy": "1"})
    send(server, "u4@x.test", "For both")
    eventually(lambda: "For both" in subjects(server, 4) and "For both" in subjects(server, 5))


def test_forwards_that_lead_in_a_circle_end_by_themselves(server: RoostServer) -> None:
    back = person(server, 5)
    back.get(AWAY)
    back.post(AWAY, {"op": "forward", "is_forwarding": "1", "targets": "u4@x.test"})
    send(server, "u4@x.test", "Round and round")
    eventually(lambda: "Round and round" in subjects(server, 4))
    assert subjects(server, 4).count("Round and round") == 1 and subjects(server, 5).count("Round and round") <= 1
    back.get(AWAY)
    back.post(AWAY, {"op": "forward", "targets": ""})


def test_an_address_elsewhere_must_say_yes_before_mail_goes_there(server: RoostServer) -> None:
    me = person(server, 6)
    me.get(AWAY)
    answer = me.post(AWAY, {"op": "forward", "is_forwarding": "1", "targets": "me@elsewhere.test"})
    assert "waiting for its code" in answer.text
    assert "me@elsewhere.test" in queue(server)
    send(server, "u6@x.test", "Before the code")
    eventually(lambda: "Before the code" in subjects(server, 6))
    assert "Before the code" not in queue(server), "nothing leaves before it is confirmed"
    me.get(AWAY)
    assert "not the code" in me.post(AWAY, {"op": "code", "address": "me@elsewhere.test", "code": "00000000"}).text
    code = re.search(r"\n +(\d{8})\r?\n", queued_text(server))[1]  # type: ignore[index]
    me.get(AWAY)
    assert me.post(AWAY, {"op": "code", "address": "me@elsewhere.test", "code": code}).status_code == 200
    assert "Your mail can now go to me@elsewhere.test" in subjects(server, 6), "the owner is told"
    send(server, "u6@x.test", "After the code")
    eventually(lambda: "After the code" in queue(server))
    assert "After the code" not in subjects(server, 6), "no copy was asked for"
    assert "SRS0=" in queue(server)


def queued_text(server: RoostServer) -> str:
    """The bytes of every blob, where the code's message is."""
    return b"".join(path.read_bytes() for path in (server.folder / "data" / "blobs").rglob("*") if path.is_file()).decode("utf-8", "replace")


def test_a_bounce_of_forwarded_mail_goes_back_to_its_sender(server: RoostServer) -> None:
    sender = re.search(r'"sender": "(SRS0=[^"]+)"', queue(server))[1]  # type: ignore[index]
    with smtplib.SMTP("127.0.0.1", server.ports["smtp"]) as client:
        client.helo("mx.elsewhere.test")
        client.mail("<>")
        assert client.rcpt(f"<{sender}>")[0] == 250
        client.rset()
        client.mail("<>")
        forged = sender.replace("=out.test=", "=other.test=")
        assert client.rcpt(f"<{forged}>")[0] == 550
        client.rset()
        client.mail("<spam@out.test>")
        assert client.rcpt(f"<{sender}>")[0] == 550, "only reports come back this way"


def test_an_address_elsewhere_that_nothing_names_any_more_must_say_yes_again(server: RoostServer) -> None:
    me = person(server, 6)
    for fields, is_asked in (({"targets": "me@elsewhere.test"}, False), ({"targets": ""}, False), ({"is_forwarding": "1", "targets": "me@elsewhere.test"}, True)):
        me.get(AWAY)
        assert ("waiting for its code" in me.post(AWAY, {"op": "forward", **fields}).text) == is_asked, fields
    send(server, "u6@x.test", "After it was taken away")
    eventually(lambda: "After it was taken away" in subjects(server, 6))
    assert "After it was taken away" not in queue(server)


RULE = {"match": "all", "c0_field": "subject", "c0_operator": "contains", "c0_value": "invoice", "a0_kind": "move", "a0_value": "Bills/2026", "op": "save"}


def test_a_rule_made_with_forms_files_mail_from_then_on(server: RoostServer) -> None:
    me = person(server, 3)
    me.get("/settings/rules/new")
    saved = me.post("/settings/rules/new", {**RULE, "a1_kind": "label", "a1_value": "money", "a2_kind": "flag"})
    assert saved.status_code == 200 and "Bills/2026" in saved.text
    send(server, "u3@x.test", "Your Invoice 7")
    eventually(lambda: "Your Invoice 7" in subjects(server, 3, "Bills/2026"))
    assert "Your Invoice 7" not in subjects(server, 3)
    with imaplib.IMAP4("127.0.0.1", server.ports["imap"]) as imap:
        imap.login("u3@x.test", PASSWORD)
        imap.select("Bills/2026", readonly=True)
        flags = imap.fetch("1", "FLAGS")[1][0].decode()
    assert "\\Flagged" in flags and "money" in flags
    me.get("/settings/rules")
    me.post("/settings/rules", {"op": "switch", "number": "0"})
    send(server, "u3@x.test", "Invoice 8")
    eventually(lambda: "Invoice 8" in subjects(server, 3))


def test_a_rule_is_tried_on_mail_that_is_here_without_touching_it(server: RoostServer) -> None:
    send(server, "u2@x.test", "Invoice 9")
    eventually(lambda: "Invoice 9" in subjects(server, 2))
    me = person(server, 2)
    me.get("/settings/rules/new")
    tried = me.post("/settings/rules/new", {**RULE, "op": "try"})
    assert "1 message fits" in tried.text and "Invoice 9" in tried.text
    assert "Invoice 9" in subjects(server, 2) and "No rules yet" in me.get("/settings/rules").text


def test_the_editor_keeps_what_was_typed_while_rows_come_and_go(server: RoostServer) -> None:
    me = person(server, 2)
    me.get("/settings/rules/new")
    more = me.post("/settings/rules/new", {**RULE, "op": "more-c"})
    assert 'name="c1_field"' in more.text and 'value="invoice"' in more.text
    less = me.post("/settings/rules/new", {**RULE, "c1_field": "from", "c1_operator": "is", "c1_value": "x", "op": "less-c0"})
    assert 'value="invoice"' not in less.text and 'value="x"' in less.text
    wrong = me.post("/settings/rules/new", {**RULE, "c0_operator": "regex", "c0_value": "(", "op": "save"})
    assert wrong.status_code == 422 and 'value="("' in wrong.text


def test_a_rules_name_or_value_adds_no_action(server: RoostServer) -> None:
    me = person(server, 2)
    me.get("/settings/rules/new")
    hostile = '"; redirect "thief@out.test"; #\r\nredirect "thief@out.test";'
    me.post("/settings/rules/new", {**RULE, "name": hostile, "c0_value": hostile})
    send(server, "u2@x.test", 'x "; redirect "thief@out.test"; #')
    eventually(lambda: any("thief" in s for s in subjects(server, 2)))
    assert "thief@out.test" not in queue(server)


def test_a_refusing_rule_answers_550_when_everyone_refuses_and_reports_otherwise(server: RoostServer) -> None:
    me = person(server, 5)
    me.get("/settings/rules/new")
    me.post("/settings/rules/new", {"match": "all", "c0_field": "subject", "c0_operator": "contains", "c0_value": "refuse me", "a0_kind": "reject", "a0_value": "I want none of this.", "op": "save"})
    with pytest.raises(smtplib.SMTPDataError) as refused:
        send(server, "u5@x.test", "Please refuse me", sender="u6@x.test")
    assert refused.value.smtp_code == 550 and b"I want none of this." in refused.value.smtp_error
    with smtplib.SMTP("127.0.0.1", server.ports["smtp"]) as client:
        client.sendmail("u3@x.test", ["u5@x.test", "u4@x.test"], "From: u3@x.test\r\nTo: u5@x.test\r\nSubject: Please refuse me twice\r\n\r\nx\r\n")
    eventually(lambda: "Please refuse me twice" in subjects(server, 4))
    eventually(lambda: "Refused by the recipient: Please refuse me twice" in subjects(server, 3))
    assert "Please refuse me twice" not in subjects(server, 5)


def test_a_rule_of_the_server_that_cannot_be_carried_out_stands_on_home_until_it_is_changed(server: RoostServer) -> None:
    admin = Browser(server)
    admin.sign_in("admin@x.test")
    words = "A rule of the server could not be carried out"
    assert words not in admin.get("/admin").text
    server.run("settings", "set", "sieve.max_redirects", "1")
    server.run("rule", "add", "--name", "Two ways", "--if", "subject", "contains", "two ways", "--do", "forward", "u2@x.test", "--do", "forward", "u3@x.test")
    server.settle()
    send(server, "u4@x.test", "This goes two ways")
    eventually(lambda: "This goes two ways" in subjects(server, 4))
    home = admin.get("/admin").text
    assert words in home and "redirect" in home and 'href="/admin/rules"' in home
    server.run("rule", "remove", "--number", "1")
    assert words not in admin.get("/admin").text
    server.run("settings", "set", "sieve.max_redirects")
