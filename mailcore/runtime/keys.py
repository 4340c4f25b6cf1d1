"""The one secret of an installation, and keys for single purposes derived from it: links, cookies, rewritten senders; a machine's name."""

import hashlib
import hmac
import os
from functools import lru_cache
from pathlib import Path

from mailcore.net.tls import write_private

SECRET_BYTES = 32


def app_secret(data_dir: Path) -> bytes:
    """The secret, made once."""
    path = data_dir / "secret.key"
    if not path.exists():
        write_private(path, os.urandom(SECRET_BYTES))
    return path.read_bytes()


def node_id(data_dir: Path) -> str:
    """This machine's own name among those that share a database; it stands where nothing is copied from, and is made once."""
    path = data_dir / "run" / "node"
    if not path.exists():
        write_private(path, os.urandom(8).hex().encode())
    return path.read_text()


@lru_cache(maxsize=32)
def key_for(data_dir: Path, purpose: str) -> bytes:
    """A key good for *purpose* alone, the same in every process."""
    return hmac.new(app_secret(data_dir), purpose.encode(), hashlib.sha256).digest()
