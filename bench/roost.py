"""Roost as a server to measure: the real supervisor with its default settings, on free ports, in a throw-away folder."""

import sqlite3
import subprocess

from tests.scenario.server import HOME, PASSWORD, RoostServer


class Roost:
    """Started on creation; `smtp` and `imap` are its ports. People are u1@x.test, u2@x.test …, and recipients without a password p1@x.test …"""

    name = "Roost"
    password = PASSWORD

    def __init__(self, people: int, recipients: int = 0, *, dns: str = "none", host: str = "127.0.0.1") -> None:
        self.host = host
        self.server = RoostServer(people=people, listeners=("smtp", "imap"), dns=dns, host=host)
        self.smtp, self.imap = self.server.ports["smtp"], self.server.ports["imap"]
        self.database = self.server.folder / "data" / "roost.db"
        if recipients:
            self.add(recipients)

    def add(self, recipients: int) -> None:
        """Make p1@x.test …: one write, where the command line would take a second for each."""
        from bench.store import NOW, open_at
        from mailcore.store import Tx, accounts, mailboxes

        store = open_at(str(self.database.parent))

        def make(tx: Tx) -> None:
            domain = int(tx.value("SELECT id FROM domains WHERE name = 'x.test'"))
            for number in range(1, recipients + 1):
                mailboxes.create_standard(tx, accounts.add_account(tx, domain, f"p{number}@x.test", NOW), actor="bench", now=NOW)

        store.write(make)
        store.close()

    def stored(self) -> int:
        """How many messages lie in mailboxes."""
        with sqlite3.connect(f"file:{self.database}?mode=ro", uri=True) as database:
            return int(database.execute("SELECT coalesce(sum(message_count), 0) FROM mailboxes").fetchone()[0])

    def version(self) -> str:
        """The commit that was measured."""
        done = subprocess.run(["git", "-C", str(HOME), "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
        return f"Roost at commit {done.stdout.strip() or 'unknown'}, 2 workers, SQLite"

    def remove(self) -> None:
        """Stop and leave nothing."""
        self.server.remove()
