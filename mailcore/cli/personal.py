"""`account away`, `forward`, `signature`, `ways`, `programs`, `activity`: what somebody has set, told and changed in their place."""

import hashlib
import sys
from dataclasses import asdict, replace
from typing import Any

from mailcore.auth import app_passwords
from mailcore.base.clock import DAY, Micros, from_micros
from mailcore.base.errors import MailError, Reason
from mailcore.cli.grammar import verb
from mailcore.cli.main import Context
from mailcore.cli.offline import runtime_of
from mailcore.delivery import confirm
from mailcore.directory import away, identities, programs, security, verbs
from mailcore.directory.actor import COMMAND_LINE
from mailcore.sessions import putting_back
from mailcore.store import Tx, access, activity, fetched
from mailcore.store import identities as stored
from mailcore.store.activity import Batch
from mailcore.store.identities import Identity, Signature

SIGN_INS = 20


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
    signs = verb(group, "signature", account_signature, "address", example="account signature ann@example.org --name Work --text 'Ann, harbour office'")
    signs.add_argument("--name", help="the signature to add or change; without it, what is set is told")
    signs.add_argument("--text", help="what it says; - reads it from standard input")
    signs.add_argument("--html", help="the same with form")
    signs.add_argument("--remove", action="store_true", help="remove the signature of that name")
    signs.add_argument("--for", dest="of", metavar="ADDRESS", help="let it stand under mail from this address, new mail and replies")
    signs.add_argument("--only", choices=("new", "replies"), help="with --for: only under these")
    ways = verb(group, "ways", account_ways, "address", example="account ways ann@example.org --no-second-step")
    ways.add_argument("--no-second-step", action="store_true", help="take the second step off, for who lost the phone and the recovery codes")
    ways.add_argument("--end", type=int, metavar="ID", help="end a program's password")
    ways.add_argument("--sign-out", type=int, metavar="ID", help="sign a browser out; 0 for all")
    typed = verb(group, "programs", account_programs, "address", example="account programs ann@example.org --apple > ann.mobileconfig")
    typed.add_argument("--apple", action="store_true", help="print the profile for Apple's devices")
    did = verb(group, "activity", account_activity, "address", example="account activity ann@example.org --put-back 3f9a01c2")
    did.add_argument("--put-back", metavar="ID", help="put back what was deleted then, as the list names it")
    did.add_argument("--erase", metavar="ID", help="erase at once what was deleted then; it cannot be put back")


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
        return context.answer({"address": mine.address, **asdict(found), "sieve": away.sieve_of(runtime.store.read(), mine)}, f"The auto-reply of {mine.address} is {'on' + span if found.is_on else 'off'}." + (f"\n\n{found.text}" if found.text else ""))


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
        return context.answer({"address": mine.address, **asdict(found), "sieve": away.sieve_of(runtime.store.read(), mine)}, f"The forwarding of {mine.address}: {told}.")


