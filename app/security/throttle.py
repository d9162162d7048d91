"""How often one may try. Counters live in our own table: shared by all processes, and a restart forgets nothing.

The counting is `limits`' fixed window; only its storage is ours (SECURITY_TRAPS 9). Keys are hashed under a key
that is not in the database, for they name people and addresses.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from math import ceil
from typing import Any

from limits import RateLimitItem, parse
from limits.storage import Storage
from limits.strategies import FixedWindowRateLimiter
from sqlalchemy import case, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError

from app.core.apart import own_transaction
from app.core.clock import now
from app.core.crypto import keyring
from app.core.db import Database
from app.core.errors import LivretError

# A whole staff room leaves by one address, so an address may try much more often than an account from it.
RULES: dict[str, str] = {
    "sign-in account here": "5 per 15 minutes",  # one account, from one address
    "sign-in account": "30 per hour",  # one account, from anywhere
    "sign-in address": "150 per 15 minutes",
    "code address": "30 per hour",  # activation codes tried from one address
    "code account": "10 per hour",
    "mail account": "5 per hour",  # links sent to one person
    "digits account": "10 per day",  # digits tried for one account: a million of them would otherwise be few
    "digits address": "60 per hour",
    "answers account": "5 per hour",  # answers to the questions of one account
    "contact account": "5 per hour",  # what one family writes to its schools
    "contact day": "20 per day",
    "recovery address": "30 per hour",  # « forgotten » asked from one address
    "link address": "60 per hour",  # single-use links tried from one address
}


class TooManyAttempts(LivretError):
    """The person must wait; `wait` is in seconds."""

    code = "too_many_attempts"
    status = 429

    def __init__(self, wait: int) -> None:
        hint = f"Réessayez dans {spoken(wait)}."
        super().__init__("Trop d'essais ont échoué. Par sécurité, la saisie est suspendue.", hint=hint, wait=wait)
        self.wait = wait


def spoken(seconds: int) -> str:
    """« 45 secondes », « 12 minutes »."""
    if seconds < 60:
        return f"{seconds} seconde{'s' if seconds > 1 else ''}"
    minutes = ceil(seconds / 60)
    return f"{minutes} minute{'s' if minutes > 1 else ''}"


class TableStorage(Storage):
    """Counters of `limits` in a table. One statement counts, so that no two attempts can count as one."""

    STORAGE_SCHEME = ["livret"]

    def __init__(self, uri: str | None = None, wrap_exceptions: bool = False, **options: Any) -> None:
        super().__init__(uri, wrap_exceptions)
        self.db: Database = options["db"]
        self.table = options["model"].__table__

    @property
    def base_exceptions(self) -> type[Exception]:
        """What may go wrong here."""
        return SQLAlchemyError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count `amount` more and return the count of the running window; a window that is over starts anew."""
        moment = now()
        table, columns = self.table, self.table.c
        dialect: Any = sqlite if self.db.is_sqlite else postgresql
        row = {"key_hash": _hashed(key), "hits": amount, "expires_at": moment + timedelta(seconds=expiry)}
        add = dialect.insert(table).values(row)
        over = columns.expires_at <= moment
        counted = add.on_conflict_do_update(
            index_elements=[columns.key_hash],
            set_={
                "hits": case((over, amount), else_=columns.hits + amount),
                "expires_at": case((over, add.excluded.expires_at), else_=columns.expires_at),
            },
        ).returning(columns.hits)
        with own_transaction(self.db) as connection:
            return int(connection.execute(counted).scalar_one())

    def get(self, key: str) -> int:
        """The count of the running window."""
        row = self._row(key)
        return row.hits if row else 0

    def get_expiry(self, key: str) -> float:
        """When the window ends, as a timestamp."""
        row = self._row(key)
        return (row.expires_at if row else now()).timestamp()

    def check(self) -> bool:
        """Whether the table answers."""
        with self.db.engine.connect() as connection:
            connection.execute(select(self.table.c.hits).limit(1))
        return True

    def reset(self) -> int | None:
        """Forget every counter."""
        with own_transaction(self.db) as connection:
            return connection.execute(delete(self.table)).rowcount

    def clear(self, key: str) -> None:
        """Forget one counter, and those whose window is over."""
        columns = self.table.c
        with own_transaction(self.db) as connection:
            connection.execute(
                delete(self.table).where((columns.key_hash == _hashed(key)) | (columns.expires_at <= now()))
            )

    def _row(self, key: str) -> Any:
        columns = self.table.c
        wanted = select(columns.hits, columns.expires_at).where(
            columns.key_hash == _hashed(key), columns.expires_at > now()
        )
        with self.db.engine.connect() as connection:
            return connection.execute(wanted).one_or_none()


def _hashed(key: str) -> str:
    _, secret = keyring().current("session")
    return hmac.new(secret, f"throttle:{key}".encode(), hashlib.sha256).hexdigest()


class Throttles:
    """The rules above over one table."""

    def __init__(self, db: Database, model: Any) -> None:
        self.storage = TableStorage(db=db, model=model)
        self._limiter = FixedWindowRateLimiter(self.storage)
        self._items: dict[str, RateLimitItem] = {name: parse(rule) for name, rule in RULES.items()}

    def count(self, rule: str, *who: str) -> None:
        """Count one attempt. Raises `TooManyAttempts` when it is one too many."""
        if not self._limiter.hit(self._items[rule], rule, *who):
            raise TooManyAttempts(self.wait(rule, *who))

    def forgive(self, rule: str, *who: str) -> None:
        """Take one attempt back: it succeeded."""
        item = self._items[rule]
        self.storage.incr(item.key_for(rule, *who), item.get_expiry(), amount=-1)

    def clear(self, rule: str, *who: str) -> None:
        """Forget the attempts counted under this rule."""
        self._limiter.clear(self._items[rule], rule, *who)

    def wait(self, rule: str, *who: str) -> int:
        """Seconds until the window ends."""
        ends = self._limiter.get_window_stats(self._items[rule], rule, *who).reset_time
        return max(1, ceil(ends - now().timestamp()))

    @contextmanager
    def sign_in(self, account: str, address: str) -> Iterator[None]:
        """Around one attempt to sign in: counted before the pass-phrase is looked at, forgiven when it is right
        (the block ends without an exception). `account` is what was typed, known or not: same answer for both."""
        name = account.strip().casefold()[:200]
        self.count("sign-in address", address)
        self.count("sign-in account here", name, address)
        self.count("sign-in account", name)
        yield
        self.clear("sign-in account here", name, address)
        self.clear("sign-in account", name)
        self.forgive("sign-in address", address)
