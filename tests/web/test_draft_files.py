"""Files and pictures of a draft: what other programs name by Content-ID stays a file, and a number means the same file all the time."""

import email.policy
import html
import imaplib
import re
import smtplib
from email.message import EmailMessage

from tests.lasting import lasting
from tests.scenario.server import PASSWORD, RoostServer
from tests.web.test_writing import DOT, letter
from tests.web.visitor import Browser
from tests.web.visitor import signed_in as visit

ME, OTHER = "u1@x.test", "u2@x.test"


server = lasting(lambda: RoostServer(listeners=("smtp", "http", "imap"), people=2, settings={"web.undo_seconds": "0"}))


def with_named_files(subject: str) -> EmailMessage:
    """As Gmail and Outlook make them: every file has a Content-ID, only the logo stands in the text."""
    message = EmailMessage(policy=email.policy.SMTP)
    message["From"], message["To"], message["Subject"] = "Ann <ann@out.test>", ME, subject
    message.set_content("See the files.")
    message.add_alternative('<p>See the files.</p><img src="cid:logo@out.test">', subtype="html")
    markup = message.get_body(("html",))
    assert isinstance(markup, EmailMessage)
    markup.add_related(DOT, "image", "png", cid="<logo@out.test>", filename="logo.png")
    message.add_attachment(DOT, maintype="image", subtype="png", filename="photo.png", cid="<f_photo@out.test>")
    message.add_attachment(b"%PDF-1.4", maintype="application", subtype="pdf", filename="bill.pdf", cid="<f_bill@out.test>")
    return message


def cards(page: str) -> dict[str, str]:
    """Name of each file on the page, with its number."""
    return {name: number for number, name in re.findall(r'data-file="(\d+)".*?<b dir="auto">([^<]+)</b>', page, re.DOTALL)}


def draft_of(page: str) -> str:
    found = re.search(r'data-draft="([^"]+)"', page)
    assert found
    return found[1]


def sent(me: Browser, server: RoostServer, page: str, subject: str) -> EmailMessage:
    """The page's draft as it stands there, at its recipient."""
    markup, revision = (re.search(one, page, re.DOTALL) for one in (r'name="body_html"[^>]*>(.*?)</textarea>', r'name="revision" value="(\d+)"'))
    assert markup and revision
    fields = {"from": ME, "to": OTHER, "subject": subject, "body": "", "body_html": html.unescape(markup[1]), "format": "html", "revision": revision[1], "op": "send"}
    answer = me.post(f"/compose/{draft_of(page)}/send", fields)
    assert answer.status_code == 200, answer.text
    return letter(server, OTHER, subject)


def names(message: EmailMessage) -> list[str | None]:
    return [part.get_filename() for part in message.iter_attachments()]


def test_files_with_a_content_id_are_forwarded_as_files(server: RoostServer) -> None:
    with smtplib.SMTP("127.0.0.1", server.ports["smtp"]) as client:
        client.sendmail("ann@out.test", [ME], with_named_files("To pass on").as_bytes())
    letter(server, ME, "To pass on")
    me = visit(server, ME)
    row = re.search(r'href="/mail/\d+/(\d+)"(?=[^>]*>(?:<span[^<]*</span>)?<span>To pass on)', me.get("/").text)
    assert row
    page = me.get(f"/compose/reply/{row[1]}?how=forward").text
    assert set(cards(page)) == {"photo.png", "bill.pdf"}
    got = sent(me, server, page, "Passed on")
    assert names(got) == ["photo.png", "bill.pdf"] and any(part["content-id"] == "<logo@out.test>" for part in got.walk())


def test_files_of_another_programs_draft_are_sent_with_it(server: RoostServer) -> None:
    with imaplib.IMAP4("127.0.0.1", server.ports["imap"]) as imap:
        imap.login(ME, PASSWORD)
        imap.append("Drafts", r"(\Draft \Seen)", None, with_named_files("From my phone").as_bytes())
    me = visit(server, ME)
    drafts = re.search(r'href="(/mail/\d+)"[^>]*>(?:(?!</a>).)*?#draft', me.get("/").text, re.DOTALL)
    assert drafts
    row = re.search(r'href="(/compose/\d+)"', me.get(drafts[1]).text)
    assert row
    page = me.get(row[1]).text
    assert set(cards(page)) == {"photo.png", "bill.pdf"}
    got = sent(me, server, page, "From my phone and desk")
    assert names(got) == ["photo.png", "bill.pdf"] and any(part["content-id"] == "<logo@out.test>" for part in got.walk())


def test_the_file_that_is_taken_off_is_the_one_that_was_pressed(server: RoostServer) -> None:
    me = visit(server, ME)
    draft = draft_of(me.get("/compose").text)
    picture = me.post(f"/compose/{draft}/files", {"inline": "1"}, files={"files": ("dot.png", DOT, "image/png")}).json()["url"]
    fields = {"from": ME, "to": OTHER, "subject": "One of two", "body": "", "body_html": f'<div>Look: <img src="{picture}"></div>', "format": "html", "revision": "0"}
    assert me.post(f"/compose/{draft}/draft", fields).status_code == 200
    listed = me.post(f"/compose/{draft}/files", {}, files={"files": ("list.csv", b"a,b\n", "text/csv")}, headers={"HX-Request": "true"}).text
    left = me.post(f"/compose/{draft}/files", {"detach": cards(listed)["list.csv"]}, headers={"HX-Request": "true"}).text
    assert cards(left) == {} and me.get(picture).content == DOT, "the file has gone, and the picture of the text is there"


def test_a_letter_between_whose_words_are_photos_is_shown_whole_and_passed_on_whole(server: RoostServer) -> None:
    """As an iPhone makes it: text, a photo with a Content-ID, text; and the line that a list adds."""
    message = EmailMessage(policy=email.policy.SMTP)
    message["From"], message["To"], message["Subject"] = "Ann <ann@out.test>", ME, "From the sea"
    message.set_content("Look at this:")
    message.make_mixed()
    photo, after = EmailMessage(policy=email.policy.SMTP), EmailMessage(policy=email.policy.SMTP)
    photo.set_content(DOT, "image", "png", disposition="inline", filename="sea.png", cid="<sea@out.test>")
    after.set_content("Is it not beautiful?")
    message.attach(photo)
    message.attach(after)
    with smtplib.SMTP("127.0.0.1", server.ports["smtp"]) as client:
        client.sendmail("ann@out.test", [ME], message.as_bytes())
    letter(server, ME, "From the sea")
    me = visit(server, ME)
    row = re.search(r'href="(/mail/\d+/(\d+))"(?=[^>]*>(?:<span[^<]*</span>)?<span>From the sea)', me.get("/").text)
    assert row
    shown = me.get(row[1]).text
    body = re.search(r'src="(/mail/body/[^"]+)"', shown)
    assert "sea.png" in shown and body
    words = me.get(body[1]).text
    assert words.index("Look at this:") < words.index("Is it not beautiful?")
    page = me.get(f"/compose/reply/{row[2]}?how=forward").text
    assert set(cards(page)) == {"sea.png"} and "Look at this:" in page and "Is it not beautiful?" in page
    assert names(sent(me, server, page, "The sea again")) == ["sea.png"]
