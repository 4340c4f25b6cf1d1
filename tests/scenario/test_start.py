"""Starting: each mistake is one sentence that says what to do, and a whole server lives on PostgreSQL with its mail in an object store."""

import contextlib
import imaplib
import importlib.machinery
import json
import os
import poplib
import shutil
import smtplib
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.postgres import PostgresServer
from tests.scenario.server import HOME, PASSWORD, RoostServer, free_ports

ROOST = [sys.executable, "-m", "mailcore.cli"]


def environ_of(folder: Path, **more: str) -> dict[str, str]:
    """The environment of a Roost on *folder* with one listener, and nothing of this process's own."""
    (port,) = free_ports(1)
    clean = {k: v for k, v in os.environ.items() if not k.startswith("ROOST_")}
    own = {"ROOST_DATA_DIR": str(folder), "ROOST_LISTEN": f"smtp=127.0.0.1:{port}", "ROOST_DNS": "none", "ROOST_HOME": str(HOME), "PYTHONPATH": str(HOME)}
    return clean | own | more


def run(*words: str, environ: dict[str, str], input: str = "") -> "subprocess.CompletedProcess[str]":
    """One command to its end."""
    return subprocess.run([*ROOST, *words], env=environ, input=input, capture_output=True, text=True, cwd=HOME, check=False, timeout=40)


def start(folder: Path, **more: str) -> tuple[int, str]:
    """Exit code and words of an `up` that ends by itself."""
    done = run("up", environ=environ_of(folder, **more))
    return done.returncode, done.stdout + done.stderr


def broken_toml(folder: Path) -> None:
    folder.mkdir()
    (folder / "roost.toml").write_text("workers = = 3\n")


def unknown_name(folder: Path) -> None:
    folder.mkdir()
    (folder / "roost.toml").write_text("wrokers = 3\n")


def data_folder_is_a_file(folder: Path) -> None:
    folder.write_text("not a folder")


