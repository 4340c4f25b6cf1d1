"""`status`: does every listener greet, and does the web answer? Exit 0 when all do, 1 when some do not, 3 when nothing runs."""

import json
import socket
import ssl
import time
from dataclasses import asdict
from typing import Any

from mailcore.cli.main import EXIT_NOT_RUNNING, Context
from mailcore.config import process
from mailcore.runtime import told

GREETING_SECONDS = 5.0
IMPLICIT_TLS = ("submissions", "imaps", "pop3s", "https")
GREETINGS = {"smtp": b"220", "submission": b"220", "submissions": b"220", "imap": b"* ", "imaps": b"* ", "pop3": b"+OK", "pop3s": b"+OK", "sieve": b'"'}


def add(commands: Any, name: str) -> None:
    """The parser of `status`."""
    parser = commands.add_parser("status", help="is everything up?", description="Greets every listener. Example: ./roost status --wait 60 --json")
    parser.add_argument("--wait", type=float, default=0, metavar="SECONDS", help="wait so long for everything to be up")
    parser.add_argument("--json", action="store_true")
    parser.set_defaults(run=status)


def status(context: Context) -> int:
    """Look, and with --wait look again until all is well or time is up."""
    deadline = time.monotonic() + context.arguments.wait
    while True:
        found, code = look(context)
        if code == 0 or time.monotonic() >= deadline:
            break
        time.sleep(0.1)
    show(context, found, code)
    return code


def look(context: Context) -> tuple[dict[str, Any], int]:
    """What `up` wrote down, and whether it is true."""
    folder = context.config.data_dir / "run"
    found: dict[str, Any] | None = told.read(folder, "status")
    if found is None:
        return {"error": f"Roost does not run on {context.config.data_dir}."}, EXIT_NOT_RUNNING
    found["sessions"] = told.sessions(folder, found["processes"].values())  # before the greetings, which are sessions too
    answers = {name: all(greets(name, where) for where in places) for name, places in found["addresses"].items()}
    found["answers"] = answers
    found["health"] = [asdict(one) for one in told.health(folder)]
    found["memory_bytes"] = sum(process.pss_bytes(pid) for pid in [found["pid"], *found["processes"].values()] if pid)
    is_up = all(answers.values()) and all(found["processes"].values())
    return found, 0 if is_up else 1


def greets(name: str, where: str) -> bool:
    """Whether the listener at *where* speaks its protocol."""
    host, _, port = where.rpartition(":")
    host = {"[::]": "::1", "0.0.0.0": "127.0.0.1"}.get(host, host).strip("[]")
    try:
        with socket.create_connection((host, int(port)), timeout=GREETING_SECONDS) as raw:
            connection: socket.socket = raw
            if name in IMPLICIT_TLS:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
                context.check_hostname = False
                context.verify_mode = ssl.CERT_NONE
                connection = context.wrap_socket(raw, server_hostname="localhost")
            connection.settimeout(GREETING_SECONDS)
            if name in ("http", "https"):
                connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                return connection.recv(64).startswith(b"HTTP/1.1 200")
            return connection.recv(64).startswith(GREETINGS[name])
    except (OSError, ValueError):
        return False


def show(context: Context, found: dict[str, Any], code: int) -> None:
    """Print it."""
    if context.is_json:
        print(json.dumps({"up": code == 0, **found}))
        return
    if "error" in found:
        print(found["error"])
        return
    print("Everything is up." if code == 0 else "Not everything is up.")
    for name, places in found["addresses"].items():
        print(f"  {name:<12} {', '.join(places):<40} {'answers' if found['answers'][name] else 'DOES NOT ANSWER'}{_sessions(found['sessions'].get(name, 0))}")
    for name, pid in found["processes"].items():
        print(f"  {name:<12} process {pid}")
    print(f"  memory       {found['memory_bytes'] / 1024**2:.0f} MB in all")
    for one in found["health"]:
        print(f"  {one['name']:<12} {one['state']}{', ' + one['version'] if one['version'] else ''}{': ' + one['detail'] if one['detail'] else ''}")
    for note in found.get("notes", []):
        print(f"  ! {note}")
    if found.get("setup_link"):
        print(f"  Set-up is not finished: {found['setup_link']}")


def _sessions(count: int) -> str:
    return f", {count} session{'s' if count > 1 else ''}" if count else ""
