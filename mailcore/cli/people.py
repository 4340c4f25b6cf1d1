"""`domain`, `account`, `alias`, `admin`: the same verbs as the panel's, on the store, whether the server runs or not."""

import secrets
import sys
from collections.abc import Callable, Sequence
from typing import Any

from mailcore.auth import ldap
from mailcore.base.errors import MailError, Reason
from mailcore.cli import account_files, personal
from mailcore.cli.grammar import verb
from mailcore.cli.grammar import verbs as verbs_of
from mailcore.cli.main import Context
from mailcore.cli.offline import runtime_of
from mailcore.directory import dkim_keys, renaming, role_names, verbs
from mailcore.directory.actor import COMMAND_LINE, ROLES
from mailcore.settings.catalogue import Setting
from mailcore.settings.values import parse
from mailcore.store import Tx, access, accounts

_SIZE = Setting(name="quota", kind="size", default=0, label="Quota", help="", group="", high=2**50)


def add(commands: Any, name: str) -> None:
    """The parser of one of the four nouns."""
    {"domain": _domain, "account": _account, "alias": _alias, "admin": _admin}[name](commands)


def _domain(commands: Any) -> None:
    group = verbs_of(commands, "domain", "Domains served here. Example: ./roost domain add example.org")
    verb(group, "add", domain_add, "name", example="domain add example.org")
    verb(group, "list", domain_list, example="domain list")
    verb(group, "show", domain_show, "name", example="domain show example.org")
    verb(group, "remove", domain_remove, "name", example="domain remove example.org")
    change = verb(group, "set", domain_set, "name", example="domain set example.org --catch-all info@example.org")
    change.add_argument("--catch-all")
    change.add_argument("--enabled", choices=("on", "off"))
    change.add_argument("--plus", help="the sign of plus addresses; empty for none")
    change.add_argument("--max-accounts", type=int)
    change.add_argument("--max-aliases", type=int)
    change.add_argument("--max-lists", type=int)
    change.add_argument("--max-size", help="the quotas of all accounts together; 0 for no limit")
    change.add_argument("--max-account-size")
    rename = verb(group, "rename", domain_rename, "name", "new", example="domain rename example.org example.com")
    rename.add_argument("--forget-old", action="store_true", help="do not keep the old name as another name")
    for name, run in (("add-name", domain_add_name), ("remove-name", domain_remove_name)):
        verb(group, name, run, "name", "other", example=f"domain {name} example.org example.net")


def _account(commands: Any) -> None:
    group = verbs_of(commands, "account", "Accounts. Example: ./roost account add ann@example.org --password-stdin")
    for name, run in (("add", account_add), ("set", account_set)):
        parser = verb(group, name, run, "address", example=f"account {name} ann@example.org --quota 1G --role user")
        parser.add_argument("--password")
        parser.add_argument("--password-stdin", action="store_true")
        parser.add_argument("--ldap", action="store_true", help="sign in with the password of the domain's LDAP server")
        parser.add_argument("--quota")
        parser.add_argument("--role", choices=ROLES)
        parser.add_argument("--name")
        if name == "set":
            parser.add_argument("--enabled", choices=("on", "off"))
            parser.add_argument("--language", help="such as de; what the server writes to this person is in it")
            parser.add_argument("--time-zone", help="such as Europe/Berlin; the days of an auto-reply and rules are in it")
    listing = verb(group, "list", account_list, example="account list --domain example.org")
    listing.add_argument("--domain")
    verb(group, "show", account_show, "address", example="account show ann@example.org")
    merged = verb(group, "merge", account_merge, "address", example="account merge ann@example.org --mailbox 'Sent Items'")
    merged.add_argument("--mailbox", default="", help="which; left out, what could be put together is listed")
    merged.add_argument("--leave", action="store_true", help="leave it as it is and offer it no more")
    use = verb(group, "use", account_use, "address", "mailbox", example="account use ann@example.org 'Sent Items' sent")
    use.add_argument("role", choices=role_names.GIVEN)
    rename = verb(group, "rename", account_rename, "address", "new", example="account rename ann@example.org anna@example.org")
    rename.add_argument("--forget-old", action="store_true", help="do not keep the old address as an alias")
    verb(group, "remove", account_remove, "address", example="account remove ann@example.org")
    account_files.add_to(group)
    personal.add_to(group)


