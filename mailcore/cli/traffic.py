"""`traffic`: what went through the server or one domain, by points of a range of time."""

from typing import Any

from mailcore.base.clock import from_micros
from mailcore.base.errors import MailError, Reason
from mailcore.cli.main import Context
from mailcore.cli.offline import runtime_of
from mailcore.directory import traffic, verbs
from mailcore.store import tallies


def add(commands: Any, name: str) -> None:
    """The parser of `traffic`."""
    parser = commands.add_parser("traffic", description="Mail in and out, refused, spam, viruses, sessions, space used. Example: ./roost traffic example.org --range 30d")
    parser.add_argument("domain", nargs="?", default="", help="left out: the whole server")
    parser.add_argument("--range", choices=tuple(traffic.RANGES), default="7d", help="a domain is counted by the day: 7d, 30d or 1y")
    parser.add_argument("--json", action="store_true")
    parser.set_defaults(run=show)


def show(context: Context) -> int:
    """Print the points."""
    asked = context.arguments
    with runtime_of(context) as runtime:
        tx = runtime.store.read()
        domain_id = verbs.find_domain(tx, asked.domain).id if asked.domain else tallies.SERVER
        if domain_id and asked.range not in traffic.RANGES_OF_A_DOMAIN:
            raise MailError(Reason.SYNTAX, f"A domain is counted by the day: {', '.join(traffic.RANGES_OF_A_DOMAIN)}.")
        found = traffic.traffic(tx, runtime.clock.micros(), asked.range, domain_id)
        rows = [{"from": f"{from_micros(at):%Y-%m-%d %H:00}", **{name: values[n] for name, values in found.series.items()}} for n, at in enumerate(found.starts)]
        if context.is_json:
            return context.answer({"range": asked.range, "points": rows, "total": {name: found.total(name) for name in found.series}})
        return context.table(rows, ["from", *found.series])
