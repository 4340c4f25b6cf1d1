"""The import of a whole hMailServer: its records in order, public folders last because they name groups and people."""

import contextlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from mailcore.base.errors import MailError, Reason
from mailcore.jobs.imports import mailing
from mailcore.jobs.imports.hmailserver import folders, people, reading, server
from mailcore.jobs.imports.hmailserver.reading import Record
from mailcore.jobs.imports.hmailserver.work import Report, Work
from mailcore.runtime.runtime import Runtime
from mailcore.store import rehearsal

DATA_NAMES = ("DataBackup", "Data")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What to import. *path*: the backup; *data*: the folder with the messages' files, None to look for it beside the backup."""

    path: Path
    data: Path | None = None
    is_dry: bool = False
    has_settings: bool = True
    has_mail: bool = True


def run(runtime: Runtime, wanted: Wanted, step: mailing.Step) -> Report:
    """Import, or say what an import would make. Raises MailError when there is nothing to import or the store fails."""
    try:
        return _run(runtime, wanted, step)
    except PermissionError as error:
        raise MailError(Reason.NOT_PERMITTED, f"{error.filename} cannot be read by the user that Roost runs as. Let that user read it, or copy it to where it can.") from error


def _run(runtime: Runtime, wanted: Wanted, step: mailing.Step) -> Report:
    path = reading.find(wanted.path)
    data = wanted.data or next((p for name in DATA_NAMES if (p := path.parent / name).is_dir()), None)
    if wanted.data is not None and not wanted.data.is_dir():
        raise MailError(Reason.NOT_FOUND, f"There is no folder {wanted.data}.")
    found = reading.records(path, has_messages=wanted.has_mail and not wanted.is_dry)
    with rehearsal.copy(runtime.store) if wanted.is_dry else contextlib.nullcontext() as tx:
        work = Work(runtime, tx)
        work.delimiter = _delimiter(path)
        carry_out(work, found, wanted, data, step)
        return work.report


def carry_out(work: Work, found: Iterable[Record], wanted: Wanted, data: Path | None, step: mailing.Step) -> None:
    """Every record by its own function."""
    gathered, later = server.Gathered(), list[Record]()
    for one in found:
        if one.domain:
            _of_domain(work, one, wanted, data, step)
        elif one.kind == "PublicFolders":
            later.append(one)
        elif one.kind == "Group":
            server.group(work, one)
        elif wanted.has_settings:
            _of_server(work, one, gathered)
    if wanted.has_settings:
        gathered.write(work)
    for one in later:
        folders.public(work, one.element, data if wanted.has_mail else None, step)


def _of_domain(work: Work, one: Record, wanted: Wanted, data: Path | None, step: mailing.Step) -> None:
    plain = {"Domain": people.domain, "DomainAlias": people.domain_alias, "Alias": people.alias, "DistributionList": people.mailing_list}
    if one.kind in plain:
        plain[one.kind](work, one)
        return
    mine = people.account(work, one)
    if mine is not None and wanted.has_mail:
        folders.bring(work, mine, one.element, data, step)


_SERVER = {
    "Properties": server.properties, "SecurityRange": server.security_range, "Rules": server.rules, "Route": server.route, "WhiteAddress": server.white_address,
}  # fmt: skip
_GATHERED = ("BlockedAttachment", "IncomingRelay", "DNSBlackList", "SURBLServer")


def _of_server(work: Work, one: Record, gathered: server.Gathered) -> None:
    if one.kind in _SERVER:
        _SERVER[one.kind](work, one)
    elif one.kind in _GATHERED:
        gathered.take(one)
    elif one.kind == "SSLCertificate":
        work.leave_out("certificate", one.text("Name"), "the backup only names its files. Upload it, or let Roost get one by itself")
    elif one.kind == "ServerMessage":
        work.leave_out("server message", one.text("Name"), "Roost has its own, in the reader's language. Write your words there (Server messages, ./roost messages)")


def _delimiter(path: Path) -> str:
    """What stood between the levels of a folder's name: hMailServer's setting, needed before the settings come."""
    with path.open("rb") as file:
        start = file.read(2)
        file.seek(0)
        encoding = "utf-16" if start in (b"\xff\xfe", b"\xfe\xff") else "utf-8"
        tail = ""
        for piece in iter(lambda: file.read(reading.PIECE), b""):
            text = tail + piece.decode("utf-16-le" if encoding == "utf-16" else "utf-8", "replace")
            found = re.search(r'<imaphierarchydelimiter\b[^>]*?StringValue="([./\\])"', text, re.IGNORECASE)
            if found:
                return found[1]
            tail = text[-400:]
    return "."
