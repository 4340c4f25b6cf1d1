"""The live stream: server-sent events at /events, one coroutine and one queue slot a tab, no thread.

A tab is known by its session cookie, as any request. It is told the new unread counts and which mailbox changed, of one's own
and of those that others share; a comment line every HEARTBEAT_SECONDS keeps proxies from closing it, and shows when the session has ended.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, MutableMapping
from http.cookies import CookieError, SimpleCookie
from typing import Any

from mailcore.auth import sessions
from mailcore.listen.bridge import Bridge
from mailcore.sessions import webmail_rooms

HEARTBEAT_SECONDS = 25.0
GATHER_SECONDS = 0.15
"""Hints that come together are told together."""

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class Live:
    """Every open tab of this process, one of *processes* that share them; `serve` is the ASGI app of /events."""

    def __init__(self, bridge: Bridge, processes: int = 1) -> None:
        self.bridge, self.processes = bridge, processes
        self.open = 0

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One tab, until it or its session ends."""
        token = token_of(scope)
        runtime = self.bridge.runtime
        session = await self.bridge.cpu(lambda: sessions.find(runtime, token)) if token else None
        if session is None or session.is_pending_totp:
            await refuse(send, 401)
            return
        if self.open * self.processes >= runtime.settings.get("live.max_streams"):
            await refuse(send, 503)
            return
        self.open += 1
        wake = asyncio.Event()
        closed = asyncio.ensure_future(until_closed(receive, wake))
        try:
            await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
            await send({"type": "http.response.body", "body": b": here\n\n", "more_body": True})
            await self.tell(session.account_id, token, send, wake, closed)
        finally:
            self.open -= 1
            closed.cancel()

    async def tell(self, account_id: int, token: str, send: Send, wake: asyncio.Event, closed: "asyncio.Future[None]") -> None:
        """Events as they come."""
        stops: dict[int, Callable[[], None]] = {}
        try:
            await self._tell(account_id, token, send, wake, closed, stops)
        finally:
            for stop in stops.values():
                stop()

    def listen(self, wanted: frozenset[int], stops: dict[int, Callable[[], None]], wake: asyncio.Event) -> None:
        """Hear of the changes of *wanted* accounts, and of no others any more."""
        for account_id in wanted - stops.keys():
            stops[account_id] = self.bridge.runtime.bus.subscribe(account_id, lambda _account, _mailbox: wake.set())
        for account_id in stops.keys() - wanted:
            stops.pop(account_id)()

    async def _tell(
        self, account_id: int, token: str, send: Send, wake: asyncio.Event, closed: "asyncio.Future[None]", stops: dict[int, Callable[[], None]]
    ) -> None:  # fmt: skip
        runtime = self.bridge.runtime
        self.listen(frozenset({account_id}), stops, wake)
        there = await self.bridge.read(lambda tx: webmail_rooms.rooms(tx, account_id))
        self.listen(there.account_ids, stops, wake)
        told = {key: room.modseq for key, room in there.by_id.items()}
        # What came between the page and this stream: the tab compares with what its list was drawn from.
        start = json.dumps({"counts": {key: room.count for key, room in there.by_id.items()}, "modseqs": told})
        await send({"type": "http.response.body", "body": f"data: {start}\n\n".encode(), "more_body": True})
        while not closed.done() and not self.bridge.draining.is_set():
            with self.bridge.woken_by_drain(wake):
                try:
                    async with asyncio.timeout(HEARTBEAT_SECONDS):
                        await wake.wait()
                except TimeoutError:
                    if await self.bridge.cpu(lambda: sessions.find(runtime, token)) is None:
                        return
                    await send({"type": "http.response.body", "body": b": still here\n\n", "more_body": True})
                    continue
            await asyncio.sleep(GATHER_SECONDS)
            wake.clear()
            now = await self.bridge.read(lambda tx: webmail_rooms.rooms(tx, account_id))
            self.listen(now.account_ids | {account_id}, stops, wake)
            # A hint may come twice, by the bus and by the healing clock: what the tab knows already is not told again.
            boxes = [key for key, room in now.by_id.items() if key in told and told[key] != room.modseq]
            boxes += ["0"] if told.keys() != now.by_id.keys() else []
            told = {key: room.modseq for key, room in now.by_id.items()}
            counts = {key: room.count for key, room in now.by_id.items()}
            for box in boxes:
                data = json.dumps({"counts": counts, "mailbox": box})
                await send({"type": "http.response.body", "body": f"data: {data}\n\n".encode(), "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


HEADERS = [
    (b"content-type", b"text/event-stream"), (b"cache-control", b"no-store, no-transform"), (b"x-accel-buffering", b"no"), (b"x-content-type-options", b"nosniff"),
]  # fmt: skip


def token_of(scope: Scope) -> str:
    """The session's token in the request's cookies."""
    raw = b"; ".join(value for name, value in scope["headers"] if name == b"cookie").decode("latin-1")
    try:
        jar = SimpleCookie(raw)
    except CookieError:
        return ""
    wanted = sessions.cookie_name(sessions.slot_of(scope["path"])[0], is_tls=scope["scheme"] == "https")
    return jar[wanted].value if wanted in jar else ""


async def until_closed(receive: Receive, wake: asyncio.Event) -> None:
    """Ends when the tab is closed."""
    while (await receive())["type"] != "http.disconnect":
        continue
    wake.set()


async def refuse(send: Send, status: int) -> None:
    """A short answer."""
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})
