"""What a restore may not take back, and what a domain has beside people and mail: rights, accounts elsewhere, learned words."""

import contextlib
import imaplib
import json
import re
import shutil
import smtplib
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pyotp
import pytest

from mailcore.config.environment import Config
from mailcore.runtime.runtime import Runtime, open_runtime
from mailcore.store import accounts, fetched, protection
from tests.scenario.server import HOME, PASSWORD, RoostServer
from tests.scenario.waiting import eventually
from tests.web.visitor import Browser

SAFETY = "/settings/sign-in"


@pytest.fixture
def server() -> Iterator[RoostServer]:
    one = RoostServer(listeners=("smtp", "imap", "http"), people=3)
    yield one
    one.remove()


@contextlib.contextmanager
def opened(server: RoostServer) -> Iterator[Runtime]:
    """The server's data, beside its own processes."""
    with contextlib.closing(open_runtime(Config(data_dir=server.folder / "data", dns="none", hostname="mx.x.test"), name="test")) as runtime:
        yield runtime


def signed_in(server: RoostServer, address: str = "u1@x.test") -> imaplib.IMAP4:
    imap = imaplib.IMAP4("127.0.0.1", server.ports["imap"])
    imap.login(address, PASSWORD)
    return imap


def send(server: RoostServer, to: str, subject: str, sender: str = "u2@x.test") -> None:
    with smtplib.SMTP("127.0.0.1", server.ports["smtp"]) as client:
        client.sendmail(sender, [to], f"From: {sender}\r\nTo: {to}\r\nSubject: {subject}\r\nMessage-ID: <{time.monotonic_ns()}@x.test>\r\n\r\nText\r\n")


def subjects(server: RoostServer, address: str) -> list[str]:
    with signed_in(server, address) as imap:
        imap.select("INBOX", readonly=True)
        found = imap.fetch("1:*", "BODY.PEEK[HEADER.FIELDS (SUBJECT)]")[1] if imap.search(None, "ALL")[1][0] else []
    return [part[1].decode().partition(":")[2].strip() for part in found if isinstance(part, tuple)]


def numbers(server: RoostServer) -> dict[str, list[int]]:
    """UIDVALIDITY and UIDNEXT of INBOX, MAILBOXID, and the EMAILIDs of what is in it."""
    with signed_in(server) as imap:
        status = imap.status("INBOX", "(UIDVALIDITY UIDNEXT MAILBOXID)")[1][0].decode()
        imap.select("INBOX", readonly=True)
        emails = b" ".join(part if isinstance(part, bytes) else part[0] for part in imap.fetch("1:*", "(EMAILID)")[1]).decode()
    return {
        "validity": [int(re.search(r"UIDVALIDITY (\d+)", status)[1])], "next": [int(re.search(r"UIDNEXT (\d+)", status)[1])],  # type: ignore[index]
        "emails": sorted(int(n) for n in re.findall(r"EMAILID \(M(\d+)\)", emails)),
    }  # fmt: skip


def code_of(secret: str, step: int) -> str:
    return str(pyotp.TOTP(secret).at(step * 30))


