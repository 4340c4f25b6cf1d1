"""Names that pass for others: domains one letter apart or written with letters that look the same, links that show another host. Unicode TR39 in spirit.

Few and sure rather than many: only whole domains are compared, and only with those a person knows.
"""

import re
import unicodedata
from collections.abc import Iterable
from html import unescape
from urllib.parse import urlsplit

MAX_KNOWN = 2000
"""Domains a sender is held against."""
MAX_LINKS = 1000
MAX_TAG = 4000
"""Characters of a link's tag, and below of its text, that are looked at: what is longer shows no address."""
MAX_SHOWN = 600
MIN_LABEL = 5
"""A shorter name is one letter away from too many honest ones."""
_LETTERS = str.maketrans("аеорсухіјѕԁɡһոқԛԝвнкмтοναικτρυχ01ıłøđ", "aeopcyxijsdghnkqwbhkmtovaiktpuxolilod")
_PAIRS = (("rn", "m"), ("vv", "w"), ("cl", "d"))
_HREF = re.compile(r"\bhref=\"([^\"]{1,2000})\"", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]{0,600}>")
_SHOWN = re.compile(r"(?:https?://)?((?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24})(?:[:/?#]\S*)?", re.IGNORECASE)
_FILES = frozenset({"pdf", "doc", "docx", "xls", "xlsx", "txt", "zip", "html", "htm", "png", "jpg", "jpeg", "py", "js", "md", "sh", "csv"})


def shape(domain: str) -> str:
    """What a domain looks like: letters that pass for others as those, without accents."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", domain.lower()) if not unicodedata.combining(c)).translate(_LETTERS)
    for two, one in _PAIRS:
        bare = bare.replace(two, one)
    return bare


def unicode_domain(domain: str) -> str:
    """A domain as people see it."""
    labels = []
    for label in domain.lower().split("."):
        try:
            labels.append(label[4:].encode("ascii").decode("punycode") if label.startswith("xn--") else label)
        except (UnicodeError, ValueError):
            labels.append(label)
    return ".".join(labels)


def are_related(one: str, other: str) -> bool:
    """Whether two domains are the same, or one lies in the other, or both share more than an ending."""
    a, b = one.lower().rstrip("."), other.lower().rstrip(".")
    if a == b or a.endswith("." + b) or b.endswith("." + a):
        return True
    x, y = a.split("."), b.split(".")
    kept = 3 if len(x) > 2 and len(x[-1]) == 2 and len(x[-2]) <= 3 else 2
    return len(x) >= kept and x[-kept:] == y[-kept:]


def resembled(domain: str, known: Iterable[str]) -> str:
    """Which of the *known* domains *domain* passes for; "" for none, or when it is one of them."""
    ours = [k.lower() for k in known][:MAX_KNOWN]
    name = domain.lower()
    if not name or any(are_related(name, k) for k in ours):
        return ""
    look = shape(unicode_domain(name))
    for other in ours:
        theirs = shape(unicode_domain(other))
        if look == theirs:
            return other
        left, _, ending = look.rpartition(".")
        right, _, their_ending = theirs.rpartition(".")
        if ending == their_ending and min(len(left), len(right)) >= MIN_LABEL and _is_one_apart(left, right):
            return other
    return ""


def _is_one_apart(one: str, other: str) -> bool:
    """Whether one letter was changed, added, left out, or swapped with the next."""
    if abs(len(one) - len(other)) > 1:
        return False
    start = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    a, b = one[start:], other[start:]
    if len(one) == len(other):
        return a[1:] == b[1:] or a[:2] == b[1::-1] and a[2:] == b[2:]
    return a[1:] == b if len(one) > len(other) else a == b[1:]


def mismatched_link(html: str) -> tuple[str, str] | None:
    """(shown host, real host) of the first link whose text is one address and whose target another; in sanitised HTML."""
    at = 0
    for _number in range(MAX_LINKS):
        at = html.find("<a ", at) + 1
        end = html.find(">", at, at + MAX_TAG) if at else -1
        if not at:
            break
        close = html.find("</a>", end, end + MAX_SHOWN) if end > 0 else -1
        href = _HREF.search(html[at:end]) if close > 0 else None
        shown = _SHOWN.fullmatch(unescape(_TAG.sub("", html[end + 1 : close])).strip()) if href is not None else None
        if href is None or shown is None or shown[1].rpartition(".")[2].lower() in _FILES:
            continue
        try:
            target = urlsplit(unescape(href[1]))
        except ValueError:
            continue
        host = (target.hostname or "") if target.scheme in ("http", "https") else ""
        if host and not are_related(unicode_domain(host), unicode_domain(shown[1])):
            return shown[1].lower(), host
    return None
