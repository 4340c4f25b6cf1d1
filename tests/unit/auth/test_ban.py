"""Wrong passwords are counted as people make them, not as old telephones repeat them; a ban stops sign-ins alone."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mailcore.auth.login import Attempt, Doorkeeper
from mailcore.auth.passwords import hash_password
from mailcore.base.clock import DAY
from mailcore.base.errors import MailError, Reason
from mailcore.base.secret import Secret
from mailcore.config.environment import Config, prepare_data_dir
from mailcore.directory import verbs
from mailcore.directory.actor import COMMAND_LINE
from mailcore.runtime.runtime import Runtime, open_runtime
from mailcore.settings import values
from mailcore.store import open_store, schema
from tests.conftest import CountingRandom

MOST = 4


@pytest.fixture
def runtime(tmp_path: Path) -> Iterator[Runtime]:
    config = Config(data_dir=tmp_path, dns="none", hostname="mx.x.test")
    prepare_data_dir(config)
    store = open_store(data_dir=tmp_path, database_url="", blob_url="", random=CountingRandom())
    schema.migrate(store.database, now_text="t")
    store.close()
    made = open_runtime(config, name="test")
    made.log.set_level("error")
    made.store.write(lambda tx: verbs.add_domain(tx, COMMAND_LINE, "x.test", 1))
    for name in ("ann", "bob"):
        number = made.store.write(lambda tx, name=name: verbs.add_account(tx, COMMAND_LINE, f"{name}@x.test", 1))
        made.store.write(lambda tx, number=number: tx.run("UPDATE accounts SET password_hash = :h WHERE id = :i", {"h": hash_password(Secret("right one")), "i": number}))
    made.store.write(lambda tx: values.write(tx, "signin.max_failures", MOST, actor="t", now=1))
    made.settings.refresh()
    yield made
    made.close()


@pytest.fixture
def tries(runtime: Runtime) -> Callable[..., str]:
    keeper = Doorkeeper(runtime)

    def one(password: str, ip: str = "192.0.2.9", login: str = "ann@x.test") -> str:
        """"in", or the reason."""
        try:
            keeper.sign_in(Attempt(login=login, password=Secret(password), protocol="imap", ip=ip, is_tls=True))
        except MailError as error:
            return "banned" if error.reason is Reason.BANNED else "wrong"
        return "in"

    return one


def test_different_wrong_passwords_ban_and_the_same_one_counts_once(tries: Callable[..., str]) -> None:
    assert [tries("an old one") for _ in range(MOST * 3)] == ["wrong"] * MOST * 3
    assert [tries(f"guess {n}") for n in range(MOST - 1)] == ["wrong"] * (MOST - 1)
    assert tries("right one") == "banned" and tries("right one", login="bob@x.test") == "banned", "the address is"
    assert tries("right one", ip="192.0.2.10") == "in"


def test_an_ipv6_network_is_one_address(tries: Callable[..., str]) -> None:
    for number in range(MOST):
        tries(f"guess {number}", ip=f"2001:db8:0:1::{number + 1:x}")
    assert tries("right one", ip="2001:db8:0:1::ffff") == "banned" and tries("right one", ip="2001:db8:0:2::1") == "in"


def test_an_address_with_a_good_sign_in_gets_ten_times_more(tries: Callable[..., str]) -> None:
    assert tries("right one") == "in"
    for number in range(MOST * 10 - 1):
        assert tries(f"guess {number}") == "wrong"
    assert tries("the last guess") == "wrong" and tries("right one") == "banned"


def test_a_good_sign_in_of_a_month_ago_counts_no_more(runtime: Runtime, tries: Callable[..., str]) -> None:
    assert tries("right one") == "in"
    runtime.store.write(lambda tx: tx.run("UPDATE sign_ins SET at = at - :d", {"d": 31 * DAY}))
    assert [tries(f"guess {n}") for n in range(MOST)] == ["wrong"] * MOST and tries("right one") == "banned"


def test_loopback_is_never_banned(tries: Callable[..., str]) -> None:
    for number in range(MOST * 2):
        assert tries(f"guess {number}", ip="127.0.0.1") == "wrong"
    assert tries("right one", ip="127.0.0.1") == "in"


def test_a_success_forgives_the_wrong_passwords_of_its_account_from_there_each_time(tries: Callable[..., str]) -> None:
    """Also the second success within minutes, which is not written down again, and however the account was called."""
    assert tries("right one") == "in", "from here on ten times more are forgiven"
    for login in ("ann@x.test", "ann"):
        for round_ in range(2):
            for number in range(MOST * 3):
                assert tries(f"{login} {round_} {number}", login=login) == "wrong"
            assert tries("right one") == "in"
    for number in range(MOST * 10 - 1):
        assert tries(f"guess {number}", login="bob@x.test") == "wrong"
    assert tries("right one") == "in", "and only those of its own account"
    assert tries("the last guess", login="bob@x.test") == "wrong" and tries("right one") == "banned"
