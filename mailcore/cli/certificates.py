"""`certificate`: what is shown to programs, your own added or taken away, an authority asked now."""

from pathlib import Path
from typing import Any

from mailcore.base.clock import from_micros
from mailcore.base.errors import MailError, Reason
from mailcore.cli.grammar import verb, verbs
from mailcore.cli.main import Context
from mailcore.cli.offline import runtime_of
from mailcore.directory import certificate_verbs
from mailcore.directory.actor import COMMAND_LINE
from mailcore.jobs import certificates as job
from mailcore.settings import values
from mailcore.store import certificates
from mailcore.store.jobs import Job


def add(commands: Any, name: str) -> None:
    """The parser."""
    group = verbs(commands, "certificate", "Certificates of this server. Example: ./roost certificate list")
    verb(group, "list", listed, example="certificate list")
    verb(group, "add", added, "chain", "key", example="certificate add chain.pem key.pem")
    verb(group, "remove", removed, example="certificate remove 3").add_argument("id", type=int)
    asked = verb(group, "renew", renewed, example="certificate renew --agree")
    asked.add_argument("--agree", action="store_true", help="agree to the authority's terms, and let it sign from now on")


def listed(context: Context) -> int:
    with runtime_of(context) as runtime:
        rows = [
            {"id": one.id, "names": " ".join(one.names), "source": one.source, "until": from_micros(one.not_after).isoformat()[:10]}
            for one in certificates.served(runtime.store.read())
        ]
        return context.table(rows, ["id", "names", "source", "until"])


def added(context: Context) -> int:
    try:
        pair = [Path(p).read_bytes() for p in (context.arguments.chain, context.arguments.key)]
    except OSError as error:
        raise MailError(Reason.NOT_FOUND, f"{error.filename} cannot be read: {error.strerror}.") from error
    with runtime_of(context) as runtime:
        judged = certificate_verbs.judge(pair[0], pair[1], runtime.clock.now())
        made = runtime.store.write(lambda tx: certificate_verbs.upload(tx, COMMAND_LINE, judged, runtime.clock.micros()))
        return context.answer({"id": made, "names": list(judged.names)}, f"Used for {', '.join(judged.names)} within ten seconds.")


def removed(context: Context) -> int:
    with runtime_of(context) as runtime:
        runtime.store.write(lambda tx: certificate_verbs.remove(tx, COMMAND_LINE, context.arguments.id, runtime.clock.micros()))
        return context.answer({"removed": context.arguments.id}, "It is removed.")


def renewed(context: Context) -> int:
    """Ask the authority in this process, so that what it says is seen at once."""
    with runtime_of(context) as runtime:
        now = runtime.clock.micros()
        if context.arguments.agree:
            runtime.store.write(lambda tx: values.write(tx, "acme.enabled", True, actor=COMMAND_LINE.name, ip="", now=now))
            runtime.settings.refresh()
        here = Job(id=0, kind="certificates", account_id=None, payload={}, state="running", done=0, total=0, note="", created_at=now, finished_at=None)
        said = job.run(runtime, here, lambda _done, _total, _note: True)
        return context.answer({"done": said}, said[:1].upper() + said[1:] + ".")
