"""Backups of a running server: consistent, adding up, and what comes back is what was there."""

import imaplib
import json
import re
import smtplib
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.scenario.server import HOME, PASSWORD, RoostServer
from tests.web.visitor import Browser


@pytest.fixture
def server() -> Iterator[RoostServer]:
    one = RoostServer(listeners=("smtp", "imap", "http"), people=2)
    yield one
    one.remove()


def send(server: RoostServer, *subjects: str) -> None:
    with smtplib.SMTP("127.0.0.1", server.ports["smtp"]) as client:
        for subject in subjects:
            client.sendmail("ann@out.test", ["u1@x.test"], f"From: ann@out.test\r\nTo: u1@x.test\r\nSubject: {subject}\r\n\r\n{subject * 500}\r\n")


def signed_in(server: RoostServer) -> imaplib.IMAP4:
    imap = imaplib.IMAP4("127.0.0.1", server.ports["imap"])
    imap.login("u1@x.test", PASSWORD)
    return imap


def bodies(server: RoostServer, box: str = "INBOX") -> dict[str, bytes]:
    """Whole messages by subject."""
    with signed_in(server) as imap:
        if imap.select(box, readonly=True)[0] != "OK":
            return {}
        whole = [imap.fetch(n, "BODY.PEEK[]")[1][0][1] for n in imap.search(None, "ALL")[1][0].split()]
    return {w.partition(b"Subject: ")[2].partition(b"\r\n")[0].decode(): w for w in whole}


def validity(server: RoostServer) -> bytes:
    with signed_in(server) as imap:
        return imap.status("INBOX", "(UIDVALIDITY)")[1][0].rpartition(b" ")[2]


