"""Which ManageSieve command may come in which state (RFC 5804 §1.4)."""

from enum import Enum

from mailcore.wire.managesieve import commands as c


class State(Enum):
    """RFC 5804 §1.4."""

    NOT_AUTHENTICATED = "not authenticated"
    AUTHENTICATED = "authenticated"


_ANY: frozenset[type[c.Command]] = frozenset({c.Logout, c.Capability, c.Noop})

ALLOWED: dict[State, frozenset[type[c.Command]]] = {
    State.NOT_AUTHENTICATED: _ANY | {c.Authenticate, c.StartTls},
    State.AUTHENTICATED: _ANY
    | {
        c.HaveSpace,
        c.PutScript,
        c.ListScripts,
        c.SetActive,
        c.GetScript,
        c.DeleteScript,
        c.RenameScript,
        c.CheckScript,
        c.Unauthenticate,
    },
}
