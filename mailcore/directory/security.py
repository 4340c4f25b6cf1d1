"""A person's own means of signing in, each change with its audit row: the second step and app passwords."""

from mailcore.auth import app_passwords, second_step
from mailcore.base.clock import Micros
from mailcore.base.errors import MailError, Reason
from mailcore.directory import verbs
from mailcore.directory.actor import Actor
from mailcore.store import Tx, access, records
from mailcore.store.accounts import Account


def turn_on(tx: Tx, actor: Actor, account: Account, secret: str, code: str, now: Micros, codes: list[str]) -> None:
    """Switch the second step on. Raises MailError(SYNTAX) for a wrong code."""
    second_step.turn_on(tx, account, secret, code, now // 1_000_000, codes)
    _audit(tx, actor, account, "account:second_step_on", now)


def turn_off(tx: Tx, actor: Actor, account: Account, now: Micros) -> None:
    """Switch it off. Raises MailError(NOT_PERMITTED)."""
    verbs.own_or_manageable(tx, actor, account.id)
    second_step.turn_off(tx, account.id)
    _audit(tx, actor, account, "account:second_step_off", now)


def add_app_password(tx: Tx, actor: Actor, account: Account, name: str, scopes: tuple[str, ...], password: str, now: Micros) -> None:
    """Store a new app password. Raises MailError(SYNTAX, LIMIT)."""
    app_passwords.add(tx, account.id, name=name, scopes=scopes, password=password, now=now)
    _audit(tx, actor, account, "account:app_password_added", now, {"name": name, "scopes": " ".join(scopes)})


def remove_app_password(tx: Tx, actor: Actor, account: Account, password_id: int, now: Micros) -> None:
    """End an app password. Raises MailError(NOT_PERMITTED)."""
    verbs.own_or_manageable(tx, actor, account.id)
    app_passwords.remove(tx, account.id, password_id)
    _audit(tx, actor, account, "account:app_password_ended", now, {"id": password_id})


def end_browser(tx: Tx, actor: Actor, account: Account, session_id: int, now: Micros) -> None:
    """Sign one of the account's browsers out. Raises MailError(NOT_PERMITTED, NOT_FOUND)."""
    verbs.own_or_manageable(tx, actor, account.id)
    if not any(one.id == session_id for one in access.sessions(tx, account.id, now)):
        raise MailError(Reason.NOT_FOUND, "This session has ended already.")
    access.end_session(tx, session_id)
    _audit(tx, actor, account, "session:ended", now, {"id": session_id})


def sign_out_everywhere(tx: Tx, actor: Actor, account: Account, now: Micros) -> None:
    """End every browser session of the account, this one too. Mail programs keep their passwords. Raises MailError(NOT_PERMITTED)."""
    verbs.own_or_manageable(tx, actor, account.id)
    _audit(tx, actor, account, "account:signed_out_everywhere", now, {"sessions": access.end_sessions(tx, account.id)})


def _audit(tx: Tx, actor: Actor, account: Account, name: str, now: Micros, new: dict[str, object] | None = None) -> None:
    records.audit(tx, name, account.address, actor=actor.name, ip=actor.ip, now=now, new=new or {}, domain_id=account.domain_id)
