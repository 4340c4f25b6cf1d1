"""Accounts of a domain as CSV: out, and in by way of a plan that says what each line would do before anything is done.

A column that is missing, and an empty password, leave what is there. Nothing is ever removed because a line is missing.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from mailcore.auth import passwords
from mailcore.base.clock import Micros
from mailcore.base.errors import MailError, Reason
from mailcore.base.secret import Secret
from mailcore.directory import verbs
from mailcore.directory.actor import ROLES, Actor
from mailcore.mail.address import Address
from mailcore.settings.catalogue import BY_NAME
from mailcore.settings.values import parse, show
from mailcore.store import Tx, accounts

COLUMNS = ("address", "name", "role", "enabled", "quota", "password")
MAX_BYTES = 1_500_000
"""Characters of a file that is read: stops one that fills the memory."""
MAX_LINES = 20_000
MAX_PASSWORDS = 500
"""Passwords of one file: each takes the work of a sign-in to keep."""
BATCH = 100
"""Accounts of one write, so that mail is not kept waiting."""
_FORMULA = ("=", "+", "-", "@", "'")
_SIZE = BY_NAME["quota.default"]
_YES, _NO = frozenset({"yes", "on", "true", "1"}), frozenset({"no", "off", "false", "0"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What one line does. *state*: added, changed, unchanged, wrong (and *why*); *changes* are (column, old, new) as people read them."""

    number: int
    address: str
    state: str
    why: str = ""
    changes: tuple[tuple[str, str, str], ...] = ()
    account_id: int | None = None
    fields: dict[str, Any] = field(default_factory=dict)
    password: Secret | None = None


def written(found: Iterable[accounts.Account]) -> str:
    """The accounts as CSV, without passwords. A cell that a spreadsheet would run as a formula begins with an apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for one in found:
        name = f"'{one.display_name}" if one.display_name.startswith(_FORMULA) else one.display_name
        writer.writerow([one.address, name, one.role, "yes" if one.is_enabled else "no", show(_SIZE, one.quota_bytes) if one.quota_bytes else "0", ""])
    return out.getvalue()


def planned(tx: Tx, actor: Actor, domain: accounts.Domain, text: str, *, default_quota: int = 0) -> list[Line]:
    """What the file *text* would do to *domain*; changes nothing. Raises MailError(NOT_PERMITTED, SYNTAX, LIMIT) for the file as a whole."""
    actor.require_domain(domain.id)
    if len(text) > MAX_BYTES:
        raise MailError(Reason.LIMIT, f"The file has more than {MAX_BYTES:,} characters.")
    text = text.removeprefix("\ufeff").replace("\0", "")
    first = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text), delimiter=";" if first.count(";") > first.count(",") else ",")
    try:
        rows = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise MailError(Reason.SYNTAX, f"Line {reader.line_num} is no CSV: {error}.") from error
    heads = [cell.strip().lower() for cell in rows[0][1]] if rows else []
    if "address" not in heads or not set(heads) <= set(COLUMNS) or len(set(heads)) != len(heads):
        raise MailError(Reason.SYNTAX, f"The first line names the columns: address and any of {', '.join(COLUMNS[1:])}, each once.")
    if len(rows) > MAX_LINES:
        raise MailError(Reason.LIMIT, f"The file has more than {MAX_LINES:,} lines.")
    seen: set[str] = set()
    lines = []
    known = {one.address: one for one in accounts.accounts(tx, domain.id, limit=1_000_000)}
    for number, row in rows[1:]:
        cells = dict(zip(heads, (cell.strip() for cell in row), strict=False))
        try:
            if len(row) > len(heads):
                raise MailError(Reason.SYNTAX, "There are more cells than columns.")
            line = _line(tx, actor, domain, number, cells, known, default_quota)
            if line.address in seen:
                raise MailError(Reason.ALREADY_EXISTS, "The address stands in the file already.")
            seen.add(line.address)
        except MailError as error:
            line = Line(number=number, address=cells.get("address", ""), state="wrong", why=error.detail)
        lines.append(line)
    if sum(line.password is not None for line in lines) > MAX_PASSWORDS:
        raise MailError(Reason.LIMIT, f"The file has more than {MAX_PASSWORDS} passwords. Split it.")
    return lines


def _line(tx: Tx, actor: Actor, domain: accounts.Domain, number: int, cells: dict[str, str], known: dict[str, accounts.Account], default_quota: int) -> Line:
    key = Address.parse(cells["address"]).key
    if key.rpartition("@")[2] != domain.name:
        raise MailError(Reason.SYNTAX, f"The address is not of {domain.name}.")
    old, wanted = known.get(key), _wanted(cells)
    password = Secret(cells["password"]) if cells.get("password") else None
    if password is not None:
        passwords.check_new(password)
    role = str(wanted.get("role", "user"))
    if ROLES.index(role) > ROLES.index(actor.role):
        raise MailError(Reason.NOT_PERMITTED, f"You may not make somebody {role}.")
    if old is None:
        verbs.new_address(tx, actor, key)
        _fits(domain, int(wanted.get("quota_bytes", default_quota)))
        return Line(number=number, address=key, state="added", fields=wanted, password=password)
    changes = {name: value for name, value in wanted.items() if getattr(old, name) != value}
    if "quota_bytes" in changes:
        _fits(domain, int(changes["quota_bytes"]))
    if changes or password is not None:
        verbs.manageable(tx, actor, old.id)
    told = [(name, _shown(name, getattr(old, name)), _shown(name, value)) for name, value in changes.items()]
    told += [("password", "", "new")] if password is not None else []
    return Line(number=number, address=key, state="changed" if told else "unchanged", changes=tuple(told), account_id=old.id, fields=changes, password=password)


def _wanted(cells: dict[str, str]) -> dict[str, Any]:
    """The account's columns that a line speaks of. Raises MailError(SYNTAX)."""
    found: dict[str, Any] = {}
    if "name" in cells:
        name = cells["name"]
        found["display_name"] = verbs.clean_name(name[1:] if name.startswith("'") and name[1:].startswith(_FORMULA) else name)
    if cells.get("role"):
        if cells["role"] not in ROLES:
            raise MailError(Reason.SYNTAX, f"A role is one of {', '.join(ROLES)}.")
        found["role"] = cells["role"]
    if cells.get("enabled"):
        word = cells["enabled"].lower()
        if word not in _YES | _NO:
            raise MailError(Reason.SYNTAX, "Enabled is yes or no.")
        found["is_enabled"] = word in _YES
    if cells.get("quota"):
        found["quota_bytes"] = int(parse(_SIZE, cells["quota"]))
    return found


