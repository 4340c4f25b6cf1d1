"""The limits of one run: what goes past one is a keep that says so."""

import time
from string import ascii_lowercase

import pytest

from mailcore import sieve
from mailcore.sieve import limits
from mailcore.sieve.actions import Keep, Redirect
from mailcore.sieve.limits import Limits
from mailcore.sieve.message import Mail, Surroundings
from tests.within import within

LONG = Mail(b"Subject: " + b"a" * 5000 + b"!\r\n\r\n" + b"a" * 200_000)
PARTS = Mail(
    b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\nContent-Type: text/plain\r\n\r\nx\r\n" * 400 + b"--b--\r\n"
)


def seconds(script: str) -> tuple[float, str]:
    """How long a run over LONG takes, and its error."""
    ready = sieve.compile(script)
    begun = time.process_time()
    result = ready.run(LONG, Surroundings())
    return time.process_time() - begun, result.error


def test_many_dear_regular_expressions_together_end_soon() -> None:
    tests = ", ".join(f'header :regex "subject" "(a+|{letter})+$"' for letter in ascii_lowercase)
    took, error = seconds(f'require ["regex", "body"]; if anyof ({tests}, body :regex "(a*)*b") {{ discard; }}')
    assert took < 5 and "patterns" in error


def test_many_dear_wildcards_together_end_soon() -> None:
    tests = ", ".join(f'body :raw :matches "*{"a" * 700}?{"a" * 700}{letter}*"' for letter in ascii_lowercase[1:])
    took, error = seconds(f'require "body"; if anyof ({tests}) {{ discard; }}')
    assert took < 5 and "patterns" in error


def test_a_plain_regular_expression_on_a_long_body_is_no_trouble() -> None:
    took, error = seconds('require ["regex", "body"]; if body :regex "order [0-9]+" { discard; }')
    assert took < 2 and error == ""


@pytest.mark.parametrize("repeat", ["{0,255}", "{255}", "{255,255}"])
def test_a_repeat_of_a_large_group_is_refused_at_once(repeat: str) -> None:
    took, error = seconds(f'require ["regex", "variables"]; set "p" "({"abcdefgh" * 100}){repeat}"; if header :regex "subject" "${{p}}" {{ discard; }}')
    assert took < 1 and "too large" in error


def test_an_encoded_character_without_an_end_is_read_once() -> None:
    with within(2):
        sieve.compile('require ["encoded-character", "fileinto"]; fileinto "${hex:' + " " * 50_000 + '";')


def test_long_lists_of_keys_on_a_long_body_end_as_a_keep() -> None:
    keys = ", ".join(f'"{n}b"' for n in range(2000))
    took, error = seconds(f'require "body"; if body :contains [{keys}] {{ discard; }}')
    assert took < 5 and "too much text" in error


TOO_MUCH = {
    "steps": 'require ["foreverypart"]; foreverypart { ' + "keep; " * (limits.MAX_STEPS // 400 + 1) + "}",
    "things": 'require ["fileinto"]; ' + "".join(f'fileinto "{n}";' for n in range(limits.MAX_ACTIONS + 1)),
    "header fields": 'require ["editheader"]; ' + "".join(f'addheader "X" "{n}";' for n in range(limits.MAX_EDITS + 1)),
    "longer than": 'require ["editheader"]; addheader "X" "' + "x" * (limits.MAX_HEADER_CHARACTERS + 1) + '";',
    "addresses": "".join(f'redirect "a{n}@x.test";' for n in range(limits.MAX_REDIRECTS + 1)),
}


@pytest.mark.parametrize("what", TOO_MUCH)
def test_past_a_limit_the_mail_is_kept_and_the_error_names_it(what: str) -> None:
    result = sieve.compile(TOO_MUCH[what]).run(PARTS, Surroundings())
    assert result.actions == (Keep(),) and what in result.error


def test_includes_are_counted() -> None:
    inner = sieve.compile("keep;")
    script = sieve.compile('require "include"; ' + 'include "inner"; ' * (limits.MAX_INCLUDES + 1))
    assert "included too often" in script.run(PARTS, Surroundings(find_script=lambda name, is_global: inner)).error


def test_includes_go_only_so_deep() -> None:
    found = {str(n): sieve.compile(f'require "include"; include "{n + 1}";') for n in range(limits.MAX_INCLUDE_DEPTH + 1)}
    result = found["0"].run(PARTS, Surroundings(find_script=lambda name, is_global: found.get(name)))
    assert "included too often" in result.error


def test_the_trace_has_a_longest_length() -> None:
    result = sieve.compile('require ["foreverypart"]; foreverypart { keep; }').run(PARTS, Surroundings())
    assert len(result.trace) == limits.MAX_TRACE


def test_a_setting_changes_how_many_addresses_mail_goes_on_to() -> None:
    script = sieve.compile('redirect "a@x.test"; redirect "b@x.test";')
    assert script.run(PARTS, Surroundings(), Limits(redirects=2)).actions == (Redirect(address="a@x.test"), Redirect(address="b@x.test"))
    assert script.run(PARTS, Surroundings(), Limits(redirects=1)).actions == (Keep(),)


def test_a_vacation_pauses_no_longer_than_a_year() -> None:
    result = sieve.compile('require "vacation"; vacation :days 9999 "Away";').run(PARTS, Surroundings())
    assert result.actions[0].seconds == limits.MAX_VACATION_SECONDS  # type: ignore[union-attr]
