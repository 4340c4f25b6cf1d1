"""`settings`, `ban`, `doctor`, `dns`: how the server is set, whom it keeps out, and what is wrong with it."""

import shutil
import sys
from typing import Any

from mailcore.auth.login import network_of
from mailcore.base.clock import SECOND
from mailcore.base.errors import MailError, Reason
from mailcore.cli.grammar import verb
from mailcore.cli.grammar import verbs as verbs_of
from mailcore.cli.main import Context
from mailcore.cli.offline import runtime_of
from mailcore.config import process
from mailcore.directory import guard_verbs, verbs
from mailcore.directory.actor import COMMAND_LINE
from mailcore.net import clock
from mailcore.policy import sources
from mailcore.policy.outside import split
from mailcore.queue import diagnose
from mailcore.runtime.runtime import Runtime
from mailcore.serve import start
from mailcore.settings import values
from mailcore.settings.catalogue import BY_NAME, CATALOGUE
from mailcore.store import Tx, access, accounts


def add(commands: Any, name: str) -> None:
    """The parser of one of the four."""
    {"settings": _settings, "ban": _ban, "doctor": _doctor, "dns": _dns}[name](commands)


def _settings(commands: Any) -> None:
    group = verbs_of(commands, "settings", "Every setting. Example: ./roost settings set smtp.message_size 100M")
    verb(group, "list", settings_list, example="settings list --changed").add_argument("--changed", action="store_true", help="only what differs from its default")
    for name, run in (("get", settings_get), ("set", settings_set), ("undo", settings_undo)):
        example = f"settings {name} smtp.message_size" + (" 100M" if name == "set" else "")
        parser = verb(group, name, run, "name", example=example)
        if name == "set":
            parser.add_argument("value", nargs="?", help="left out: back to the default; - reads it from standard input")
        parser.add_argument("--domain")
        parser.add_argument("--account")


def _ban(commands: Any) -> None:
    group = verbs_of(commands, "ban", "Addresses that may not sign in. Example: ./roost ban list")
    verb(group, "list", ban_list, example="ban list")
    verb(group, "lift", ban_lift, "address", example="ban lift 192.0.2.7")
    put = verb(group, "add", ban_add, "address", example="ban add 192.0.2.7 --hours 24")
    put.add_argument("--hours", type=int, default=24)
    verb(group, "hmailserver", ban_preset, example="ban hmailserver")


def _doctor(commands: Any) -> None:
    parser = commands.add_parser("doctor", description="Looks for what is wrong and says what to do. Example: ./roost doctor --json")
    parser.add_argument("--json", action="store_true")
    parser.set_defaults(run=doctor)


def _dns(commands: Any) -> None:
    group = verbs_of(commands, "dns", "The DNS records a domain wants. Example: ./roost dns check example.org")
    verb(group, "check", dns_check, "name", example="dns check example.org")


def _scope(context: Context, tx: Tx) -> str:
    if context.arguments.domain:
        return f"domain:{verbs.find_domain(tx, context.arguments.domain).id}"
    if context.arguments.account:
        return f"account:{verbs.find_account(tx, context.arguments.account).id}"
    return "system"


def settings_list(context: Context) -> int:
    with runtime_of(context) as runtime:
        rows = [
            {
                "name": s.name, "value": values.show(s, runtime.settings.get(s.name)), "default": values.show(s, s.default), "label": s.label, "help": s.help,
                "is_changed": runtime.settings.current.is_set(s.name), "applies": s.applies, "hmailserver": s.was,
            }
            for s in CATALOGUE
            if not context.arguments.changed or runtime.settings.current.is_set(s.name)
        ]  # fmt: skip
        return context.table(rows, ["name", "value", "default", "label"])


def settings_get(context: Context) -> int:
    setting = BY_NAME.get(context.arguments.name)
    if setting is None:
        raise MailError(Reason.NOT_FOUND, f"There is no setting {context.arguments.name}. See ./roost settings list")
    with runtime_of(context) as runtime:
        kind, _, number = _scope(context, runtime.store.read()).partition(":")
        value = runtime.settings.get(setting.name, **({f"{kind}_id": int(number)} if number else {}))
        shown = values.show(setting, value)
        data = {"name": setting.name, "value": shown if setting.kind == "secret" else value, "default": setting.default}
        return context.answer(data, shown)


def settings_set(context: Context) -> int:
    arguments = context.arguments
    value = sys.stdin.readline().rstrip("\r\n") if arguments.value == "-" else arguments.value
    with runtime_of(context) as runtime:
        scope = _scope(context, runtime.store.read())
        stored = runtime.store.write(lambda tx: values.write(tx, arguments.name, value, scope=scope, actor=COMMAND_LINE.name, now=runtime.clock.micros()))
        setting = BY_NAME[arguments.name]
        shown = values.show(setting, setting.default if stored is None else stored)
        return context.answer({"name": setting.name, "value": shown}, f"{setting.name} is {shown}.")


def settings_undo(context: Context) -> int:
    arguments = context.arguments
    with runtime_of(context) as runtime:
        scope = _scope(context, runtime.store.read())
        stored = runtime.store.write(lambda tx: values.undo(tx, arguments.name, scope=scope, actor=COMMAND_LINE.name, now=runtime.clock.micros()))
        setting = BY_NAME[arguments.name]
        shown = values.show(setting, setting.default if stored is None else stored)
        return context.answer({"name": setting.name, "value": shown}, f"{setting.name} is {shown} again.")