def account_signature(context: Context) -> int:
    a = context.arguments
    text = sys.stdin.read() if a.text == "-" else a.text
    with runtime_of(context) as runtime:
        now = runtime.clock.micros()

        def change(tx: Tx) -> None:
            mine = verbs.find_account(tx, a.address)
            known = {one.name: one for one in stored.signatures(tx, mine.id)}
            present = known.get(a.name, Signature(id=0, name=a.name, text=""))
            if a.remove:
                identities.remove_signature(tx, COMMAND_LINE, mine, present.id, now)
                return
            number = present.id
            if text is not None or a.html is not None:
                wanted = replace(present, text=present.text if text is None else text, html=present.html if a.html is None else a.html)
                number = identities.save_signature(tx, COMMAND_LINE, mine, wanted, now)
            elif not number:
                raise MailError(Reason.NOT_FOUND, f"There is no signature {a.name} of {mine.address}.")
            if a.of:
                chosen = next((one for one in identities.of_account(tx, mine) if one.address == a.of.lower()), Identity(address=a.of))
                fields: dict[str, Any] = {field: number for word, field in (("new", "new_signature_id"), ("replies", "reply_signature_id")) if a.only in (None, word)}
                identities.set_identity(tx, COMMAND_LINE, mine, replace(chosen, **fields), now)

        if a.name:
            runtime.store.write(change)
        tx = runtime.store.read()
        mine = verbs.find_account(tx, a.address)
        found, people = stored.signatures(tx, mine.id), identities.of_account(tx, mine)
        names = {one.id: one.name for one in found} | {identities.NONE: "", None: None}
        rows = [{"address": one.address, "name": one.name, "new": names.get(one.new_signature_id), "replies": names.get(one.reply_signature_id)} for one in people]
        lines = [f"{one.name}: {one.text.replace(chr(10), ' / ')}" for one in found] or ["There are no signatures."]
        lines += [f"{one['address']}: {one['new'] or 'none'} under new mail, {one['replies'] or 'none'} under replies" for one in rows if one["new"] is not None]
        return context.answer({"address": mine.address, "signatures": [{"name": one.name, "text": one.text, "html": one.html} for one in found], "addresses": rows}, "\n".join(lines))


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

            if a.sign_out:
                security.end_browser(tx, COMMAND_LINE, mine, a.sign_out, now)
            elif a.sign_out == 0:
                security.sign_out_everywhere(tx, COMMAND_LINE, mine, now)

        if a.no_second_step or a.end is not None or a.sign_out is not None:
            runtime.store.write(change)
        tx = runtime.store.read()
        mine = verbs.find_account(tx, a.address)
        passwords = [{"id": one.id, "name": one.name, "scopes": list(one.scopes), "used_at": one.used_at} for one in app_passwords.of_account(tx, mine.id)]
        elsewhere = [{"id": one.id, "host": one.host, "username": one.username, "trouble": one.trouble} for one in fetched.of_account(tx, mine.id)]
        browsers: list[dict[str, Any]] = [{"id": one.id, "ip": one.ip, "agent": one.agent, "seen_at": one.seen_at} for one in access.sessions(tx, mine.id, now) if not one.is_pending_totp]
        keys = ("at", "protocol", "ip", "agent", "is_good", "is_tls")
        tries: list[dict[str, Any]] = [dict(zip(keys, one, strict=True)) for one in access.recent_sign_ins(tx, mine.id, SIGN_INS)]
        lines = [f"Second step: {'on' if mine.totp_secret else 'off'}", *(f"Program {one['id']}: {one['name']}" for one in passwords), *(f"Elsewhere {one['id']}: {one['username']} at {one['host']}" for one in elsewhere)]
        lines += [f"Browser {one['id']}: {one['ip']}, {one['agent'][:60]}" for one in browsers]
        lines += [f"{moment(one['at'])} {one['protocol']} from {one['ip']}: {'signed in' if one['is_good'] else 'refused'}{'' if one['is_tls'] else ', without TLS'}" for one in tries]
        return context.answer({"address": mine.address, "has_second_step": bool(mine.totp_secret), "programs": passwords, "elsewhere": elsewhere, "browsers": browsers, "sign_ins": tries}, "\n".join(lines))


def account_programs(context: Context) -> int:
    with runtime_of(context) as runtime:
        mine = verbs.find_account(runtime.store.read(), context.arguments.address)
        if context.arguments.apple:
            sys.stdout.write(programs.apple_profile(runtime, mine.address, mine.display_name).decode())
            return 0
        found = [*programs.services(runtime), *programs.filters(runtime)]
        rows = [{"protocol": one.kind, "host": one.host, "port": one.port, "security": "tls" if one.is_implicit else "starttls", "user": mine.address} for one in found]
        return context.table(rows, ["protocol", "host", "port", "security", "user"])


def account_activity(context: Context) -> int:
    a = context.arguments
    with runtime_of(context) as runtime:
        tx, now = runtime.store.read(), runtime.clock.micros()
        mine = verbs.find_account(tx, a.address)
        found = activity.deletions(tx, mine.id, now - int(runtime.settings.get("undelete.days", domain_id=mine.domain_id)) * DAY)
        if a.put_back or a.erase:
            chosen = next((one for one in found if batch_id(one) == (a.put_back or a.erase)), None)
            if chosen is None:
                raise MailError(Reason.NOT_FOUND, f"Nothing was deleted under {a.put_back or a.erase}, or its time is over.")
            if a.erase:
                total = putting_back.erase(runtime, COMMAND_LINE, mine, chosen.actor, chosen.mailbox_id, chosen.bucket)
                return context.answer({"address": mine.address, "erased": total}, f"{total} messages erased.")
            total = putting_back.put_back(runtime, COMMAND_LINE, mine, chosen.actor, chosen.mailbox_id, chosen.bucket)
            return context.answer({"address": mine.address, "put_back": total}, f"{total} messages put back.")
        rows = [{"id": batch_id(one), "at": moment(one.at), "program": one.actor, "mailbox": one.mailbox, "messages": one.count, "what": "deleted"} for one in found]
        rows += [{"id": "", "at": moment(one.at), "program": one.actor, "mailbox": one.mailbox, "messages": one.count, "what": one.kind} for one in activity.others(tx, mine.id, now - 14 * DAY)]
        return context.table(rows, ["at", "what", "messages", "mailbox", "program", "id"])


def batch_id(one: Batch) -> str:
    """A short name for what one program deleted within some minutes."""
    return hashlib.sha256(f"{one.actor} {one.mailbox_id} {one.bucket}".encode()).hexdigest()[:8]


def moment(at: Micros) -> str:
    """A moment in UTC, to the minute."""
    return from_micros(at).strftime("%Y-%m-%d %H:%M")
