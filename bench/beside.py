"""`python -m bench.beside`: the webmail beside Debian's Roundcube over Dovecot, in one run: the same 10,000 messages, one person and fifty.

Each browser has a connection of its own that stays open and its own session. Roundcube runs on four PHP workers behind nginx, Roost with its
defaults. Needs root and Debian's roundcube-core, roundcube-sqlite3, php-fpm, nginx-light and what bench.run needs; the system's own
configurations are neither read nor changed.
"""

import argparse
import http.client
import json
import os
import random
import re
import shutil
import sqlite3
import subprocess
import tempfile
import time
import urllib.parse
from collections.abc import Callable
from pathlib import Path

from bench.crowd import load, request
from bench.others import Others
from bench.page import machine, publish
from bench.webmail import CROWD, MESSAGES, PANES, READER, ROUNDS, ROWS, Crowd, filled, mbox, told, waits
from tests.scenario.server import free_ports

PUBLIC, SCHEMA = Path("/var/lib/roundcube/public_html"), Path("/usr/share/roundcube/SQL/sqlite.initial.sql")
DEFAULTS = Path("/etc/roundcube")
"""Where Debian keeps Roundcube's own defaults; they are copied, the machine's configuration is not."""
PHP_WORKERS, CROWD_ROUNDS = 4, 10
"""All fifty read the same mailbox on both sides, so both have as much of it in their caches."""

CONFIG = """<?php
$config = []; $config['db_dsnw'] = 'sqlite:///{folder}/rc.db?mode=0666'; $config['imap_host'] = ["127.0.0.1:{imap}"]; $config['smtp_host'] = '127.0.0.1:{smtp}';
$config['des_key'] = 'QGL4ESnsr6/wEOnW5C+3jEuE'; $config['plugins'] = []; $config['skin'] = 'elastic'; $config['language'] = 'en_US'; $config['log_dir'] = '{folder}'; $config['temp_dir'] = '{folder}';
"""
POOL = """[global]
error_log = {folder}/php.log
[www]
user = www-data
group = www-data
listen = {folder}/php.sock
listen.mode = 0666
pm = static
pm.max_children = {workers}
env[ROUNDCUBE_CONFIG_DIR] = {folder}
"""
NGINX = """user www-data; worker_processes 1; error_log {folder}/nginx.err; pid {folder}/nginx.pid; events {{ worker_connections 512; }}
http {{ include /etc/nginx/mime.types; access_log off; server {{ listen 127.0.0.1:{port}; root {public}; index index.php;
 location / {{ try_files $uri $uri/ /index.php?$args; }}
 location ~ \\.php(/|$) {{ include /etc/nginx/fastcgi_params; fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name; fastcgi_pass unix:{folder}/php.sock; }} }} }}
"""


def php() -> str:
    """The PHP server's program."""
    found = sorted(Path("/usr/sbin").glob("php-fpm*"))
    if not found or not PUBLIC.is_dir() or not shutil.which("nginx"):
        raise OSError("Roundcube, php-fpm or nginx is not installed")
    return str(found[-1])


class Roundcube:
    """nginx, PHP and Roundcube over *others*' Dovecot, with the letters in u1's INBOX."""

    def __init__(self, others: Others, letters: Path) -> None:
        self.folder, self.others, self.port = Path(tempfile.mkdtemp(prefix="roost-roundcube-")), others, free_ports(1)[0]
        self.folder.chmod(0o777)
        box = others.folder / "mail" / "u1@x.test"
        for name in ("cur", "new", "tmp"):
            (box / name).mkdir(parents=True, exist_ok=True)
        chance = random.Random(5)  # names as Dovecot's own: those that count up evenly collide in its table of names, and opening took 200 ms
        for number, text in enumerate(re.split(rb"^From a@b .*\n", letters.read_bytes(), flags=re.M)[1:]):
            name = f"cur/{1_600_000_000 + number}.M{chance.randrange(1_000_000)}P{chance.randrange(1_000_000)}.bench,S={len(text)}:2,S"
            (box / name).write_bytes(text)
        subprocess.run(["chown", "-R", "mail:mail", str(others.folder / "mail")], check=True)
        sqlite3.connect(self.folder / "rc.db").executescript(SCHEMA.read_text())
        os.chmod(self.folder / "rc.db", 0o666)
        facts = {"folder": self.folder, "imap": others.imap, "smtp": others.smtp, "port": self.port, "public": PUBLIC, "workers": PHP_WORKERS}
        for name, text in (("config.inc.php", CONFIG), ("pool.conf", POOL), ("nginx.conf", NGINX)):
            (self.folder / name).write_text(text.format(**facts) if name != "config.inc.php" else text.replace("{folder}", str(self.folder)).replace("{imap}", str(others.imap)).replace("{smtp}", str(others.smtp)))
        for part in ("defaults.inc.php", "mimetypes.php"):
            shutil.copyfile(DEFAULTS / part, self.folder / part)
        self.children = [subprocess.Popen([php(), "-F", "-y", str(self.folder / "pool.conf")], stderr=subprocess.DEVNULL)]
        self.children.append(subprocess.Popen(["nginx", "-c", str(self.folder / "nginx.conf"), "-g", "daemon off;"], stderr=subprocess.DEVNULL))
        time.sleep(2)

    def remove(self) -> None:
        """Stop both and leave nothing."""
        for child in self.children:
            child.terminate()
            child.wait(10)
        shutil.rmtree(self.folder, ignore_errors=True)


