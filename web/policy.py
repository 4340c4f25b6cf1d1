"""What a page of ours may do: its Content-Security-Policy, with a number for its scripts that is new in every answer.

Only scripts that bear the number run, and what they import: no file of a message, and no other address of ours, can be made one.
The one policy for HTML from strings is in static/js/trusted.js; bodies and files of messages have stricter policies of their own.
"""

import secrets

import flask

_REST = (
    "worker-src 'self'; style-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; "
    "frame-ancestors 'self'; form-action 'self'; require-trusted-types-for 'script'; trusted-types default dompurify"
)


def nonce() -> str:
    """The number that this answer's scripts bear."""
    if not hasattr(flask.g, "nonce"):
        flask.g.nonce = secrets.token_urlsafe(16)
    return str(flask.g.nonce)


def page_policy() -> str:
    """The policy of this answer; one without scripts allows none."""
    scripts = f"'nonce-{flask.g.nonce}'" if hasattr(flask.g, "nonce") else "'none'"
    return f"default-src 'self'; script-src {scripts}; {_REST}"
