"""SMTP and submission: aiosmtpd's connection class with our own engine in it. `factory` makes one protocol a connection."""

import asyncio
from collections.abc import Callable

from mailcore.listen.bridge import Bridge
from mailcore.listen.limits import Connections
from mailcore.listen.smtp.session import Door, Session


def factory(bridge: Bridge, connections: Connections, *, name: str, is_tls: bool) -> Callable[[], asyncio.BaseProtocol]:
    """Makes the protocol of a connection to listener *name* (smtp, submission, submissions)."""
    door = Door(bridge, connections, name=name, is_tls=is_tls)
    return lambda: Session(door)