def _alias(commands: Any) -> None:
    group = verbs_of(commands, "alias", "Aliases. Example: ./roost alias add info@example.org ann@example.org")
    for name, run in (("add", alias_add), ("set", alias_set)):
        parser = verb(group, name, run, "address", example=f"alias {name} info@example.org ann@example.org bob@example.org")
        parser.add_argument("targets", nargs="+" if name == "add" else "*")
        if name == "set":
            parser.add_argument("--enabled", choices=("on", "off"))
    listing = verb(group, "list", alias_list, example="alias list")
    listing.add_argument("--domain")
    verb(group, "show", alias_show, "address", example="alias show info@example.org")
    verb(group, "remove", alias_remove, "address", example="alias remove info@example.org")


def _admin(commands: Any) -> None:
    group = verbs_of(commands, "admin", "A way back in. Example: ./roost admin reset")
    reset = verb(group, "reset", admin_reset, example="admin reset --totp --unban")
    reset.add_argument("--address", help="which server admin; the first one if left out")
    reset.add_argument("--totp", action="store_true", help="also forget the second factor")
    reset.add_argument("--unban", action="store_true", help="also lift every ban")
    reset.add_argument("--password-stdin", action="store_true", help="read the new password; otherwise one is made and shown")


def _size(text: str | None) -> int | None:
    return None if text is None else int(parse(_SIZE, text))


def _password(context: Context) -> str | None:
    if context.arguments.password_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    return getattr(context.arguments, "password", None)


def domain_data(tx: Tx, domain: accounts.Domain) -> dict[str, Any]:
    """A domain for the command line."""
    return {
        "name": domain.name, "enabled": domain.is_enabled, "accounts": accounts.count_accounts(tx, domain.id),
        "aliases": accounts.count_aliases(tx, domain.id), "catch_all": domain.catch_all, "plus": domain.plus_separator,
        "other_names": accounts.domain_aliases(tx, domain.id), "max_accounts": domain.max_accounts, "max_aliases": domain.max_aliases, "max_lists": domain.max_lists,
        "max_size_bytes": domain.max_size_bytes, "max_account_bytes": domain.max_account_bytes,
    }  # fmt: skip


def account_data(account: accounts.Account) -> dict[str, Any]:
    """An account for the command line."""
    return {
        "address": account.address, "name": account.display_name, "role": account.role, "enabled": account.is_enabled,
        "language": account.locale, "time_zone": account.time_zone, "quota_bytes": account.quota_bytes, "used_bytes": account.used_bytes, "messages": account.used_count,
        "last_sign_in_at": account.last_sign_in_at,
    }  # fmt: skip


def alias_data(alias: accounts.Alias) -> dict[str, Any]:
    """An alias for the command line."""
    return {"address": alias.address, "targets": list(alias.targets), "enabled": alias.is_enabled}


def domain_add(context: Context) -> int:
    with runtime_of(context) as runtime:
        now = runtime.clock.micros()
        runtime.store.write(lambda tx: verbs.add_domain(tx, COMMAND_LINE, context.arguments.name, now))
        dkim_keys.make_missing(runtime)
        tx = runtime.store.read()
        domain = verbs.find_domain(tx, context.arguments.name)
        return context.answer(domain_data(tx, domain), f"{domain.name} is served now.")


def domain_list(context: Context) -> int:
    with runtime_of(context) as runtime:
        tx = runtime.store.read()
        rows = [domain_data(tx, d) for d in accounts.domains(tx)]
        return context.table(rows, ["name", "enabled", "accounts", "aliases"])


def domain_show(context: Context) -> int:
    with runtime_of(context) as runtime:
        tx = runtime.store.read()
        return _show(context, domain_data(tx, verbs.find_domain(tx, context.arguments.name)))


