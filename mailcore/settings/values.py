"""What the settings are: an immutable snapshot every process swaps whole, and the one verb that changes a value.

`Settings.current` is read without a lock (one reference); `refresh` makes a new snapshot when a hint or the clock says so.
"""

import ipaddress
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import available_timezones

from mailcore.base.clock import Micros
from mailcore.base.errors import MailError, Reason
from mailcore.settings.catalogue import BY_NAME, Setting
from mailcore.store import Store, Tx, records

SCOPES = ("system", "domain", "account")
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt]?)i?b?", re.IGNORECASE)
_SECONDS = re.compile(r"(\d+)\s*([smhd]?)", re.IGNORECASE)


class Snapshot:
    """Every value that differs from its default, at one moment."""

    __slots__ = ("_values", "version")

    def __init__(self, values: Mapping[tuple[str, str], Any], version: tuple[int, int]) -> None:
        self._values = dict(values)
        self.version = version

    def get(self, name: str, *, account_id: int | None = None, domain_id: int | None = None) -> Any:
        """The value of *name* for an account in a domain: the innermost one that is set, else the default."""
        values = self._values
        if account_id is not None:
            found = values.get((f"account:{account_id}", name))
            if found is not None:
                return found
        if domain_id is not None:
            found = values.get((f"domain:{domain_id}", name))
            if found is not None:
                return found
        found = values.get(("system", name))
        return BY_NAME[name].default if found is None else found

    def is_set(self, name: str, scope: str = "system") -> bool:
        """Whether *name* has a value of its own in *scope*."""
        return (scope, name) in self._values


class Settings:
    """The snapshot of one process, and how to renew it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.current = Snapshot({}, (-1, -1))

    def refresh(self) -> Snapshot:
        """Read the values again if any changed."""
        tx = self._store.read()
        version = records.setting_version(tx)
        if version != self.current.version:
            values = {(scope, name): json.loads(value) for scope, name, value in records.setting_values(tx) if name in BY_NAME}
            self.current = Snapshot(values, version)
        return self.current

    def get(self, name: str, *, account_id: int | None = None, domain_id: int | None = None) -> Any:
        """The present value of *name*; see Snapshot.get."""
        return self.current.get(name, account_id=account_id, domain_id=domain_id)


def write(tx: Tx, name: str, value: Any, *, scope: str = "system", actor: str, ip: str = "", now: Micros) -> Any:
    """Set *name* in *scope* ("system", "domain:7", "account:9"), None for the default; the value as stored. Raises MailError(SYNTAX, NOT_FOUND)."""
    setting = BY_NAME.get(name)
    if setting is None:
        raise MailError(Reason.NOT_FOUND, f"There is no setting {name}.")
    kind = scope.partition(":")[0]
    if kind not in SCOPES or SCOPES.index(kind) > SCOPES.index(setting.scope):
        raise MailError(Reason.NOT_PERMITTED, f"{name} cannot be set for one {kind}.")
    stored = None if value is None else parse(setting, value)
    old = tx.value("SELECT value FROM settings WHERE scope = :s AND name = :n", {"s": scope, "n": name})
    records.put_setting(tx, scope, name, None if stored is None else json.dumps(stored), now)
    shown = ("***", "***") if setting.kind == "secret" else (old, json.dumps(stored))
    records.audit(tx, "setting:changed", f"{scope} {name}", actor=actor, ip=ip, now=now, old={"value": shown[0]}, new={"value": shown[1]})
    return stored


@dataclass(frozen=True, slots=True, kw_only=True)
class Previous:
    """What a setting was before its last change, by whom and when that was; *value* None was the default."""

    value: Any
    actor: str
    at: Micros


def previous(tx: Tx, names: Sequence[str], scope: str = "system") -> dict[str, Previous]:
    """What can be undone of *names*: the value before the last change, from the audit. A secret's is not kept, so it has none."""
    rows = records.last_changes(tx, "setting:changed", [f"{scope} {name}" for name in names if BY_NAME[name].kind != "secret"])
    found = {}
    for target, row in rows.items():
        old, new = json.loads(row.old).get("value"), json.loads(row.new).get("value")
        if (old or "null") != (new or "null"):
            found[target.partition(" ")[2]] = Previous(value=json.loads(old) if old else None, actor=row.actor, at=row.at)
    return found


