"""Several accounts in one browser: each has a place of its own, /u/1/… and so on, with its own session cookie; the first has none.

What stands before the path tells whose page it is, so every tab keeps its account, and a form of one is never taken as another's: its
token is that session's secret. `url_for` keeps the place by WSGI's SCRIPT_NAME.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import flask
from flask.sessions import SecureCookieSessionInterface

from mailcore.auth import sessions
from mailcore.store import access, accounts, mailboxes
from mailcore.store.accounts import Account
from web.site import site

KEY, ROOT = "roost.slot", "roost.root"


class Places:
    """WSGI: takes /u/N off the path and remembers it."""

    def __init__(self, app: Callable[..., Iterable[bytes]]) -> None:
        self.app = app

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        slot, rest = sessions.slot_of(environ.get("PATH_INFO", ""))
        environ[ROOT] = environ.get("SCRIPT_NAME", "").rstrip("/")
        if slot:
            environ["SCRIPT_NAME"], environ["PATH_INFO"] = f"{environ[ROOT]}/u/{slot}", rest
        environ[KEY] = slot
        return self.app(environ, start_response)


class FlashCookies(SecureCookieSessionInterface):
    """A word for the next page is one account's alone."""

    def get_cookie_name(self, app: flask.Flask) -> str:
        name, slot = super().get_cookie_name(app), flask.request.environ.get(KEY, 0)
        return f"{name}-{slot}" if slot else name


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAccount:
    """An account that is signed in in this browser."""

    slot: int
    session: access.Session
    account: Account
    url: str
    is_this: bool
    unread: int = 0


def slot() -> int:
    """The place of this request's account, 0 for the first."""
    return int(flask.request.environ.get(KEY, 0))


def root_of(number: int) -> str:
    """What stands before the paths of a place."""
    root = str(flask.request.environ.get(ROOT, ""))
    return f"{root}/u/{number}" if number else root


def shared_url(url: str) -> str:
    """*url* of this place as all places share it: files that are the same for everybody."""
    return root_of(0) + url.removeprefix(flask.request.script_root) if slot() else url


def cookie_name(number: int) -> str:
    """The session cookie of a place, for this request's scheme."""
    return sessions.cookie_name(number, is_tls=flask.request.is_secure)


def is_alone() -> bool:
    """Whether no other place of this browser has a cookie: then nothing needs to be looked up."""
    return not any(flask.request.cookies.get(cookie_name(number)) for number in range(sessions.SLOTS) if number != slot())


def open_accounts() -> list[OpenAccount]:
    """Every account that is signed in in this browser, read once a request."""
    if not hasattr(flask.g, "open_accounts"):
        found = [_open(number) for number in range(sessions.SLOTS) if flask.request.cookies.get(cookie_name(number))]
        flask.g.open_accounts = [one for one in found if one is not None]
    return flask.g.open_accounts  # type: ignore[no-any-return]


def _open(number: int) -> OpenAccount | None:
    tx = site().read()
    session = access.session(tx, sessions.token_hash(flask.request.cookies[cookie_name(number)]), site().now())
    mine = accounts.account(tx, session.account_id) if session is not None and not session.is_pending_totp else None
    if session is None or mine is None or not mine.is_enabled:
        return None
    inbox = mailboxes.by_role(tx, mine.id, "inbox")
    return OpenAccount(slot=number, session=session, account=mine, url=f"{root_of(number)}/mail", is_this=number == slot(), unread=inbox.unseen_count if inbox else 0)


def place_of(account_id: int) -> OpenAccount | None:
    """Where an account is open in another place of this browser: nobody needs it twice."""
    return next((one for one in open_accounts() if one.account.id == account_id and not one.is_this), None)


def free_url() -> str:
    """Where one more account signs in; "" when all places are taken."""
    taken = {slot()} if is_alone() and flask.request.cookies.get(cookie_name(slot())) else {one.slot for one in open_accounts()}
    free = next((number for number in range(sessions.SLOTS) if number not in taken), None)
    return "" if free is None else f"{root_of(free)}/sign-in"
