"""Postfix and Dovecot to measure against: Debian 12's packages (Dovecot 2.3), private configurations in a throw-away folder.

The system's own configuration of either is neither read nor changed. Needs root, as both programs do.
"""

import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from tests.scenario.server import free_ports

START_SECONDS = 15

DOVECOT = """
base_dir = {folder}/run
log_path = {folder}/dovecot.log
protocols = imap lmtp
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
mail_location = maildir:{folder}/mail/%u
first_valid_uid = 1
mail_max_userip_connections = 1000
passdb {{
  driver = static
  args = nopassword=y
}}
userdb {{
  driver = static
  args = uid=mail gid=mail home={folder}/mail/%u.home
}}
service imap-login {{
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    port = {lmtp}
  }}
}}
"""

POSTFIX_MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/spool
data_directory = {folder}/data
maillog_file = {folder}/postfix.log
maillog_file_prefixes = {folder}
myhostname = mx.x.test
mydestination =
mynetworks = 127.0.0.2/32
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
alias_maps =
alias_database =
local_recipient_maps =
virtual_mailbox_domains = x.test
virtual_mailbox_maps = static:ok
virtual_transport = lmtp:inet:127.0.0.1:{lmtp}
lmtp_destination_concurrency_limit = 20
smtpd_recipient_restrictions = reject_unauth_destination
smtpd_client_connection_count_limit = 0
smtpd_peername_lookup = no
"""

def master_table(door: str, *transports: str) -> str:
    """Postfix's master.cf with its SMTP server at *door* (address:port) and *transports* (whole lines) beside its own services."""
    return "\n".join((f"{door} inet n - n - - smtpd", *_SERVICES, *transports)) + "\n"


_SERVICES = (
    "pickup unix n - n 60 1 pickup", "cleanup unix n - n - 0 cleanup", "qmgr unix n - n 300 1 qmgr", "rewrite unix - - n - - trivial-rewrite",
    "bounce unix - - n - 0 bounce", "defer unix - - n - 0 bounce", "trace unix - - n - 0 bounce", "flush unix n - n 1000? 0 flush", "proxymap unix - - n - - proxymap",
    "error unix - - n - - error", "retry unix - - n - - error", "anvil unix - - n - 1 anvil", "scache unix - - n - 1 scache", "showq unix n - n - - showq",
    "postlog unix-dgram n - n - 1 postlogd",
)  # fmt: skip


def run(*words: str) -> str:
    """What a command printed (to a file: daemons keep a pipe open); an OSError if it failed."""
    with tempfile.TemporaryFile("w+") as output:
        done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=output, stderr=output, timeout=30, check=False)
        output.seek(0)
        text = output.read().strip()
    if done.returncode:
        raise OSError(f"{words[0]} failed: {text[-300:]}")
    return text


def wait_for(port: int, address: str = "127.0.0.1") -> None:
    """Until someone greets on the port."""
    end = time.monotonic() + START_SECONDS
    while True:
        try:
            with socket.create_connection((address, port), 2) as connection:
                if connection.recv(1):
                    return
        except OSError:
            if time.monotonic() > end:
                raise
        time.sleep(0.1)


class Others:
    """Postfix → LMTP → Dovecot (maildir), started on creation; any password and any u…@x.test will do."""

    name, host = "Postfix/Dovecot", "127.0.0.1"
    password = "any"

    def __init__(self) -> None:
        for program in ("postfix", "dovecot"):
            if not shutil.which(program):
                raise OSError(f"{program} is not installed")
        self.folder = Path(tempfile.mkdtemp(prefix="roost-bench-"))
        self.smtp, self.imap, self.lmtp = free_ports(3)
        self.started: list[tuple[str, ...]] = []  # how to stop what was started
        try:
            self.start()
        except (OSError, subprocess.SubprocessError):
            self.remove()
            raise

    def start(self) -> None:
        """Write the configurations and start both."""
        self.folder.chmod(0o755)
        for name in ("mail", "spool", "data", "postfix"):
            (self.folder / name).mkdir()
        shutil.chown(self.folder / "mail", "mail", "mail")
        shutil.chown(self.folder / "data", "postfix")
        dovecot, postfix = str(self.folder / "dovecot.conf"), str(self.folder / "postfix")
        for path, text in ((dovecot, DOVECOT), (f"{postfix}/main.cf", POSTFIX_MAIN), (f"{postfix}/master.cf", master_table("127.0.0.1:{smtp}", "lmtp unix - - n - - lmtp"))):
            Path(path).write_text(text.lstrip().format(folder=self.folder, smtp=self.smtp, imap=self.imap, lmtp=self.lmtp))
        self.started.append(("doveadm", "-c", dovecot, "stop"))
        run("dovecot", "-c", dovecot)
        self.started.append(("postfix", "-c", postfix, "stop"))
        run("postfix", "-c", postfix, "start")
        for port in (self.imap, self.lmtp, self.smtp):
            wait_for(port)

    def stored(self) -> int:
        """How many messages lie in mailboxes, read or not."""
        return sum(len(list(box.iterdir())) for box in (self.folder / "mail").glob("*/[nc][eu][wr]"))

    def version(self) -> str:
        """The versions that were measured."""
        return f"Postfix {run('postconf', '-h', 'mail_version')} and Dovecot {run('dovecot', '--version').split()[0]}, maildir"

    def remove(self) -> None:
        """Stop both and leave nothing."""
        for words in reversed(self.started):
            subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, timeout=30, check=False)
        shutil.rmtree(self.folder, ignore_errors=True)
