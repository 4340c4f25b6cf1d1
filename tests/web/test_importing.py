"""A whole hMailServer comes in by the panel: looked at first, then imported with its people, passwords and mail; a folder or an uploaded zip."""

import imaplib
import json
import re
import shutil
import time
from pathlib import Path

import pytest

from tests.lasting import lasting
from tests.scenario import hmail_backup
from tests.scenario.server import RoostServer
from tests.scenario.waiting import eventually
from tests.web.visitor import Browser, signed_in

HERE = "/admin/import"
MANY = 5000
EVERYTHING = {"op": "look", "data": "", "has_settings": "1", "has_mail": "1"}


server = lasting(lambda: RoostServer(listeners=("imap", "http"), people=1, workers=1))


@pytest.fixture
def admin(server: RoostServer) -> Browser:
    browser = signed_in(server, "admin@x.test")
    browser.get(HERE)
    browser.post(HERE, {"op": "anew"})
    return browser


def finished(admin: Browser) -> str:
    return eventually(lambda: "" if 'hx-trigger="every 1s"' in (text := admin.get(HERE).text) else text)


def row(text: str, kind: str) -> list[str]:
    """The numbers of one kind: new, here already, left out."""
    found = re.search(rf"<b>{kind}</b></td>(.*?)</tr>", text, re.DOTALL)
    assert found, f"no {kind} in the report"
    return re.findall(r">([\d,]+)</td>", found[1])


def test_a_folder_is_looked_into_and_nothing_is_changed_until_it_is_imported(server: RoostServer, admin: Browser, tmp_path: Path) -> None:
    backup = hmail_backup.write(tmp_path / "backup")
    admin.post(HERE, {**EVERYTHING, "path": str(backup)})
    looked = finished(admin)
    assert "This would be made of" in looked and row(looked, "Domains")[0] == "1" and row(looked, "Accounts")[0] == "2"
    assert "old.test" not in {d["name"] for d in json.loads(server.run("domain", "list", "--json"))}
    admin.post(HERE, {"op": "begin"})
    done = finished(admin)
    assert "is imported." in done and "Look at these" in done
    with imaplib.IMAP4("127.0.0.1", server.ports["imap"]) as imap:
        imap.login("ann@old.test", "old secret 1")
        imap.select("INBOX")
        told = imap.search(None, "FROM", "postmaster@old.test")[1][0].split()
        assert len(imap.search(None, "ALL")[1][0].split()) == 2 + len(told) and len(told) == 1, "what came over, and the word that mail goes elsewhere from now on"
        assert imap.select("Sent")[1] == [b"1"]
    audit = admin.get("/admin/audit?q=import").text
    assert "import asked" in audit and "import begun" in audit
    admin.post(HERE, {"op": "anew"})
    admin.post(HERE, {**EVERYTHING, "path": str(backup)})
    again = finished(admin)
    assert row(again, "Domains")[:2] == ["0", "1"]


def test_a_zip_is_uploaded_and_leaves_nothing_behind(server: RoostServer, admin: Browser, tmp_path: Path) -> None:
    backup = hmail_backup.write(tmp_path / "HMBackup")
    zipped = shutil.make_archive(str(tmp_path / "up"), "zip", tmp_path, "HMBackup")
    kept = server.folder / "data" / "imports"
    with open(zipped, "rb") as file:
        admin.session.post(admin.base + HERE, data={"csrf_token": admin.token, **EVERYTHING, "path": ""}, files={"file": ("b.zip", file)}, timeout=30)
    assert "the uploaded zip" in finished(admin) and len(list(kept.iterdir())) == 2
    admin.get(HERE)
    admin.post(HERE, {"op": "begin"})
    assert "is imported." in finished(admin)
    assert list(kept.iterdir()) == [] and backup.is_dir()


@pytest.mark.parametrize(("path", "said"), [("backup", "Write the whole path"), ("", "Choose a zip, or name a folder"), ("/nowhere/at/all", "There is no /nowhere/at/all")])
def test_what_cannot_be_read_is_said(admin: Browser, path: str, said: str) -> None:
    first = admin.post(HERE, {**EVERYTHING, "path": path}).text
    assert said in first or said in finished(admin)


def test_nothing_is_imported_before_it_was_looked_at_and_only_by_a_server_admin(server: RoostServer, admin: Browser) -> None:
    assert admin.post(HERE, {"op": "begin"}).status_code == 422
    assert signed_in(server, "u1@x.test").get(HERE).status_code == 403


def test_an_import_is_stopped_and_begun_again_without_doubles(server: RoostServer, admin: Browser, tmp_path: Path) -> None:
    backup = hmail_backup.write(tmp_path / "large")
    xml = backup / "hMailServerBackup.xml"
    names = [f"{{AB{n:06d}-0000-0000-0000-000000000009}}.eml" for n in range(MANY)]
    for name in names:
        (backup / "DataBackup/old.test/ann/AB" / name).write_bytes(hmail_backup.MAIL % name.encode())
    rows = "".join(f'<Message CreateTime="2020-11-03 10:00:01" Filename="{name}" Flags="0" UID="{9 + n}"/>' for n, name in enumerate(names))
    text = xml.read_bytes().decode("utf-16")
    xml.write_bytes(text.replace('<Folder Name="Bills" Subscribed="1">', f'<Folder Name="Many" Subscribed="1"><Messages>{rows}</Messages></Folder><Folder Name="Bills" Subscribed="1">', 1).encode("utf-16"))
    server.run("account", "set", "ann@old.test", "--quota", "0", is_checked=False)
    admin.post(HERE, {**EVERYTHING, "path": str(backup)})
    assert "This would be made of" in finished(admin)
    admin.post(HERE, {"op": "begin"})
    text = eventually(lambda: text if "messages so far" in (text := admin.get(HERE).text) else "")
    number = re.findall(r'name="id" value="(\d+)"', text)[0]
    assert "It was stopped" in admin.post(HERE, {"op": "cancel", "id": number}).text
    time.sleep(1.5)
    some = count(server)
    assert 0 < some < MANY
    admin.post(HERE, {**EVERYTHING, "path": str(backup)})
    finished(admin)
    admin.get(HERE)
    admin.post(HERE, {"op": "begin"})
    eventually(lambda: "is imported." in admin.get(HERE).text)
    assert count(server) == MANY


def count(server: RoostServer) -> int:
    with imaplib.IMAP4("127.0.0.1", server.ports["imap"]) as imap:
        imap.login("ann@old.test", "old secret 1")
        return int(imap.select("Many", readonly=True)[1][0] or 0)
