"""ManageSieve: a person's scripts, listed, checked, stored and switched on over RFC 5804.

What a client may name is the engine's own table of extensions. A script is compiled before it is stored, so delivery never meets
one that is no Sieve. No sockets: the listener decides where these run.
"""

from dataclasses import dataclass

from mailcore import sieve
from mailcore.base.clock import Micros
from mailcore.base.errors import MailError, Reason
from mailcore.runtime.runtime import Runtime
from mailcore.sieve.grammar import EXTENSIONS
from mailcore.store import Tx, scripts
from mailcore.store.accounts import Account

MECHANISMS = ("PLAIN", "LOGIN")
VERSION = "1.0"
"""RFC 5804 §1.7: this version has RENAMESCRIPT, CHECKSCRIPT and NOOP."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Space:
    """What one account may keep: the settings sieve.max_script_bytes and sieve.max_scripts."""

    script_bytes: int
    scripts: int


def space(runtime: Runtime, account: Account) -> Space:
    """The account's limits."""
    scope = {"account_id": account.id, "domain_id": account.domain_id}
    get = runtime.settings.get
    return Space(script_bytes=int(get("sieve.max_script_bytes", **scope)), scripts=int(get("sieve.max_scripts", **scope)))


def capabilities(runtime: Runtime, *, is_tls: bool, may_login: bool, owner: str) -> list[tuple[str, str | None]]:
    """The lines of CAPABILITY. *owner* is "" before signing in. RFC 5804 §1.7."""
    lines: list[tuple[str, str | None]] = [
        ("IMPLEMENTATION", "Roost"), ("SIEVE", " ".join(EXTENSIONS)), ("SASL", " ".join(MECHANISMS) if may_login else ""),
        ("NOTIFY", "mailto"), ("MAXREDIRECTS", str(runtime.settings.get("sieve.max_redirects"))), ("UNAUTHENTICATE", None), ("VERSION", VERSION),
    ]  # fmt: skip
    if not is_tls:
        lines.append(("STARTTLS", None))
    if owner:
        lines.append(("OWNER", owner))
    return lines


def check(content: bytes) -> str:
    """*content* as text once it is known to be Sieve. Raises SieveError with the line. RFC 5804 §2.12."""
    sieve.compile(content)
    return content.decode()


def has_space(tx: Tx, account_id: int, limits: Space, name: str, size_bytes: int) -> None:
    """Raises MailError(TOO_BIG, TOO_MANY) when a script of that name and size has no room. RFC 5804 §2.5."""
    if size_bytes > limits.script_bytes:
        raise MailError(Reason.TOO_BIG, f"A script has at most {limits.script_bytes} bytes.")
    names = {one.name for one in scripts.list_all(tx, account_id)}
    if name not in names and len(names) >= limits.scripts:
        raise MailError(Reason.TOO_MANY, f"There are {len(names)} scripts already; remove one first.")


def put(tx: Tx, account_id: int, limits: Space, name: str, content: str, now: Micros) -> None:
    """Store a checked script; whether it is the active one stays. Raises as `has_space`. RFC 5804 §2.6."""
    has_space(tx, account_id, limits, name, len(content.encode()))
    scripts.put(tx, account_id, name, content, now)


def content_of(tx: Tx, account_id: int, name: str) -> bytes:
    """A script as it was stored. Raises MailError(NOT_FOUND). RFC 5804 §2.9."""
    found = scripts.get(tx, account_id, name)
    if found is None:
        raise MailError(Reason.NOT_FOUND, f"There is no script {name}.")
    return found.content.encode()
