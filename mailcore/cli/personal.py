"""`account away`, `account forward`, `account ways`: what somebody has set, told and changed in their place."""

import sys
from dataclasses import asdict, replace
from typing import Any

from mailcore.auth import app_passwords
from mailcore.base.errors import MailError, Reason
from mailcore.cli.grammar import verb
from mailcore.cli.main import Context
from mailcore.cli.offline import runtime_of
from mailcore.delivery import confirm
from mailcore.directory import away, security, verbs
from mailcore.directory.actor import COMMAND_LINE
from mailcore.store import Tx, fetched


def add_to(group: Any) -> None:
    """The verbs among those of `account`."""
    reply = verb(group, "away", account_away, "address", example="account away ann@example.org --subject 'On holiday' --text 'Back on Monday.' --until 2027-01-10")
    reply.add_argument("--off", action="store_true", help="no more auto-reply; its words are kept")
    reply.add_argument("--subject")
    reply.add_argument("--text", help="what it says; - reads it from standard input")
    reply.add_argument("--inside-text", help="what senders of the same domain read")
    reply.add_argument("--from", dest="starts", help="first day, such as 2026-12-24")
    reply.add_argument("--until", dest="ends", help="last day")
    reply.add_argument("--days", type=int, help="one reply a sender in so many days")
    forward = verb(group, "forward", account_forward, "address", example="account forward ann@example.org bob@example.org --no-copy")
    forward.add_argument("targets", nargs="*", help="where the mail goes; without any, what is set is told")
    forward.add_argument("--off", action="store_true", help="no more forwarding; its addresses are kept")
    forward.add_argument("--no-copy", action="store_true", help="nothing stays here")
    ways = verb(group, "ways", account_ways, "address", example="account ways ann@example.org --no-second-step")
    ways.add_argument("--no-second-step", action="store_true", help="take the second step off, for who lost the phone and the recovery codes")
    ways.add_argument("--end", type=int, metavar="ID", help="end a program's password")


def account_away(context: Context) -> int:
    a = context.arguments
    given = {name: getattr(a, name) for name in ("starts", "ends", "subject", "text", "inside_text", "days") if getattr(a, name) is not None}
    if given.get("text") == "-":
        given["text"] = sys.stdin.read()
    with runtime_of(context) as runtime:
        mine, now = verbs.find_account(runtime.store.read(), a.address), runtime.clock.micros()
        if a.off or given:
            wanted = replace(away.away(runtime.store.read(), mine), is_on=not a.off, **given)
            runtime.store.write(lambda tx: away.set_away(tx, COMMAND_LINE, mine, wanted, now))
        found = away.away(runtime.store.read(), mine)
        span = "".join(f", {word} {day}" for word, day in (("from", found.starts), ("until", found.ends)) if day)
        return context.answer({"address": mine.address, **asdict(found)}, f"The auto-reply of {mine.address} is {'on' + span if found.is_on else 'off'}." + (f"\n\n{found.text}" if found.text else ""))


def account_forward(context: Context) -> int:
    a = context.arguments
    with runtime_of(context) as runtime:
        mine, now = verbs.find_account(runtime.store.read(), a.address), runtime.clock.micros()
        if a.off or a.no_copy or a.targets:
            before = away.forwarding(runtime.store.read(), mine)
            wanted = replace(before, is_on=not a.off, targets=tuple(a.targets) or before.targets, keeps_copy=not a.no_copy)
            missing = runtime.store.write(lambda tx: away.set_forwarding(tx, COMMAND_LINE, mine, wanted, now))
            confirm.answer_for(runtime, COMMAND_LINE, mine, missing)
        found = away.forwarding(runtime.store.read(), mine)
        told = f"to {', '.join(found.targets)}, {'with' if found.keeps_copy else 'without'} a copy here" if found.is_on else "off"
        return context.answer({"address": mine.address, **asdict(found)}, f"The forwarding of {mine.address}: {told}.")


def account_ways(context: Context) -> int:
    a = context.arguments
    with runtime_of(context) as runtime:
        now = runtime.clock.micros()

        def change(tx: Tx) -> None:
            mine = verbs.find_account(tx, a.address)
            if a.no_second_step:
                security.turn_off(tx, COMMAND_LINE, mine, now)
            if a.end is not None:
                if a.end not in {one.id for one in app_passwords.of_account(tx, mine.id)}:
                    raise MailError(Reason.NOT_FOUND, f"There is no password {a.end} of {mine.address}.")
                security.remove_app_password(tx, COMMAND_LINE, mine, a.end, now)

        if a.no_second_step or a.end is not None:
            runtime.store.write(change)
        tx = runtime.store.read()
        mine = verbs.find_account(tx, a.address)
        programs = [{"id": one.id, "name": one.name, "scopes": list(one.scopes), "used_at": one.used_at} for one in app_passwords.of_account(tx, mine.id)]
        elsewhere = [{"id": one.id, "host": one.host, "username": one.username, "trouble": one.trouble} for one in fetched.of_account(tx, mine.id)]
        lines = [f"Second step: {'on' if mine.totp_secret else 'off'}", *(f"Program {one['id']}: {one['name']}" for one in programs), *(f"Elsewhere {one['id']}: {one['username']} at {one['host']}" for one in elsewhere)]
        return context.answer({"address": mine.address, "has_second_step": bool(mine.totp_secret), "programs": programs, "elsewhere": elsewhere}, "\n".join(lines))