def domain_remove(context: Context) -> int:
    with runtime_of(context) as runtime:
        domain = verbs.find_domain(runtime.store.read(), context.arguments.name)
        runtime.store.write(lambda tx: verbs.remove_domain(tx, COMMAND_LINE, domain.id, runtime.clock.micros()))
        return context.answer({"removed": domain.name}, f"{domain.name} is no longer served.")


def domain_set(context: Context) -> int:
    arguments = context.arguments
    changes: dict[str, Any] = {}
    if arguments.catch_all is not None:
        changes["catch_all"] = arguments.catch_all
    if arguments.enabled is not None:
        changes["is_enabled"] = arguments.enabled == "on"
    if arguments.plus is not None:
        changes["plus_separator"] = arguments.plus
    changes |= {name: getattr(arguments, name) for name in ("max_accounts", "max_aliases", "max_lists") if getattr(arguments, name) is not None}
    changes |= {column: _size(text) for column, text in (("max_size_bytes", arguments.max_size), ("max_account_bytes", arguments.max_account_size)) if text}
    with runtime_of(context) as runtime:
        domain = verbs.find_domain(runtime.store.read(), arguments.name)
        runtime.store.write(lambda tx: verbs.set_domain(tx, COMMAND_LINE, domain.id, changes, runtime.clock.micros()))
        tx = runtime.store.read()
        return context.answer(domain_data(tx, verbs.find_domain(tx, arguments.name)), f"{domain.name} is changed.")


def domain_rename(context: Context) -> int:
    arguments = context.arguments
    with runtime_of(context) as runtime:
        domain, now = verbs.find_domain(runtime.store.read(), arguments.name), runtime.clock.micros()
        key = runtime.store.write(lambda tx: renaming.rename_domain(tx, COMMAND_LINE, domain.id, arguments.new, now, keeps_old=not arguments.forget_old))
        tx = runtime.store.read()
        return context.answer(domain_data(tx, verbs.find_domain(tx, key)), f"{domain.name} is {key} now. Look at its DNS records: ./roost dns check {key}")


def domain_add_name(context: Context) -> int:
    return _change_names(context, lambda tx, domain_id, now: renaming.add_name(tx, COMMAND_LINE, domain_id, context.arguments.other, now))


def domain_remove_name(context: Context) -> int:
    return _change_names(context, lambda tx, domain_id, now: renaming.remove_name(tx, COMMAND_LINE, domain_id, context.arguments.other, now))


def _change_names(context: Context, change: Callable[[Tx, int, int], object]) -> int:
    with runtime_of(context) as runtime:
        domain, now = verbs.find_domain(runtime.store.read(), context.arguments.name), runtime.clock.micros()
        runtime.store.write(lambda tx: change(tx, domain.id, now))
        data = domain_data(runtime.store.read(), domain)
        return context.answer(data, f"{domain.name} is also called: {', '.join(data['other_names']) or 'nothing else'}.")


def account_add(context: Context) -> int:
    arguments = context.arguments
    password = _password(context)
    hashed = verbs.checked_hash(password) if password is not None else ldap.STORED if arguments.ldap else ""
    with runtime_of(context) as runtime:
        domain = accounts.domain(runtime.store.read(), arguments.address.rpartition("@")[2].lower())
        default = runtime.settings.get("quota.default", domain_id=domain.id if domain else None)
        runtime.store.write(
            lambda tx: verbs.add_account(
                tx, COMMAND_LINE, arguments.address, runtime.clock.micros(), password_hash=hashed, display_name=arguments.name or "",
                quota_bytes=_size(arguments.quota), role=arguments.role or "user", default_quota=default,
            )
        )  # fmt: skip
        account = verbs.find_account(runtime.store.read(), arguments.address)
        note = "" if hashed else " It has no password yet: ./roost account set ADDRESS --password-stdin"
        return context.answer(account_data(account), f"{account.address} is made.{note}")


