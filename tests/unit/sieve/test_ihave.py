"""What ihave decides: RFC 5463 §4 lets a script hold what this server does not know, if it can never run."""

import pytest

from mailcore import sieve
from mailcore.sieve.actions import FileInto, Keep
from mailcore.sieve.message import Mail, Surroundings

MAIL = Mail(b"Subject: hello\r\n\r\nText\r\n")
ALLOWED = [
    ('if ihave "vnd.none" { nonsense :odd "x"; }', (Keep(),)),
    ('if not ihave "vnd.none" { keep; } else { nonsense; }', (Keep(),)),
    ('if allof (ihave "vnd.none", oddtest "a") { nonsense; }', (Keep(),)),
    ('if ihave "fileinto" { fileinto "A"; }', (FileInto(mailbox="A"),)),
    ('if not ihave "fileinto" { error "no"; } fileinto "A";', (FileInto(mailbox="A"),)),
    ('if ihave "fileinto" { fileinto "A"; } else { nonsense; }', (FileInto(mailbox="A"),)),
    ('if anyof (ihave "fileinto", oddtest "a") { fileinto "A"; }', (FileInto(mailbox="A"),)),
    ('if ihave "vnd.none" { nonsense; } elsif ihave "fileinto" { fileinto "A"; } else { odd; }', (FileInto(mailbox="A"),)),
]
REFUSED = [
    'fileinto "A";',
    'fileinto "A"; if ihave "fileinto" { keep; }',
    "nonsense;",
    'if ihave "vnd.none" { nonsense; } nonsense;',
    'if ihave "vnd.none" { nonsense; } else { nonsense; }',
    'if anyof (ihave "vnd.none", true) { nonsense; }',
    'if ihave "vnd.none" { fileinto "A"; } fileinto "A";',
    'if true { keep; } else { nonsense; }',
    'if ihave "vnd.none" { nonsense }',
]


@pytest.mark.parametrize(("script", "wanted"), ALLOWED)
def test_what_ihave_keeps_from_running_need_not_be_known(script: str, wanted: tuple[object, ...]) -> None:
    result = sieve.compile('require "ihave"; ' + script).run(MAIL, Surroundings())
    assert result.error == "" and result.actions == wanted


@pytest.mark.parametrize("script", REFUSED)
def test_what_can_run_must_be_known_and_required(script: str) -> None:
    with pytest.raises(sieve.SieveError):
        sieve.compile('require "ihave"; ' + script)
