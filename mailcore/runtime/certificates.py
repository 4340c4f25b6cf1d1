"""Writes the certificates of the database where this machine's listeners load them: one chain and key a name, in `tls/names`.

Every process does it and finds it done already; files of names that the database no longer holds go.
"""

import contextlib
from pathlib import Path

from mailcore.base.errors import MailError
from mailcore.net.tls import write_private
from mailcore.runtime.runtime import Runtime
from mailcore.store import certificates


def folder_of(runtime: Runtime) -> Path:
    """Where the files stand."""
    return runtime.config.data_dir / "tls" / "names"


def lay_out(runtime: Runtime) -> None:
    """Make the files agree with the database; nothing is written where they do already."""
    folder = folder_of(runtime)
    try:
        rows = certificates.served(runtime.store.read())
    except MailError:
        return
    wanted: dict[str, bytes] = {}
    for one in rows:
        for name in one.names:
            wanted[file_name(name) + ".key"] = one.key_pem.encode()
            wanted[file_name(name) + ".pem"] = one.chain_pem.encode()
    if wanted:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name, data in wanted.items():
        path = folder / name
        if not path.exists() or path.read_bytes() != data:
            write_private(path, data)
    for path in folder.glob("*.*") if folder.is_dir() else ():
        if path.name not in wanted:
            with contextlib.suppress(OSError):
                path.unlink()


def file_name(name: str) -> str:
    """The files' name for a DNS name: a wildcard's star becomes a word, and nothing else but letters, digits, dots and hyphens stays."""
    return "".join(c for c in name.lower().replace("*", "_wildcard") if c.isalnum() or c in ".-_")
