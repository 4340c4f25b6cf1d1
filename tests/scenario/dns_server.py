"""A real DNS server on loopback, answering from a table: what the tests' Internet looks like."""

import threading
from collections.abc import Iterable

from dnslib import QTYPE, RCODE, RR
from dnslib.server import BaseResolver, DNSLogger, DNSServer

from tests.scenario.server import free_ports


class Table(BaseResolver):
    """Records by (name, type); names in `silent` get no answer but SERVFAIL."""

    def __init__(self) -> None:
        self.records: dict[tuple[str, str], list[str]] = {}
        self.silent: set[str] = set()
        self.asked: list[tuple[str, str]] = []
        self.lock = threading.Lock()

    def put(self, name: str, rdtype: str, *values: str) -> None:
        """Publish records; none removes them."""
        with self.lock:
            self.records[(name.lower(), rdtype)] = list(values)

    def resolve(self, request, handler):  # noqa: ANN001, ANN201
        name, rdtype = str(request.q.qname).rstrip(".").lower(), QTYPE[request.q.qtype]
        reply = request.reply()
        with self.lock:
            self.asked.append((name, rdtype))
            if name in self.silent:
                reply.header.rcode = RCODE.SERVFAIL
                return reply
            found = self.records.get((name, rdtype), [])
            exists = any(known == name for known, _ in self.records)
        for value in found:
            text = f'"{value}"' if rdtype == "TXT" else value
            reply.add_answer(*RR.fromZone(f"{name}. 60 IN {rdtype} {text}"))
        if not exists:
            reply.header.rcode = RCODE.NXDOMAIN
        return reply


class LocalDns:
    """The server; `where` is host:port for ROOST_DNS."""

    def __init__(self, records: Iterable[tuple[str, str, str]] = ()) -> None:
        self.table = Table()
        for name, rdtype, value in records:
            self.table.put(name, rdtype, *self.table.records.get((name, rdtype), []), value)
        (self.port,) = free_ports(1)  # the same for UDP and TCP, and none that the system gives to outgoing connections
        self._udp = DNSServer(self.table, port=self.port, address="127.0.0.1", logger=DNSLogger("-send,-recv,-request,-reply,-truncated,-error,-data"))
        self._tcp = DNSServer(self.table, port=self.port, address="127.0.0.1", tcp=True, logger=DNSLogger("-send,-recv,-request,-reply,-truncated,-error,-data"))
        for server in (self._udp, self._tcp):
            server.start_thread()

    @property
    def where(self) -> str:
        """For ROOST_DNS."""
        return f"127.0.0.1:{self.port}"

    def stop(self) -> None:
        """End it."""
        for server in (self._udp, self._tcp):
            server.stop()
            server.server.server_close()
