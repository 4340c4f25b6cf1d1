"""A file behind a link keeps its bytes from the sweep, is forgotten a day after its end, and goes with its person."""

from mailcore.base.clock import DAY, SECOND
from mailcore.store import Store, accounts, file_links
from mailcore.store.blobs import rows

NOW = 20_000 * DAY


def test_the_bytes_stay_as_long_as_the_link_and_a_day(store: Store) -> None:
    mine = store.write(lambda tx: accounts.add_account(tx, accounts.add_domain(tx, "x.test", NOW), "a@x.test", NOW))
    staged = [store.blobs.add(data) for data in (b"one", b"two")]
    for number, one in enumerate(staged):
        store.write(
            lambda tx, n=number, s=one: file_links.add(
                tx, mine, token=f"t{n}", name="f", size=3, blob_id=rows.claim(tx, s, NOW, store.blobs), password_hash="", expires_at=NOW + n * DAY, now=NOW
            )
        )
    assert file_links.used_bytes(store.read(), mine) == 6
    assert store.write(lambda tx: rows.mark_doomed(tx, NOW, 10)) == 0, "what a link names is in use"
    assert store.write(lambda tx: file_links.forget(tx, NOW + DAY, 10)) == 0, "for a day it can be opened again"
    assert store.write(lambda tx: file_links.forget(tx, NOW + DAY + 1, 10)) == 1
    assert [one.token for one in file_links.of_account(store.read(), mine)] == ["t1"]
    assert store.write(lambda tx: rows.mark_doomed(tx, NOW, 10)) == 1
    store.write(lambda tx: accounts.remove_account(tx, mine))
    assert file_links.by_token(store.read(), "t1") is None


def test_wrong_passwords_are_counted_from_the_first_of_a_quarter_of_an_hour(store: Store) -> None:
    number = store.write(lambda tx: file_links.add(tx, 1, token="t", name="f", size=1, blob_id=1, password_hash="x", expires_at=NOW + DAY, now=NOW))
    for seconds in (0, 100, 800):
        store.write(lambda tx, at=seconds: file_links.count_wrong(tx, number, NOW + at * SECOND))
    found = file_links.by_token(store.read(), "t")
    assert found is not None and (found.wrong, found.wrong_at) == (3, NOW)
    store.write(lambda tx: file_links.count_wrong(tx, number, NOW + 901 * SECOND))
    found = file_links.by_token(store.read(), "t")
    assert found is not None and (found.wrong, found.wrong_at) == (1, NOW + 901 * SECOND)
    store.write(lambda tx: file_links.count_download(tx, number, NOW))
    found = file_links.by_token(store.read(), "t")
    assert found is not None and (found.wrong, found.downloads) == (0, 1)
