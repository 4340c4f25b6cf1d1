"""Answers made small for the way to the browser: pages and scripts by gzip, where the browser takes it.

What a page holds of secrets that stay the same is masked anew in each answer (`forms.token`), so that the length of a squeezed page
tells nobody anything about them (BREACH).
"""

import gzip
from functools import lru_cache
from pathlib import Path

import flask
from werkzeug.security import safe_join

STATIC = Path(__file__).resolve().parent.parent / "static"
SMALLEST_BYTES = 1400
"""What fits into one packet is left as it is."""
LARGEST_BYTES = 4 * 1024 * 1024
"""A longer answer is a download, and costs more time than it saves."""
LEVEL = 3
"""Of gzip, for what is made anew each time: a quarter of a millisecond for a list."""
FILES_KEPT = 32
YEAR_SECONDS = 365 * 86_400
TEXTS = frozenset({"text/html", "text/css", "text/javascript", "application/javascript", "application/json", "image/svg+xml"})


def is_taken() -> bool:
    """Whether the browser takes gzip."""
    return bool(flask.request.accept_encodings["gzip"])


def squeeze(response: flask.Response) -> flask.Response:
    """After each request: a page is sent by gzip. Fast rather than small, for it is made anew each time."""
    if response.mimetype not in TEXTS or response.direct_passthrough or response.is_streamed or response.status_code != 200 or "Content-Encoding" in response.headers:
        return response
    response.vary.add("Accept-Encoding")
    data = response.get_data()
    if is_taken() and SMALLEST_BYTES < len(data) < LARGEST_BYTES:
        response.set_data(gzip.compress(data, LEVEL, mtime=0))
        response.headers["Content-Encoding"] = "gzip"
    return response


@lru_cache(maxsize=FILES_KEPT)
def _squeezed(path: str, _modified: int) -> bytes:
    return gzip.compress(Path(path).read_bytes(), 9, mtime=0)


def static_file(filename: str) -> flask.Response:
    """A file of static/. Where its address has a fingerprint, browsers keep it for a year; else they ask each time whether it is still the same."""
    found: flask.Response = flask.send_from_directory(STATIC, filename, max_age=YEAR_SECONDS if "v" in flask.request.args else 0)
    path = safe_join(str(STATIC), filename)
    if found.mimetype not in TEXTS or path is None or found.status_code != 200 or "Range" in flask.request.headers:
        return found
    found.vary.add("Accept-Encoding")
    if is_taken():
        found.direct_passthrough = False
        found.set_data(_squeezed(path, Path(path).stat().st_mtime_ns))
        found.headers["Content-Encoding"] = "gzip"
        found.set_etag(f"{found.get_etag()[0]}-gzip")
        found.make_conditional(flask.request)
    return found