def undo(tx: Tx, name: str, *, scope: str = "system", actor: str, ip: str = "", now: Micros) -> Any:
    """Set *name* to what it was before its last change, which can be undone in turn; the value as stored. Raises MailError(NOT_FOUND, SYNTAX)."""
    if name not in BY_NAME:
        raise MailError(Reason.NOT_FOUND, f"There is no setting {name}.")
    before = previous(tx, [name], scope).get(name)
    if before is None:
        raise MailError(Reason.NOT_FOUND, f"{name} has no change that can be undone.")
    return write(tx, name, before.value, scope=scope, actor=actor, ip=ip, now=now)


LINES_CHARACTERS = 20_000
"""Longest text of several lines."""


def parse(setting: Setting, value: Any) -> Any:
    """*value*, typed or as text from a form or the command line, in the setting's own type. Raises MailError(SYNTAX)."""
    text = str(value).strip()
    if setting.kind == "bool":
        if text.lower() in ("1", "true", "yes", "on"):
            return True
        if text.lower() in ("0", "false", "no", "off", ""):
            return False
        raise MailError(Reason.SYNTAX, f"{setting.label}: say on or off.")
    if setting.kind in ("text", "secret"):
        if any(ord(c) < 32 for c in text) or len(text) > 4000:
            raise MailError(Reason.SYNTAX, f"{setting.label}: one line of at most 4000 characters.")
        return text
    if setting.kind == "ips":
        try:
            return " ".join(str(ipaddress.ip_address(word)) for word in text.replace(",", " ").split())
        except ValueError as error:
            raise MailError(Reason.SYNTAX, f"{setting.label}: addresses such as 192.0.2.1, with spaces between.") from error
    if setting.kind == "lines":
        if any(ord(c) < 32 and c not in "\r\n\t" for c in text) or len(text) > LINES_CHARACTERS:
            raise MailError(Reason.SYNTAX, f"{setting.label}: at most {LINES_CHARACTERS} characters.")
        return text.replace("\r\n", "\n")
    if setting.kind == "zone":
        if text and text not in available_timezones():
            raise MailError(Reason.SYNTAX, f"{setting.label}: a time zone is named like Europe/Berlin.")
        return text
    if setting.kind == "choice":
        if text not in setting.choices:
            raise MailError(Reason.SYNTAX, f"{setting.label}: one of {', '.join(setting.choices)}.")
        return text
    number = _number(setting, text)
    if not setting.low <= number <= setting.high:
        raise MailError(Reason.SYNTAX, f"{setting.label}: from {show(setting, setting.low)} to {show(setting, setting.high)}.")
    return number


def _number(setting: Setting, text: str) -> int:
    if setting.kind == "size" and (match := _SIZE.fullmatch(text)):
        return int(float(match[1]) * 1024 ** " kmgt".index(match[2].lower() or " "))
    if setting.kind == "seconds" and (match := _SECONDS.fullmatch(text)):
        return int(match[1]) * {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400}[match[2].lower()]
    if setting.kind == "int" and text.isdigit():
        return int(text)
    example = {"size": "50M", "seconds": "30m", "int": "10"}[setting.kind]
    raise MailError(Reason.SYNTAX, f"{setting.label}: {text!r} is not a value such as {example}.")


def show(setting: Setting, value: Any) -> str:
    """*value* as people read and type it: 50M, 4h, on."""
    if setting.kind == "bool":
        return "on" if value else "off"
    if setting.kind == "secret":
        return "***" if value else ""
    if setting.kind == "size" and value:
        for power, letter in ((4, "T"), (3, "G"), (2, "M"), (1, "K")):
            if value % 1024**power == 0:
                return f"{value // 1024**power}{letter}"
    if setting.kind == "seconds" and value:
        for seconds, letter in ((86_400, "d"), (3600, "h"), (60, "m")):
            if value % seconds == 0:
                return f"{value // seconds}{letter}"
    return str(value)