def restored(server: RoostServer, folder: Path, tmp_path: Path) -> dict[str, str]:
    """The backup in *folder*, restored into a data directory of its own; the environment of its commands."""
    environ = server.environ | {"ROOST_DATA_DIR": str(tmp_path / "again")}
    done = subprocess.run([sys.executable, "-m", "mailcore.cli", "restore", str(folder)], env=environ, cwd=HOME, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return environ


def test_a_restore_into_an_empty_folder_brings_everything_back_and_clients_start_anew(server: RoostServer, tmp_path: Path) -> None:
    send(server, "One", "Two")
    with signed_in(server) as imap:
        imap.create("Bills")
        imap.select("INBOX")
        imap.store("1", "+FLAGS", "(\\Flagged money)")
    before, old = bodies(server), validity(server)
    server.run("backup", str(tmp_path / "keep"))
    restored(server, tmp_path / "keep", tmp_path)
    server.stop()
    server.environ["ROOST_DATA_DIR"] = str(tmp_path / "again")
    server.folder, first = tmp_path, server.folder
    (tmp_path / "data").symlink_to(tmp_path / "again")
    server.start()
    try:
        assert bodies(server) == before
        assert validity(server) != old, "a cache of before must not be trusted"
        with signed_in(server) as imap:
            assert any(b"Bills" in line for line in imap.list()[1])
            imap.select("INBOX")
            assert b"money" in imap.fetch("1", "FLAGS")[1][0] and b"\\Flagged" in imap.fetch("1", "FLAGS")[1][0]
        send(server, "Three")
        assert set(bodies(server)) == {"One", "Two", "Three"}
    finally:
        server.stop()
        server.folder = first


def test_the_second_backup_copies_only_what_is_new(server: RoostServer, tmp_path: Path) -> None:
    send(server, *(f"Old {n}" for n in range(20)))
    copied = []
    for subject in ("", "New"):
        if subject:
            send(server, subject)
        made = json.loads(server.run("backup", str(tmp_path / "keep"), "--json"))["backup"]
        copied.append(json.loads((Path(made) / "manifest.json").read_text())["copied_bytes"])
    assert 0 < copied[1] < copied[0] / 5


def test_backups_at_the_same_time_are_all_whole(server: RoostServer, tmp_path: Path) -> None:
    send(server, "Kept")
    with ThreadPoolExecutor() as pool:
        made = {Path(json.loads(one)["backup"]) for one in pool.map(lambda _: server.run("backup", str(tmp_path / "keep"), "--json"), range(3))}
    assert len(made) == 3 and all((one / "manifest.json").exists() for one in made)
    assert {one.name for one in (tmp_path / "keep").iterdir() if one.suffix != ".part"} == {"blobs", "ledger.json", *(one.name for one in made)}


def test_mail_of_one_account_comes_back_into_the_running_server_once(server: RoostServer, tmp_path: Path) -> None:
    send(server, "Kept", "Lost")
    server.run("backup", str(tmp_path / "keep"))
    with signed_in(server) as imap:
        imap.select("INBOX")
        number = imap.search(None, "SUBJECT", "Lost")[1][0]
        imap.store(number, "+FLAGS", "\\Deleted")
        imap.expunge()
    assert set(bodies(server)) == {"Kept"}
    assert "1 messages put back, 1 were here" in server.run("restore", str(tmp_path / "keep"), "--account", "u1@x.test")
    assert set(bodies(server)) == {"Kept", "Lost"} and bodies(server)["Lost"].count(b"Lost") == 501
    assert "0 messages put back" in server.run("restore", str(tmp_path / "keep"), "--account", "u1@x.test")


THINGS = (
    ("dkim", "list", "y.test", "--json"), ("list", "show", "news@y.test", "--json"), ("group", "show", "staff@y.test", "--json"), ("domain", "show", "y.test", "--json"),
    ("settings", "get", "signature.mode", "--domain", "y.test"), ("settings", "get", "web.theme", "--account", "ann@y.test"), ("account", "signature", "ann@y.test", "--json"),
    ("account", "away", "ann@y.test", "--json"), ("rule", "list", "y.test", "--json"),
)  # fmt: skip
"""What a domain and its people had besides mail, as commands tell it."""


def things(server: RoostServer) -> dict[tuple[str, ...], str]:
    return {words: re.sub(r"domain:\d+", "domain:N", server.run(*words)) for words in THINGS}


def test_a_domain_comes_back_with_who_was_removed_and_nothing_of_others(server: RoostServer, tmp_path: Path) -> None:
    server.run("domain", "add", "y.test")
    server.run("account", "add", "ann@y.test", "--password-stdin", input=PASSWORD + "\n")
    server.run("alias", "add", "info@y.test", "ann@y.test")
    server.run("list", "add", "news@y.test", "--member", "ann@y.test", "--member", "far@out.test")
    server.run("group", "add", "staff@y.test")
    server.run("group", "join", "staff@y.test", "ann@y.test")
    server.run("domain", "add-name", "y.test", "also-y.test")
    server.run("domain", "set", "y.test", "--catch-all", "ann@y.test")
    server.run("settings", "set", "signature.mode", "append", "--domain", "y.test")
    server.run("settings", "set", "web.theme", "dark", "--account", "ann@y.test")
    server.run("account", "set", "ann@y.test", "--language", "de")
    server.run("account", "signature", "ann@y.test", "--name", "Short", "--text", "Ann")
    server.run("account", "away", "ann@y.test", "--text", "Back soon.")
    server.run("rule", "add", "y.test", "--name", "Bills", "--if", "subject", "contains", "bill", "--do", "move", "Bills")
    before = things(server)
    with smtplib.SMTP("127.0.0.1", server.ports["smtp"]) as client:
        client.sendmail("o@out.test", ["ann@y.test", "u1@x.test"], "From: o@out.test\r\nSubject: Both\r\n\r\nx\r\n")
    server.run("backup", str(tmp_path / "keep"))
    server.run("account", "remove", "ann@y.test")
    server.run("alias", "remove", "info@y.test")
    server.run("list", "remove", "news@y.test")
    server.run("group", "remove", "staff@y.test")
    server.run("domain", "remove", "y.test")
    with signed_in(server) as imap:
        imap.select("INBOX")
        imap.store("1", "+FLAGS", "\\Deleted")
        imap.expunge()
    back = json.loads(server.run("restore", str(tmp_path / "keep"), "--domain", "y.test", "--json"))
    assert (back["put_back"], back["made"]) == (1, ["y.test", "ann@y.test", "info@y.test", "news@y.test", "staff@y.test"])
    assert things(server) == before
    assert bodies(server) == {}, "another domain's mail is left alone"
    with imaplib.IMAP4("127.0.0.1", server.ports["imap"]) as imap:
        imap.login("ann@y.test", PASSWORD)
        assert imap.select("INBOX")[1] == [b"1"]
    again = json.loads(server.run("restore", str(tmp_path / "keep"), "--domain", "y.test", "--json"))
    assert (again["put_back"], again["were_here"], again["made"]) == (0, 1, [])


def test_one_mailbox_comes_back_by_the_panel(server: RoostServer, tmp_path: Path) -> None:
    with signed_in(server) as imap:
        imap.create("Bills")
        for box in ("Bills", "INBOX"):
            imap.append(box, "", None, f"Subject: In {box}\r\n\r\nx\r\n".encode())
    server.run("settings", "set", "backup.folder", str(tmp_path / "keep"))
    server.run("backup")
    with signed_in(server) as imap:
        imap.delete("Bills")
        imap.select("INBOX")
        imap.store("1", "+FLAGS", "\\Deleted")
        imap.expunge()
    admin = Browser(server)
    admin.sign_in("admin@x.test")
    name = next(p.name for p in (tmp_path / "keep").iterdir() if p.is_dir() and p.name != "blobs")
    assert f'value="{name}"' in admin.get("/admin/backup").text
    form = {"op": "restore", "backup": name, "what": "u1@x.test", "mailbox": "Bills"}
    refused = admin.post("/admin/backup", form | {"what": "x.test"})
    assert refused.status_code == 422 and "A mailbox belongs to an account" in refused.text and 'value="Bills"' in refused.text
    admin.post("/admin/backup", form)
    deadline = time.monotonic() + 20
    while "1 messages put back" not in (text := admin.get("/admin/backup").text):
        assert time.monotonic() < deadline, text[-3000:]
        time.sleep(0.1)
    assert set(bodies(server, "Bills")) == {"In Bills"} and bodies(server) == {}
    admin.post("/admin/backup", form | {"what": "nobody@x.test"})
    while "nobody@x.test is not in this backup" not in (text := admin.get("/admin/backup").text):
        assert time.monotonic() < deadline, text[-3000:]
        time.sleep(0.1)


def test_a_broken_backup_is_seen_before_anything_is_touched(server: RoostServer, tmp_path: Path) -> None:
    made = Path(json.loads(server.run("backup", str(tmp_path / "keep"), "--json"))["backup"])
    (made / "tables" / "accounts.jsonl.gz").write_bytes(b"broken")
    environ = server.environ | {"ROOST_DATA_DIR": str(tmp_path / "again")}
    done = subprocess.run([sys.executable, "-m", "mailcore.cli", "restore", str(made)], env=environ, cwd=HOME, capture_output=True, text=True)
    assert done.returncode == 1 and "not as it was written" in done.stderr and not (tmp_path / "again" / "roost.db").exists()


def test_what_waited_to_leave_waits_on_hold_after_a_restore(server: RoostServer, tmp_path: Path) -> None:
    server.run("settings", "set", "relay.host", "nowhere.invalid")
    with smtplib.SMTP("127.0.0.1", server.ports["smtp"]) as client:
        client.sendmail("ann@out.test", ["u1@x.test"], "Subject: x\r\n\r\nx\r\n")
    server.run("alias", "add", "out@x.test", "someone@elsewhere.test")
    with smtplib.SMTP("127.0.0.1", server.ports["smtp"]) as client:
        client.sendmail("ann@out.test", ["out@x.test"], "From: ann@out.test\r\nSubject: Leaves\r\n\r\nx\r\n")
    server.run("backup", str(tmp_path / "keep"))
    environ = restored(server, tmp_path / "keep", tmp_path)
    listed = subprocess.run([sys.executable, "-m", "mailcore.cli", "queue", "list", "--json"], env=environ, cwd=HOME, capture_output=True, text=True).stdout
    assert [item["state"] for item in json.loads(listed)] == ["held"]


def test_a_folder_inside_the_data_directory_is_refused(server: RoostServer) -> None:
    said = server.run("backup", str(server.folder), is_checked=False)
    assert "Backed up" not in said


def test_a_restore_never_goes_over_mail_that_is_there(server: RoostServer, tmp_path: Path) -> None:
    server.run("backup", str(tmp_path / "keep"))
    said = server.run("restore", str(tmp_path / "keep"), "--json", is_checked=False)
    assert "error" in said
