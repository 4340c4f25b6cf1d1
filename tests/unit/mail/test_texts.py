"""All texts of a message are read, and what is not read is a file."""

import pytest

from mailcore.mail import texts
from mailcore.mail.mime import parse

PLAIN, HTML = "Content-Type: text/plain", "Content-Type: text/html"
PHOTO = 'Content-Type: image/jpeg; name=photo.jpg\r\nContent-Disposition: inline; filename=photo.jpg\r\nContent-ID: <photo@x>'
PDF = "Content-Type: application/pdf; name=bill.pdf\r\nContent-Disposition: inline; filename=bill.pdf"


def multipart(kind: str, *parts: str, mark: str = "m") -> str:
    return f"Content-Type: multipart/{kind}; boundary={mark}\r\n\r\n" + "".join(f"--{mark}\r\n{part}\r\n" for part in parts) + f"--{mark}--\r\n"


def leaf(head: str, text: str) -> str:
    return f"{head}\r\n\r\n{text}"


def read(message: str) -> tuple[list[str], list[str]]:
    """(texts, names of files) as a reader shows them."""
    data = message.encode()
    root = parse(data)
    found = texts.texts(data, root, 1_000_000)
    return [one.text for one in found.pieces], [part.filename for part in texts.files(root, texts.pictures(root, found.markup))]


@pytest.mark.parametrize(
    ("message", "shown", "files"),
    [
        (leaf(PLAIN, "one"), ["one"], []),
        (multipart("mixed", leaf(PLAIN, "before"), leaf(PHOTO, "x"), leaf(PLAIN, "after")), ["before", "after"], ["photo.jpg"]),
        (multipart("mixed", leaf(HTML, "<p>before"), leaf(PDF, "x"), leaf(HTML, "<p>after")), ["<p>before", "<p>after"], ["bill.pdf"]),
        (multipart("mixed", multipart("alternative", leaf(PLAIN, "plain"), leaf(HTML, "<p>rich"), mark="a"), leaf(PLAIN, "of the list")), ["<p>rich", "of the list"], []),
        (multipart("alternative", leaf(PLAIN, "plain"), multipart("related", leaf(HTML, "<img src=cid:photo@x>"), leaf(PHOTO, "x"), mark="r")), ["<img src=cid:photo@x>"], []),
        (multipart("alternative", leaf(PLAIN, "plain"), multipart("mixed", leaf(HTML, "<p>one"), leaf(PDF, "x"), leaf(HTML, "<p>two"), mark="r")), ["<p>one", "<p>two"], ["bill.pdf"]),
        (multipart("related", leaf(HTML, "<p>no picture"), leaf(PHOTO, "x")), ["<p>no picture"], ["photo.jpg"]),
        (multipart("mixed", leaf(PLAIN, "text"), leaf(PLAIN + "; name=notes.txt", "notes")), ["text"], ["notes.txt"]),
        (multipart("mixed", leaf(PLAIN + "; name=body.txt", "text"), leaf(PDF, "x")), ["text"], ["bill.pdf"]),
        (multipart("alternative", leaf(PLAIN, "only"), leaf("Content-Type: text/calendar", "BEGIN:VCALENDAR")), ["only"], []),
        (multipart("signed", leaf(PLAIN, "said"), leaf("Content-Type: application/pgp-signature; name=signature.asc", "x")), ["said"], []),
        (multipart("alternative", leaf("Content-Type: text/x-amp-html", "x"), leaf("Content-Type: image/png; name=a.png", "x")), [], ["a.png"]),
        (multipart("mixed", leaf(PLAIN, "see"), leaf("Content-Type: text/richtext; name=old.rtx", "x")), ["see"], ["old.rtx"]),
        (multipart("report", leaf(PLAIN, "came back"), leaf("Content-Type: message/delivery-status", "Action: failed"), leaf("Content-Type: message/rfc822; name=yours.eml", "Subject: x\r\n\r\ny")), ["came back"], ["yours.eml"]),
    ],
)  # fmt: skip
def test_nothing_of_a_message_is_hidden(message: str, shown: list[str], files: list[str]) -> None:
    assert read(message) == (shown, files)


def test_a_message_of_many_texts_is_cut_and_says_so() -> None:
    data = multipart("mixed", *(leaf(PLAIN, f"text {n}") for n in range(texts.TEXTS_SHOWN + 1))).encode()
    found = texts.texts(data, parse(data), 1_000_000)
    assert len(found.pieces) == texts.TEXTS_SHOWN and found.is_cut
    assert texts.texts(data, parse(data), 12).is_cut


def test_flowed_text_is_joined() -> None:
    assert read(leaf(PLAIN + "; format=flowed", "one \r\nline"))[0] == ["one line"]