def account_set(context: Context) -> int:
    arguments = context.arguments
    password = _password(context)
    hashed = verbs.checked_hash(password) if password is not None else None
    changes: dict[str, Any] = {}
    if arguments.quota is not None:
        changes["quota_bytes"] = _size(arguments.quota)
    if arguments.role is not None:
        changes["role"] = arguments.role
    if arguments.name is not None:
        changes["display_name"] = arguments.name
    if arguments.enabled is not None:
        changes["is_enabled"] = arguments.enabled == "on"
    if arguments.language is not None:
        changes["locale"] = arguments.language
    if arguments.time_zone is not None:
        changes["time_zone"] = arguments.time_zone
    with runtime_of(context) as runtime:
        now = runtime.clock.micros()
        account = verbs.find_account(runtime.store.read(), arguments.address)

        def change(tx: Tx) -> None:
            if changes:
                verbs.set_account(tx, COMMAND_LINE, account.id, dict(changes), now)
            if hashed is not None:
                verbs.set_password(tx, COMMAND_LINE, account.id, hashed, now)
            if arguments.ldap:
                verbs.sign_in_by_directory(tx, COMMAND_LINE, account.id, now)

        runtime.store.write(change)
        return context.answer(account_data(verbs.find_account(runtime.store.read(), arguments.address)), f"{account.address} is changed.")


def account_merge(context: Context) -> int:
    arguments = context.arguments
    with runtime_of(context) as runtime:
        account = verbs.find_account(runtime.store.read(), arguments.address)
        if arguments.mailbox:
            verb = role_names.keep_apart if arguments.leave else role_names.merge
            runtime.store.write(lambda tx: verb(tx, COMMAND_LINE, account.id, arguments.mailbox, runtime.clock.micros()))
        found = role_names.offers(runtime.store.read(), account.id)
        return context.table([{"mailbox": o.box.name, "into": o.home.name, "messages": o.box.message_count} for o in found], ["mailbox", "into", "messages"])


def account_use(context: Context) -> int:
    arguments = context.arguments
    with runtime_of(context) as runtime:
        account, now = verbs.find_account(runtime.store.read(), arguments.address), runtime.clock.micros()
        runtime.store.write(lambda tx: role_names.give_role(tx, COMMAND_LINE, account.id, arguments.mailbox, arguments.role, now))
        return context.answer({"address": account.address, "mailbox": arguments.mailbox, "role": arguments.role}, f"{arguments.mailbox} is {account.address}'s mailbox for {arguments.role} now.")


def account_rename(context: Context) -> int:
    arguments = context.arguments
    with runtime_of(context) as runtime:
        account, now = verbs.find_account(runtime.store.read(), arguments.address), runtime.clock.micros()
        key = runtime.store.write(lambda tx: renaming.rename_account(tx, COMMAND_LINE, account.id, arguments.new, now, keeps_old=not arguments.forget_old))
        return context.answer(account_data(verbs.find_account(runtime.store.read(), key)), f"{account.address} is {key} now.")


def account_list(context: Context) -> int:
    with runtime_of(context) as runtime:
        tx = runtime.store.read()
        domain_id = verbs.find_domain(tx, context.arguments.domain).id if context.arguments.domain else None
        rows = [account_data(a) for a in accounts.accounts(tx, domain_id, limit=1_000_000)]
        return context.table(rows, ["address", "role", "enabled", "used_bytes", "quota_bytes"])


def account_show(context: Context) -> int:
    with runtime_of(context) as runtime:
        return _show(context, account_data(verbs.find_account(runtime.store.read(), context.arguments.address)))


def account_remove(context: Context) -> int:
    with runtime_of(context) as runtime:
        account = verbs.find_account(runtime.store.read(), context.arguments.address)
        runtime.store.write(lambda tx: verbs.remove_account(tx, COMMAND_LINE, account.id, runtime.clock.micros()))
        return context.answer({"removed": account.address}, f"{account.address} and its mail are removed.")


