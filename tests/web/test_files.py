"""Files of messages: looked at where that is safe, never served in a way that runs, one archive, a message inside a message opened."""

import base64
import io
import re
import smtplib
import zipfile
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from tests.lasting import lasting
from tests.scenario.server import RoostServer
from tests.unit.mail import test_tnef as tnef
from tests.web.browser import signed_in
from tests.web.gallery.test_gallery import needs_parts
from tests.web.visitor import Browser

PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")
SCRIPT = b"<script>alert(1)</script>"
HOSTILE = [
    ("text/html", "page.html", SCRIPT),
    ("application/xhtml+xml", "x.xhtml", SCRIPT),
    ("image/svg+xml", "x.svg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"),
    ("text/xml", "x.xml", b"<?xml-stylesheet type='text/xsl' href='#'?>"),
    ("image/png", "lie.png", SCRIPT),
    ("application/pdf", "x.pdf", b"%PDF-1.4 /JavaScript"),
    ("multipart/related", "x.mht", SCRIPT),
    ("text/javascript", "x.js", b"alert(1)"),
    ("text/plain", "../../etc/<b>passwd</b>.txt", SCRIPT),
    ("x/y\\\"><script>alert(1)</script>", "a\\\" onmouseover=alert(1).html.", SCRIPT),
    ("application/octet-stream", "C:\\\\boot\\\\..\\\\\u202egnp.exe", b"MZ"),
]


