"""The words of the server's own messages in the panel: changed, looked at, taken back, and audited."""


import pytest

from tests.lasting import lasting
from tests.scenario.server import RoostServer
from tests.web.visitor import Browser, signed_in

HERE = "/admin/server-messages/bounce.failed"


server = lasting(lambda: RoostServer(listeners=("http",), people=1, workers=1))


@pytest.fixture
def admin(server: RoostServer) -> Browser:
    return signed_in(server, "admin@x.test")


def test_words_are_looked_at_before_they_are_kept(server: RoostServer, admin: Browser) -> None:
    admin.get(HERE)
    seen = admin.post(HERE, {"op": "look", "language": "en", "subject": "No: %Subject%", "text": "Dear %sender%,\n%Recipients%"}).text
    assert "<b>No: Lunch on Friday</b>" in seen and "Dear you@example.com," in seen
    assert "Not delivered: %Subject%" in admin.get(HERE).text


def test_words_are_changed_for_one_language_and_taken_back_and_both_are_audited(server: RoostServer, admin: Browser) -> None:
    admin.get(HERE)
    saved = admin.post(HERE, {"op": "save", "language": "de", "subject": "Kam zurück: %Subject%", "text": "%Recipients%"})
    assert "Kam zurück: Lunch on Friday" in saved.text
    assert "changed: German" in admin.get("/admin/server-messages?q=SEND_FAILED").text
    assert "Not delivered: %Subject%" in admin.get(HERE + "?language=en").text
    assert "Nicht zugestellt: %Subject%" in admin.post(HERE, {"op": "reset", "language": "de"}).text
    audit = admin.get("/admin/audit?q=bounce.failed").text
    assert "message changed" in audit and "message reset" in audit and "Kam zurück" in audit


def test_what_was_typed_stays_when_it_is_wrong(admin: Browser) -> None:
    admin.get(HERE)
    wrong = admin.post(HERE, {"op": "save", "language": "en", "subject": "Mine", "text": "%Recipients% %Nobody%"})
    assert wrong.status_code == 422 and "%Nobody% is not a variable of this message." in wrong.text and 'value="Mine"' in wrong.text


def test_a_message_that_does_not_exist_is_not_found(admin: Browser) -> None:
    assert admin.get("/admin/server-messages/bounce.nothing").status_code == 404
