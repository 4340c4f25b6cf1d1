"""A visitor without scripts, over HTTP."""

import re

import requests

from tests.scenario.server import PASSWORD, RoostServer


class Browser:
    """A person's browser without scripts: cookies, and the form token of the last page."""

    def __init__(self, server: RoostServer) -> None:
        self.base = f"http://127.0.0.1:{server.ports['http']}"
        self.session = requests.Session()
        self.token = ""

    def get(self, path: str, **more: object) -> requests.Response:
        return self._seen(self.session.get(self.base + path, timeout=20, **more))  # type: ignore[arg-type]

    def post(self, path: str, data: dict[str, str], **more: object) -> requests.Response:
        return self._seen(self.session.post(self.base + path, data={"csrf_token": self.token, **data}, timeout=20, **more))  # type: ignore[arg-type]

    def _seen(self, answer: requests.Response) -> requests.Response:
        found = re.search(r'name="csrf_token" value="([^"]+)"', answer.text) or re.search(r'csrf-token" content="([^"]+)"', answer.text)
        if found:
            self.token = found.group(1)
        return answer

    def sign_in(self, address: str, password: str = PASSWORD) -> requests.Response:
        self.get("/sign-in")
        return self.post("/sign-in", {"address": address, "password": password})


def signed_in(server: RoostServer, address: str) -> Browser:
    """A visitor with a session."""
    browser = Browser(server)
    assert browser.sign_in(address).status_code == 200
    return browser