@pytest.mark.parametrize(("is_disk_lost", "is_by_hand"), [(False, False), (True, False), (True, True)])
def test_auto_replies_bans_and_codes_are_not_taken_back_and_numbers_stay_above_all_that_were_given(server: RoostServer, tmp_path: Path, is_disk_lost: bool, is_by_hand: bool) -> None:
    """The database alone is lost, then the whole disk; what must not be taken back stands beside the database and where the backups go, also those made by hand."""
    keep = tmp_path / "keep"
    server.run("settings", "set", "backup.every", "0")
    server.run("settings", "set", "backup.folder", "" if is_by_hand else str(keep))
    server.run("account", "away", "u1@x.test", "--text", "Back on Monday.")
    me = Browser(server)
    me.sign_in("u3@x.test")
    me.get(SAFETY)
    secret = re.search(r'name="secret" value="([A-Z2-7]+)"', me.post(SAFETY, {"op": "totp-start", "old_password": PASSWORD}).text)[1]  # type: ignore[index]
    spare = re.findall(r"<li><code>([^<]+)</code></li>", me.post(SAFETY, {"op": "totp-finish", "secret": secret, "code": pyotp.TOTP(secret).now()}).text)[0]
    send(server, "u1@x.test", "Before", sender="u2@x.test")
    eventually(lambda: "Auto: Before" in subjects(server, "u2@x.test"))
    server.run("backup", *([str(keep)] if is_by_hand else []))

    def enter(code: str) -> bool:
        browser = Browser(server)
        browser.sign_in("u3@x.test")
        return browser.post("/sign-in/code", {"code": code}).status_code == 200

    send(server, "u1@x.test", "Since", sender="admin@x.test")
    eventually(lambda: "Auto: Since" in subjects(server, "admin@x.test"))
    for subject in ("Four", "Five"):
        send(server, "u1@x.test", subject)
    server.run("ban", "add", "192.0.2.7")
    assert enter(spare) and not enter(spare), "a recovery code is good once"
    before = numbers(server)
    place = (keep if is_disk_lost else server.folder / "data") / "ledger.json"
    eventually(lambda: place.exists() and all(word in place.read_text() for word in ("admin@x.test", "192.0.2.7")) and json.loads(place.read_text())["codes"], seconds=70)
    server.stop()
    if is_disk_lost:
        shutil.rmtree(server.folder / "data")
    else:
        for path in (server.folder / "data").iterdir():
            if path.name.startswith("roost.db") or path.name == "blobs":
                shutil.rmtree(path) if path.is_dir() else path.unlink()
    shown = code_of(secret, int(time.time()) // 30)
    done = subprocess.run([sys.executable, "-m", "mailcore.cli", "restore", str(keep)], env=server.environ, cwd=HOME, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    server.start()
    assert "192.0.2.7" in server.run("ban", "list")
    assert not enter(spare), "a recovery code that was used since the backup is used"
    assert not enter(shown), "a code that somebody may have seen before the restore opens nothing"
    send(server, "u1@x.test", "After", sender="admin@x.test")
    eventually(lambda: "After" in subjects(server, "u1@x.test"))
    assert [one for one in subjects(server, "admin@x.test") if one.startswith("Auto:")] == [], "who was answered since the backup is not answered again"
    after = numbers(server)
    assert after["validity"] > before["validity"] and after["next"] > before["next"]
    assert max(after["emails"]) > max(before["emails"]) and set(after["emails"]) & set(before["emails"]) == {min(before["emails"])}


def test_a_removed_account_that_comes_back_has_its_spent_recovery_codes_spent(server: RoostServer, tmp_path: Path) -> None:
    keep, me = tmp_path / "keep", Browser(server)
    server.run("settings", "set", "backup.every", "0")
    me.sign_in("u3@x.test")
    me.get(SAFETY)
    secret = re.search(r'name="secret" value="([A-Z2-7]+)"', me.post(SAFETY, {"op": "totp-start", "old_password": PASSWORD}).text)[1]  # type: ignore[index]
    used, unused = re.findall(r"<li><code>([^<]+)</code></li>", me.post(SAFETY, {"op": "totp-finish", "secret": secret, "code": pyotp.TOTP(secret).now()}).text)[:2]
    server.run("backup", str(keep))

    def enter(code: str) -> bool:
        browser = Browser(server)
        browser.sign_in("u3@x.test")
        return browser.post("/sign-in/code", {"code": code}).status_code == 200

    assert enter(used)
    eventually(lambda: json.loads((keep / "ledger.json").read_text())["codes"], seconds=70)
    server.run("account", "remove", "u3@x.test")
    server.run("restore", str(keep), "--account", "u3@x.test")
    assert not enter(used), "it was used before the account was removed"
    assert enter(unused)


def test_a_scheduled_message_that_left_after_the_backup_does_not_leave_again(server: RoostServer, tmp_path: Path) -> None:
    me = Browser(server)
    me.sign_in("u1@x.test")
    me.get("/settings/display")
    me.post("/settings/display", {"theme": "auto", "density": "comfortable", "undo_seconds": "10"})
    for subject, more in (("Left once", {"op": "send"}), ("Next year", {"op": "schedule", "when": time.strftime("%Y-%m-%dT08:00", time.localtime(time.time() + 30 * 86_400))})):
        draft = re.search(r'data-draft="([^"]+)"', me.get("/compose").text)[1]  # type: ignore[index]
        me.post(f"/compose/{draft}/send", {"from": "u1@x.test", "to": "u2@x.test", "subject": subject, "body": "x", "format": "text", **more})
    server.run("backup", str(tmp_path / "keep"))
    assert subjects(server, "u2@x.test") == []
    eventually(lambda: subjects(server, "u2@x.test") == ["Left once"], seconds=40)
    server.stop()
    shutil.rmtree(server.folder / "data")
    done = subprocess.run([sys.executable, "-m", "mailcore.cli", "restore", str(tmp_path / "keep")], env=server.environ, cwd=HOME, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    server.start()
    send(server, "u2@x.test", "Later", sender="admin@x.test")
    eventually(lambda: "Later" in subjects(server, "u2@x.test"))
    with opened(server) as runtime:
        waiting = runtime.store.read().all("SELECT count(*) FROM jobs WHERE kind = 'send' AND state IN ('waiting', 'running')")
    assert waiting[0][0] == 1 and subjects(server, "u2@x.test") == ["Later"]
    with signed_in(server) as imap:
        imap.select("Drafts", readonly=True)
        for subject, count in (("Left once", 0), ("Next year", 1)):
            assert len(imap.search(None, "SUBJECT", f'"{subject}"', "KEYWORD", "$Scheduled")[1][0].split()) == count, subject
        assert imap.search(None, "SUBJECT", '"Left once"')[1][0], "its owner finds it among the drafts"


def test_a_domain_comes_back_with_rights_accounts_elsewhere_and_learned_words(server: RoostServer, tmp_path: Path) -> None:
    server.run("domain", "add", "y.test")
    for address in ("ann@y.test", "ben@y.test"):
        server.run("account", "add", address, "--password-stdin", input=PASSWORD + "\n")
    server.run("group", "add", "staff@y.test", "--member", "ben@y.test")
    server.run("public", "add", "News", "--domain", "y.test", "--anyone", "read")
    with signed_in(server, "ann@y.test") as imap:
        imap.create("Plans/2026")
        for box, holder, rights in (("Plans/2026", "u1@x.test", "lrs"), ("Plans/2026", "$staff@y.test", "lr"), ("INBOX", "ben@y.test", "lr")):
            assert imap.setacl(box, f'"{holder}"', rights)[0] == "OK", holder
    with signed_in(server) as imap:
        imap.create("Shared")
        assert imap.setacl("Shared", "ann@y.test", "lrw")[0] == "OK" and imap.setacl("Shared", "u2@x.test", "lr")[0] == "OK"
    with opened(server) as runtime:
        ann = accounts.account_by_address(runtime.store.read(), "ann@y.test")
        assert ann is not None
        one = fetched.Fetched(account_id=ann.id, protocol="imap", host="192.0.2.9", port=993, security="tls", username="ann", password="there", is_enabled=False)
        number = runtime.store.write(lambda tx: fetched.add(tx, one))
        runtime.store.write(lambda tx: fetched.remember(tx, number, "7.1", 1))
        runtime.store.write(lambda tx: protection.count_words(tx, ann.id, [11, 12], spam=3, good=1))

    def told() -> dict[str, object]:
        with signed_in(server, "ann@y.test") as imap:
            acl = [sorted(imap.getacl(box)[1][0].decode().replace('"', "").split(" ")[1:]) for box in ("Plans/2026", "INBOX")]
        with signed_in(server) as imap:
            acl.append(sorted(imap.getacl("Shared")[1][0].decode().replace('"', "").split(" ")[1:]))
        with opened(server) as runtime:
            tx = runtime.store.read()
            mine = accounts.account_by_address(tx, "ann@y.test")
            assert mine is not None
            (away,) = fetched.of_account(tx, mine.id)
            return {
                "acl": acl, "fetched": (away.host, away.username, away.password, away.is_enabled, list(fetched.known(tx, away.id))),
                "words": protection.word_counts(tx, mine.id, [11, 12]), "public": json.loads(server.run("public", "list", "--json")),
            }  # fmt: skip

    before = told()
    server.run("backup", str(tmp_path / "keep"))
    server.run("public", "remove", "News", "--domain", "y.test")
    server.run("group", "remove", "staff@y.test")
    for address in ("ann@y.test", "ben@y.test"):
        server.run("account", "remove", address)
    server.run("domain", "remove", "y.test")
    with signed_in(server) as imap:
        assert b"ann@y.test" not in imap.getacl("Shared")[1][0]
        imap.setacl("Shared", "u2@x.test", "lrs")
    back = json.loads(server.run("restore", str(tmp_path / "keep"), "--domain", "y.test", "--json"))
    assert (back["made"], back["rights"], back["accounts_elsewhere"]) == (["y.test", "ann@y.test", "ben@y.test", "staff@y.test"], 5, 1)
    after = told()
    assert before["acl"][2] != after["acl"][2] and "lrs" in after["acl"][2], "what is here stays: the right that was changed since"  # type: ignore[index]
    assert after["acl"][:2] == before["acl"][:2] and [after[k] for k in ("fetched", "words", "public")] == [before[k] for k in ("fetched", "words", "public")]  # type: ignore[index]
    assert any("ann@y.test" in one for one in after["acl"][2]), "and who is back sees what others had shared"  # type: ignore[index]
    again = json.loads(server.run("restore", str(tmp_path / "keep"), "--domain", "y.test", "--json"))
    assert (again["made"], again["rights"], again["accounts_elsewhere"]) == ([], 0, 0)


def test_a_domain_without_accounts_comes_back_in_the_panel_with_its_progress(server: RoostServer, tmp_path: Path) -> None:
    server.run("domain", "add", "bare.test")
    server.run("domain", "add-name", "bare.test", "also-bare.test")
    server.run("alias", "add", "info@bare.test", "u1@x.test")
    server.run("settings", "set", "backup.folder", str(tmp_path / "keep"))
    made = Path(json.loads(server.run("backup", "--json"))["backup"])
    server.run("alias", "remove", "info@bare.test")
    server.run("domain", "remove", "bare.test")
    admin = Browser(server)
    admin.sign_in("admin@x.test")
    admin.get("/admin/backup")
    admin.post("/admin/backup", {"op": "restore", "backup": made.name, "what": "bare.test", "mailbox": ""})
    eventually(lambda: "Made again: bare.test, info@bare.test" in admin.get("/admin/backup").text)
    send(server, "info@also-bare.test", "By the other name")
    eventually(lambda: "By the other name" in subjects(server, "u1@x.test"))
