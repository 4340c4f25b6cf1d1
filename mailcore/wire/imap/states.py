"""Which command may come in which state, and what the server says it can (RFC 3501 §3, §7.2.1).

Both are tables: a test holds that every command stands in ALLOWED and that every capability that promises a command names
one the parser knows.
"""

from dataclasses import dataclass
from enum import Enum

from mailcore.wire.imap import commands as c


class State(Enum):
    """RFC 3501 §3."""

    NOT_AUTHENTICATED = "not authenticated"
    AUTHENTICATED = "authenticated"
    SELECTED = "selected"
    LOGOUT = "logout"


_ANY: frozenset[type[c.Command]] = frozenset({c.Capability, c.Noop, c.Logout, c.Id})
_STRANGER = _ANY | {c.StartTls, c.Authenticate, c.Login}
_SIGNED_IN = _ANY | {
    c.Enable,
    c.Select,
    c.Examine,
    c.Create,
    c.Delete,
    c.Rename,
    c.Subscribe,
    c.Unsubscribe,
    c.List,
    c.Lsub,
    c.Namespace,
    c.Status,
    c.Append,
    c.Idle,
    c.GetQuota,
    c.GetQuotaRoot,
    c.SetQuota,
    c.SetAcl,
    c.DeleteAcl,
    c.GetAcl,
    c.ListRights,
    c.MyRights,
    c.Compress,
    c.Notify,
    c.Unauthenticate,
}
_SELECTED = _SIGNED_IN | {
    c.Check,
    c.Close,
    c.Unselect,
    c.Expunge,
    c.Search,
    c.Sort,
    c.Thread,
    c.Fetch,
    c.Store,
    c.Copy,
    c.Move,
    c.Replace,
}

ALLOWED: dict[State, frozenset[type[c.Command]]] = {
    State.NOT_AUTHENTICATED: _STRANGER,
    State.AUTHENTICATED: _SIGNED_IN,
    State.SELECTED: _SELECTED,
    State.LOGOUT: frozenset(),
}

BY_SEQUENCE_NUMBER: frozenset[type[c.Command]] = frozenset({c.Fetch, c.Store, c.Search, c.Sort, c.Thread, c.Copy, c.Move, c.Replace})
"""While one of these runs without UID no EXPUNGE may be sent (RFC 3501 §7.4.1); COPY and MOVE allow it, clients do not."""


def refusal(state: State, command: c.Command) -> str | None:
    """Why *command* may not come now, or None when it may. The answer is BAD."""
    kind = type(command)
    if kind in ALLOWED[state]:
        return None
    if state is State.NOT_AUTHENTICATED:
        return "Sign in first."
    if kind in _STRANGER:
        return "Already signed in."
    return "Select a mailbox first."


_ALWAYS = ("IMAP4rev1", "IMAP4rev2", "LITERAL+", "ID", "ENABLE")
_BEFORE_LOGIN = ("SASL-IR",)
_AFTER_LOGIN = (
    "IDLE",
    "UIDPLUS",
    "MOVE",
    "NAMESPACE",
    "CHILDREN",
    "UNSELECT",
    "SPECIAL-USE",
    "CREATE-SPECIAL-USE",
    "LIST-EXTENDED",
    "LIST-STATUS",
    "LIST-MYRIGHTS",
    "STATUS=SIZE",
    "CONDSTORE",
    "QRESYNC",
    "ESEARCH",
    "SEARCHRES",
    "WITHIN",
    "SORT",
    "SORT=DISPLAY",
    "ESORT",
    "PARTIAL",
    "THREAD=ORDEREDSUBJECT",
    "THREAD=REFERENCES",
    "BINARY",
    "MULTIAPPEND",
    "REPLACE",
    "OBJECTID",
    "PREVIEW",
    "SAVEDATE",
    "QUOTA",
    "QUOTA=RES-STORAGE",
    "ACL",
    "RIGHTS=texk",
    "NOTIFY",
    "UNAUTHENTICATE",
    "UTF8=ACCEPT",
)

PROMISES: dict[str, tuple[type[c.Command], ...]] = {
    "ID": (c.Id,),
    "ENABLE": (c.Enable,),
    "SASL-IR": (c.Authenticate,),
    "STARTTLS": (c.StartTls,),
    "IDLE": (c.Idle,),
    "UIDPLUS": (c.Expunge,),
    "MOVE": (c.Move,),
    "REPLACE": (c.Replace,),
    "NAMESPACE": (c.Namespace,),
    "UNSELECT": (c.Unselect,),
    "SORT": (c.Sort,),
    "THREAD=REFERENCES": (c.Thread,),
    "QUOTA": (c.GetQuota, c.GetQuotaRoot, c.SetQuota),
    "ACL": (c.SetAcl, c.DeleteAcl, c.GetAcl, c.ListRights, c.MyRights),
    "COMPRESS=DEFLATE": (c.Compress,),
    "NOTIFY": (c.Notify,),
    "UNAUTHENTICATE": (c.Unauthenticate,),
}
"""Commands that a capability brings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What decides the capability list besides the state."""

    is_tls: bool
    can_starttls: bool = False
    can_login: bool = True
    can_compress: bool = False
    mechanisms: tuple[str, ...] = ("PLAIN",)
    append_limit_bytes: int | None = None


def capabilities(state: State, offer: Offer) -> tuple[str, ...]:
    """The words of CAPABILITY in *state*. RFC 3501 §6.2.1 (STARTTLS before TLS only), §6.2.3 (LOGINDISABLED)."""
    words = list(_ALWAYS)
    if state is State.NOT_AUTHENTICATED:
        words += _BEFORE_LOGIN
        if offer.can_starttls and not offer.is_tls:
            words.append("STARTTLS")
        if offer.can_login:
            words += [f"AUTH={name}" for name in offer.mechanisms]
        else:
            words.append("LOGINDISABLED")
    else:
        words += _AFTER_LOGIN
        if offer.can_compress:
            words.append("COMPRESS=DEFLATE")
        if offer.append_limit_bytes is not None:
            words.append(f"APPENDLIMIT={offer.append_limit_bytes}")
    return tuple(words)
