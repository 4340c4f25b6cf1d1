"""Several processes draw pages: a person's session, acts and live news are the same in all of them."""

import os
import signal
import socket
import time
from contextlib import ExitStack, suppress

import pytest
import requests

from tests.lasting import lasting
from tests.scenario.server import RoostServer
from tests.scenario.waiting import eventually
from tests.web.mail import letter, send
from tests.web.visitor import signed_in

PROCESSES, TABS, RUSH = 3, 240, 40


server = lasting(lambda: RoostServer(listeners=("smtp", "imap", "http"), people=1, ROOST_WEB_WORKERS=str(PROCESSES)))


def threads(server: RoostServer) -> int:
    """Threads of all web processes."""
    return sum(len(os.listdir(f"/proc/{pid}/task")) for name, pid in server.pids().items() if name.startswith("web"))


def connections(server: RoostServer, name: str) -> int:
    """Open sockets of a process."""
    folder = f"/proc/{server.pids()[name]}/fd"
    found = 0
    for number in os.listdir(folder):
        with suppress(FileNotFoundError):  # closed meanwhile
            found += os.readlink(f"{folder}/{number}").startswith("socket:")
    return found


def test_each_process_answers_with_the_same_session_and_sees_what_another_did(server: RoostServer) -> None:
    assert {name for name in server.pids() if name.startswith("web")} == {f"web-{number}" for number in range(PROCESSES)}
    idle = {f"web-{number}": connections(server, f"web-{number}") for number in range(PROCESSES)}
    person = signed_in(server, "u1@x.test")
    send(server, letter("Shared"))
    with ExitStack() as stack:
        tabs = []
        for _ in range(24):
            tab = stack.enter_context(requests.Session())
            tab.cookies.update(person.session.cookies.get_dict())
            assert "Shared" in tab.get(person.base + "/mail", timeout=20).text
            tabs.append(tab)
        assert sum(connections(server, name) > before for name, before in idle.items()) > 1, "the work is shared"
        page = tabs[0].get(person.base + "/mail", timeout=20).text
        number = page.split('data-id="')[1].split('"')[0]
        assert person.post("/mail/act", {"op": "trash", "ids": number}).status_code == 200
        assert not [tab for tab in tabs if 'class="row' in tab.get(person.base + "/mail", timeout=20).text]


@pytest.mark.parametrize(("name", "port"), [("web", "http"), ("worker", "imap")])
def test_a_rush_is_shared_by_all_processes(server: RoostServer, name: str, port: str) -> None:
    names = [one for one in server.pids() if one.startswith(name)]
    idle = {one: connections(server, one) for one in names}
    until = time.monotonic() + 20
    while not all(rush(server, names, port).values()):  # one that is still starting takes nothing
        assert time.monotonic() < until
    tries = [rush(server, names, port) for _ in range(5)]
    assert sum(max(one.values()) <= RUSH * 3 / 4 for one in tries) >= 4, tries  # a machine may have other work in one of them
    assert all(sum(one.values()) == RUSH for one in tries), tries
    assert {one: connections(server, one) for one in names} == idle


def rush(server: RoostServer, names: list[str], port: str) -> dict[str, int]:
    """RUSH connections opened at once and each answered; how many each process holds."""
    idle = {one: connections(server, one) for one in names}
    with ExitStack() as stack:
        opened = [stack.enter_context(socket.socket()) for _ in range(RUSH)]
        for one in opened:
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", server.ports[port]))
        for one in opened:
            one.settimeout(20)
            if port == "http":
                one.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert one.recv(10)
        found = {one: connections(server, one) - before for one, before in idle.items()}
    until = time.monotonic() + 20
    while {one: connections(server, one) for one in names} != idle:
        assert time.monotonic() < until, "all connections end"
    return found


def test_news_reach_the_tabs_of_every_process(server: RoostServer) -> None:
    person = signed_in(server, "u1@x.test")
    with ExitStack() as stack:
        streams = [stack.enter_context(requests.get(person.base + "/events", cookies=person.session.cookies.get_dict(), stream=True, timeout=20)) for _ in range(12)]
        lines = [stream.iter_lines() for stream in streams]
        for one in lines:
            assert any(line.startswith(b"data:") and b"modseqs" in line for line in one)
        send(server, letter("News for all"))
        for one in lines:
            assert any(line.startswith(b"data:") and b'"mailbox"' in line for line in one)


def test_a_tab_takes_no_thread(server: RoostServer) -> None:
    person = signed_in(server, "u1@x.test")
    cookies = person.session.cookies.get_dict()
    before = threads(server)
    with ExitStack() as stack:
        for _ in range(TABS):
            stream = stack.enter_context(requests.get(person.base + "/events", cookies=cookies, stream=True, timeout=20))
            assert next(line for line in stream.iter_lines() if line.startswith(b"data:"))
        assert threads(server) - before < TABS / 4  # pools that were not full yet may fill


def test_pages_go_on_while_one_process_is_started_again(server: RoostServer) -> None:
    person = signed_in(server, "u1@x.test")
    before = server.pids()["web-1"]
    os.kill(before, signal.SIGKILL)
    for _ in range(20):
        with requests.Session() as tab:
            assert tab.get(person.base + "/mail", cookies=person.session.cookies.get_dict(), timeout=20).status_code == 200
    eventually(lambda: server.pids()["web-1"] not in (0, before))
