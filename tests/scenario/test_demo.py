"""`up --demo`: a full sample from one command, which sends nothing and goes when it stops."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import requests

from tests.scenario.server import HOME, START_SECONDS, free_ports


def test_the_sample_is_full_and_gone_when_it_stops(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    environ = {k: v for k, v in os.environ.items() if not k.startswith("ROOST_")} | {"ROOST_LISTEN": f"http=127.0.0.1:{port}", "ROOST_HOME": str(HOME), "PYTHONPATH": str(HOME), "TMPDIR": str(tmp_path)}
    said = tmp_path / "said"
    with said.open("w") as out:
        process = subprocess.Popen([sys.executable, "-m", "mailcore.cli", "up", "--demo"], env=environ, stdout=out, stderr=out, cwd=HOME)
    try:
        for _ in range(START_SECONDS * 10):
            if "Ctrl-C" in said.read_text():
                break
            try:
                process.wait(0.1)
            except subprocess.TimeoutExpired:
                continue
            raise AssertionError(said.read_text())
        found = re.search(r"Data: (\S+)", said.read_text()), re.search(r"Sign in as (\S+) with the password (\S+)\.", said.read_text())
        assert found[0] and found[1], said.read_text()
        folder = Path(found[0].group(1))
        browser, base = requests.Session(), f"http://127.0.0.1:{port}"
        token = re.search(r'name="csrf_token" value="([^"]+)"', browser.get(base + "/sign-in", timeout=20).text)
        assert token
        page = browser.post(base + "/sign-in", data={"csrf_token": token.group(1), "address": found[1].group(1), "password": found[1].group(2)}, timeout=20).text
        assert "Christmas at the lake" in page and "House" in page and "Keys" in page
        assert "wait for" in browser.get(base + "/admin", timeout=20).text or "waits for" in browser.get(base + "/admin", timeout=20).text
        queue = browser.get(base + "/admin/queue", timeout=20).text
        assert "pia@orchard.example" in queue and "held" in queue
        assert folder.is_dir() and json.loads((folder / "run" / "status.json").read_text())["pid"] == process.pid
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(15)
    assert not folder.exists()