def _fits(domain: accounts.Domain, quota: int) -> None:
    if domain.max_account_bytes and not 0 < quota <= domain.max_account_bytes:
        raise MailError(Reason.LIMIT, f"An account of {domain.name} has at most {show(_SIZE, domain.max_account_bytes)}.")


def _shown(name: str, value: object) -> str:
    if name == "quota_bytes":
        return show(_SIZE, value) if value else "no limit"
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def batches(lines: Sequence[Line]) -> list[list[tuple[Line, str]]]:
    """The lines that do something with the hash of their password, in the portions of one write each. Slow: outside of any write."""
    work = [(line, verbs.checked_hash(line.password.reveal()) if line.password else "") for line in lines if line.state in ("added", "changed")]
    return [work[n : n + BATCH] for n in range(0, len(work), BATCH)]


def perform(tx: Tx, actor: Actor, batch: Sequence[tuple[Line, str]], now: Micros, *, default_quota: int = 0) -> int:
    """Do one portion, whole or not at all; how many lines. Raises MailError that names the line."""
    for line, hashed in batch:
        try:
            if line.account_id is None:
                fields = dict(line.fields)
                is_enabled = fields.pop("is_enabled", True)
                made = verbs.add_account(tx, actor, line.address, now, password_hash=hashed, default_quota=default_quota, **fields)
                if not is_enabled:
                    verbs.set_account(tx, actor, made, {"is_enabled": False}, now)
                continue
            if line.fields:
                verbs.set_account(tx, actor, line.account_id, dict(line.fields), now)
            if hashed:
                verbs.set_password(tx, actor, line.account_id, hashed, now)
        except MailError as error:
            raise MailError(error.reason, f"Line {line.number}, {line.address}: {error.detail}") from error
    return len(batch)
