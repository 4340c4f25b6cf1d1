"""Lists on both databases: whom a list reaches, the limits of lists in lists, the window of bounces."""

from mailcore.base.clock import DAY, FixedClock
from mailcore.directory import list_verbs, lists, verbs
from mailcore.directory.actor import COMMAND_LINE
from mailcore.mail.address import Address
from mailcore.store import Store, Tx
from mailcore.store import lists as rows

WINDOW = 14 * DAY // 1_000_000


def test_a_chain_of_lists_is_followed_to_its_depth_and_no_reader_comes_twice(store: Store, clock: FixedClock) -> None:
    now = clock.micros()

    def live(tx: Tx) -> int:
        verbs.add_domain(tx, COMMAND_LINE, "x.test", now)
        verbs.add_account(tx, COMMAND_LINE, "ann@x.test", now)
        verbs.add_alias(tx, COMMAND_LINE, "also@x.test", ["ann@x.test", "l0@x.test"], now)
        for number in range(40):
            members = [f"l{number + 1}@x.test", f"r{number}@far.test", "ann@x.test", "also@x.test"]
            list_verbs.add(tx, COMMAND_LINE, f"l{number}@x.test", now, members=members, limit=10)
        return list_verbs.find(tx, "l0@x.test").id

    list_id = store.write(live)
    tx = store.read()
    found = rows.by_id(tx, list_id)
    assert found is not None
    reached = lists.readers(tx, found, Address.parse("eve@far.test"), is_signed_in=False)
    names = [target.address for target in reached.targets]
    assert names.count("ann@x.test") == 1 and len(names) == len(set(names)) and "l1@x.test" not in names
    assert [n for n in names if n.startswith("r")] == [f"r{n}@far.test" for n in range(26)]
    assert ("l26@x.test", "it lies too deep inside other lists") in reached.left_out
    assert len(rows.nested(tx, list_id)) == rows.MAX_DEPTH


def test_bounces_are_counted_in_a_window_and_the_last_one_pauses(store: Store, clock: FixedClock) -> None:
    now = clock.micros()

    def live(tx: Tx) -> int:
        verbs.add_domain(tx, COMMAND_LINE, "x.test", now)
        list_id = list_verbs.add(tx, COMMAND_LINE, "l@x.test", now, members=["bob@far.test"], limit=10)
        return rows.members(tx, list_id)[0].id

    member = store.write(live)

    def bounce(at: int) -> str:
        return store.write(lambda tx: list_verbs.count_bounce(tx, member, at, limit=5, window_seconds=WINDOW))

    assert [bounce(now + n * DAY) for n in range(4)] == ["counted"] * 4
    assert bounce(now + 15 * DAY) == "counted", "the first is longer ago than the window"
    assert [bounce(now + (16 + n) * DAY) for n in range(3)] == ["counted"] * 3, "and so on: four within any fourteen days"
    assert [bounce(now + (19 + n) * DAY) for n in range(2)] == ["paused", "paused before"]
    assert store.write(lambda tx: list_verbs.count_bounce(tx, 999, now, limit=5, window_seconds=WINDOW)) == "gone"
