"""Text compared as people read it: without case and without accents, the same on SQLite and on PostgreSQL."""

from __future__ import annotations

import sqlite3
from typing import Any

from sqlalchemy import Engine, Text, event
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction

_PLAIN = {
    "a": "àáâãäåā",
    "c": "çćč",
    "e": "èéêëēėę",
    "i": "ìíîïī",
    "l": "ł",
    "n": "ñń",
    "o": "òóôõöøō",
    "s": "śš",
    "u": "ùúûüū",
    "y": "ýÿ",
    "z": "źżž",
}
# Capitals too: a PostgreSQL database in the C locale lowers ASCII only.
_FROM = "".join(accented + accented.upper() for accented in _PLAIN.values()) + "’"
_TO = "".join(letter * 2 * len(accented) for letter, accented in _PLAIN.items()) + "'"
_TABLE = str.maketrans(_FROM, _TO) | {ord("œ"): "oe", ord("æ"): "ae"}


def folded(text: str) -> str:
    """« Élodie Le Cœur » → « elodie le coeur »."""
    return text.lower().translate(_TABLE)


class fold(GenericFunction[str]):  # noqa: N801 - named like the SQL functions it stands beside
    """`fold(column)` in SQL, equal to `folded(text)` in Python."""

    type = Text()
    inherit_cache = True
    name = "livret_fold"


@compiles(fold, "postgresql")
def _fold_postgresql(element: Any, compiler: Any, **options: Any) -> str:
    inner = compiler.process(element.clauses, **options)
    plain_apostrophe = _TO.replace("'", "''")
    text = f"translate(lower({inner}), '{_FROM}', '{plain_apostrophe}')"
    for letter, pair in (("œ", "oe"), ("Œ", "oe"), ("æ", "ae"), ("Æ", "ae")):
        text = f"replace({text}, '{letter}', '{pair}')"
    return text


@event.listens_for(Engine, "connect")
def _teach_sqlite(connection: Any, _record: Any) -> None:
    if isinstance(connection, sqlite3.Connection):
        connection.create_function(
            "livret_fold", 1, lambda text: None if text is None else folded(str(text)), deterministic=True
        )
