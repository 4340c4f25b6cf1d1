"""A web process: uvicorn with Flask (given by name) in a bounded thread pool, and the live stream as a coroutine beside it.

Plain http serves loopback, ACME challenges and a redirect to https; what comes from elsewhere never reaches the app unencrypted.
"""

import asyncio
import contextlib
import importlib
import os
import socket
import sys
from collections.abc import Awaitable, Callable, MutableMapping
from functools import partial
from typing import Any

import uvicorn

from mailcore.auth import sessions
from mailcore.config.environment import Config
from mailcore.listen.bridge import Bridge
from mailcore.listen.live import Live
from mailcore.runtime.runtime import Runtime
from mailcore.serve import worker
from mailcore.serve.accept import Acceptor
from mailcore.serve.sockets import Bound, web_sockets
from mailcore.serve.threads import InThreads
from mailcore.serve.worker import SWITCH_SECONDS, heal, kept_up, tell_sessions, watch_certificates

THREADS = 4
"""More only take turns: with fifty people they cost more time for changing over, and get no more done."""
PATIENT_THREADS = 12
"""For what waits for somebody else: long uploads, pictures from outside."""
APP = "wsgi:app"
"""The one upward reference of the house."""

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
AsgiApp = Callable[[Scope, Receive, Send], Awaitable[None]]


def run(config: Config, bound: Bound) -> None:
    """Serve until SIGTERM."""
    sys.setswitchinterval(SWITCH_SECONDS)
    with contextlib.suppress(ImportError):
        import uvloop

        asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    os.environ["ROOST_DATA_DIR"] = str(config.data_dir)
    asyncio.run(worker.live(config, "web", lambda runtime, stop: serve(runtime, web_sockets(bound.sockets), https_port_of(bound), stop)))


def https_port_of(bound: Bound) -> str:
    """Where plain http redirects to; "" for nowhere."""
    return next((where.rpartition(":")[2] for where in bound.addresses.get("https", [])), "")


async def serve(runtime: Runtime, sockets: dict[str, list[socket.socket]], https_port: str, stop: asyncio.Event, *, is_shared: bool = False) -> None:
    """The web process's life; where *runtime* is shared with a worker, that one looks after it."""
    loop, config = asyncio.get_running_loop(), runtime.config
    bridge = Bridge(runtime)
    live = Live(bridge, config.web_processes)
    app = build(runtime, live, https_port)
    servers = [make_server(app, runtime, is_tls=name == "https", is_alone=config.web_processes == 1) for name in sockets]
    tasks = [loop.create_task(server.serve(sockets=group)) for server, group in zip(servers, sockets.values(), strict=True)]
    looks = {"clock": lambda: heal(runtime), "certificates": lambda: watch_certificates(runtime), "sessions": lambda: tell_sessions(runtime, lambda: {"live": live.open})}
    background = [] if is_shared else [loop.create_task(kept_up(runtime, name, work)) for name, work in looks.items()]
    await stop.wait()
    bridge.drain()
    for server in servers:
        server.should_exit = True
    await asyncio.wait(tasks, timeout=3.0)
    for server in servers:
        server.force_exit = True
    for task in (*background, *tasks):
        task.cancel()
    await asyncio.gather(*background, *tasks, return_exceptions=True)
    bridge.close()


class Server(uvicorn.Server):
    """uvicorn that shares its sockets fairly, without signal handlers of its own: the process has one."""

    is_alone = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=[])
        make = partial(self.config.http_protocol_class, config=self.config, server_state=self.server_state, app_state=self.lifespan.state)  # type: ignore[call-arg]
        self.servers = [Acceptor(one, make, self.config.ssl, is_alone=self.is_alone) for one in sockets or []]  # type: ignore[misc]

    @contextlib.contextmanager
    def capture_signals(self) -> Any:
        yield


def make_server(app: AsgiApp, runtime: Runtime, *, is_tls: bool, is_alone: bool) -> Server:
    """A server for one scheme. Forwarded headers are not believed: the peer's own address counts."""
    config = uvicorn.Config(
        app, log_level="warning", access_log=False, proxy_headers=False, server_header=False, lifespan="off", timeout_keep_alive=30,
        timeout_graceful_shutdown=2, h11_max_incomplete_event_size=64 * 1024, http="httptools",
    )  # fmt: skip
    config.load()
    if is_tls:
        config.ssl = runtime.contexts.context
    server = Server(config)
    server.is_alone = is_alone
    return server


def build(runtime: Runtime, live: Live, https_port: str) -> AsgiApp:
    """The ASGI app: live stream, redirect from plain http, and Flask for the rest."""
    module_name, _, attribute = APP.partition(":")
    module = importlib.import_module(module_name)
    flask_app = module.create_app(runtime) if hasattr(module, "create_app") else getattr(module, attribute)
    flask = InThreads(flask_app, THREADS, PATIENT_THREADS, asks_others)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        if scope["scheme"] == "http" and not may_be_plain(scope):
            await redirect(scope, send, https_port)
        elif sessions.slot_of(scope["path"])[1] == "/events":
            await live.serve(scope, receive, send)
        else:
            await flask(scope, receive, send)

    return app


def asks_others(path: str) -> bool:
    """Whether a page's answer waits for another server."""
    return sessions.slot_of(path)[1].startswith("/mail/image/")


def may_be_plain(scope: Scope) -> bool:
    """Whether this request may be answered without TLS: from real loopback, or an ACME challenge."""
    client = scope.get("client") or ("", 0)
    return client[0] in ("127.0.0.1", "::1", "::ffff:127.0.0.1") or scope["path"].startswith("/.well-known/acme-challenge/")


async def redirect(scope: Scope, send: Send, https_port: str) -> None:
    """308 to the same address over https; 421 when there is no https listener."""
    host = next((v.decode("latin-1") for k, v in scope["headers"] if k == b"host"), "")
    name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
    if not https_port or not all(c.isalnum() or c in ".-:[]" for c in name) or not name:
        await plain(send, 421, b"Roost answers other machines over https only.\n", [])
        return
    port = "" if https_port == "443" else f":{https_port}"
    query = scope["query_string"].decode("latin-1")
    target = f"https://{name}{port}{scope['raw_path'].decode('latin-1') if scope.get('raw_path') else scope['path']}"
    target = target.split("?")[0] + (f"?{query}" if query else "")
    await plain(send, 308, b"", [(b"location", target.encode("latin-1"))])


async def plain(send: Send, status: int, body: bytes, headers: list[tuple[bytes, bytes]]) -> None:
    """A short text answer."""
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", b"text/plain"), (b"content-length", str(len(body)).encode()), *headers]})
    await send({"type": "http.response.body", "body": body})