MISTAKES: dict[str, tuple[Callable[[Path], None] | None, dict[str, str], str]] = {
    "database URL of another kind": (None, {"ROOST_DATABASE_URL": "mysql://root@localhost/x"}, "ROOST_DATABASE_URL must begin with"),
    "database that does not answer": (None, {"ROOST_DATABASE_URL": "postgresql://u:p@127.0.0.1:1/x"}, "PostgreSQL does not answer"),
    "broken roost.toml": (broken_toml, {}, "line 1"),
    "unknown name in roost.toml": (unknown_name, {}, "unknown name 'wrokers'"),
    "data folder that is a file": (data_folder_is_a_file, {}, "Choose another folder with ROOST_DATA_DIR"),
    "unknown listener": (None, {"ROOST_LISTEN": "smpt=127.0.0.1:2525"}, "'smpt' is no listener"),
    "workers that are no number": (None, {"ROOST_WORKERS": "many"}, "must be a number from 1 to 64"),
    "web workers beyond the most": (None, {"ROOST_WEB_WORKERS": "65"}, "ROOST_WEB_WORKERS is '65'; it must be a number from 1 to 64"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_one_sentence_that_says_what_to_do(name: str, tmp_path: Path) -> None:
    arrange, environ, sentence = MISTAKES[name]
    if arrange is not None:
        arrange(tmp_path / "data")
    code, said = start(tmp_path / "data", **environ)
    assert code == 1 and sentence in said and "Traceback" not in said, said


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        code, said = start(tmp_path / "data", ROOST_LISTEN=f"smtp=127.0.0.1:{port}")
    assert code == 1 and f"port {port} for smtp is in use" in said and "ROOST_LISTEN" in said and "Traceback" not in said, said


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 MB with 100 KB to spare."""
    folder = tmp_path / "small"
    folder.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64m,mode=755", "tmpfs", str(folder)], capture_output=True, check=False
    ).returncode:
        pytest.skip("this user may not mount a small file system")
    try:
        (folder / "filler").write_bytes(b"x" * (63 << 20 | 900 << 10))
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_is_said_and_the_next_start_goes_on(small_disk: Path) -> None:
    code, said = start(small_disk / "data", ROOST_USER="root")
    assert (
        code == 1
        and f"The disk that holds {small_disk / 'data'} is full. Free some space and start again." in said
        and "Traceback" not in said
    ), said
    (small_disk / "filler").unlink()
    environ = environ_of(small_disk / "data", ROOST_USER="root")
    process = subprocess.Popen([*ROOST, "up"], env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=HOME)
    try:
        waited = run("status", "--wait", "30", "--json", environ=environ)
        assert waited.returncode == 0, waited.stdout
    finally:
        process.terminate()
        process.wait(15)


def test_a_newer_schema_is_left_as_it_is() -> None:
    server = RoostServer(listeners=("smtp",), people=0)
    try:
        server.stop()
        with contextlib.closing(sqlite3.connect(server.folder / "data" / "roost.db")) as rows:
            rows.execute("UPDATE alembic_version SET version_num = '9999'")
            rows.commit()
        code, said = start(server.folder / "data")
        assert code == 1 and "written by a newer Roost (schema 9999" in said and "restore a backup" in said, said
        with contextlib.closing(sqlite3.connect(server.folder / "data" / "roost.db")) as rows:
            assert rows.execute("SELECT version_num FROM alembic_version").fetchone() == ("9999",)
    finally:
        server.remove()


def test_a_second_start_on_the_same_data_says_so() -> None:
    server = RoostServer(listeners=("smtp",), people=0)
    try:
        code, said = start(server.folder / "data")
        assert code == 1 and "already" in said and "Traceback" not in said, said
        assert json.loads(server.run("status", "--json"))["up"]
    finally:
        server.remove()


def test_someone_who_may_not_install_is_told(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can start a program as another user here")
    folder = tmp_path / "roost"
    shutil.copytree(HOME / "static", folder / "static", ignore=shutil.ignore_patterns("vendor"))
    for name in ("roost", "requirements.txt", "requirements-dev.txt", "package.json", "package-lock.json"):
        shutil.copy(HOME / name, folder / name)
    for place in (folder, *folder.parents):
        if str(place).startswith("/tmp/"):
            place.chmod(0o755)
    python = next((p for p in ("/usr/bin/python3", "/usr/local/bin/python3") if os.path.exists(p)), sys.executable)
    done = subprocess.run(
        [python, "roost", "up"],
        cwd=folder,
        user=65534,
        group=65534,
        extra_groups=[],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin", "HOME": "/"},
    )
    assert done.returncode == 1 and "may not write in" in done.stderr and "Traceback" not in done.stderr, done.stderr


@pytest.mark.parametrize("place", ["", "data"])
def test_a_data_folder_that_is_closed_to_this_user_is_named(place: str) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can ask as another user here")
    closed = Path(tempfile.mkdtemp(prefix="roost-closed-"))
    code = "import os; from mailcore.config.environment import load; os.setresuid(65534, 65534, 65534); load(os.environ)"
    asked = subprocess.run([sys.executable, "-c", code], env={"ROOST_DATA_DIR": str(closed / place), "PYTHONPATH": str(HOME)}, cwd="/", capture_output=True, text=True, check=False)
    closed.rmdir()
    assert f"{closed / place} may not be entered by this user. Choose another folder with ROOST_DATA_DIR, or start as its owner." in asked.stderr


@pytest.mark.parametrize("mode", ["internet", "lan"])
def test_set_up_from_the_command_line_tells_what_the_wizard_tells(tmp_path: Path, mode: str) -> None:
    words = ["setup", "--admin", "ann@x.test", "--password-stdin", "--hostname", "mx.x.test", "--mode", mode, "--json"]
    done = run(*words, environ=environ_of(tmp_path / "data"), input=PASSWORD + "\n")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["setup_done"] and told["admin"] == "ann@x.test"
    assert {(way["protocol"], way["host"], way["port"], way["security"]) for way in told["mail_programs"]} >= {("imap", "mx.x.test", 993, "tls"), ("smtp", "mx.x.test", 465, "tls")}
    records = {(record["type"], record["name"]): record["wanted"] for record in told["dns_records"]}
    assert ("port_25" in told, "public_address" in told) == (mode == "internet", mode == "internet")
    if mode == "lan":
        assert records == {}
    else:
        assert records["MX", "x.test"] == "10 mx.x.test." and records["TXT", "x.test"] == "v=spf1 mx ~all"
        assert any(name.endswith("._domainkey.x.test") and "p=" in value for (_, name), value in records.items())


def test_front_end_parts_that_could_not_be_fetched_are_tried_for_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed")
    shutil.copytree(HOME / "static", tmp_path / "static", ignore=shutil.ignore_patterns("vendor"))
    shutil.copytree(HOME / "translations", tmp_path / "translations")
    for name in ("requirements.txt", "requirements-dev.txt", "package.json", "package-lock.json"):
        shutil.copy(HOME / name, tmp_path / name)
    launcher = importlib.machinery.SourceFileLoader("launcher", str(HOME / "roost")).load_module()
    for name, place in (("HOME", tmp_path), ("STAMP", tmp_path / "stamp"), ("LOCK", tmp_path / "lock"), ("PYTHON", Path(sys.executable))):
        monkeypatch.setattr(launcher, name, place)
    launcher.STAMP.write_text(f"python={launcher.digest(['requirements.txt'])}\n")
    with monkeypatch.context() as without_network:
        without_network.setenv("npm_config_registry", "http://127.0.0.1:1/")
        without_network.setenv("npm_config_cache", str(tmp_path / "cache"))
        for _ in range(2):
            launcher.install(False)
            assert "could not be fetched" in capsys.readouterr().err
    launcher.install(False)
    assert "could not" not in capsys.readouterr().err and (tmp_path / "static" / "vendor" / "htmx.js").exists()
    launcher.install(False)
    assert capsys.readouterr().err == "", "nothing is left to do"


def test_the_unit_names_its_data_and_starts_up(tmp_path: Path) -> None:
    done = run("service", "show", "--json", environ=environ_of(tmp_path / "my 100% mail", ROOST_WORKERS="3"))
    told = json.loads(done.stdout)
    lines = told["unit"].splitlines()
    assert told["path"] == "/etc/systemd/system/roost.service"
    assert f'Environment="ROOST_DATA_DIR={tmp_path}/my 100%% mail"' in lines and 'Environment="ROOST_WORKERS=3"' in lines
    assert f'ExecStart="{HOME / "roost"}" up' in lines and "Restart=always" in lines
    if shutil.which("systemd-analyze"):
        (tmp_path / "roost.service").write_text(told["unit"])
        checked = subprocess.run(
            ["systemd-analyze", "verify", str(tmp_path / "roost.service")], capture_output=True, text=True, check=False
        )
        assert checked.returncode == 0, checked.stderr


def test_a_whole_server_on_postgresql_with_mail_in_an_object_store(postgres: PostgresServer, s3_options: dict[str, str]) -> None:
    environ = {name.upper(): value for name, value in s3_options.items()}
    server = RoostServer(
        people=2,
        listeners=("smtp", "submission", "imap", "pop3", "http"),
        ROOST_DATABASE_URL=postgres.database(),
        ROOST_BLOB_URL="s3://roost/mail",
        **environ,
    )
    try:
        send(server, "submission", "Kept far away")
        assert subjects_by_imap(server) == ["Kept far away"]
        server.stop()
        server.start()
        send(server, "smtp", "After the restart")
        assert subjects_by_imap(server) == ["Kept far away", "After the restart"]
        box = poplib.POP3("127.0.0.1", server.ports["pop3"], timeout=20)
        box.user("u2@x.test")
        box.pass_(PASSWORD)
        assert box.stat()[0] == 2 and b"Subject: After the restart" in box.retr(2)[1]
        box.quit()
        assert not (server.folder / "data" / "roost.db").exists() and not (server.folder / "data" / "blobs").exists()
    finally:
        server.remove()


def send(server: RoostServer, listener: str, subject: str) -> None:
    """A letter to u2, from u1 where it is submitted and from a stranger else."""
    with smtplib.SMTP("127.0.0.1", server.ports[listener], timeout=20) as client:
        if listener == "submission":
            client.login("u1@x.test", PASSWORD)
        sender = "u1@x.test" if listener == "submission" else "far@away.example"
        client.sendmail(
            sender,
            ["u2@x.test"],
            f"From: {sender}\r\nTo: u2@x.test\r\nSubject: {subject}\r\nMessage-ID: <{time.time_ns()}@x.test>\r\n\r\nHello\r\n",
        )


def subjects_by_imap(server: RoostServer) -> list[str]:
    """The subjects in u2's INBOX, in order."""
    with imaplib.IMAP4("127.0.0.1", server.ports["imap"]) as client:
        client.login("u2@x.test", PASSWORD)
        client.select()
        _, found = client.fetch("1:*", "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
        return [part[1].decode().partition(":")[2].strip() for part in found if isinstance(part, tuple)]
