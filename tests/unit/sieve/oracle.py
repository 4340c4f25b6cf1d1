"""Debian's sieve-test as a second opinion: what it says a script does, and what ours says, in the same words."""

import os
import pwd
import re
import subprocess
from pathlib import Path

from mailcore import sieve
from mailcore.sieve import actions as a
from mailcore.sieve.message import Mail, Surroundings

SENDER, RECIPIENT = "ann@orchard.test", "bob+shop@x.test"
SETTINGS = """log_path = /dev/stderr
mail_uid = {user}
mail_gid = {group}
mail_home = {folder}
mail_location = maildir:{folder}/Maildir
postmaster_address = postmaster@x.test
first_valid_uid = 1
plugin {{
  sieve_extensions = +editheader +vacation-seconds +spamtest +spamtestplus +virustest
  sieve_vacation_min_period = 0
  recipient_delimiter = +
}}
"""
ACTION = re.compile(r"^ \* (.*)\n((?:    .*\n)*)", re.MULTILINE)
STORED, SENT = re.compile(r"store message in folder: (.*)"), re.compile(r"redirect message to: <(.*)>")
FLAGS = re.compile(r"add IMAP flags: (.*)")


class Oracle:
    """sieve-test with settings of its own, in *folder*."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        user = "nobody" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
        entry = pwd.getpwnam(user)
        folder.chmod(0o755)
        (folder / "dovecot.conf").write_text(SETTINGS.format(user=user, group=entry.pw_gid, folder=folder))

    def says(self, script: str, message: bytes) -> list[str]:
        """What it would do, sorted; ["refused"] for what does not compile, ["failed"] for an error while it runs."""
        (self.folder / "case.sieve").write_text(script)
        (self.folder / "message").write_bytes(message)
        command = ["sieve-test", "-C", "-c", str(self.folder / "dovecot.conf"), "-f", SENDER, "-r", RECIPIENT, "-a", RECIPIENT]
        done = subprocess.run(
            [*command, str(self.folder / "case.sieve"), str(self.folder / "message")], capture_output=True, timeout=10, check=False, env={**os.environ, "TZ": "UTC"}
        )
        told = done.stderr.decode("utf-8", "replace")
        if "failed to compile" in told:
            return ["refused"]
        if "final result: success" not in told:
            return ["failed"]
        return sorted(_theirs(*found) for found in ACTION.findall(done.stdout.decode("utf-8", "replace")))


def _theirs(head: str, more: str) -> str:
    flags = FLAGS.search(more)
    if stored := STORED.match(head):
        return f"store {stored[1]} [{' '.join(sorted(flags[1].lower().split())) if flags else ''}]"
    if sent := SENT.match(head):
        return f"redirect {sent[1]}"
    return head.split()[0] if "vacation" not in head and "notification" not in head else "vacation" if "vacation" in head else "notify"


def ours(script: str, message: bytes) -> list[str]:
    """What our interpreter does, in the oracle's words."""
    try:
        ready = sieve.compile(script)
    except sieve.SieveError:
        return ["refused"]
    around = Surroundings(sender=SENDER, recipient=RECIPIENT, original_recipient=RECIPIENT)
    result = ready.run(Mail(message), around)
    return ["failed"] if result.error else sorted(_word(one) for one in result.actions if not isinstance(one, a.Remember))


def _word(action: a.Action) -> str:
    match action:
        case a.Keep() | a.FileInto():
            return f"store {getattr(action, 'mailbox', a.INBOX)} [{' '.join(sorted(f.lower() for f in action.flags))}]"
        case a.Redirect():
            return f"redirect {action.address}"
    return type(action).__name__.lower()
