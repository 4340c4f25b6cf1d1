"""A whole hMailServer brought in from the panel: first a look at what would be made, then, when asked, for real, with progress and a stop.

The look is one transaction that is taken back. Each message is brought once, so an import that was stopped is simply begun again. The report is kept
with the job. A zip that was uploaded is unpacked beside itself and both go when the import is done, or are swept a day later.
"""

import shutil
import time
from collections.abc import Callable
from pathlib import Path

from mailcore.base.clock import DAY, Micros
from mailcore.base.errors import MailError, Reason
from mailcore.directory import import_verbs
from mailcore.jobs.imports import unpacked
from mailcore.jobs.imports.hmailserver import importing
from mailcore.jobs.imports.hmailserver.work import LEFT, NOTE, Report
from mailcore.runtime.runtime import Runtime
from mailcore.store import jobs
from mailcore.store.jobs import Job

Step = Callable[[int, int, str], bool]
TELL_SECONDS = 0.5
"""How often progress is written down."""
LINES_KEPT = 300
"""Lines of the report that the page shows; the command with --json has all."""


class _Cancelled(Exception):
    """The admin pressed Cancel."""


def run(runtime: Runtime, job: Job, step: Step) -> str:
    """One look or one import. Raises MailError in words."""
    wanted = job.payload
    try:
        path = _source(runtime, wanted, step)
        asked = importing.Wanted(
            path=path, data=Path(wanted["data"]) if wanted.get("data") else None, is_dry=wanted["is_dry"], has_settings=wanted["has_settings"], has_mail=wanted["has_mail"]
        )
        # A look runs inside one write, where nothing else can be written: it tells nothing on its way.
        report = importing.run(runtime, asked, (lambda _done, _where: True) if asked.is_dry else _counted(step, int(wanted.get("messages", 0))))
    except _Cancelled:
        return "stopped; what was brought is here, and is not brought twice"
    told = {"counts": report.counts(), "messages": report.messages, "lines": _worth_a_look(report), "more": max(0, _count(report) - LINES_KEPT)}
    runtime.store.write(lambda tx: jobs.remember(tx, job.id, wanted | {"report": told}), bulk=True)
    if wanted.get("upload") and not asked.is_dry:
        import_verbs.forget_upload(runtime, str(wanted["upload"]))
    return "looked" if asked.is_dry else "imported"


def _source(runtime: Runtime, wanted: dict[str, object], step: Step) -> Path:
    """The folder that is read; a zip is unpacked the first time."""
    if not wanted.get("upload"):
        return Path(str(wanted["path"]))
    zipped = import_verbs.upload_path(runtime, str(wanted["upload"]))
    folder = zipped.with_suffix("")
    if not folder.is_dir():
        if not zipped.is_file():
            raise MailError(Reason.NOT_FOUND, "The uploaded file is no longer here. Upload it again.")
        rough = zipped.with_suffix(".part")
        shutil.rmtree(rough, ignore_errors=True)

        def tell(done: int, total: int) -> None:
            if not step(done, total, "unpacking"):
                raise _Cancelled

        unpacked.unpack(zipped, rough, tell, reserve=int(runtime.settings.get("storage.reserve")))
        rough.rename(folder)
    return folder


def _counted(step: Step, total: int) -> Callable[[int, str], bool]:
    """The job's step as the import calls it: its count begins anew with each account; written down now and then."""
    seen = {"base": 0, "last": 0}
    told = [0.0]

    def tell(done: int, where: str) -> bool:
        if done < seen["last"]:
            seen["base"] += seen["last"]
        seen["last"] = done
        if time.monotonic() - told[0] >= TELL_SECONDS:
            told[0] = time.monotonic()
            if not step(seen["base"] + done, max(total, seen["base"] + done), where):
                raise _Cancelled
        return True

    return tell


def _worth_a_look(report: Report) -> list[dict[str, str]]:
    return [line.as_dict() for line in report.lines if line.state in (LEFT, NOTE)][:LINES_KEPT]


def _count(report: Report) -> int:
    return sum(line.state in (LEFT, NOTE) for line in report.lines)


def forget_old(runtime: Runtime, now: Micros) -> int:
    """Remove uploads that nobody imported within a day; how many went."""
    return import_verbs.forget_uploads(runtime, now - DAY)
