"""Password hashes that came with an import: each is checked as its old server did, and replaced by ours at the first sign-in.

hMailServer's: MD5 without salt, and one round of SHA-256 over six salt characters and the password. The bytes of a password are those
of a Windows code page there, so both the Western one and UTF-8 are tried.
"""

import hashlib
import hmac

MD5, SHA256 = "{hmailserver-md5}", "{hmailserver-sha256}"
SALT_CHARACTERS = 6
_SCHEMES = (MD5, SHA256)
_CODE_PAGES = ("utf-8", "cp1252")


def is_imported(stored: str) -> bool:
    """Whether *stored* is such a hash."""
    return stored.startswith(_SCHEMES)


def fits(stored: str, password: str) -> bool:
    """Whether *password* is the one of *stored*; False for what is no hash of ours."""
    scheme = next((s for s in _SCHEMES if stored.startswith(s)), "")
    if not scheme:
        return False
    rest = stored.removeprefix(scheme)
    salt, wanted = ("", rest) if scheme == MD5 else (rest[:SALT_CHARACTERS], rest[SALT_CHARACTERS:])
    return any(hmac.compare_digest(made, wanted.lower()) for made in _digests(scheme, salt, password))


def _digests(scheme: str, salt: str, password: str) -> set[str]:
    found = set()
    for page in _CODE_PAGES:
        try:
            data = (salt + password).encode(page)
        except UnicodeEncodeError:
            continue
        found.add((hashlib.md5(data, usedforsecurity=False) if scheme == MD5 else hashlib.sha256(data)).hexdigest())
    return found
