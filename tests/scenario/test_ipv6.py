"""Mail leaves over IPv6 once the DNS check has seen a confirmed name and SPF for the address it leaves from: real DNS, real sockets.

A machine of the tests has no IPv6 Internet. ::1 stands for it, where a test says that it is not near.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailcore.base.errors import MailError
from mailcore.net.dns import reverse_name
from mailcore.policy import sources
from mailcore.queue import route
from mailcore.store import records
from tests.scenario.dns_server import LocalDns
from tests.scenario.server import RoostServer
from tests.scenario.sink import Sink
from tests.scenario.test_queue import Post

GOOD = [(reverse_name("::1"), "PTR", "mx.x.test."), ("mx.x.test", "AAAA", "::1"), ("x.test", "TXT", "v=spf1 ip6:::1 -all")]


@pytest.fixture
def post(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Post]:
    """A server that sends from ::1, which is the Internet; far.test has a server on either kind of address."""
    monkeypatch.setattr(sources, "NEAR", ())
    made = Post(tmp_path)
    made.set("outgoing.bind", "::1")
    made.set("outgoing.prefer_ipv6", True)
    made.dns.table.put("mx.far.test", "AAAA", "::1")
    yield made
    made.stop()


def publish(post: Post, *found: tuple[str, str, str]) -> None:
    for name, rdtype, value in found:
        post.dns.table.put(name, rdtype, value)
    post.runtime.resolver.forget()  # type: ignore[attr-defined]


def both(post: Post) -> tuple[Sink, Sink]:
    """Servers of far.test on 127.0.0.1 and on ::1."""
    old = post.remote()
    new = Sink(where=("::1", old.port))
    post.sinks.append(new)
    return old, new


def said(post: Post) -> str:
    return str([event.data.get("text") for event in records.trace_of(post.runtime.store.read(), "t1")])


def test_nothing_leaves_over_ipv6_before_the_check_saw_name_and_spf(post: Post) -> None:
    old, new = both(post)
    post.serve(post.put("bob@far.test"))
    assert (len(old.taken), new.sessions) == (1, 0), "nobody looked yet"
    publish(post, *GOOD)
    post.serve(post.put("bob@far.test"))
    assert (len(old.taken), new.sessions) == (2, 0), "the queue does not look by itself"
    assert [r.state for r in sources.check(post.runtime, "x.test")] == ["right", "right"]
    post.serve(post.put("bob@far.test"))
    assert (len(old.taken), len(new.taken)) == (2, 1)
    post.serve(post.put("bob@far.test", sender=""))
    assert len(new.taken) == 2, "a report leaves as the server itself"
    post.serve(post.put("bob@far.test", sender="ann@elsewhere.test"))
    assert (len(old.taken), len(new.taken)) == (3, 2), "SPF of another domain says nothing about this address"


@pytest.mark.parametrize("left_out", range(3))
def test_a_name_that_does_not_lead_back_or_an_spf_without_the_address_holds_it_back(post: Post, left_out: int) -> None:
    old, new = both(post)
    publish(post, *(one for n, one in enumerate(GOOD) if n != left_out))
    states = [r.state for r in sources.check(post.runtime, "x.test")]
    assert states == (["right", "optional"] if left_out == 2 else ["optional", "right"])
    post.serve(post.put("bob@far.test"))
    assert (len(old.taken), new.sessions) == (1, 0)


def test_what_was_right_and_is_not_any_more_is_held_back_and_silence_changes_nothing(post: Post) -> None:
    _, new = both(post)
    publish(post, *GOOD)
    sources.check(post.runtime, "x.test")
    post.dns.table.silent.add(reverse_name("::1"))
    post.runtime.resolver.forget()  # type: ignore[attr-defined]
    assert [r.state for r in sources.check(post.runtime, "x.test")] == ["unknown", "unknown"]
    post.serve(post.put("bob@far.test"))
    assert len(new.taken) == 1
    post.dns.table.silent.clear()
    post.dns.table.put("mx.x.test", "AAAA")
    post.runtime.resolver.forget()  # type: ignore[attr-defined]
    assert sources.check_all(post.runtime) == 0
    post.serve(post.put("bob@far.test"))
    assert len(new.taken) == 1


def test_mail_for_who_has_only_ipv6_waits_and_the_timeline_says_why(post: Post) -> None:
    _, new = both(post)
    post.dns.table.put("mx.far.test", "A")
    post.serve(item := post.put("bob@far.test"))
    assert new.sessions == 0
    assert "reached over IPv6 only" in said(post) and "The DNS check has not yet seen a name and SPF for the IPv6 address ::1" in said(post)
    sources.check(post.runtime, "x.test")
    with pytest.raises(MailError, match="has no name in DNS that leads back"):
        route.hops(post.runtime, post.runtime.resolver, "far.test", sender="ann@x.test")
    publish(post, *GOOD)
    sources.check(post.runtime, "x.test")
    post.runtime.store.write(lambda tx: tx.run("UPDATE queue_recipients SET next_at = 0"))
    post.serve(item)
    assert len(new.taken) == 1


def test_a_server_that_is_down_on_ipv4_says_that_ipv6_was_not_tried(post: Post) -> None:
    old, _ = both(post)
    old.stop()
    post.sinks.remove(old)
    post.serve(post.put("bob@far.test"))
    assert "the connection was refused" in said(post) and "IPv6 was not tried" in said(post)


def test_the_setting_stands_over_the_check(post: Post) -> None:
    old, new = both(post)
    post.set("outgoing.ipv6", "always")
    post.serve(post.put("bob@far.test"))
    assert len(new.taken) == 1
    publish(post, *GOOD)
    sources.check(post.runtime, "x.test")
    post.set("outgoing.ipv6", "never")
    post.serve(post.put("bob@far.test"))
    assert (len(old.taken), len(new.taken)) == (1, 1)


def test_a_relay_that_has_only_ipv6_is_used_and_one_that_has_both_is_spoken_to_over_ipv4(post: Post) -> None:
    old, new = both(post)
    post.set("relay.host", "mx.far.test")
    post.set("relay.port", old.port)
    post.set("relay.security", "none")
    post.serve(post.put("bob@far.test"))
    assert (len(old.taken), new.sessions) == (1, 0)
    post.dns.table.put("mx.far.test", "A")
    post.runtime.resolver.forget()  # type: ignore[attr-defined]
    post.serve(post.put("bob@far.test"))
    assert len(new.taken) == 1


def test_a_neighbour_on_this_machine_needs_no_name(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    _, new = both(post)
    post.serve(post.put("bob@far.test"))
    assert len(new.taken) == 1


def test_the_command_line_tells_and_remembers_what_dns_says() -> None:
    dns = LocalDns([*GOOD[:2], ("x.test", "TXT", "v=spf1 mx -all"), ("x.test", "MX", "10 mx.x.test.")])
    server = RoostServer(listeners=("smtp", "imaps"), people=1, workers=1, dns=dns.where, settings={"outgoing.bind": "::1"})
    try:
        told = json.loads(server.run("dns", "check", "x.test", "--json"))
        assert [row["wanted"] for row in told if row["type"] == "SRV"] == [f"0 1 {server.ports['imaps']} mx.x.test."], "the ports that are open, and no others"
        rows = {(row["type"], row["state"]): row for row in told}
        assert rows["PTR", "right"]["name"].endswith(".ip6.arpa")
        assert rows["TXT", "right"]["wanted"] == "v=spf1 mx -all", "its mail server is this one, IPv6 address and all"
        dns.table.put("x.test", "TXT", "v=spf1 ip4:192.0.2.1 -all")
        wanted = [row["wanted"] for row in json.loads(server.run("dns", "check", "x.test", "--json")) if row["state"] == "optional" and row["type"] == "TXT"]
        assert "v=spf1 ip6:::1 ip4:192.0.2.1 -all" in wanted
    finally:
        server.remove()
        dns.stop()
