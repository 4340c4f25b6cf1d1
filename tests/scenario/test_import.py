"""Bringing mail and accounts from elsewhere into a running server: each message once, with its mailbox, flags and date."""

import imaplib
import json
import mailbox
import smtplib
import subprocess
import sys
import threading
import zipfile
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mailcore.config.environment import Config
from mailcore.jobs.imports.hmailserver import importing
from mailcore.runtime.runtime import open_runtime
from tests.lasting import lasting
from tests.scenario import hmail_backup
from tests.scenario.server import HOME, PASSWORD, RoostServer

server = lasting(lambda: RoostServer(listeners=("imap",), people=6, workers=1))


def letter(subject: str, *, date: str = "Tue, 03 Nov 2020 10:00:00 +0000") -> bytes:
    return f"From: bob@out.test\nTo: u1@x.test\nSubject: {subject}\nDate: {date}\n\n{subject}\n".encode()


def imported(server: RoostServer, *words: str, input: str = "") -> dict[str, object]:
    return dict(json.loads(server.run("import", *words, "--json", input=input)))


def held(server: RoostServer, who: str, password: str = PASSWORD) -> dict[str, list[str]]:
    """Subjects with flags by mailbox, in order."""
    found: dict[str, list[str]] = {}
    with imaplib.IMAP4("127.0.0.1", server.ports["imap"]) as imap:
        imap.login(who, password)
        for line in imap.list()[1]:
            assert isinstance(line, bytes)
            name = line.decode().rpartition('"/" ')[2].strip('"')
            if imap.select(f'"{name}"', readonly=True) in [("OK", [b"0"])] or imap.state != "SELECTED":
                continue
            _, said = imap.fetch("1:*", "(FLAGS INTERNALDATE BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
            parts = [part for part in said if isinstance(part, tuple)]
            if parts:
                flags = [p[0].decode().partition("FLAGS ")[2].partition(")")[0].replace(r"\Recent", "").rstrip() + ")" for p in parts]
                found[name] = [p[1].decode().strip().removeprefix("Subject: ") + marks for p, marks in zip(parts, flags, strict=True)]
    return found


def test_an_mbox_file_comes_once(server: RoostServer, tmp_path: Path) -> None:
    path = tmp_path / "Old mail"
    path.write_bytes(b"".join(b"From x@y Tue Nov  3 10:00:00 2020\n" + head + letter(s) + b"\n" for s, head in (("a", b"Status: RO\n"), ("b", b"Status: O\n"))))
    first = imported(server, "mail", "u1@x.test", str(path))
    assert (first["brought"], first["were_here"]) == (2, 0)
    again = imported(server, "mail", "u1@x.test", str(path))
    assert (again["brought"], again["were_here"]) == (0, 2)
    assert held(server, "u1@x.test") == {"INBOX": [r"a(\Seen)", "b()"]}


def test_the_date_of_arrival_is_kept(server: RoostServer) -> None:
    with imaplib.IMAP4("127.0.0.1", server.ports["imap"]) as imap:
        imap.login("u1@x.test", PASSWORD)
        imap.select("INBOX", readonly=True)
        assert b'INTERNALDATE " 3-Nov-2020 10:00:00 +0000"' in imap.fetch("1", "(INTERNALDATE)")[1][0]  # type: ignore[operator]


def test_a_date_that_is_the_writers_word_alone_is_believed_last_and_never_of_tomorrow(server: RoostServer, tmp_path: Path) -> None:
    """A message without a Received line: who kept it knows when, in an mbox; its Date is all there is of mail that was sent, and a forged one stands on top for years."""
    server.run("account", "add", "dates@x.test", "--password-stdin", input=PASSWORD + "\n")
    (tmp_path / "kept").write_bytes(b"From x@y Wed Nov  4 11:00:00 2020\n" + letter("kept", date="Tue, 03 Nov 2099 10:00:00 +0000") + b"\n")
    (tmp_path / "sent.eml").write_bytes(letter("sent"))
    (tmp_path / "tomorrow.eml").write_bytes(letter("tomorrow", date="Tue, 03 Nov 2099 10:00:00 +0000"))
    assert imported(server, "mail", "dates@x.test", str(tmp_path))["brought"] == 3
    with imaplib.IMAP4("127.0.0.1", server.ports["imap"]) as imap:
        imap.login("dates@x.test", PASSWORD)
        days = {}
        for name in ("INBOX", "kept"):
            imap.select(name, readonly=True)
            for part in imap.fetch("1:*", "(INTERNALDATE BODY.PEEK[HEADER.FIELDS (SUBJECT)])")[1]:
                if isinstance(part, tuple):
                    days[part[1].decode().strip()] = part[0].decode().partition('INTERNALDATE "')[2][:11].strip()
    assert (days["Subject: kept"], days["Subject: sent"]) == ("4-Nov-2020", "3-Nov-2020")
    assert days["Subject: tomorrow"] == f"{datetime.now(UTC):%d-%b-%Y}".lstrip("0")


def test_a_maildir_with_its_folders_and_flags(server: RoostServer, tmp_path: Path) -> None:
    box = mailbox.Maildir(tmp_path / "Maildir")
    for folder, subject, flags in ((None, "in", "S"), ("Sent", "out", "RS"), ("Work.2024", "deep", "F")):
        target = box if folder is None else box.add_folder(folder)
        message = mailbox.MaildirMessage(letter(subject))
        message.set_subdir("cur")
        message.set_flags(flags)
        target.add(message)
    answer = imported(server, "mail", "u2@x.test", str(tmp_path / "Maildir"))
    assert answer["by_mailbox"] == {"INBOX": 1, "Sent": 1, "Work/2024": 1}
    assert held(server, "u2@x.test") == {"INBOX": [r"in(\Seen)"], "Sent": [r"out(\Seen \Answered)"], "Work/2024": [r"deep(\Flagged)"]}


def test_a_zip_of_eml_files_and_of_thunderbird(server: RoostServer, tmp_path: Path) -> None:
    path = tmp_path / "mail.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("Projects/one.eml", letter("one"))
        archive.writestr("../../escape.eml", letter("two"))
        archive.writestr("Local Folders/Papierkorb", b"From - Tue Nov  3 10:00:00 2020\nX-Mozilla-Status: 0001\n" + letter("three"))
        archive.writestr("Local Folders/Papierkorb.msf", b"// index")
        archive.writestr("picture.png", b"\x89PNG\r\n\x1a\n" + b"\0" * 100)
    assert imported(server, "mail", "u3@x.test", str(path), "--into", "Old")["brought"] == 3
    assert held(server, "u3@x.test") == {
        "Old": [r"two(\Seen)"], "Old/Local Folders/Papierkorb": [r"three(\Seen)"], "Old/Projects": [r"one(\Seen)"],
    }  # fmt: skip


def test_what_cannot_be_read_is_one_sentence(server: RoostServer, tmp_path: Path) -> None:
    (tmp_path / "not.zip").write_bytes(b"PK\x03\x04 not at all\n")
    for words, sentence in (
        (("mail", "u1@x.test", str(tmp_path / "none")), "There is no"), (("mail", "nobody@x.test", str(tmp_path)), "There is no account nobody@x.test"),
        (("hmailserver", str(tmp_path)), "There is no hMailServerBackup.xml in"), (("hmailserver", str(tmp_path / "x.7z")), "Unpack it first"),
    ):  # fmt: skip
        done = subprocess.run([sys.executable, "-m", "mailcore.cli", "import", *words], env=server.environ, capture_output=True, text=True, cwd=HOME, check=False)
        assert done.returncode == 1 and sentence in done.stderr and done.stderr.count("\n") == 1, done.stderr


def test_a_full_quota_says_so_and_keeps_what_came(server: RoostServer, tmp_path: Path) -> None:
    server.run("account", "set", "u4@x.test", "--quota", "1M")
    path = tmp_path / "big"
    path.write_bytes(b"".join(b"From x@y Tue Nov  3 10:00:00 2020\n" + letter(f"n{n}") + b"x" * 70 * 300 + b"\n\n" for n in range(120)))
    done = subprocess.run([sys.executable, "-m", "mailcore.cli", "import", "mail", "u4@x.test", str(path)], env=server.environ, capture_output=True, text=True, cwd=HOME, check=False)
    assert done.returncode == 1 and "has no room for the rest: its quota is 1 MB" in done.stderr
    server.run("account", "set", "u4@x.test", "--quota", "10M")
    assert imported(server, "mail", "u4@x.test", str(path))["brought"] in (120, 70, 20)


def test_a_whole_account_from_another_server(server: RoostServer) -> None:
    old = RoostServer(listeners=("imap",), people=1, workers=1)
    try:
        with imaplib.IMAP4("127.0.0.1", old.ports["imap"]) as imap:
            imap.login("u1@x.test", PASSWORD)
            imap.create("Projects/B&APw-cher")
            for box, subject, flags in (("INBOX", "in", r"(\Seen $Label)"), ("Sent", "out", ""), ("Projects/B&APw-cher", "deep", r"(\Flagged)")):
                imap.append(f'"{box}"', flags, '"03-Nov-2020 10:00:00 +0000"', letter(subject).replace(b"\n", b"\r\n"))
        words = ("imap", "u5@x.test", "--host", "127.0.0.1", "--port", str(old.ports["imap"]), "--security", "none", "--user", "u1@x.test", "--password-stdin")
        assert imported(server, *words, input=PASSWORD + "\n")["brought"] == 3
        assert imported(server, *words, input=PASSWORD + "\n")["were_here"] == 3
        assert held(server, "u5@x.test") == held(old, "u1@x.test") == {
            "INBOX": [r"in(\Seen $Label)"], "Projects/B&APw-cher": [r"deep(\Flagged)"], "Sent": ["out()"],
        }  # fmt: skip
        done = subprocess.run([sys.executable, "-m", "mailcore.cli", "import", *words], env=server.environ, input="wrong\n", capture_output=True, text=True, cwd=HOME, check=False)
        assert done.returncode == 1 and "refused the user name or password" in done.stderr
    finally:
        old.remove()


def test_paths_with_dots_and_names_of_roles_in_other_languages_are_translated(server: RoostServer) -> None:
    old = RoostServer(listeners=("imap",), people=1, workers=1, settings={"imap.delimiter": "."})
    try:
        with imaplib.IMAP4("127.0.0.1", old.ports["imap"]) as imap:
            imap.login("u1@x.test", PASSWORD)
            for box, subject in (("Garden.Roses.Red", "deep"), ("Gesendete Elemente", "out"), ("INBOX.&BBoEPgRABDcEOAQ9BDA-", "gone")):
                imap.create(f'"{box}"')
                imap.append(f'"{box}"', "", None, letter(subject).replace(b"\n", b"\r\n"))
        words = ("imap", "u6@x.test", "--host", "127.0.0.1", "--port", str(old.ports["imap"]), "--security", "none", "--user", "u1@x.test", "--password-stdin")
        assert imported(server, *words, input=PASSWORD + "\n")["brought"] == 3
        assert held(server, "u6@x.test") == {"Garden/Roses/Red": ["deep()"], "Sent": ["out()"], "Trash": ["gone()"]}
    finally:
        old.remove()


def test_mail_comes_and_goes_while_a_dry_run_is_under_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It used to hold the machine's one writer until its end: a large import stopped all mail for so long."""
    backup, server = hmail_backup.write(tmp_path / "HMBackup"), RoostServer(listeners=("imap", "smtp"), people=1, workers=1)
    runtime = open_runtime(Config(data_dir=server.folder / "data", dns="none"), name="test")
    has_begun, may_end, carry_out = threading.Event(), threading.Event(), importing.carry_out

    def slowly(*words: object) -> None:
        carry_out(*words)  # type: ignore[arg-type]
        has_begun.set()
        assert may_end.wait(60)

    monkeypatch.setattr(importing, "carry_out", slowly)
    try:
        with ThreadPoolExecutor(1) as pool:
            looked = pool.submit(importing.run, runtime, importing.Wanted(path=backup, is_dry=True), lambda _done, _where: True)
            assert has_begun.wait(60)
            with smtplib.SMTP("127.0.0.1", server.ports["smtp"], timeout=20) as client:
                client.sendmail("ann@out.test", ["u1@x.test"], "From: ann@out.test\r\nSubject: meanwhile\r\n\r\nText\r\n")
            assert held(server, "u1@x.test")["INBOX"] == ["meanwhile()"]
            server.run("account", "set", "u1@x.test", "--name", "Also meanwhile")
            may_end.set()
            assert looked.result(60).counts()["account"]["made"] == 2
        assert "old.test" not in server.run("domain", "list")
    finally:
        may_end.set()
        runtime.close()
        server.remove()


def test_a_whole_hmailserver(tmp_path: Path) -> None:
    backup = hmail_backup.write(tmp_path / "HMBackup")
    server = RoostServer(listeners=("imap", "smtp"), people=0, workers=1)
    try:
        rehearsed = imported(server, "hmailserver", str(backup), "--dry-run")
        assert "old.test" not in server.run("domain", "list")
        done = imported(server, "hmailserver", str(backup))
        assert rehearsed["counts"] == {kind: states for kind, states in done["counts"].items() if kind != "mail"}  # type: ignore[attr-defined]
        assert any(line["kind"] == "server message" and line["name"] == "MESSAGE_UNDELIVERABLE" for line in rehearsed["lines"]), "said, not dropped in silence"  # type: ignore[attr-defined]
        assert rehearsed["messages"]["found"] == 5  # type: ignore[index]
        assert done["messages"] == {"brought": 4, "were_here": 0, "left_out": 1, "found": 0}
        again = imported(server, "hmailserver", str(backup), "--dry-run")
        assert again["counts"]["domain"]["here"] == 1 and again["counts"]["account"]["here"] == 2 and "made" not in again["counts"]["alias"]  # type: ignore[index]

        assert held(server, "ann@old.test", "old secret 1") == {
            "INBOX": ["Your mail can now go to ann@elsewhere.test()", r"one(\Seen)", r"two(\Flagged)"], "Sent": [r"sent(\Seen)"], "Public/News": [r"news(\Seen)"],
        }, "German Sent is Sent, and the owner is told of the address that the admin's import said yes for"  # fmt: skip
        assert held(server, "ann@old2.test", "old secret 1")["INBOX"], "the old name of the domain signs in, and the new hash fits"

        shown = json.loads(server.run("account", "show", "ann@old.test", "--json"))
        assert (shown["name"], shown["role"], shown["quota_bytes"]) == ("Ann Old", "domain-admin", 100 * 1024**2)
        with imaplib.IMAP4("127.0.0.1", server.ports["imap"]) as imap:
            imap.login("ann@old.test", "old secret 1")
            names = b" ".join(line for line in imap.list()[1] if isinstance(line, bytes))
        assert b'"Bills/M&APw-nchen"' in names and "Bills/2026" in server.run("rule", "list", "ann@old.test", "--json"), "levels are slashes here, in rules too"
        assert json.loads(server.run("account", "show", "bob@old.test", "--json"))["enabled"] is False
        assert json.loads(server.run("settings", "get", "trash.days", "--account", "ann@old.test", "--json"))["value"] in ("0", 0), "nothing of theirs is emptied by itself"
        assert json.loads(server.run("settings", "get", "smtp.message_size", "--json"))["value"] in ("20M", 20 * 1024**2)
        assert "auto-reply" in done["counts"] and "forwarding" in done["counts"]  # type: ignore[operator]
        told = {(line["kind"], line["name"]): line for line in done["lines"]}  # type: ignore[attr-defined]
        assert told["alias", "ann@old.test"]["state"] == "here"
        assert told["rule", "ann@old.test: Script"]["text"].startswith("it runs a script function")
        assert "asks them to sign in" in told["IP range", "Open"]["text"]
        assert "Office" in server.run("range", "list") and "Auto-ban" not in server.run("range", "list")
        assert "mail.partner.test" in server.run("route", "list")
        assert "out@elsewhere.test" in server.run("list", "show", "all@old.test")
        again = imported(server, "hmailserver", str(backup))
        assert again["messages"]["brought"] == 0 and again["messages"]["were_here"] == 4  # type: ignore[index]
    finally:
        server.remove()
