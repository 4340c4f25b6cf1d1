"""`backup` and `restore`: keeping the mail, and bringing it back."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mailcore.base.errors import MailError, Reason
from mailcore.cli.main import Context
from mailcore.cli.offline import become_owner, runtime_of
from mailcore.config.environment import prepare_data_dir
from mailcore.directory.actor import COMMAND_LINE
from mailcore.jobs import backup, restore, restore_part
from mailcore.runtime.machine import SystemClock, SystemRandom
from mailcore.store import open_store, schema


def add(commands: Any, name: str) -> None:
    """The parsers of `backup` and `restore`."""
    if name == "backup":
        parser = commands.add_parser("backup", description="Writes everything to a folder while Roost runs. Example: ./roost backup /mnt/backups")
        parser.add_argument("folder", nargs="?", help="left out: the folder of the settings")
        parser.set_defaults(run=run_backup)
    else:
        parser = commands.add_parser("restore", description="Brings a backup back. Example: ./roost restore /mnt/backups --account ann@example.org")
        parser.add_argument("folder", help="a backup, or the folder that holds them: then the newest")
        part = parser.add_mutually_exclusive_group()
        part.add_argument("--account", help="only this account's mail, into the running server")
        part.add_argument("--domain", help="the accounts, aliases and mail of this domain, into the running server")
        parser.add_argument("--mailbox", default="", help="only this mailbox of the account")
        parser.set_defaults(run=run_restore)
    parser.add_argument("--json", action="store_true")


def run_backup(context: Context) -> int:
    """Make one now, showing how far it is."""
    with runtime_of(context) as runtime:
        folder = context.arguments.folder or str(runtime.settings.get("backup.folder"))
        if not folder:
            raise MailError(Reason.SYNTAX, "Name a folder: ./roost backup /mnt/backups, or set backup.folder.")
        made, removed = backup.add(runtime, Path(folder), _shown(context))
    if not context.is_json and sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr)
    return context.answer({"backup": str(made), "removed": removed}, f"Backed up to {made}.")


def _shown(context: Context) -> Callable[[int, int, str], bool]:
    """Tells who looks at a terminal how far it is."""

    def step(done: int, total: int, note: str) -> bool:
        if not context.is_json and sys.stderr.isatty():
            share = f" {done * 100 // total} %" if total else f" {done:,}"
            print(f"\r{note}{share}\033[K", end="", file=sys.stderr, flush=True)
        return True

    return step


def run_restore(context: Context) -> int:
    """Everything into an empty data directory, or a domain, an account or a mailbox beside a running server."""
    arguments = context.arguments
    source = restore.chosen(Path(arguments.folder))
    if arguments.mailbox and not arguments.account:
        raise MailError(Reason.SYNTAX, "Name the account of the mailbox with --account.")
    if arguments.account or arguments.domain:
        wanted = restore_part.Wanted(what=(arguments.account or arguments.domain).lower(), mailbox=arguments.mailbox)
        with runtime_of(context) as runtime:
            back = restore_part.bring(runtime, source, wanted, COMMAND_LINE, _shown(context))
        return context.answer({"put_back": back.put, "were_here": back.here, "made": back.made, "rights": back.rights, "accounts_elsewhere": back.fetched, "backup": str(source)}, back.text())
    config = context.config
    if (config.data_dir / "run" / "status.json").exists() and _is_alive(config.data_dir):
        raise MailError(Reason.IN_USE, "Roost runs on this data directory. Stop it first, or restore a part with --account or --domain.")
    config.data_dir.mkdir(parents=True, exist_ok=True)
    become_owner(config)
    prepare_data_dir(config)
    store = open_store(data_dir=config.data_dir, database_url=config.database_url, blob_url=config.blob_url, random=SystemRandom(), blob_options=dict(config.blob_options))
    clock = SystemClock()
    try:
        schema.migrate(store.database, now_text=clock.now().strftime("%Y%m%d%H%M%S"))
        restore.everything(store, config.data_dir, source, clock.micros(), lambda text: None)
    finally:
        store.close()
    text = f"{source.name} is restored. Start it with ./roost up. Mail that waited to leave is on hold: look at ./roost queue list, then release or remove it."
    return context.answer({"backup": str(source)}, text)


def _is_alive(data_dir: Path) -> bool:
    import json

    try:
        os.kill(int(json.loads((data_dir / "run" / "status.json").read_text())["pid"]), 0)
    except (OSError, ValueError, KeyError):
        return False
    return True
