"""`up`: becomes the supervisor. `--demo` fills a throw-away data directory first."""

import importlib
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from mailcore.cli.main import Context
from mailcore.serve import start, web, worker
from mailcore.serve.alone import Alone
from mailcore.serve.supervisor import Supervisor


def add(commands: Any, name: str) -> None:
    """The parser of `up`."""
    parser = commands.add_parser(
        "up", help="start everything", description="Installs what is missing, brings the database up to date, starts every process. Example: ./roost up"
    )
    parser.add_argument("--demo", action="store_true", help="a full sample in a throw-away data directory")
    parser.add_argument("--json", action="store_true", help="no screen for people")
    parser.set_defaults(run=up)


def up(context: Context) -> int:
    """Run until told to stop."""
    config = context.config
    if context.arguments.demo:
        config = replace(config, data_dir=Path(tempfile.mkdtemp(prefix="roost-demo-")), database_url="", blob_url="")
    importlib.import_module("wsgi")
    for module in dict.fromkeys(worker.MODULES.values()):
        try:
            importlib.import_module(module)
        except ModuleNotFoundError as error:
            if not (error.name or "").startswith("mailcore.listen"):
                raise
    prepare = start.prepare
    if context.arguments.demo:
        from mailcore.cli.demo import prepare_demo

        prepare = prepare_demo
    kind = Alone if config.one_process else Supervisor
    supervisor = kind(config=config, say=lambda text: print(text, file=sys.stdout, flush=True), prepare=prepare, work=worker.run, web=web.run)
    try:
        return supervisor.run()
    finally:
        if context.arguments.demo:
            import shutil

            shutil.rmtree(config.data_dir, ignore_errors=True)
