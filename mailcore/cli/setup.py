"""`setup`: everything the wizard asks, from the command line; also before the first `up`."""

import sys
from dataclasses import replace
from typing import Any

from mailcore.base.errors import MailError, Reason
from mailcore.cli.main import Context
from mailcore.cli.offline import become_owner, runtime_of
from mailcore.config.environment import prepare_data_dir
from mailcore.directory import dkim_keys, dns_records, verbs
from mailcore.directory import setup as room
from mailcore.directory.actor import COMMAND_LINE
from mailcore.directory.programs import services
from mailcore.queue import diagnose
from mailcore.runtime.runtime import Runtime
from mailcore.serve import start
from mailcore.serve.sockets import Bound
from mailcore.store import accounts


def add(commands: Any, name: str) -> None:
    """The parser of `setup`."""
    parser = commands.add_parser(
        "setup", help="finish set-up without a browser",
        description="Example: echo 'a long password' | ./roost setup --admin ann@example.org --password-stdin --hostname mail.example.org --mode internet",
    )  # fmt: skip
    parser.add_argument("--admin", required=True, metavar="ADDRESS", help="the server admin's address; its domain is made too")
    parser.add_argument("--admin-name", default="")
    parser.add_argument("--password", help="shows in the process list; --password-stdin does not")
    parser.add_argument("--password-stdin", action="store_true", help="first line: the admin's password; second line, with --account: that one's")
    parser.add_argument("--hostname", required=True)
    parser.add_argument("--mode", choices=room.MODES, default="lan", help="this network only, directly on the Internet, or through a relay")
    parser.add_argument("--domain", default="", help="first domain, if not the admin's")
    parser.add_argument("--account", default="", metavar="ADDRESS", help="a first account besides the admin")
    parser.add_argument("--account-name", default="")
    parser.add_argument("--relay-host", default="")
    parser.add_argument("--relay-port", type=int, default=587)
    parser.add_argument("--relay-security", choices=("none", "starttls-optional", "starttls", "tls"), default="starttls")
    parser.add_argument("--relay-user", default="")
    parser.add_argument("--relay-password", default="")
    parser.add_argument("--json", action="store_true")
    parser.set_defaults(run=setup)


def setup(context: Context) -> int:
    """Write the answers; the set-up link ends."""
    arguments = context.arguments
    password, second = _passwords(arguments)
    config = context.config
    become_owner(config)
    prepare_data_dir(config)
    start.prepare(config, Bound())
    relay = None
    if arguments.relay_host:
        relay = room.Relay(
            host=arguments.relay_host, port=arguments.relay_port, security=arguments.relay_security, user=arguments.relay_user, password=arguments.relay_password
        )
    answers = room.Answers(
        mode=arguments.mode, hostname=arguments.hostname, admin=arguments.admin, admin_hash=verbs.checked_hash(password), admin_name=arguments.admin_name,
        domain=arguments.domain, person=arguments.account, person_hash=verbs.checked_hash(second) if second else "",
        person_name=arguments.account_name, relay=relay,
    )  # fmt: skip
    with runtime_of(context) as runtime:
        outward = diagnose.outward(runtime) if arguments.mode == "internet" else None
        answers = replace(answers, address=outward.address if outward else "")
        runtime.store.write(lambda tx: room.finish(tx, COMMAND_LINE, answers, runtime.clock.micros()))
        dkim_keys.make_missing(runtime)
        runtime.settings.refresh()
        told = _what_comes_next(runtime, arguments.mode)
    if outward is not None:
        told |= {"port_25": {"reached": outward.reached, "asked": len(diagnose.WELL_KNOWN)}, "public_address": outward.address}
    (config.data_dir / "setup-token").unlink(missing_ok=True)
    start.prepare(config, Bound())
    facts = {"setup_done": True, "admin": arguments.admin, "hostname": arguments.hostname, **told}
    return context.answer(facts, "\n".join([f"Set-up is done. {arguments.admin} is the server admin.", *_in_words(told)]))


def _what_comes_next(runtime: Runtime, mode: str) -> dict[str, Any]:
    """What the wizard's last page shows: records to publish, which a LAN needs none of, and what mail programs ask for."""
    tx = runtime.store.read()
    domains = () if mode == "lan" else accounts.domains(tx)
    records = [{"name": r.name, "type": r.rdtype, "wanted": r.value, "is_needed": r.is_needed, "why": r.why} for d in domains for r in dns_records.wanted(runtime, tx, d)]
    ways = [{"protocol": s.kind, "host": s.host, "port": s.port, "security": "tls" if s.is_implicit else "starttls", "user": "the whole address"} for s in services(runtime)]
    return {"dns_records": records, "mail_programs": ways}


def _in_words(told: dict[str, Any]) -> list[str]:
    lines = [f"Other servers see this one at {told['public_address']}."] if told.get("public_address") else []
    if "port_25" in told and not told["port_25"]["reached"]:
        lines += ["None of three well-known servers answered on port 25. If your provider blocks it, send through a relay: the same command with --mode relay --relay-host …"]
    lines += ["", "Mail programs (user name: the whole address):"]
    lines += [f"  {way['protocol']:<5} {way['host']} port {way['port']}, {'TLS' if way['security'] == 'tls' else 'STARTTLS'}" for way in told["mail_programs"]]
    if told["dns_records"]:
        lines += ["", "DNS records to publish (./roost dns check DOMAIN says which are there):"]
        lines += [f"  {record['type']:<5} {record['name']}  {record['wanted']}" for record in told["dns_records"]]
    return lines


def _passwords(arguments: Any) -> tuple[str, str]:
    if arguments.password_stdin:
        return sys.stdin.readline().rstrip("\r\n"), sys.stdin.readline().rstrip("\r\n")
    if arguments.password is None:
        raise MailError(Reason.SYNTAX, "Give the admin's password with --password-stdin.")
    return arguments.password, ""
