"""Runs a program over a message, because a rule of the server says so: the message on its input, no shell, and limits.

The outcome stands in the message's timeline. A worker that dies in the middle has the job taken over, so a program may run twice
for one message and can tell by ROOST_TRACE; what it prints changes nothing about the mail.
"""

import contextlib
import os
import selectors
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

from mailcore.base.errors import MailError, Reason
from mailcore.config.process import end_with_parent
from mailcore.runtime import programs
from mailcore.runtime.runtime import Runtime
from mailcore.store import records
from mailcore.store.blobs import rows
from mailcore.store.jobs import Job
from mailcore.store.records import TraceEvent

OUTPUT_BYTES = 64 * 1024
"""More than this, and the program is ended: nobody reads it, and it would fill memory."""
TOLD_CHARACTERS = 500
"""Of the output, in the timeline."""
ENVIRONMENT_CHARACTERS = 30_000
"""Of ROOST_RECIPIENTS: Linux takes 128 KiB a variable, and an address may have four bytes a character."""
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

Step = Callable[[int, int, str], bool]


def run(runtime: Runtime, job: Job, step: Step) -> str:
    """One program over one message. Raises MailError with what went wrong."""
    name, trace_id = str(job.payload["program"]), str(job.payload["trace_id"])
    began, output, failed = time.monotonic(), "", ""
    try:
        path = programs.path_of(runtime.config.data_dir, name)
        where = rows.locate(runtime.store.read(), job.blob_id or 0)
        if where is None:
            raise MailError(Reason.NOT_FOUND, "The message is gone.")
        with tempfile.TemporaryFile() as message, tempfile.NamedTemporaryFile("w", encoding="utf-8") as everyone:
            message.write(job.payload["prefix"].encode("latin-1") + runtime.store.blobs.read(where))
            message.seek(0)
            everyone.writelines(f"{one}\n" for one in job.payload["recipients"])
            everyone.flush()
            output = _output(path, message, _environment(job, everyone.name), float(runtime.settings.get("sieve.program_seconds")))
    except MailError as error:
        failed = error.detail
    took = round((time.monotonic() - began) * 1000)
    data = {"program": name, "state": "failed" if failed else "done", "why": failed, "output": output[:TOLD_CHARACTERS], "took_ms": took}
    event = TraceEvent(at=runtime.clock.micros(), kind=job.kind, address="", data=data)
    runtime.store.write(lambda tx: records.trace_events(tx, trace_id, [event]), bulk=True)
    if failed:
        raise MailError(Reason.POLICY, f"{name}: {failed}")
    step(1, 1, "")
    return f"{name}: done in {took} ms"


def _environment(job: Job, everyone: str) -> dict[str, str]:
    """What a program is told beside the message; nothing of this process's own. All recipients stand in the file *everyone*, as many as an
    environment takes in ROOST_RECIPIENTS too."""
    people = " ".join(job.payload["recipients"])
    if len(people) > ENVIRONMENT_CHARACTERS:
        people = people[: ENVIRONMENT_CHARACTERS + 1].rpartition(" ")[0]
    told = {"ROOST_TRACE": job.payload["trace_id"], "ROOST_SENDER": job.payload["sender"], "ROOST_RECIPIENTS": people, "ROOST_RECIPIENTS_FILE": everyone}
    return {"PATH": PATH, "LANG": "C.UTF-8", **{name: str(value).replace("\0", "") for name, value in told.items()}}


def _output(path: Path, message: IO[bytes], environment: dict[str, str], seconds: float) -> str:
    """What the program prints when it ends well. Raises MailError otherwise."""
    parent = os.getpid()
    try:
        # A group of its own, in our session: what the program starts ends with it. A worker that is killed takes it along, so that it never runs without a limit.
        process = subprocess.Popen(
            [str(path)], stdin=message, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd="/", env=environment, process_group=0,
            preexec_fn=lambda: end_with_parent(parent, signal.SIGKILL),
        )  # fmt: skip
    except OSError as error:
        raise MailError(Reason.POLICY, f"It could not be started: {error.strerror}.") from error
    try:
        found = _read(process, time.monotonic() + seconds, seconds)
    finally:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        code = process.wait()
    text = found.decode("utf-8", "replace").strip()
    if code != 0:
        raise MailError(Reason.POLICY, f"It ended with {code}{': ' + text[:TOLD_CHARACTERS] if text else '.'}")
    return text


def _read(process: "subprocess.Popen[bytes]", deadline: float, seconds: float) -> bytes:
    """Everything it prints until it has ended. Raises MailError past the deadline or OUTPUT_BYTES."""
    assert process.stdout is not None
    found, is_open = b"", True
    with process.stdout, selectors.DefaultSelector() as waits:
        waits.register(process.stdout, selectors.EVENT_READ)
        while is_open:
            if not waits.select(max(0.0, deadline - time.monotonic())):
                raise MailError(Reason.POLICY, f"It had not ended after {seconds:g} seconds and was stopped.")
            part = os.read(process.stdout.fileno(), 16_384)
            found, is_open = found + part, bool(part)
            if len(found) > OUTPUT_BYTES:
                raise MailError(Reason.POLICY, f"It printed more than {OUTPUT_BYTES // 1024} KiB and was stopped.")
    try:
        process.wait(max(0.1, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        raise MailError(Reason.POLICY, f"It had not ended after {seconds:g} seconds and was stopped.") from None
    return found
