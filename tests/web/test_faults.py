"""When Roost itself is at fault: a page of our own with a reference that the log has, too; and words that no page can hold."""

import re
from collections.abc import Iterator

import pytest

import wsgi
from mailcore.config.environment import load
from mailcore.runtime.runtime import open_runtime
from tests.scenario.server import RoostServer
from tests.web.visitor import signed_in
from web.signed_in import public


@pytest.fixture(scope="module")
def server() -> Iterator[RoostServer]:
    one = RoostServer(listeners=("http",), people=1)
    yield one
    one.remove()


def test_a_fault_of_ours_is_a_page_whose_reference_leads_to_the_log(server: RoostServer, capfd: pytest.CaptureFixture[str]) -> None:
    @public
    def broken() -> str:
        raise ZeroDivisionError("nobody foresaw it")

    runtime = open_runtime(load(server.environ), name="web")
    app = wsgi.create_app(runtime)
    app.add_url_rule("/broken", view_func=broken)
    answer = app.test_client().get("/broken")
    found = re.search(r"reference=(\w+) path=/broken .*nobody foresaw it", capfd.readouterr().err)
    assert answer.status_code == 500 and found and found[1] in answer.text and "nobody foresaw it" not in answer.text
    assert "Roost" in answer.text and "Internal Server Error" not in answer.text
    told = app.test_client().get("/broken", headers={"Accept": "application/json"})
    assert told.status_code == 500 and told.get_json()["reference"] in capfd.readouterr().err
    runtime.close()


def test_an_address_with_a_nul_leads_nowhere(server: RoostServer) -> None:
    admin = signed_in(server, "admin@x.test")
    for path in ("/admin/accounts?q=%00", "/admin/queue?q=a%00b", "/mail/search?q=%00", "/admin/accounts/u1%00@x.test"):
        assert admin.get(path).status_code == 404, path
    assert "request failed" not in server.log_text()
