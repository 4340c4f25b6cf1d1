"""Passwords that hMailServer keeps so that it can read them again: Blowfish with a key that is in its source, and plain text."""

import re

from cryptography.hazmat.decrepit.ciphers.algorithms import Blowfish
from cryptography.hazmat.primitives.ciphers import Cipher, modes

from mailcore.auth import imported, passwords
from mailcore.base.secret import Secret

KEY = b"THIS_KEY_IS_NOT_SECRET"
"""hMailServer's own fixed key; it keeps nothing secret."""
PLAIN, BLOWFISH, MD5, SHA256 = range(4)


def revealed(hexadecimal: str) -> str:
    """The text of a Blowfish value, "" for what is none. Little-endian words in ECB blocks, padded with zeros."""
    if not re.fullmatch("(?:[0-9a-fA-F]{16}){1,64}", hexadecimal):
        return ""
    decryptor = Cipher(Blowfish(KEY), modes.ECB()).decryptor()  # noqa: S305 - the old server's format
    data = _swapped(decryptor.update(_swapped(bytes.fromhex(hexadecimal))) + decryptor.finalize()).rstrip(b"\0")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _swapped(data: bytes) -> bytes:
    return b"".join(data[i : i + 4][::-1] for i in range(0, len(data), 4))


def hash_of(stored: str, scheme: int) -> str:
    """What to keep as the account's password: the old hash under its name, ours for what can be read, "" for none."""
    if scheme == MD5 and re.fullmatch("[0-9a-fA-F]{32}", stored):
        return imported.MD5 + stored.lower()
    if scheme == SHA256 and re.fullmatch(".{6}[0-9a-fA-F]{64}", stored):
        return imported.SHA256 + stored[: imported.SALT_CHARACTERS] + stored[imported.SALT_CHARACTERS :].lower()
    text = revealed(stored) if scheme == BLOWFISH else stored if scheme == PLAIN else ""
    return passwords.hash_password(Secret(text)) if text else ""
