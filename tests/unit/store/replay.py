"""Replays a recorded life of a folder as a disk might have kept it when the power went.

The record is strace's: every open, write, sync, truncate, rename and unlink below one folder. `cut_at` builds the folder as
of one moment: writes count once their file was synced after them, names once their folder was; of the rest a random part
survives, which is more than a kind disk loses and less than a cruel one keeps in order.
"""

import os
import random
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

CALLS = "openat,open,creat,write,pwrite64,pwritev,writev,fsync,fdatasync,ftruncate,rename,renameat,renameat2,unlink,unlinkat,mkdir,fallocate"
_LINE = re.compile(r"^(\d+)\s+(\w+)\((.*)\)\s+= (-?\d+)(.*)$")
_UNFINISHED = re.compile(r"^(\d+)\s+(\w+)\((.*) <unfinished \.\.\.>$")
_RESUMED = re.compile(r"^(\d+)\s+<\.\.\. (\w+) resumed>(.*)\)\s+= (-?\d+)(.*)$")
_FD = re.compile(r"^(\d+)<([^>]*)>")
_TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')


@dataclass
class Op:
    """One thing that happened: kind write, sync, sync-dir, create, truncate, rename, unlink, say."""

    kind: str
    path: str = ""
    data: bytes = b""
    offset: int = 0
    target: str = ""


@dataclass
class File:
    durable: bytearray = field(default_factory=bytearray)
    pending: list[Op] = field(default_factory=list)
    is_named: bool = True


def record(folder: Path, seed: int, steps: int, log: Path, module: str = "tests.unit.store.workload") -> None:
    """Run a workload under strace."""
    subprocess.run(
        ["strace", "-f", "-y", "-xx", "-s", "4000000", "-e", f"trace={CALLS}", "-o", str(log), sys.executable, "-m", module, str(folder), str(seed), str(steps)],
        check=True, stdout=subprocess.DEVNULL, cwd=Path(__file__).resolve().parents[3],
    )  # fmt: skip


def unhex(text: str) -> bytes:
    return bytes.fromhex(text.replace("\\x", ""))


def parse(log: Path, folder: str) -> list[Op]:
    """The operations below *folder*, and what was said on standard output, in order."""
    ops: list[Op] = []
    begun: dict[tuple[str, str], str] = {}
    positions: dict[tuple[str, str], int] = {}
    sizes: dict[str, int] = {}
    for line in log.read_text().splitlines():
        if match := _UNFINISHED.match(line):
            begun[(match[1], match[2])] = match[3]
            continue
        if match := _RESUMED.match(line):
            arguments = begun.pop((match[1], match[2]), "") + match[3]
            name, result = match[2], int(match[4])
        elif match := _LINE.match(line):
            name, arguments, result = match[2], match[3], int(match[4])
        else:
            continue
        if result >= 0:
            understand(ops, name, arguments, result, folder, positions, sizes)
    return ops


def understand(ops: list[Op], name: str, arguments: str, result: int, folder: str, positions: dict[tuple[str, str], int], sizes: dict[str, int]) -> None:
    fd = _FD.match(arguments)
    path = unhex(fd[2]).decode("utf-8", "replace") if fd else ""
    texts = [unhex(t) for t in _TEXT.findall(arguments)]
    if name in ("write", "pwrite64") and fd:
        data = texts[0][:result] if texts else b""
        if fd[1] == "1":
            ops.append(Op("say", data=data))
        elif path.startswith(folder):
            if name == "pwrite64":
                offset = int(arguments.rsplit(",", 1)[1])
            else:  # segments are opened for appending; other plain writes start at the end of what was written
                offset = sizes.get(path, 0)
            sizes[path] = max(sizes.get(path, 0), offset + len(data))
            ops.append(Op("write", path, data, offset))
    elif name in ("fsync", "fdatasync") and path.startswith(folder):
        ops.append(Op("sync-dir" if os.path.isdir(path) else "sync", path))
    elif name == "ftruncate" and path.startswith(folder):
        ops.append(Op("truncate", path, offset=int(arguments.rsplit(",", 1)[1])))
        sizes[path] = int(arguments.rsplit(",", 1)[1])
    elif name == "openat" and "O_CREAT" in arguments and texts and texts[-1].decode("utf-8", "replace").startswith(folder):
        ops.append(Op("create", texts[-1].decode("utf-8", "replace")))
    elif name.startswith("rename") and len(texts) == 2 and texts[0].decode().startswith(folder):
        ops.append(Op("rename", texts[0].decode(), target=texts[1].decode()))
    elif name.startswith("unlink") and texts and texts[-1].decode("utf-8", "replace").startswith(folder):
        ops.append(Op("unlink", texts[-1].decode("utf-8", "replace")))


def apply(target: bytearray, op: Op) -> None:
    if op.kind == "truncate":
        del target[op.offset :]
        target.extend(b"\0" * (op.offset - len(target)))
        return
    end = op.offset + len(op.data)
    if len(target) < end:
        target.extend(b"\0" * (end - len(target)))
    target[op.offset : end] = op.data


def cut_at(ops: list[Op], moment: int, before: Path, folder: str, into: Path, rng: random.Random, keep: float) -> list[str]:
    """Build the folder as of *moment* in *into*; the lines that had been said. *keep* is the chance of an unsynced write."""
    files = {f"{folder}/{p.relative_to(before)}": File(bytearray(p.read_bytes())) for p in before.rglob("*") if p.is_file()}
    said: list[bytes] = []
    for op in ops[:moment]:
        if op.kind == "say":
            said.append(op.data)
        elif op.kind == "create":
            files.setdefault(op.path, File(is_named=False))
        elif op.kind in ("write", "truncate"):
            files.setdefault(op.path, File(is_named=False)).pending.append(op)
        elif op.kind == "sync" and op.path in files:
            for waiting in files[op.path].pending:
                apply(files[op.path].durable, waiting)
            files[op.path].pending.clear()
        elif op.kind == "sync-dir":
            for path, file in files.items():
                if os.path.dirname(path) == op.path:
                    file.is_named = True
        elif op.kind == "unlink":
            files.pop(op.path, None)
        elif op.kind == "rename" and op.path in files:
            files[op.target] = files.pop(op.path)
    shutil.rmtree(into, ignore_errors=True)
    for path, file in files.items():
        if path.endswith(("-shm", ".lock", ".turn", ".owner", ".sock")) or (not file.is_named and rng.random() > keep):
            continue
        for waiting in file.pending:
            if rng.random() < keep:
                apply(file.durable, waiting)
        place = into / os.path.relpath(path, folder)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(file.durable)
    return b"".join(said).decode().splitlines()
