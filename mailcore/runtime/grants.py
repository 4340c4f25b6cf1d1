"""Signing in at other people's mail servers without a password: what is kept, and the access token made from it when needed.

Where a password would stand (a fetched account's, a route's, the relay's) stands a grant: `oauth2:PROVIDER:REFRESH TOKEN`.
Access tokens are kept in memory only, for as long as they hold.
"""

import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from mailcore.base.clock import SECOND, Micros
from mailcore.base.errors import MailError, Reason
from mailcore.net import oauth
from mailcore.net.oauth import Provider, Tokens
from mailcore.runtime.runtime import Runtime

PREFIX = "oauth2:"
KEPT = 1000
"""Access tokens in memory. One more forgets the oldest."""
EARLY_SECONDS = 30
"""So long before its end a token is made anew."""
GOOGLE_HOSTS = ("imap.gmail.com", "pop.gmail.com", "smtp.gmail.com", "smtp-relay.gmail.com", "imap.googlemail.com", "pop.googlemail.com", "smtp.googlemail.com")
MICROSOFT_HOSTS = ("outlook.office365.com", "smtp.office365.com", "outlook.com", "imap-mail.outlook.com", "pop-mail.outlook.com", "smtp-mail.outlook.com")
MICROSOFT_SCOPE = "https://outlook.office.com/IMAP.AccessAsUser.All https://outlook.office.com/POP.AccessAsUser.All https://outlook.office.com/SMTP.Send offline_access"


def providers(runtime: Runtime) -> dict[str, Provider]:
    """Those that the admin has registered this server at, by name."""
    get, made = runtime.settings.get, {}
    if get("oauth.google_id"):
        made["google"] = Provider(
            name="google", label="Google", client_id=get("oauth.google_id"), client_secret=get("oauth.google_secret"), authorize_url="https://accounts.google.com/o/oauth2/v2/auth",
            token_url="https://oauth2.googleapis.com/token", scope="https://mail.google.com/", extra=(("access_type", "offline"), ("prompt", "consent")),
        )  # fmt: skip
    if get("oauth.microsoft_id"):
        tenant = get("oauth.microsoft_tenant")
        base = f"https://login.microsoftonline.com/{tenant}/oauth2/v2.0"
        made["microsoft"] = Provider(
            name="microsoft", label="Microsoft", client_id=get("oauth.microsoft_id"), client_secret=get("oauth.microsoft_secret"), authorize_url=f"{base}/authorize",
            token_url=f"{base}/token", scope=MICROSOFT_SCOPE,
        )  # fmt: skip
    if get("oauth.other_label") and get("oauth.other_id") and get("oauth.other_authorize") and get("oauth.other_token"):
        made["other"] = Provider(
            name="other", label=get("oauth.other_label"), client_id=get("oauth.other_id"), client_secret=get("oauth.other_secret"), authorize_url=get("oauth.other_authorize"),
            token_url=get("oauth.other_token"), scope=get("oauth.other_scope"),
        )  # fmt: skip
    return made


def hosts(runtime: Runtime, name: str) -> tuple[str, ...]:
    """The mail servers that the provider of *name* answers for."""
    return {"google": GOOGLE_HOSTS, "microsoft": MICROSOFT_HOSTS}.get(name) or tuple(str(runtime.settings.get("oauth.other_hosts")).lower().split())


def provider(runtime: Runtime, name: str, host: str) -> Provider:
    """The provider of *name*, if *host* is one of its mail servers: a token goes nowhere else. Raises MailError(NOT_FOUND, NOT_PERMITTED)."""
    found = providers(runtime).get(name)
    if found is None:
        raise MailError(Reason.NOT_FOUND, "This server is not registered at that provider. An admin sets it up: Settings, “oauth”.")
    if not any(fnmatchcase(host.lower(), pattern) for pattern in hosts(runtime, name)):
        raise MailError(Reason.NOT_PERMITTED, f"{host} is no mail server of {found.label}.")
    return found


def is_grant(secret: str) -> bool:
    """Whether what stands for a password is a grant."""
    return secret.startswith(PREFIX)


def secret_of(provider_name: str, refresh: str) -> str:
    """What is kept of a permission."""
    return f"{PREFIX}{provider_name}:{refresh}"


@dataclass(frozen=True, slots=True)
class _Held:
    token: str
    until: Micros


class _Tokens:
    """The access tokens of this process, by a digest of their grant."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.asking = threading.Lock()
        """One question at a time: a provider may take a refresh token once only."""
        self.held: dict[str, _Held] = {}

    def get(self, key: str, now: Micros) -> str:
        with self.lock:
            found = self.held.get(key)
        return found.token if found is not None and found.until > now else ""

    def put(self, key: str, made: Tokens, now: Micros) -> None:
        with self.lock:
            self.held[key] = _Held(made.access, now + (made.seconds - EARLY_SECONDS) * SECOND)
            while len(self.held) > KEPT:
                del self.held[next(iter(self.held))]

    def drop(self, key: str) -> None:
        with self.lock:
            self.held.pop(key, None)


def _tokens(runtime: Runtime) -> _Tokens:
    found = runtime.caches.setdefault(__name__, _Tokens())
    assert isinstance(found, _Tokens)
    return found


def _key(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def access(runtime: Runtime, secret: str, host: str, keep: Callable[[str], None]) -> str:
    """An access token of the grant *secret* for *host*; *keep* is given the new grant when the provider changed it.

    Asks the network when none is held. Raises MailError(AUTH_FAILED, NETWORK, NOT_FOUND, NOT_PERMITTED).
    """
    name, _, refresh = secret.removeprefix(PREFIX).partition(":")
    chosen = provider(runtime, name, host)
    tokens, now = _tokens(runtime), runtime.clock.micros()
    with tokens.asking:
        found = tokens.get(_key(secret), now)
        if found:
            return found
        made = oauth.refreshed(runtime.resolver, chosen, refresh)
        kept = secret_of(name, made.refresh) if made.refresh else secret
        if kept != secret:
            keep(kept)
        tokens.put(_key(kept), made, now)
    return made.access


def forget(runtime: Runtime, secret: str) -> None:
    """The server did not take the token: the next one is made anew."""
    _tokens(runtime).drop(_key(secret))
