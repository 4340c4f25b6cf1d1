"""The server's own messages: what an admin writes by command is what people find in the mail, each in their language."""

import email
import email.policy
import imaplib
import json
import smtplib
from collections.abc import Iterator
from email.message import EmailMessage

import pytest

from mailcore.settings.letter_texts import ADVICE, WORDS
from mailcore.settings.letters import LANGUAGES, LETTERS, VARIABLE
from tests.scenario.server import PASSWORD, RoostServer
from tests.scenario.sink import Behaviour, Sink
from tests.scenario.waiting import eventually

NOBODY = "nobody@far.test"


@pytest.fixture(scope="module")
def sink() -> Iterator[Sink]:
    found = Sink(Behaviour(rcpt={NOBODY: "550 5.1.1 No such user here"}))
    yield found
    found.stop()


@pytest.fixture(scope="module")
def server(sink: Sink) -> Iterator[RoostServer]:
    relay = {"relay.host": "127.0.0.1", "relay.port": str(sink.port), "relay.security": "none", "queue.first_retry": "30", "virus.blocked_action": "strip"}
    one = RoostServer(listeners=("smtp", "submission", "imap", "http"), settings=relay)
    yield one
    one.remove()


def told(server: RoostServer, *words: str, text: str = "") -> dict[str, object]:
    return json.loads(server.run("messages", *words, "--json", input=text))


def newest(server: RoostServer, who: str, subject: str) -> EmailMessage:
    """The newest message whose decoded subject holds *subject*; waits for it."""
    with imaplib.IMAP4("127.0.0.1", server.ports["imap"]) as imap:
        imap.login(who, PASSWORD)

        def found() -> EmailMessage | None:
            imap.select("INBOX", readonly=True)
            for number in reversed(imap.search(None, "ALL")[1][0].split()):
                made = email.message_from_bytes(imap.fetch(number, "(BODY.PEEK[])")[1][0][1], policy=email.policy.default)
                if subject in str(made["Subject"]):
                    return made
            return None

        return eventually(found)  # type: ignore[return-value]


def send(server: RoostServer, sender: str, to: str, subject: str) -> None:
    with smtplib.SMTP("127.0.0.1", server.ports["submission"]) as smtp:
        smtp.login(sender, PASSWORD)
        smtp.sendmail(sender, [to], f"From: {sender}\r\nTo: {to}\r\nSubject: {subject}\r\n\r\nx\r\n")


def plain(message: EmailMessage) -> str:
    """Every text part, one after the other."""
    return "\n".join(str(p.get_content()) for p in message.walk() if p.get_content_type() == "text/plain").replace("\r\n", "\n")


def test_every_message_has_words_in_every_language_with_the_variables_it_knows() -> None:
    for language in LANGUAGES:
        assert WORDS[language].keys() == {one.name for one in LETTERS} and ADVICE[language].keys() == ADVICE["en"].keys()
        for one in LETTERS:
            used = set(VARIABLE.findall(" ".join(WORDS[language][one.name])))
            assert used <= one.variables.keys(), (language, one.name)
            assert set(one.must) <= used, (language, one.name)


def test_a_bounce_has_the_words_that_were_written_for_it_and_the_first_ones_again_after_a_reset(server: RoostServer) -> None:
    before = told(server, "show", "bounce.failed")
    made = told(server, "set", "bounce.failed", "--subject", "Zurück: %Subject%", text="Hello %Sender%,\n%Recipients%\nsays %Server%. %Advice%\n")
    assert made["is_changed"] is True and told(server, "list")[0]["changed"] == ["en"]  # type: ignore[index]
    send(server, "u1@x.test", NOBODY, "Plums %Server%")
    bounce = newest(server, "u1@x.test", "Zurück: Plums")
    assert bounce["Subject"] == "Zurück: Plums %Server%", "what strangers write is never looked through for variables"
    text = plain(bounce)
    assert text.startswith("Hello u1@x.test,\n  nobody@far.test\n   ") and "550" in text and "says mx.x.test. Look whether the address is spelt right" in text
    assert bounce.get_content_type() == "multipart/report"
    assert told(server, "reset", "bounce.failed") == before
    send(server, "u1@x.test", NOBODY, "Pears")
    assert "could not be delivered to:" in plain(newest(server, "u1@x.test", "Not delivered: Pears"))


def test_people_here_are_written_to_in_their_language_and_others_in_the_servers(server: RoostServer) -> None:
    server.run("account", "set", "u2@x.test", "--language", "de")
    send(server, "u2@x.test", NOBODY, "Birnen")
    bounce = newest(server, "u2@x.test", "Nicht zugestellt: Birnen")
    assert "antwortete: 550" in plain(bounce) and "Prüfen Sie, ob die Adresse richtig geschrieben ist" in plain(bounce)


def test_the_note_in_place_of_a_blocked_attachment_has_the_admins_words(server: RoostServer) -> None:
    told(server, "set", "attachment.removed", "--text", "Sorry: no %File% here (%Reason%).")
    server.run("settings", "set", "server.language", "de")
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = "ann@out.test", "u3@x.test", "Pay"
    made.set_content("see file")
    made.add_attachment(b"MZ", maintype="application", subtype="octet-stream", filename="invoice.exe")
    server.settle()
    with smtplib.SMTP("127.0.0.1", server.ports["smtp"]) as smtp:
        smtp.send_message(made)
    assert "wurde von dieser Nachricht entfernt: Anhänge dieser Art" in plain(newest(server, "u3@x.test", "Pay"))
    told(server, "set", "attachment.removed", "--language", "de", "--text", "Kein %File% hier: %Reason%.")
    made.replace_header("Subject", "Again")
    with smtplib.SMTP("127.0.0.1", server.ports["smtp"]) as smtp:
        smtp.send_message(made)
    assert "Kein invoice.exe hier: Anhänge dieser Art" in plain(newest(server, "u3@x.test", "Again"))


@pytest.mark.parametrize(
    ("words", "text", "said"),
    [
        (("bounce.failed",), "no recipients at all", "needs %Recipients%"), (("bounce.failed",), "%Recipients% %Password%", "%Password% is not a variable"),
        (("bounce.failed", "--subject", " "), "%Recipients%", "Write a subject"), (("nonsense",), "x", "There is no message nonsense"),
    ],
)  # fmt: skip
def test_words_that_would_make_a_message_useless_are_refused(server: RoostServer, words: tuple[str, ...], text: str, said: str) -> None:
    answer = json.loads(server.run("messages", "set", *words, "--json", input=text, is_checked=False))
    assert said in answer["error"]
