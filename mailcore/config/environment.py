"""The few things known before the store opens: from the environment first, then `roost.toml` in the data directory.

A wrong value is one MailError whose sentence says which value, where it stands, and what would be right.
"""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mailcore.base.errors import MailError, Reason

STANDARD_PORTS = {
    "smtp": 25, "submission": 587, "submissions": 465, "imap": 143, "imaps": 993, "pop3": 110, "pop3s": 995, "sieve": 4190, "http": 80, "https": 443,
}  # fmt: skip
"""Listener names and their well-known ports (RFC 6409, 8314, 5804)."""
HIGH_PORTS = {
    "smtp": 2025, "submission": 2587, "submissions": 2465, "imap": 2143, "imaps": 2993, "pop3": 2110, "pop3s": 2995, "sieve": 6190, "http": 8080, "https": 8443,
}  # fmt: skip
"""What is used instead where the standard ports cannot be bound."""
WEB_WORKERS = 4
"""Processes that draw pages on a machine of many cores, where ROOST_WEB_WORKERS does not ask for more: each takes memory while idle."""
MAX_WORKERS = 64
S3_NAMES = tuple("aws_" + name for name in (
    "access_key_id", "secret_access_key", "session_token", "region", "default_region", "endpoint", "allow_http", "virtual_hosted_style_request", "unsigned_payload",
    "skip_signature", "server_side_encryption", "sse_kms_key_id", "sse_bucket_key_enabled", "request_payer", "checksum_algorithm", "role_arn", "role_session_name",
    "sts_endpoint", "web_identity_token_file", "metadata_endpoint", "container_credentials_relative_uri", "container_credentials_full_uri",
    "container_authorization_token_file",
))  # fmt: skip
"""What of AWS's environment names concerns the object store; others (a profile, a CA file of its own tools) are not ours to take."""
FULL_DISK = "The disk that holds {} is full. Free some space and start again."


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A host and port to listen on."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """What this start was told. `listen` is None when it must be found out; "" means the default."""

    data_dir: Path
    user: str = "roost"
    database_url: str = ""
    blob_url: str = ""
    blob_options: Mapping[str, str] = field(default_factory=dict)
    listen: Mapping[str, tuple[Address, ...]] | None = None
    workers: int = 0
    web_workers: int = 0
    one_process: bool = False
    """Without a fork: one worker and one web in one process."""
    dns: str = ""
    hostname: str = ""
    log: str = ""

    @property
    def web_processes(self) -> int:
        """Processes that draw pages: what was asked for, else one a core up to WEB_WORKERS."""
        return 1 if self.one_process else self.web_workers or min(os.cpu_count() or 1, WEB_WORKERS)


def load(environ: Mapping[str, str], *, data_dir: Path | None = None) -> Config:
    """The configuration of this start. Raises MailError(SYNTAX) with one sentence."""
    folder = data_dir or Path(environ.get("ROOST_DATA_DIR") or "data")
    file = _read_file(folder / "roost.toml")
    unknown = sorted(set(file) - {"user", "database_url", "blob_url", "listen", "workers", "web_workers", "one_process", "dns", "hostname", "log", "s3"})
    if unknown:
        raise MailError(Reason.SYNTAX, f"{folder / 'roost.toml'}: unknown name {unknown[0]!r}. Known: user, database_url, blob_url, listen, workers, web_workers, one_process, dns, hostname, log, s3.")

    def text(name: str) -> str:
        value = environ.get("ROOST_" + name.upper()) or file.get(name) or ""
        if not isinstance(value, (str, int)):
            raise MailError(Reason.SYNTAX, f"{folder / 'roost.toml'}: {name} must be a text in quotes.")
        return str(value)

    s3 = file.get("s3") or {}
    options = {k: str(v) for k, v in (s3 if isinstance(s3, dict) else {}).items()}
    options |= {name: environ[name.upper()] for name in S3_NAMES if name.upper() in environ}
    is_one = text("one_process") not in ("", "0", "off") or not hasattr(os, "fork")
    return Config(
        data_dir=folder.absolute(),
        user=text("user") or "roost",
        database_url=text("database_url"),
        blob_url=text("blob_url"),
        blob_options=options,
        listen=parse_listen(text("listen")) if text("listen") else None,
        workers=1 if is_one else _workers("ROOST_WORKERS", text("workers")),
        web_workers=_workers("ROOST_WEB_WORKERS", text("web_workers")),
        one_process=is_one,
        dns=check_dns(text("dns")),
        hostname=text("hostname").lower(),
        log=text("log"),
    )


def _read_file(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except PermissionError as error:
        if not os.access(path.parent, os.X_OK):
            raise MailError(Reason.NOT_PERMITTED, f"{path.parent} may not be entered by this user. Choose another folder with ROOST_DATA_DIR, or start as its owner.") from error
        raise MailError(Reason.NOT_PERMITTED, f"{path} may not be read by this user. Give it read permission, or start as its owner.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise MailError(Reason.SYNTAX, f"{path} is not right: {error}. Mend that line, or rename the file to start without it.") from error


def _workers(name: str, text: str) -> int:
    if not text:
        return 0
    if not text.isdigit() or not 1 <= int(text) <= MAX_WORKERS:
        raise MailError(Reason.SYNTAX, f"{name} is {text!r}; it must be a number from 1 to {MAX_WORKERS}.")
    return int(text)


def check_dns(text: str) -> str:
    """"" (the system's resolver), "none", or host:port. Raises MailError(SYNTAX)."""
    if text in ("", "none"):
        return text
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise MailError(Reason.SYNTAX, f"ROOST_DNS is {text!r}; it must be host:port of a resolver, or none.")
    return text


def parse_listen(text: str) -> dict[str, tuple[Address, ...]]:
    """`smtp=127.0.0.1:2025,imap=[::1]:2143`, by commas or spaces; a name may stand several times. Raises MailError(SYNTAX)."""
    found: dict[str, tuple[Address, ...]] = {}
    for piece in text.replace(",", " ").split():
        name, equals, where = piece.partition("=")
        host, colon, port = where.rpartition(":")
        if name not in STANDARD_PORTS:
            raise MailError(Reason.SYNTAX, f"ROOST_LISTEN: {name!r} is no listener. Known: {', '.join(STANDARD_PORTS)}.")
        if not equals or not colon or not port.isdigit() or int(port) > 65535:
            raise MailError(Reason.SYNTAX, f"ROOST_LISTEN: {piece!r} must look like {name}=127.0.0.1:{HIGH_PORTS[name]}.")
        found[name] = (*found.get(name, ()), Address(host=host.strip("[]") or "0.0.0.0", port=int(port)))
    return found


def prepare_data_dir(config: Config) -> None:
    """Make the data directory and try to write in it. Raises MailError with what to do."""
    folder = config.data_dir
    try:
        for name in (folder, folder / "run", folder / "tls"):
            name.mkdir(mode=0o700, parents=True, exist_ok=True)
        probe = folder / ".probe"
        probe.write_bytes(b"ok")
        probe.unlink()
    except PermissionError as error:
        raise MailError(Reason.NOT_PERMITTED, f"{folder} cannot be written by this user. Choose another folder with ROOST_DATA_DIR, or change its owner.") from error
    except OSError as error:
        if error.errno in (28, 122):
            raise MailError(Reason.NO_SPACE, FULL_DISK.format(folder)) from error
        raise MailError(Reason.STORAGE, f"{folder} cannot be used: {error.strerror}. Choose another folder with ROOST_DATA_DIR.") from error


def host_name(config: Config) -> str:
    """The name this machine goes by until the admin sets one."""
    return config.hostname or os.environ.get("HOSTNAME", "").lower() or "localhost"
