"""`service install|remove`: a systemd unit that starts Roost with the machine."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from mailcore.base.errors import MailError, Reason
from mailcore.cli.main import Context
from mailcore.cli.offline import home
from mailcore.config import process

UNIT = Path("/etc/systemd/system/roost.service")
KEPT = ("ROOST_USER", "ROOST_DATABASE_URL", "ROOST_BLOB_URL", "ROOST_LISTEN", "ROOST_WORKERS", "ROOST_WEB_WORKERS", "ROOST_DNS", "ROOST_HOSTNAME", "ROOST_LOG")


def add(commands: Any, name: str) -> None:
    """The parser of `service`."""
    group = commands.add_parser("service", description="A systemd unit. Example: sudo ./roost service install").add_subparsers(
        dest="verb", metavar="VERB", required=True
    )
    for verb, run in (("install", install), ("remove", remove), ("show", show)):
        parser = group.add_parser(verb, description=f"Example: sudo ./roost service {verb}")
        parser.add_argument("--json", action="store_true")
        parser.set_defaults(run=run)


def unit_text(context: Context) -> str:
    """The unit file for this folder, data directory and environment."""
    kept = {"ROOST_DATA_DIR": str(context.config.data_dir)} | {name: os.environ[name] for name in KEPT if os.environ.get(name)}
    environment = [f"Environment={quoted(f'{name}={value}')}" for name, value in kept.items()]
    return "\n".join([
        "[Unit]", "Description=Roost mail server", "After=network-online.target", "Wants=network-online.target", "",
        "[Service]", "Type=exec", f"WorkingDirectory={str(home()).replace('%', '%%')}", f"ExecStart={quoted(str(home() / 'roost'))} up", *environment,
        "Restart=always", "RestartSec=2", "TimeoutStopSec=10", "KillMode=mixed", "NoNewPrivileges=yes", "ProtectSystem=full", "PrivateTmp=yes", "",
        "[Install]", "WantedBy=multi-user.target", "",
    ])  # fmt: skip


def quoted(word: str) -> str:
    """One word of a unit file: in quotes, with what systemd would expand made plain (systemd.syntax, systemd.unit)."""
    return '"' + word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%") + '"'


def show(context: Context) -> int:
    """Print the unit without installing it."""
    text = unit_text(context)
    return context.answer({"path": str(UNIT), "unit": text}, text)


def install(context: Context) -> int:
    """Write the unit, enable and start it."""
    _need_systemd()
    UNIT.write_text(unit_text(context))
    for command in (["daemon-reload"], ["enable", "--now", "roost.service"]):
        done = subprocess.run(["systemctl", *command], capture_output=True, text=True, check=False)
        if done.returncode:
            raise MailError(Reason.NOT_SUPPORTED, f"{UNIT} is written, but systemctl {command[0]} says: {done.stderr.strip() or 'no'}")
    return context.answer({"path": str(UNIT)}, f"{UNIT} is installed and started. ./roost status shows how it is.")


def remove(context: Context) -> int:
    """Stop and remove the unit; data stays."""
    _need_systemd()
    subprocess.run(["systemctl", "disable", "--now", "roost.service"], capture_output=True, check=False)
    UNIT.unlink(missing_ok=True)
    subprocess.run(["systemctl", "daemon-reload"], capture_output=True, check=False)
    return context.answer({"removed": str(UNIT)}, "The unit is removed; the data stays.")


def _need_systemd() -> None:
    if not process.is_root():
        raise MailError(Reason.NOT_PERMITTED, "This needs root: sudo ./roost service install")
    if shutil.which("systemctl") is None or not os.path.isdir("/run/systemd/system"):
        raise MailError(
            Reason.NOT_SUPPORTED, "This machine was not started by systemd. `./roost service show` prints the unit for another one."
        )
