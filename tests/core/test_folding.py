"""Text compared as people read it, the same in Python and in both kinds of database."""

from __future__ import annotations

import pytest
from sqlalchemy import literal, select

from app.core.db import admin_db
from app.core.folding import fold, folded
from tests.conftest import Urls

WORDS = ["Élodie", "LE CŒUR", "O’Connor", "Jean-Noël", "Çelik", "ÅSE Ñandú", "d'Orgeval", "Łukasz", "",
         "6e A", "œuvre", "Æsop"]


@pytest.mark.parametrize("word", WORDS)
def test_sql_folds_as_python_does(databases: Urls, word: str) -> None:
    """One search box, one order, whatever the database."""
    assert admin_db.session.scalar(select(fold(literal(word)))) == folded(word)


def test_nothing_stays_nothing(databases: Urls) -> None:
    """NULL folds to NULL."""
    assert admin_db.session.scalar(select(fold(None))) is None


def test_folded() -> None:
    """The examples of the module."""
    assert folded("Élodie Le Cœur") == "elodie le coeur"
