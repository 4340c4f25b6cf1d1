"""New names on both databases: every column that leads to an address follows, and no longer address is touched."""

from mailcore.base.clock import FixedClock
from mailcore.directory import renaming, verbs
from mailcore.directory.actor import COMMAND_LINE
from mailcore.store import Store, Tx, accounts, filters


def test_a_renamed_domain_is_followed_by_addresses_targets_and_programs(store: Store, clock: FixedClock) -> None:
    now = clock.micros()

    def live(tx: Tx) -> int:
        domain_id = verbs.add_domain(tx, COMMAND_LINE, "old.test", now)
        verbs.add_domain(tx, COMMAND_LINE, "other.test", now)
        account_id = verbs.add_account(tx, COMMAND_LINE, "ann@old.test", now)
        verbs.add_alias(tx, COMMAND_LINE, "all@other.test", ["ann@old.test", "ann@old.test.example", "x@sub.old.test"], now)
        filters.put_form(tx, f"account:{account_id}", "forward", '{"text":"to\\nann@old.test"}', now)
        filters.put_form(tx, f"account:{account_id}", "away-program", 'redirect "ann@OLD.test";', now)
        renaming.rename_domain(tx, COMMAND_LINE, domain_id, "new.test", now + 1)
        return account_id

    account_id, tx = store.write(live), store.read()
    account, alias = accounts.account(tx, account_id), accounts.alias_by_address(tx, "all@other.test")
    assert account is not None and account.address == "ann@new.test" and account.filters_version == now + 1
    assert accounts.lookup(tx, "ann@new.test") == ("account", account_id) and accounts.lookup(tx, "ann@old.test") is None
    assert alias is not None and alias.targets == ("ann@new.test", "ann@old.test.example", "x@sub.old.test")
    assert filters.form(tx, f"account:{account_id}", "forward") == '{"text":"to\\nann@new.test"}'
    assert filters.form(tx, f"account:{account_id}", "away-program") == 'redirect "ann@new.test";'
    assert accounts.domain_alias(tx, "old.test") == account.domain_id
