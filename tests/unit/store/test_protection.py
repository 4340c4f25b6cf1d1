"""What protection remembers, on both databases."""

from mailcore.store import Store, protection
from mailcore.store.protection import BlockListState, IpRange, Triplet

RANGE = IpRange(name="Office", priority=5, lower="0" * 32, upper="f" * 32, protocols="smtp", allowed="", needs_auth="")


def test_a_triplet_is_kept_changed_and_forgotten(store: Store) -> None:
    store.write(lambda tx: protection.put_triplet(tx, "n", "s", "r", Triplet(first_at=1, last_at=1, passed_at=None)))
    store.write(lambda tx: protection.put_triplet(tx, "n", "s", "r", Triplet(first_at=1, last_at=9, passed_at=9)))
    assert protection.triplet(store.read(), "n", "s", "r") == Triplet(first_at=1, last_at=9, passed_at=9)
    assert store.write(lambda tx: protection.forget_triplets(tx, 10, 5, 100)) == 0
    assert store.write(lambda tx: protection.forget_triplets(tx, 10, 10, 100)) == 1


def test_a_range_of_the_same_name_is_changed_not_doubled(store: Store) -> None:
    store.write(lambda tx: protection.put_range(tx, RANGE))
    store.write(lambda tx: protection.put_range(tx, IpRange(name="Office", priority=9, lower="1", upper="2", protocols="imap", allowed="x", needs_auth="y", expires_at=50)))
    assert [(one.priority, one.protocols, one.expires_at) for one in protection.ranges(store.read(), 0)] == [(9, "imap", 50)]
    assert protection.ranges(store.read(), 50) == []


def test_words_are_counted_for_the_account_and_everyone_and_never_below_zero(store: Store) -> None:
    store.write(lambda tx: protection.count_words(tx, 7, [1, 2**62], spam=2, good=0))
    store.write(lambda tx: protection.count_words(tx, 7, [1], spam=-5, good=1))
    for account_id in (7, protection.EVERYONE):
        assert protection.word_counts(store.read(), account_id, [1, 2**62, 5]) == {1: (0, 1), 2**62: (2, 0)}


def test_a_lists_last_probe_stands(store: Store) -> None:
    for state in ("healthy", "suspended"):
        store.write(lambda tx, s=state: protection.put_block_list_state(tx, BlockListState(host="bl.test", state=s, detail="", checked_at=1)))
    assert {host: one.state for host, one in protection.block_list_states(store.read()).items()} == {"bl.test": "suspended"}


def test_what_an_email_was_learned_as_is_remembered_until_it_is_old(store: Store) -> None:
    store.write(lambda tx: protection.put_learned(tx, 7, 3, True, 1))
    store.write(lambda tx: protection.put_learned(tx, 7, 3, False, 2))
    assert protection.learned(store.read(), 7, 3) is False
    store.write(lambda tx: protection.forget_learned(tx, 3, 100))
    assert protection.learned(store.read(), 7, 3) is None
