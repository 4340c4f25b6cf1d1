"""`import`: mail in files, an account on another server, a whole hMailServer."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mailcore.base.errors import MailError, Reason
from mailcore.cli.grammar import verb
from mailcore.cli.grammar import verbs as verbs_of
from mailcore.cli.main import Context
from mailcore.cli.offline import runtime_of
from mailcore.directory import fetching, verbs
from mailcore.jobs.imports import letters, mailing, remote
from mailcore.jobs.imports.hmailserver import importing as hmailserver
from mailcore.runtime.runtime import Runtime
from mailcore.store.fetched import Fetched


def add(commands: Any, name: str) -> None:
    """The parsers of `import`."""
    group = verbs_of(commands, name, "Brings in mail and accounts from elsewhere. Example: ./roost import mail ann@example.org backup.mbox")
    mail = verb(group, "mail", run_mail, "address", "path", example="import mail ann@example.org ~/Maildir")
    mail.epilog = "PATH: an mbox file, a Maildir, a folder of .eml files, a Thunderbird profile's Mail folder, Google Takeout, or a zip of these."
    mail.add_argument("--into", default="", metavar="MAILBOX", help="below this mailbox; without it each keeps its name")
    imap = verb(group, "imap", run_imap, "address", example="import imap ann@example.org --host imap.old.example --user ann --password-stdin")
    imap.add_argument("--host", required=True)
    imap.add_argument("--user", help="the sign-in name there; without it the address")
    imap.add_argument("--port", type=int, default=0)
    imap.add_argument("--security", choices=("tls", "starttls", "none"), default="tls")
    imap.add_argument("--password-stdin", action="store_true", required=True, help="the password there, as the first line of the input")
    imap.add_argument("--into", default="", metavar="MAILBOX")
    whole = verb(group, "hmailserver", run_hmailserver, "path", example="import hmailserver /mnt/HMBackup --dry-run")
    whole.epilog = "PATH: the unpacked backup, or its hMailServerBackup.xml. Accounts keep their passwords."
    whole.add_argument("--data", default="", metavar="FOLDER", help="hMailServer's Data folder, where the messages are not in the backup")
    whole.add_argument("--dry-run", action="store_true", help="say what would be made, and change nothing")
    whole.add_argument("--no-settings", action="store_true", help="domains and accounts only")
    whole.add_argument("--no-mail", action="store_true", help="no messages")


def _progress(context: Context) -> mailing.Step:
    is_shown = not context.is_json and sys.stderr.isatty()

    def step(done: int, where: str) -> bool:
        if is_shown:
            print(f"\r{done:,} {where[:60]}\033[K", end="", file=sys.stderr, flush=True)
        return True

    return step


def _answer(context: Context, outcome: mailing.Outcome) -> int:
    if not context.is_json and sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr)
    lines = [f"{outcome.brought} messages brought, {outcome.were_here} were here already."]
    lines += [f"  {name}: {count}" for name, count in sorted(outcome.by_mailbox.items())]
    if outcome.left_out_count:
        lines += [f"{outcome.left_out_count} left out:", *(f"  {text}" for text in outcome.left_out)]
    data = {
        "brought": outcome.brought, "were_here": outcome.were_here, "left_out": outcome.left_out_count, "left_out_first": outcome.left_out,
        "by_mailbox": outcome.by_mailbox,
    }  # fmt: skip
    return context.answer(data, "\n".join(lines))


def _bring(context: Context, runtime: Runtime, found: Iterator[letters.Letter]) -> int:
    account = verbs.find_account(runtime.store.read(), context.arguments.address)
    outcome = mailing.bring(runtime, account, found, into=context.arguments.into, step=_progress(context))
    return _answer(context, outcome)


def run_mail(context: Context) -> int:
    """Mail in files."""
    path = Path(context.arguments.path).expanduser().absolute()
    with runtime_of(context) as runtime:
        return _bring(context, runtime, letters.read(path, int(runtime.settings.get("smtp.message_size"))))


def run_imap(context: Context) -> int:
    """An account on another server."""
    arguments = context.arguments
    password = sys.stdin.readline().rstrip("\r\n")
    if not password:
        raise MailError(Reason.SYNTAX, "The password there is the first line of the input.")
    port = arguments.port or (993 if arguments.security == "tls" else 143)
    with runtime_of(context) as runtime:
        one = Fetched(
            account_id=0, protocol="imap", host=arguments.host, port=port, security=arguments.security, username=arguments.user or arguments.address, password=password
        )
        source = remote.Account(fetching.reached(runtime, one, is_private_fine=True))
        try:
            return _bring(context, runtime, source.letters(int(runtime.settings.get("smtp.message_size"))))
        finally:
            source.close()


def run_hmailserver(context: Context) -> int:
    """A whole hMailServer, or what of it would be made."""
    arguments = context.arguments
    with runtime_of(context) as runtime:
        wanted = hmailserver.Wanted(
            path=Path(arguments.path).expanduser().absolute(), data=Path(arguments.data).expanduser().absolute() if arguments.data else None,
            is_dry=arguments.dry_run, has_settings=not arguments.no_settings, has_mail=not arguments.no_mail,
        )  # fmt: skip
        report = hmailserver.run(runtime, wanted, _progress(context))
    if not context.is_json and sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr)
    data = {"dry_run": wanted.is_dry, "counts": report.counts(), "lines": [line.as_dict() for line in report.lines], "messages": report.messages}
    return context.answer(data, report.text(is_dry=wanted.is_dry))
