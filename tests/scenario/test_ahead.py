"""A large letter is made safe to show as it comes, once for all it went to."""

import re
import smtplib
from collections.abc import Iterator

import pytest

from tests.scenario.server import RoostServer
from tests.scenario.waiting import eventually
from tests.web.visitor import signed_in

PARAGRAPHS = "".join(f'<p>Paragraph {n} <a href="https://shop.test/{n}">see</a> <img src="https://cdn.test/{n}.png" alt="Picture {n}"></p>\r\n' for n in range(700))


@pytest.fixture(scope="module")
def server() -> Iterator[RoostServer]:
    one = RoostServer(listeners=("smtp", "http"), people=2)
    yield one
    one.remove()


def test_a_large_letter_is_safe_before_it_is_opened_and_pictures_are_each_readers_own(server: RoostServer) -> None:
    with smtplib.SMTP("127.0.0.1", server.ports["smtp"], timeout=20) as client:
        head = "From: ann@out.test\r\nTo: u1@x.test\r\nSubject: The catalogue\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
        client.sendmail("ann@out.test", ["u1@x.test", "u2@x.test"], head + PARAGRAPHS + "<script>bad()</script>")
    eventually(lambda: (found := list((server.folder / "data" / "made").glob("*"))) and len(found) == 2 and all(one.stat().st_nlink == 2 for one in found) and found, lambda: "one file for both")
    seen = set()
    for address in ("u1@x.test", "u2@x.test"):
        person = signed_in(server, address)
        row = re.search(r'href="(/mail/\d+/\d+)"(?=[^>]*>(?:<span[^<]*</span>)?<span>The catalogue)', person.get("/").text)
        assert row
        for more in ("", "?images=1"):
            path = re.search(r'src="(/mail/body/[^"]+)"', person.get(row[1] + more).text)
            assert path
            body = person.get(path[1].replace("&amp;", "&")).text
            shown = re.findall(r'<img[^>]* src="(/mail/image/[^"]+)"', body)
            assert "Paragraph 699" in body and 'href="https://shop.test/699"' in body and "bad()" not in body and "cdn.test" not in body
            assert len(shown) == (700 if more else 0)
            seen.update(shown)
    assert len(seen) == 1400, "every reader's pictures have addresses of their own"
