"""`group` and `public`: groups of people, and public mailboxes with who may do what, by the same verbs as everywhere."""

from typing import Any

from mailcore.cli.grammar import verb
from mailcore.cli.grammar import verbs as verbs_of
from mailcore.cli.main import Context
from mailcore.cli.offline import runtime_of
from mailcore.directory import sharing_verbs as sharing_of
from mailcore.directory import verbs
from mailcore.directory.actor import COMMAND_LINE
from mailcore.runtime.runtime import Runtime
from mailcore.store import Tx, accounts, groups, mailboxes, sharing


def add(commands: Any, name: str) -> None:
    """The parser of `group` or `public`."""
    (_add_group if name == "group" else _add_public)(commands)


def _add_group(commands: Any) -> None:
    group = verbs_of(commands, "group", "Groups of people who are given rights together. Example: ./roost group add sales@example.org")
    make = verb(group, "add", group_add, "address", example="group add sales@example.org --member ann@example.org")
    make.add_argument("--name", default="", help="what people read")
    make.add_argument("--member", action="append", default=[], help="may stand several times")
    listing = verb(group, "list", group_list, example="group list --domain example.org")
    listing.add_argument("--domain")
    verb(group, "show", group_show, "address", example="group show sales@example.org")
    verb(group, "remove", group_remove, "address", example="group remove sales@example.org")
    for word, run in (("join", group_join), ("leave", group_leave)):
        verb(group, word, run, "address", example=f"group {word} sales@example.org bob@example.org").add_argument("members", nargs="+")


def _add_public(commands: Any) -> None:
    group = verbs_of(commands, "public", "Public mailboxes and who may do what in them. Example: ./roost public add News --anyone read")
    presets = f"{', '.join(sharing_of.PRESETS)}, or letters of {sharing.ALL} (RFC 4314)"
    make = verb(group, "add", public_add, "mailbox", example="public add News --domain example.org --anyone read")
    make.add_argument("--anyone", metavar="RIGHTS", help=presets)
    share = verb(group, "share", public_share, "mailbox", "holder", "rights", example="public share News '$sales@example.org' write")
    share.epilog = f"HOLDER: an address, $group or anyone. RIGHTS: {presets}"
    unshare = verb(group, "unshare", public_unshare, "mailbox", "holder", example="public unshare News anyone")
    show = verb(group, "show", public_show, "mailbox", example="public show News")
    remove = verb(group, "remove", public_remove, "mailbox", example="public remove News")
    for parser in (make, share, unshare, show, remove):
        parser.add_argument("--domain", default="", help="a domain's mailbox; without it the server's")
    verb(group, "list", public_list, example="public list")


def group_data(tx: Tx, found: groups.Group) -> dict[str, Any]:
    """A group for the command line."""
    return {"group": found.address, "name": found.name, "members": groups.members(tx, found.id)}


def _told(context: Context, runtime: Runtime, said: str) -> int:
    tx = runtime.store.read()
    found = sharing_of.find_group(tx, COMMAND_LINE, context.arguments.address)
    return context.answer(group_data(tx, found), f"{found.address} {said}")


def group_add(context: Context) -> int:
    arguments = context.arguments
    with runtime_of(context) as runtime:
        now = runtime.clock.micros()

        def write(tx: Tx) -> None:
            sharing_of.add_group(tx, COMMAND_LINE, arguments.address, now, name=arguments.name)
            for one in arguments.member:
                sharing_of.join_group(tx, COMMAND_LINE, arguments.address, one, now)

        runtime.store.write(write)
        return _told(context, runtime, "is made.")


def group_list(context: Context) -> int:
    with runtime_of(context) as runtime:
        tx = runtime.store.read()
        domain_id = verbs.find_domain(tx, context.arguments.domain).id if context.arguments.domain else None
        rows = [group_data(tx, one) for one in groups.groups(tx, domain_id)]
        return context.table([row | {"members": len(row["members"])} for row in rows], ["group", "name", "members"])


def group_show(context: Context) -> int:
    with runtime_of(context) as runtime:
        tx = runtime.store.read()
        data = group_data(tx, sharing_of.find_group(tx, COMMAND_LINE, context.arguments.address))
        return context.answer(data, "\n".join([f"{data['group']}  {data['name']}".rstrip(), *(f"  {one}" for one in data["members"])]))