class Loud(HTMLParser):
    """What would run: handlers, and scripts that are not ours by address."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        self.found += [name for name in said if name.startswith("on")]
        if tag == "script" and "src" not in said and said.get("type") not in ("importmap", "application/json"):
            self.found.append(tag)


server = lasting(lambda: RoostServer(listeners=("smtp", "http")))


@pytest.fixture(scope="module")
def person(server: RoostServer) -> Browser:
    browser = Browser(server)
    browser.sign_in("u1@x.test")
    return browser


def part(mime: str, name: str, data: bytes) -> bytes:
    head = f'--b\r\nContent-Type: {mime}\r\nContent-Disposition: attachment; filename="{name}"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
    return head.encode() + base64.encodebytes(data).replace(b"\n", b"\r\n")


def deliver(server: RoostServer, person: Browser, subject: str, *parts: bytes) -> str:
    """The page of a message with these parts."""
    head = f"From: Ann <ann@far.test>\r\nTo: u1@x.test\r\nSubject: {subject}\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    with smtplib.SMTP("127.0.0.1", server.ports["smtp"]) as client:
        client.sendmail("ann@far.test", ["u1@x.test"], head.encode() + b"".join(parts) + b"--b--\r\n")
    path = re.search(rf'href="(/mail/\d+/\d+)"(?=[^>]*>(?:<span[^<]*</span>)?<span>{subject})', person.get("/").text)
    assert path is not None
    return person.get(path[1]).text


def links(text: str) -> list[str]:
    return list(dict.fromkeys(re.findall(r'href="(/mail/part/[^"?]+)"', text)))


def test_hostile_files_are_downloads_that_cannot_run(server: RoostServer, person: Browser) -> None:
    text = deliver(server, person, "Hostile files", *(part(*one) for one in HOSTILE))
    assert not Loud(text).found and "\u202e" not in text
    found = links(text)
    assert len(found) == len(HOSTILE)
    for link in found:
        for view in ("", "?view=text"):
            answer = person.get(link + view)
            head = answer.headers
            assert head["X-Content-Type-Options"] == "nosniff" and head["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
            is_text = view and head["Content-Type"] == "text/plain; charset=utf-8"
            assert is_text or (head["Content-Type"] == "application/octet-stream" and head["Content-Disposition"].startswith("attachment;")), link
            assert not re.search(r"[/\\<>\u202e]", head["Content-Disposition"].partition("filename*")[0])


def test_pictures_and_text_are_looked_at_in_place(server: RoostServer, person: Browser) -> None:
    text = deliver(server, person, "Harmless files", part("image/png", "dot.png", PNG), part("text/plain; charset=iso-8859-1", "note.txt", "Grüße".encode("latin-1")))
    picture, note = links(text)
    assert f'<img src="{picture}"' in text and f'href="{note}?view=text"' in text
    assert person.get(picture).headers["Content-Type"] == "image/png"
    assert person.get(note + "?view=text").text == "Grüße"


def test_all_files_are_one_archive_with_a_name_each_and_no_folder(server: RoostServer, person: Browser) -> None:
    text = deliver(server, person, "Many files", *(part("text/plain", name, b"x") for name in ("a.txt", "a.txt", "A.txt", "../../a.txt", "/etc/passwd", "..")))
    whole = person.get(re.search(r'href="(/mail/files/[^"]+)"', text)[1])  # type: ignore[index]
    names = zipfile.ZipFile(io.BytesIO(whole.content)).namelist()
    assert len({n.lower() for n in names}) == 6 and not any("/" in n or ".." in n for n in names), names
    assert whole.headers["Content-Type"] == "application/zip"


def test_a_message_inside_a_message_is_opened_safely_and_its_files_with_it(server: RoostServer, person: Browser) -> None:
    inner = (
        b"From: <script>alert(1)</script> <in@far.test>\r\nSubject: =?utf-8?q?Inner_=3Cscript=3Ealert=281=29=3C/script=3E?=\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n"
        b"--c\r\nContent-Type: text/html\r\n\r\n<p>Inner words<script>alert(1)</script><img src=http://far.test/x.png></p>\r\n"
        b"--c\r\nContent-Type: text/plain\r\nContent-Disposition: attachment; filename=in.txt\r\n\r\ninside\r\n--c--\r\n"
    )
    text = deliver(server, person, "Outer", b"--b\r\n\r\nSee below\r\n--b\r\nContent-Type: message/rfc822\r\nContent-Disposition: attachment; filename=inner.eml\r\n\r\n" + inner)
    opened = person.get(re.search(r'href="(/mail/enclosed/[^"]+)"', text)[1]).text  # type: ignore[index]
    assert "Inner &lt;script&gt;" in opened and not Loud(opened).found
    body = person.get(re.search(r'src="(/mail/body/[^"]+)"', opened)[1])  # type: ignore[index]
    assert "Inner words" in body.text and "script" not in body.text.partition("<body>")[2] and "far.test" not in body.text
    assert person.get(links(opened)[0]).text == "inside\r\n" or person.get(links(opened)[0]).text == "inside"


def test_thousands_of_files_are_a_page_that_says_what_it_leaves_out(server: RoostServer, person: Browser) -> None:
    text = deliver(server, person, "Thousands", *[b"--b\r\nContent-Type: image/x\r\nContent-Disposition: attachment; filename=same.bin\r\n\r\nx\r\n"] * 5000)
    assert len(links(text)) == 100 and re.search(r"\d more files are only in the source", text)


def test_winmail_dat_is_opened_and_what_is_in_it_cannot_run(server: RoostServer, person: Browser) -> None:
    inside = tnef.package(
        tnef.attribute(0x69003, tnef.properties(tnef.variable(0x102, 0x1013, b"<h1>Hi</h1>" + SCRIPT)), 1), tnef.one_file("NOTE.TXT", "Grüße".encode()), tnef.one_file("dot.png", PNG),
        tnef.one_file("x.svg", SCRIPT), tnef.one_file("../../etc/pass<b>wd.html", SCRIPT),
    )  # fmt: skip
    text = deliver(server, person, "From Outlook", part("application/ms-tnef", "winmail.dat", inside))
    assert not Loud(text).found and len(links(text)) == 1
    body = person.get(re.search(r'<iframe src="([^"]+)"', text)[1].replace("&amp;", "&")).text  # type: ignore[index]
    assert "<h1>Hi</h1>" in body and "<script" not in body
    found = {link.rpartition("/")[2]: link for link in dict.fromkeys(re.findall(r'href="(/mail/packed/[^"?]+)"', text))}
    assert list(found) == ["message.html", "NOTE.TXT", "dot.png", "x.svg", "passbwd.html"]
    for name, link in found.items():
        head = person.get(link).headers
        assert head["X-Content-Type-Options"] == "nosniff" and head["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
        assert head["Content-Type"] == ("image/png" if name == "dot.png" else "application/octet-stream")
    assert person.get(found["dot.png"]).content == PNG and person.get(found["NOTE.TXT"] + "?view=text").text == "Grüße"
    assert person.get(found["x.svg"] + "?view=text").headers["Content-Type"] == "application/octet-stream"
    other = Browser(server)
    other.sign_in("u2@x.test")
    assert other.get(found["dot.png"]).status_code == 403


@pytest.mark.browser
@needs_parts
def test_a_file_out_of_winmail_dat_is_saved_by_a_click(browser: Any, server: RoostServer, person: Browser) -> None:

    deliver(server, person, "Packed plums", part("application/ms-tnef", "winmail.dat", tnef.package(tnef.one_file("PLUMS.XLS", b"nine", long="Plums of November.xls"))))
    page, troubles = signed_in(browser, server, "u1@x.test")
    page.locator("#rows .row", has_text="Packed plums").locator(".row-sub > a").click()
    with page.expect_download() as saved:
        page.get_by_role("link", name="Plums of November.xls").click()
    assert saved.value.suggested_filename == "Plums of November.xls" and Path(saved.value.path()).read_bytes() == b"nine"
    assert troubles == []
