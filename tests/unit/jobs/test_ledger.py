"""What a restore must not take back, on both databases."""

from pathlib import Path

from mailcore.jobs import ledger
from mailcore.jobs.restore import put_aside
from mailcore.store import Store, access, accounts, dump, filters, jobs

NOW = 1_700_000_000_000_000
HOUR = 3_600_000_000


def test_what_is_said_again_is_what_was_collected(store: Store) -> None:
    def live(tx):
        account = accounts.add_account(tx, accounts.add_domain(tx, "d.test", NOW), "a@d.test", NOW)
        tx.run("INSERT INTO recovery_codes (account_id, code_hash, used_at) VALUES (:a, 'spent', :n)", {"a": account, "n": NOW})
        tx.run("INSERT INTO recovery_codes (account_id, code_hash) VALUES (:a, 'fresh')", {"a": account})
        filters.note_reply(tx, account, "h", "b@out.test", NOW)
        access.put_ban(tx, "192.0.2.7", "guessing", NOW, NOW + HOUR)
        access.put_ban(tx, "192.0.2.8", "long ago", NOW - HOUR, NOW + 1)
        return account

    account = store.write(live)
    found = ledger.collected(store.read(), NOW, ledger.Ledger())
    assert (found.replies, found.codes) == ([("a@d.test", "h", "b@out.test", NOW)], ["spent"]) and found.numbers["emails"] == 0

    def lose(tx):
        for table in ("replied", "bans"):
            tx.run(f"DELETE FROM {table}")
        tx.run("UPDATE recovery_codes SET used_at = NULL")

    store.write(lose)
    store.write(lambda tx: ledger.apply(tx, found, NOW + 2))
    tx = store.read()
    assert filters.last_reply(tx, account, "h", "b@out.test") == NOW
    assert [one[0] for one in access.bans(tx, NOW + 2)] == ["192.0.2.7"], "a ban that is over is not said again"
    assert tx.all("SELECT code_hash FROM recovery_codes WHERE used_at IS NULL") == [("fresh",)]
    assert dump.last_number(tx, "emails") == ledger.GAP


def test_the_newer_of_two_files_counts_and_a_broken_one_does_not(tmp_path: Path) -> None:
    one, two, three = (tmp_path / name for name in ("one", "two", "three"))
    for folder, text in ((one, '{"at": 5, "uidnext": 7}'), (two, '{"at": 9, "uidnext": 3}'), (three, '{"at": 99, "uid')):
        folder.mkdir()
        (folder / ledger.FILE).write_text(text)
    assert ledger.newest(one, two, three, tmp_path).uidnext == 3
    assert ledger.newest(tmp_path) == ledger.Ledger()


def test_only_what_writes_to_somebody_and_is_due_is_put_aside(store: Store) -> None:
    def ask(tx):
        return {kind: jobs.put(tx, kind, {}, NOW, next_at=at) for kind, at in (("send", NOW), ("announce", NOW), ("program", NOW), ("sweep", NOW), ("wake", NOW))} | {"later": jobs.put(tx, "send", {}, NOW, next_at=NOW + HOUR)}

    made = store.write(ask)
    store.write(lambda tx: put_aside(tx, NOW + 1))
    tx = store.read()
    assert {name for name, number in made.items() if (job := jobs.get(tx, number)) and job.state == "waiting"} == {"sweep", "wake", "later"}