def group_remove(context: Context) -> int:
    with runtime_of(context) as runtime:
        address, now = context.arguments.address, runtime.clock.micros()
        runtime.store.write(lambda tx: sharing_of.remove_group(tx, COMMAND_LINE, address, now))
        return context.answer({"removed": address}, f"{address} is removed, and every right it held.")


def group_join(context: Context) -> int:
    return _each(context, sharing_of.join_group, "has them now.")


def group_leave(context: Context) -> int:
    return _each(context, sharing_of.leave_group, "has them no longer.")


def _each(context: Context, do: Any, said: str) -> int:
    arguments = context.arguments
    with runtime_of(context) as runtime:
        now = runtime.clock.micros()

        def write(tx: Tx) -> None:
            for one in arguments.members:
                do(tx, COMMAND_LINE, arguments.address, one, now)

        runtime.store.write(write)
        return _told(context, runtime, said)


def public_data(tx: Tx, box: mailboxes.Mailbox, owner: accounts.Account) -> dict[str, Any]:
    """A public mailbox for the command line."""
    rights = {entry.name: entry.rights for entry in sharing.entries(tx, box.id)}
    return {"mailbox": sharing.prefix_of(owner.address, "public") + box.name, "messages": box.message_count, "bytes": box.size_bytes, "rights": rights}


def _shown(context: Context, runtime: Runtime) -> int:
    tx = runtime.store.read()
    box = sharing_of.find_public(tx, COMMAND_LINE, context.arguments.domain, context.arguments.mailbox)
    owner = accounts.account(tx, box.account_id)
    assert owner is not None
    data = public_data(tx, box, owner)
    lines = [f"{data['mailbox']}  {data['messages']} messages", *(f"  {who:<30} {rights}" for who, rights in data["rights"].items())]
    return context.answer(data, "\n".join(lines if data["rights"] else [*lines, "  nobody may see it yet"]))


def public_add(context: Context) -> int:
    arguments = context.arguments
    with runtime_of(context) as runtime:
        now = runtime.clock.micros()

        def write(tx: Tx) -> None:
            sharing_of.add_public(tx, COMMAND_LINE, arguments.domain, arguments.mailbox, now)
            if arguments.anyone:
                _give(tx, context, "anyone", arguments.anyone, now)

        runtime.store.write(write)
        return _shown(context, runtime)


def _give(tx: Tx, context: Context, holder: str, rights: str, now: int) -> None:
    box = sharing_of.find_public(tx, COMMAND_LINE, context.arguments.domain, context.arguments.mailbox)
    sharing_of.share(tx, COMMAND_LINE, box, sharing_of.holder(tx, None, box, holder), sharing_of.rights_of(rights), now)


def public_share(context: Context) -> int:
    with runtime_of(context) as runtime:
        arguments, now = context.arguments, runtime.clock.micros()
        runtime.store.write(lambda tx: _give(tx, context, arguments.holder, arguments.rights, now))
        return _shown(context, runtime)


def public_unshare(context: Context) -> int:
    with runtime_of(context) as runtime:
        holder, now = context.arguments.holder, runtime.clock.micros()
        runtime.store.write(lambda tx: _give(tx, context, holder, "", now))
        return _shown(context, runtime)


def public_show(context: Context) -> int:
    with runtime_of(context) as runtime:
        return _shown(context, runtime)


def public_remove(context: Context) -> int:
    arguments = context.arguments
    with runtime_of(context) as runtime:
        now = runtime.clock.micros()
        keeps = int(runtime.settings.get("undelete.days")) > 0
        runtime.store.write(lambda tx: sharing_of.remove_public(tx, COMMAND_LINE, arguments.domain, arguments.mailbox, now, keeps_mail=keeps))
        return context.answer({"removed": arguments.mailbox}, f"{arguments.mailbox} is removed.")


def public_list(context: Context) -> int:
    with runtime_of(context) as runtime:
        tx = runtime.store.read()
        owners = [sharing.public_account(tx, domain) for domain in (None, *accounts.domains(tx))]
        rows = [public_data(tx, box, owner) for owner in owners if owner is not None for box in mailboxes.list_all(tx, owner.id)]
        return context.table([row | {"rights": ", ".join(f"{who} {r}" for who, r in row["rights"].items())} for row in rows], ["mailbox", "messages", "rights"])