def ban_preset(context: Context) -> int:
    with runtime_of(context) as runtime:
        runtime.store.write(lambda tx: guard_verbs.ban_as_hmailserver(tx, COMMAND_LINE, runtime.clock.micros()))
        return context.answer(guard_verbs.HMAILSERVER_BAN, "Three wrong passwords in half an hour keep an address out for an hour.")


def ban_list(context: Context) -> int:
    with runtime_of(context) as runtime:
        found = access.bans(runtime.store.read(), runtime.clock.micros())
        rows = [{"network": n, "reason": r, "since": s, "until": u} for n, r, s, u in found]
        return context.table(rows, ["network", "reason"])


def ban_lift(context: Context) -> int:
    with runtime_of(context) as runtime:
        network = network_of(context.arguments.address)
        was = runtime.store.write(lambda tx: guard_verbs.lift_ban(tx, COMMAND_LINE, network, runtime.clock.micros()))
        return context.answer({"network": network, "was_banned": was}, f"{network} may sign in." if was else f"{network} was not banned.")


def ban_add(context: Context) -> int:
    with runtime_of(context) as runtime:
        network, now = network_of(context.arguments.address), runtime.clock.micros()
        until = now + context.arguments.hours * 3_600_000_000
        runtime.store.write(lambda tx: guard_verbs.ban(tx, COMMAND_LINE, context.arguments.address, network, until, now))
        return context.answer({"network": network, "until": until}, f"{network} may not sign in for {context.arguments.hours} hours.")


def dns_check(context: Context) -> int:
    with runtime_of(context) as runtime:
        tx = runtime.store.read()
        domain = verbs.find_domain(tx, context.arguments.name)
        rows = [
            {"name": r.name, "type": r.rdtype, "wanted": r.value, "state": r.state, "found": "; ".join(r.found), "why": r.why}
            for r in sources.all_records(runtime, tx, domain)
        ]
        return context.table(rows, ["state", "type", "name", "wanted"])


def doctor(context: Context) -> int:
    """What is wrong, worst first; exit 0 when nothing is."""
    found: list[dict[str, str]] = []

    def say(what: str, do: str) -> None:
        found.append({"what": what, "do": do})

    config = context.config
    if not (config.data_dir / "run").is_dir():
        say(f"There is no data in {config.data_dir}.", "Start once with ./roost up.")
        return _told(context, found)
    if process.is_root():
        uid, gid = process.ensure_user(config.user)
        closed = process.shut_out_at(config.data_dir, uid, gid)
        if closed is not None:
            say(f"User {config.user} may not enter {closed}, so Roost runs as root.", "Choose another folder with ROOST_DATA_DIR.")
    trouble = start.check(config)
    if trouble:
        say(trouble, "See the sentence.")
        return _told(context, found)
    with runtime_of(context) as runtime:
        free = shutil.disk_usage(config.data_dir).free
        if free < runtime.settings.get("storage.reserve") * 2:
            say(f"Only {free // 1024**2} MB of disk are free.", "Free some space; below the reserve no mail is taken.")
        if not runtime.settings.get("server.setup_done"):
            say("Set-up is not finished.", "Open the link that ./roost status shows, or use ./roost setup.")
        if not runtime.settings.get("server.hostname"):
            say("The server has no host name of its own.", "./roost settings set server.hostname mail.example.org")
        if not accounts.domains(runtime.store.read()):
            say("No domain is served.", "./roost domain add example.org")
        for peer, seconds in clock_errors(runtime):
            say(f"The clock is {abs(seconds):.0f} seconds {'ahead of' if seconds > 0 else 'behind'} that of {peer}.", "Have the system set it: timedatectl set-ntp true")
        if runtime.settings.get("server.mode") == "internet" and not diagnose.outward(runtime).reached:
            say("Nothing outside answers on port 25.", "Your provider may block it; set a relay: ./roost settings set relay.host …")
    return _told(context, found)


CLOCK_SECONDS = 10
"""What a clock may be off: codes of the second step are good for half a minute."""


def clock_errors(runtime: Runtime) -> list[tuple[str, float]]:
    """(peer, seconds ahead of it) of the time servers of the settings and the database's machine, where this clock is not theirs. Who does not answer says nothing."""
    found: list[tuple[str, float]] = []
    for peer in str(runtime.settings.get("server.time_peers")).split()[:4]:
        try:
            found.append((peer, clock.ahead_of(*split(peer, clock.PORT))))
        except OSError:
            continue
    tx = runtime.store.read()
    if tx.is_postgres:
        found.append(("the database", runtime.clock.micros() / SECOND - float(tx.value("SELECT extract(epoch FROM clock_timestamp())"))))
    return [(peer, seconds) for peer, seconds in found if abs(seconds) > CLOCK_SECONDS]


def _told(context: Context, found: list[dict[str, str]]) -> int:
    text = "\n".join(f"! {row['what']}\n  {row['do']}" for row in found) or "Nothing is wrong."
    context.answer(found, text)
    return 1 if found else 0
