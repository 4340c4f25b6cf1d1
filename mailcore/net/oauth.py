"""OAuth 2.0 as a client: where a person signs in at a provider, and the tokens that come of it (RFC 6749, RFC 7636).

Mail programs prove themselves with a short-lived access token instead of a password (SASL XOAUTH2, RFC 7628); it is made anew
from a refresh token, which is what is kept. Nothing here remembers anything.
"""

import base64
import hashlib
import json
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from mailcore.base.errors import MailError, Reason
from mailcore.base.resolver import Resolver
from mailcore.net import fetch

TOKEN_CHARACTERS = 3000
"""Longest refresh token that is kept: a setting holds 4000 characters."""
LEAST_SECONDS = 60
"""A shorter life of an access token is taken as this, so that a provider cannot make us ask for every line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """Who signs people in: *name* in what is kept, *label* for people, and the client that the admin registered there."""

    name: str
    label: str
    client_id: str
    client_secret: str
    authorize_url: str
    token_url: str
    scope: str
    extra: tuple[tuple[str, str], ...] = ()
    """What this provider wants besides, to give a refresh token at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """*refresh* is "" when the provider keeps the old one valid."""

    access: str
    refresh: str
    seconds: int


def challenge_of(verifier: str) -> str:
    """What the provider sees of the *verifier* before the code is redeemed. RFC 7636 §4.2."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


def address(provider: Provider, *, redirect: str, state: str, verifier: str, user: str) -> str:
    """Where the person goes to sign in. RFC 6749 §4.1.1."""
    fields = {
        "response_type": "code", "client_id": provider.client_id, "redirect_uri": redirect, "scope": provider.scope, "state": state,
        "code_challenge": challenge_of(verifier), "code_challenge_method": "S256", "login_hint": user, **dict(provider.extra),
    }  # fmt: skip
    return f"{provider.authorize_url}{'&' if urlsplit(provider.authorize_url).query else '?'}{urlencode(fields)}"


def redeem(resolver: Resolver, provider: Provider, *, code: str, verifier: str, redirect: str) -> Tokens:
    """The tokens for the *code* that came back. RFC 6749 §4.1.3. Raises MailError(AUTH_FAILED, NETWORK)."""
    found = _tokens(resolver, provider, {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect, "code_verifier": verifier})
    if not found.refresh:
        raise MailError(Reason.AUTH_FAILED, f"{provider.label} gave no lasting permission. Remove Roost from the programs with access there, and sign in once more.")
    return found


def refreshed(resolver: Resolver, provider: Provider, refresh: str) -> Tokens:
    """A fresh access token. RFC 6749 §6. Raises MailError(AUTH_FAILED) when the permission has ended, MailError(NETWORK)."""
    return _tokens(resolver, provider, {"grant_type": "refresh_token", "refresh_token": refresh})


def _tokens(resolver: Resolver, provider: Provider, fields: dict[str, str]) -> Tokens:
    sent = {**fields, "client_id": provider.client_id} | ({"client_secret": provider.client_secret} if provider.client_secret else {})
    status, data = fetch.post_form(resolver, provider.token_url, sent)
    try:
        said = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise MailError(Reason.NETWORK, f"{provider.label} answered {status} without a token.", temporary=True) from error
    said = said if isinstance(said, dict) else {}
    if status != 200:
        # invalid_grant is the person's to mend, by signing in again; the rest is the admin's or passes by itself.
        why = " ".join(str(said.get(key, ""))[:200] for key in ("error", "error_description")).strip() or str(status)
        if said.get("error") == "invalid_grant":
            raise MailError(Reason.AUTH_FAILED, f"The permission at {provider.label} has ended. Sign in there again. It says: {why}")
        raise MailError(Reason.NETWORK, f"{provider.label} gives no token. It says: {why}", temporary=True)
    access, refresh, seconds = said.get("access_token"), said.get("refresh_token") or "", said.get("expires_in", 3600)
    if not isinstance(access, str) or not isinstance(refresh, str) or not access.isascii() or not access.isprintable() or len(refresh) > TOKEN_CHARACTERS:
        raise MailError(Reason.NETWORK, f"{provider.label} answered without a token that can be used.", temporary=True)
    is_number = isinstance(seconds, int) or (isinstance(seconds, str) and seconds.isascii() and seconds.isdigit() and len(seconds) < 10)
    return Tokens(access=access, refresh=refresh, seconds=max(LEAST_SECONDS, int(seconds) if is_number else 3600))
