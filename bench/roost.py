"""Roost as a server to measure: the real supervisor with its default settings, on free ports, in a throw-away folder."""

import subprocess

from tests.scenario.server import HOME, PASSWORD, RoostServer


class Roost:
    """Started on creation; `smtp` and `imap` are its ports. People are u1@x.test, u2@x.test …"""

    name = "Roost"
    password = PASSWORD

    def __init__(self, people: int) -> None:
        self.server = RoostServer(people=people, listeners=("smtp", "imap"))
        self.smtp, self.imap = self.server.ports["smtp"], self.server.ports["imap"]

    def version(self) -> str:
        """The commit that was measured."""
        done = subprocess.run(["git", "-C", str(HOME), "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
        return f"Roost at commit {done.stdout.strip() or 'unknown'}, 2 workers, SQLite"

    def remove(self) -> None:
        """Stop and leave nothing."""
        self.server.remove()
