"""A neighbour for the tests: Debian's Postfix with a configuration of its own in a throw-away folder; the system's is not touched."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from bench.others import master_table, run, wait_for

MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/spool
data_directory = {folder}/data
maillog_file = {folder}/postfix.log
maillog_file_prefixes = {folder}
myhostname = mx.{domain}
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
alias_maps =
alias_database =
local_recipient_maps =
virtual_mailbox_domains = {domain}
virtual_mailbox_base = {folder}/mail
virtual_mailbox_maps = inline:{{ {people} }}
virtual_alias_maps = inline:{{ {aliases} }}
virtual_uid_maps = static:8
virtual_gid_maps = static:8
virtual_minimum_uid = 1
transport_maps = inline:{{ {their_domain}=smtp:[127.0.0.1]:{their_port} }}
header_checks = regexp:{folder}/postfix/strip
smtp_dns_support_level = disabled
smtp_host_lookup = native
smtpd_peername_lookup = no
minimal_backoff_time = 1s
maximal_backoff_time = 2s
queue_run_delay = 1s
"""
MASTER = master_table("{address}:{port}", "smtp unix - - n - - smtp", "virtual unix - n n - - virtual")


def why_not() -> str:
    """Why it cannot be started here; "" when it can."""
    if not shutil.which("postfix"):
        return "Postfix is not installed (Debian: postfix)"
    return "" if os.geteuid() == 0 else "Postfix starts only as root"


class Postfix:
    """Serves *people* of *domain* on address:port and brings mail for *their_domain* to the port of another server here.

    *aliases* lead on; of each message it passes, the lines whose names match *strips* are taken off, as some gateways do.
    """

    def __init__(self, domain: str, where: tuple[str, int], *, people: list[str], aliases: dict[str, str], their_domain: str, their_port: int, strips: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="roost-postfix-"))
        self.folder.chmod(0o755)
        for name in ("mail", "spool", "data", "postfix"):
            (self.folder / name).mkdir()
        shutil.chown(self.folder / "mail", "mail", "mail")
        shutil.chown(self.folder / "data", "postfix")
        facts = {
            "folder": self.folder, "domain": domain, "address": where[0], "port": where[1], "their_domain": their_domain, "their_port": their_port,
            "people": ", ".join(f"{p}@{domain}={p}/" for p in people), "aliases": ", ".join(f"{a}={b}" for a, b in aliases.items()),
        }  # fmt: skip
        for name, text in (("main.cf", MAIN), ("master.cf", MASTER), ("strip", f"/^{strips}:/ IGNORE\n")):
            (self.folder / "postfix" / name).write_text(text.lstrip().format(**facts) if name != "strip" else text)
        self.words = ("postfix", "-c", str(self.folder / "postfix"))
        try:
            run(*self.words, "start")
            wait_for(where[1], where[0])
        except (OSError, subprocess.SubprocessError):
            self.remove()
            raise

    def letters(self, person: str) -> list[str]:
        """What lies in a person's mailbox."""
        return [path.read_text(errors="replace") for path in (self.folder / "mail" / person).glob("[nc][eu][wr]/*")]

    def waiting(self) -> int:
        """Messages in its queue."""
        return sum(len([p for p in (self.folder / "spool" / name).rglob("*") if p.is_file()]) for name in ("incoming", "active", "deferred"))

    def log(self) -> str:
        """What it wrote."""
        path = self.folder / "postfix.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def remove(self) -> None:
        """Stop it and leave nothing."""
        subprocess.run([*self.words, "stop"], stdin=subprocess.DEVNULL, capture_output=True, timeout=30, check=False)
        shutil.rmtree(self.folder, ignore_errors=True)
