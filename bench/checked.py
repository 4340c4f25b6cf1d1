"""`python -m bench.checked`: the same mail with every check that is on by default, as a stranger's from an address that is not loopback.

SPF, DKIM, DMARC, the names, the block list and the Bayes filter are asked, of a DNS server on this machine; Postfix with Dovecot beside
it checks nothing. Prints a table and puts it into docs/performance.md. Takes about a minute.
"""

import argparse
import socket

from bench.others import Others
from bench.page import machine, publish
from bench.roost import Roost
from bench.smtp import PEOPLE, row, runs
from tests.scenario.dns_server import LocalDns

SESSIONS, RUNS = 50, 3


def own_address() -> str:
    """An address of this machine that is not loopback. Raises OSError."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("198.51.100.1", 9))
        found = str(probe.getsockname()[0])
    if found.startswith("127."):
        raise OSError("this machine has no address but loopback")
    return found


def internet(address: str) -> LocalDns:
    """What the checks ask about: a sender with all its records, and a block list that is well and lists nobody."""
    backwards = ".".join(reversed(address.split(".")))
    return LocalDns([
        ("y.test", "MX", "10 bench.test."), ("y.test", "TXT", f"v=spf1 ip4:{address} -all"), ("_dmarc.y.test", "TXT", "v=DMARC1; p=reject"), ("bench.test", "A", address),
        (f"{backwards}.in-addr.arpa", "PTR", "bench.test."), ("2.0.0.127.zen.spamhaus.org", "A", "127.0.0.2"), ("2.0.0.127.zen.spamhaus.org", "A", "127.0.0.10"),
    ])  # fmt: skip


def main() -> None:
    """Start, measure, stop, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--print", action="store_true", dest="prints", help="publish nothing")
    given = parser.parse_args()
    address = own_address()
    dns = internet(address)
    servers: list[Roost | Others] = [Roost(1, recipients=PEOPLE, dns=dns.where, host=address)]
    try:
        servers.append(Others())
        found = runs(servers, SESSIONS, RUNS)
        questions, versions = sorted({name for name, _ in dns.table.asked}), servers[1].version()
    finally:
        for server in servers:
            server.remove()
        dns.stop()
    head = ["sessions", *(f"{name}, {what}" for name in ("Roost with its checks", "Postfix/Dovecot without") for what in ("messages/s", "dot to reply p50 / p99, ms")), "ratio"]
    text = "\n".join([
        f"{machine()}, 2 workers, SQLite; {versions}. Medians of {RUNS} runs taken in turn, lowest and highest in brackets. Names asked: {len(questions)}.", "",
        "| " + " | ".join(head) + " |", "|" + "--:|" * len(head), row(SESSIONS, found),
    ])  # fmt: skip
    print(text)
    print("asked:", *questions)
    if not given.prints:
        publish("checked", text)


if __name__ == "__main__":
    main()
