"""Counters in our own table: atomic, shared by processes, kept over restarts, keys unreadable (trap 9)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.core.clock import frozen, now
from app.core.db import admin_db
from app.core.uow import unit_of_work
from app.security.models import Throttle
from app.security.throttle import RULES, TableStorage, Throttles, TooManyAttempts, spoken
from tests.conftest import Urls


def test_counting_is_atomic(databases: Urls) -> None:
    """Twenty threads, two hundred hits, none lost."""
    storage = TableStorage(db=admin_db, model=Throttle)
    with ThreadPoolExecutor(8) as pool:
        counts = list(pool.map(lambda _n: storage.incr("k", 60), range(80)))
    assert sorted(counts) == list(range(1, 81))
    assert storage.get("k") == 80


def test_a_window_that_is_over_starts_anew(databases: Urls) -> None:
    """And `get` no longer sees it."""
    storage = TableStorage(db=admin_db, model=Throttle)
    start = now()
    with frozen(start):
        assert storage.incr("k", 60) == 1
        assert storage.incr("k", 60, 3) == 4
    with frozen(start + timedelta(seconds=61)):
        assert storage.get("k") == 0
        assert storage.incr("k", 60) == 1


def test_another_process_sees_the_counts(databases: Urls) -> None:
    """Two objects over one table, as two processes have, and as one has after a restart."""
    one, two = (Throttles(admin_db, Throttle) for _ in range(2))
    for _ in range(5):
        one.count("sign-in account here", "claire", "192.0.2.1")
    with pytest.raises(TooManyAttempts):
        two.count("sign-in account here", "claire", "192.0.2.1")
    two.count("sign-in account here", "claire", "192.0.2.2")
    two.count("sign-in account here", "paul", "192.0.2.1")


def test_a_success_forgives(databases: Urls) -> None:
    """Whoever gets in starts afresh, and does not use up the staff room's attempts."""
    limits = Throttles(admin_db, Throttle)
    for _ in range(20):
        with limits.sign_in("Claire ", "192.0.2.1"):
            pass
    assert admin_db.session.scalar(select(Throttle.hits).where(Throttle.hits > 0)) is None


def test_the_wait_is_said(databases: Urls) -> None:
    """« Réessayez dans n minutes », and it is true."""
    limits = Throttles(admin_db, Throttle)
    start = now()
    with frozen(start), pytest.raises(TooManyAttempts) as refused:
        for _ in range(6):
            limits.count("sign-in account here", "claire", "192.0.2.1")
    assert refused.value.wait == 15 * 60
    assert refused.value.hint == "Réessayez dans 15 minutes."
    with frozen(start + timedelta(minutes=15, seconds=1)):
        limits.count("sign-in account here", "claire", "192.0.2.1")


def test_keys_are_hashed(databases: Urls) -> None:
    """Neither names nor addresses can be read in the table."""
    Throttles(admin_db, Throttle).count("sign-in account", "claire.vasseur")
    keys = admin_db.session.scalars(select(Throttle.key_hash)).all()
    assert len(keys) == 1 and len(keys[0]) == 64 and "claire" not in keys[0]


def test_a_count_inside_a_unit_of_work_is_an_error_on_sqlite(sqlite_databases: Urls) -> None:
    """It would wait thirty seconds for itself."""
    with unit_of_work(), pytest.raises(RuntimeError):
        Throttles(admin_db, Throttle).count("mail account", "x")


@pytest.mark.parametrize(("seconds", "words"), [(1, "1 seconde"), (59, "59 secondes"), (60, "1 minute"),
                                                (61, "2 minutes"), (900, "15 minutes")])  # fmt: skip
def test_spoken(seconds: int, words: str) -> None:
    """Whole minutes, rounded up."""
    assert spoken(seconds) == words


def test_an_address_may_try_more_often_than_an_account() -> None:
    """A whole staff room leaves by one address."""
    amounts = {name: int(rule.split()[0]) for name, rule in RULES.items()}
    assert amounts["sign-in address"] >= 20 * amounts["sign-in account here"]
