"""`test`: what the tests need from Debian, then lint, types, layers, and pytest; what was skipped and why is said at the end.

The quick run takes at most 25 minutes on two cores; `--all` adds the tests marked long.
"""

import argparse
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from mailcore.cli.main import Context
from mailcore.cli.offline import home
from mailcore.config import process

PACKAGES = (
    "postgresql", "swaks", "isync", "mutt", "curl", "fetchmail", "chromium", "chromium-headless-shell", "strace", "postfix", "libnet-ssleay-perl", "libio-socket-ssl-perl",
    "clamav-daemon", "spamassassin", "spamd", "rspamd", "fonts-noto-core", "roundcube-core", "roundcube-sqlite3", "php-cli", "php-sqlite3",
    "dovecot-imapd", "dovecot-pop3d", "dovecot-sieve", "sieve-connect", "pebble", "slapd",
)  # fmt: skip
"""Debian's packages that tests use; each test says so and is skipped where its program is missing."""
PROGRAMS = ("swaks", "mbsync", "mutt", "curl", "fetchmail", "chromium", "chromium-headless-shell", "strace", "smtp-source", "php", "clamd", "spamd", "rspamd", "sieve-test", "sieve-connect", "pebble", "slapd", "/usr/lib/dovecot/imap", "/usr/lib/dovecot/pop3")


def add(commands: Any, name: str) -> None:
    """The parser of `test`."""
    parser = commands.add_parser("test", description="Runs the tests. Example: ./roost test tests/wire -k imap")
    parser.add_argument("--all", action="store_true", help="the long tests as well")
    parser.add_argument("--quick", action="store_true", help="no Debian packages, lint or types: only pytest")
    parser.add_argument("rest", nargs=argparse.REMAINDER, help="what pytest should look at, then its own options; everything if left out")
    parser.set_defaults(run=test)


def test(context: Context) -> int:
    """Run everything; exit code 0 only when all of it is well."""
    arguments = context.arguments
    start = time.monotonic()
    os.chdir(home())
    if not arguments.quick:
        install_packages()
    checks = {} if arguments.quick or arguments.rest else {name: subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) for name, command in CHECKS.items()}
    # Most of a test's time is waiting for a server or a browser: two files at a time on two cores; the long ones want the machine to themselves.
    # The long files come first, so that no core is idle at the end.
    spread = [] if arguments.all or arguments.rest else ["-n", "2", "--dist", "loadfile", "--no-loadscope-reorder", *folders()]
    command = [sys.executable, "-m", "pytest", "-rs", "--durations=10", *spread, *(["--all"] if arguments.all else []), *arguments.rest]
    # spamd and sieve-test give root's rights up and must read what the tests write: not this command's own umask.
    code = subprocess.run(command, env=environment(), check=False, umask=0o022).returncode
    failed = [name for name, check in checks.items() if not passes(name, check)]
    print(f"Tests took {time.monotonic() - start:.0f} s." + (f" Also wrong: {', '.join(failed)}." if failed else ""), flush=True)
    return code or (1 if failed else 0)


def folders() -> list[str]:
    """The folders of tests, those whose files take longest first."""
    found = sorted(str(path) for path in Path("tests").iterdir() if path.is_dir() and any(path.rglob("test_*.py")))
    return sorted(found, key=lambda name: LONG_FIRST.index(name) if name in LONG_FIRST else len(LONG_FIRST))


LONG_FIRST = ["tests/web", "tests/scenario"]

CHECKS: dict[str, list[str]] = {
    "ruff": [sys.executable, "-m", "ruff", "check", "."],
    "mypy": [sys.executable, "-m", "mypy"],
}
"""What must be well besides the tests; the layers are a test of their own."""


def passes(name: str, check: subprocess.Popen[str]) -> bool:
    """Whether a check, which ran beside the tests, is content; shows what it said when not."""
    said, _ = check.communicate()
    if check.returncode:
        print(f"--- {name}\n{said[-3000:]}", flush=True)
    return check.returncode == 0


def environment() -> dict[str, str]:
    """The tests' environment: nothing of a running Roost leaks in, and what is compiled is kept for the many processes."""
    return {k: v for k, v in os.environ.items() if not k.startswith("ROOST_") and k != "PYTHONDONTWRITEBYTECODE"} | {"ROOST_HOME": str(home())}


def install_packages() -> None:
    """As root on Debian, install what is missing; elsewhere say what tests will be skipped."""
    missing = [p for p in PROGRAMS if shutil.which(p) is None and not os.path.exists(f"/usr/sbin/{p}")]
    if not os.path.isdir("/usr/lib/postgresql"):
        missing.append("postgresql")
    if not missing:
        return
    if not (process.is_root() and shutil.which("apt-get")):
        print(f"Not installed, so some tests are skipped: {', '.join(missing)}.", flush=True)
        return
    print("Installing Debian packages for the tests …", flush=True)
    quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "check": False}
    env = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    policy = "/usr/sbin/policy-rc.d"
    made_policy = not os.path.exists(policy)
    if made_policy:  # the packages' daemons must not start: the tests start their own
        with open(policy, "w") as file:
            file.write("#!/bin/sh\nexit 101\n")
        os.chmod(policy, 0o755)
    try:
        subprocess.run(["apt-get", "update", "-qq"], env=env, **quiet)
        done = subprocess.run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", *PACKAGES], env=env, **quiet)
        if done.returncode:
            for package in PACKAGES:
                subprocess.run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", package], env=env, **quiet)
    finally:
        if made_policy:
            os.unlink(policy)