class Visitor:
    """A signed-in browser of Roundcube: one connection, its cookies, its token."""

    list = "/?_task=mail&_action=list&_mbox=INBOX&_page={}&_remote=1"

    def __init__(self, port: int) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        self.cookies: dict[str, str] = {}
        self.token = ""
        token = re.search(r'name="_token" value="([^"]+)"', self.get("/"))
        form = {"_token": token[1] if token else "", "_task": "login", "_action": "login", "_timezone": "UTC", "_url": "", "_user": "u1@x.test", "_pass": "any"}
        self.ask("POST", "/?_task=login", urllib.parse.urlencode(form))
        found = re.search(r'"request_token":"([^"]+)"', self.get("/?_task=mail&_mbox=INBOX"))
        if not found:
            raise OSError("Roundcube let nobody in")
        self.token = found[1]

    def headers(self) -> dict[str, str]:
        """What Roundcube's own script sends with each request."""
        return {"X-Roundcube-Request": self.token, "X-Requested-With": "XMLHttpRequest"} if self.token else {}

    def ask(self, method: str, path: str, body: str | None = None) -> str:
        headers = {"Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items())} | self.headers()
        headers |= {"Content-Type": "application/x-www-form-urlencoded"} if body is not None else {}
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        text = answer.read().decode("utf-8", "replace")
        for name, value in answer.getheaders():
            if name.lower() == "set-cookie":
                key, _, rest = value.partition("=")
                self.cookies[key] = rest.partition(";")[0]
        if answer.status >= 400:
            raise ValueError(f"{path}: {answer.status}")
        return text

    def get(self, path: str) -> str:
        return self.ask("GET", path)

    def rows(self, page: int) -> str:
        """The list's page as Roundcube's own script asks for it; empty ones do not count."""
        text = self.get(self.list.format(page))
        if "add_message_row" not in json.loads(text)["exec"]:
            raise ValueError("Roundcube's list was empty")
        return text


def of_roost() -> dict[str, object]:
    """Roost's part: waits of one, and of fifty with their rate."""
    with filled(workers=2) as (port, client, inbox, lists, ids, _large):
        client.act("read-all", "", mailbox=inbox.rpartition("/")[2])  # as Roundcube's letters are: else each that is opened is a write
        chance = random.Random(3)
        works: dict[str, tuple[Callable[[], str], dict[str, str]]] = {
            "list of 50": (lambda: chance.choice(lists), ROWS), "open a message": (lambda: f"{inbox}/{chance.choice(ids)}", READER),
            "search a subject": (lambda: f"/mail/search?q=subject:{5000 + chance.randrange(900)}", PANES), "search a body": (lambda: f"/mail/search?q=zanzibar+{'x' * chance.randrange(7)}", PANES),
        }  # fmt: skip
        crowd, found = Crowd(port), {}
        for name, (path, headers) in works.items():
            one = waits(lambda _n, p=path, h=headers: client.get(p(), h), ROUNDS // 2)  # type: ignore[misc]
            found[name] = (one, load(port, crowd.asks(path, headers, CROWD_ROUNDS)))
        return found


def of_roundcube(letters: Path) -> dict[str, object]:
    """Roundcube's part."""
    others = Others()
    try:
        server = Roundcube(others, letters)
        try:
            client, chance = Visitor(server.port), random.Random(3)
            client.rows(1)
            search = "/?_task=mail&_action=search&_mbox=INBOX&_remote=1&_headers={}&_q={}"
            works: dict[str, Callable[[], str]] = {
                "list of 50": lambda: Visitor.list.format(chance.randrange(1, 40)), "open a message": lambda: f"/?_task=mail&_action=preview&_uid={chance.randrange(MESSAGES - 1500, MESSAGES)}&_mbox=INBOX&_framed=1",
                "search a subject": lambda: search.format("subject", 5000 + chance.randrange(900)), "search a body": lambda: search.format("text", "zanzibar"),
            }  # fmt: skip
            people = [Visitor(server.port) for _ in range(CROWD)]
            for one in people:
                one.rows(1)
            found: dict[str, object] = {}
            for name, path in works.items():
                waited = waits(lambda _n, p=path: client.get(p()), 4 if "body" in name else ROUNDS // 4)  # type: ignore[misc]
                asked = [[request("GET", path(), who.cookies, who.headers()) for _ in range(CROWD_ROUNDS)] for who in people]
                holds = b"add_message_row" if "list" in name else b""
                found[name] = (waited, None if "body" in name else load(server.port, asked, holds=holds))
            return found
        finally:
            server.remove()
    finally:
        others.remove()


def table(ours: dict[str, object], theirs: dict[str, object]) -> str:
    """The figures in Markdown."""
    lines = [
        f"{machine()}; load {os.getloadavg()[0]:.0f} at the end; Roundcube 1.6 of Debian 12 on {PHP_WORKERS} PHP workers over Dovecot 2.3; {MESSAGES:,} messages in INBOX, all read, the same for all fifty. Milliseconds at the client, p50 · p95, and requests a second of fifty.", "",
        "| work | Roost, one | Roundcube, one | Roost, fifty | Roundcube, fifty | Roost, a second | Roundcube, a second | ratio |", "|---|--:|--:|--:|--:|--:|--:|--:|",
    ]  # fmt: skip
    for name, (one, many) in ours.items():  # type: ignore[misc]
        other, others = theirs[name]  # type: ignore[misc]
        crowds = f"{told(many.waits)} | {told(others.waits)} | {many.rate:.0f} | {others.rate:.0f} | {many.rate / others.rate:.1f}" if others else f"{told(many.waits)} |  | {many.rate:.0f} |  | "
        lines.append(f"| {name} | {told(one)} | {told(other)} | {crowds} |")
    return "\n".join(lines)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--print", action="store_true", help="print only")
    with tempfile.TemporaryDirectory() as made:
        mbox(Path(made) / "letters")
        text = table(of_roost(), of_roundcube(Path(made) / "letters"))
    print(text)
    if not parser.parse_args().print:
        publish("beside", text)
