"""The compiled filters that a process keeps."""

from types import SimpleNamespace
from typing import Any

from mailcore.base.clock import FixedClock
from mailcore.delivery import sift
from mailcore.store import Store, accounts, scripts

NOW = 1_700_000_000_000_000


def test_a_thread_may_drop_a_filter_while_another_looks_for_it(sqlite_store: Store, clock: FixedClock) -> None:
    """With more people than are kept, the delivery to one of them used to fail now and then."""

    def people(tx: Any) -> int:
        made = accounts.add_account(tx, accounts.add_domain(tx, "x.test", NOW), "a@x.test", NOW)
        scripts.put(tx, made, "mine", "keep;", NOW)
        scripts.activate(tx, made, "mine", NOW)
        return made

    number, kept = sqlite_store.write(people), sift.Programs()

    class Version(int):
        def __ne__(self, other: object) -> bool:
            kept._own.clear()  # as a thread with another person's mail does
            return int(self) != other

    runtime: Any = SimpleNamespace(clock=clock, caches={})
    for version in (1, Version(1)):
        target: Any = SimpleNamespace(account_id=number, domain_id=1, filters_version=version)
        assert [scope for _script, scope in kept.of(runtime, sqlite_store.read(), target)] == [sift.OWN]