def _find_alias(tx: Tx, address: str) -> accounts.Alias:
    found = accounts.alias_by_address(tx, verbs.clean_targets([address])[0])
    if found is None:
        raise MailError(Reason.NOT_FOUND, f"There is no alias {address}.")
    return found


def alias_add(context: Context) -> int:
    arguments = context.arguments
    with runtime_of(context) as runtime:
        runtime.store.write(lambda tx: verbs.add_alias(tx, COMMAND_LINE, arguments.address, arguments.targets, runtime.clock.micros()))
        alias = _find_alias(runtime.store.read(), arguments.address)
        return context.answer(alias_data(alias), f"{alias.address} leads to {', '.join(alias.targets)}.")


def alias_set(context: Context) -> int:
    arguments = context.arguments
    switch = None if arguments.enabled is None else arguments.enabled == "on"
    with runtime_of(context) as runtime:
        alias = _find_alias(runtime.store.read(), arguments.address)
        runtime.store.write(
            lambda tx: verbs.set_alias(tx, COMMAND_LINE, alias.id, runtime.clock.micros(), targets=arguments.targets or None, is_enabled=switch)
        )
        return context.answer(alias_data(_find_alias(runtime.store.read(), arguments.address)), f"{alias.address} is changed.")


def alias_list(context: Context) -> int:
    with runtime_of(context) as runtime:
        tx = runtime.store.read()
        domain_id = verbs.find_domain(tx, context.arguments.domain).id if context.arguments.domain else None
        rows = [alias_data(a) for a in accounts.aliases(tx, domain_id, limit=1_000_000)]
        if not context.is_json:
            rows = [{**r, "targets": ", ".join(r["targets"])} for r in rows]
        return context.table(rows, ["address", "targets", "enabled"])


def alias_show(context: Context) -> int:
    with runtime_of(context) as runtime:
        return _show(context, alias_data(_find_alias(runtime.store.read(), context.arguments.address)))


def alias_remove(context: Context) -> int:
    with runtime_of(context) as runtime:
        alias = _find_alias(runtime.store.read(), context.arguments.address)
        runtime.store.write(lambda tx: verbs.remove_alias(tx, COMMAND_LINE, alias.id, runtime.clock.micros()))
        return context.answer({"removed": alias.address}, f"{alias.address} is removed.")


def admin_reset(context: Context) -> int:
    arguments = context.arguments
    password = sys.stdin.readline().rstrip("\r\n") if arguments.password_stdin else secrets.token_urlsafe(12)
    hashed = verbs.checked_hash(password)
    with runtime_of(context) as runtime:
        now = runtime.clock.micros()
        account = _admin_account(runtime.store.read(), arguments.address)

        def reset(tx: Tx) -> None:
            verbs.set_password(tx, COMMAND_LINE, account.id, hashed, now)
            verbs.set_account(tx, COMMAND_LINE, account.id, {"is_enabled": True}, now)
            if arguments.totp:
                accounts.set_account(tx, account.id, totp_secret="", totp_last_step=0)
            if arguments.unban:
                access.lift_all_bans(tx)

        runtime.store.write(reset)
        data = {"address": account.address, "totp_removed": arguments.totp, "unbanned": arguments.unban}
        shown = "" if arguments.password_stdin else f" The new password is {password}"
        return context.answer({**data, **({} if arguments.password_stdin else {"password": password})}, f"{account.address} can sign in again.{shown}")


def _admin_account(tx: Tx, address: str | None) -> accounts.Account:
    if address:
        return verbs.find_account(tx, address)
    rows: Sequence[Any] = tx.all("SELECT address FROM accounts WHERE role = 'server-admin' AND deleted_at IS NULL ORDER BY id LIMIT 1")
    if not rows:
        raise MailError(Reason.NOT_FOUND, "There is no server admin yet. Finish set-up: ./roost setup --help")
    return verbs.find_account(tx, rows[0][0])


def _show(context: Context, data: dict[str, Any]) -> int:
    width = max(len(k) for k in data)
    return context.answer(data, "\n".join(f"{k.ljust(width)}  {v}" for k, v in data.items()))
