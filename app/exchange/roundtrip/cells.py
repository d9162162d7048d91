"""One cell of a sheet as a stored value, or what is wrong with it in words. Types are kept: dates are dates, codes are
texts; a postcode that a program turned into a number has lost its zeros and is refused rather than guessed."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from app.exchange.fields import EARLIEST, either_date, one_line
from app.exchange.roundtrip.columns import SheetField
from app.exchange.spreadsheets import ILLEGAL_CHARACTERS_RE


class CellProblem(ValueError):
    """What is wrong with a cell, in French."""


def value_in(cell: Any, column: SheetField) -> Any:
    """The value of a cell for a column; None when it is empty. Raises `CellProblem`."""
    value = plain_value(cell)
    if value is None:
        return None
    if column.kind == "date":
        return _day(value)
    text = _text(value, column)
    return _stored(text, column) if column.words and text else text


def plain_value(cell: Any) -> Any:
    """What a cell holds, without a formula and without an error. Raises `CellProblem`."""
    kind = getattr(cell, "data_type", "n")
    if kind == "f":
        raise CellProblem("c'est une formule : remplacez-la par sa valeur")
    if kind == "e":
        raise CellProblem(f"c'est une erreur de tableur ({cell.value}) : corrigez ou effacez la cellule")
    value = cell.value
    return None if isinstance(value, str) and not value.strip() else value


def identifier_in(cell: Any) -> int | None:
    """The number by which a line is found; None for a new line. Raises `CellProblem`."""
    value = plain_value(cell)
    if value is None:
        return None
    if isinstance(value, str):
        value = int(value) if value.strip().isascii() and value.strip().isdigit() and len(value) < 12 else value
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 2**31:
        raise CellProblem("ce n'est pas un identifiant de Livret : reprenez celui de l'export")
    return value


def _day(value: Any) -> date:
    found = value.date() if isinstance(value, datetime) else value
    if isinstance(value, str):
        found = either_date(value)
    if not isinstance(found, date) or found < EARLIEST:
        raise CellProblem(f"« {str(value)[:30]} » n'est pas une date : écrivez par exemple 17/05/2014")
    return found


def _text(value: Any, column: SheetField) -> str | None:
    if isinstance(value, str):
        return one_line(ILLEGAL_CHARACTERS_RE.sub("", value))
    if isinstance(value, date):
        raise CellProblem("c'est une date, alors que cette colonne contient du texte")
    if column.kind == "mark" and not isinstance(value, bool):
        return f"{value:.10g}"
    if column.kind == "code":
        raise CellProblem(f"{value} est un nombre, ses zéros de tête ont pu se perdre : "
                          "mettez la cellule au format Texte et ressaisissez-la")  # fmt: skip
    if isinstance(value, bool) or not isinstance(value, int):
        raise CellProblem(f"« {str(value)[:30]} » n'est pas du texte")
    return str(value)


def _stored(text: str, column: SheetField) -> str:
    for stored, word in column.words.items():
        if text.casefold() in (word.casefold(), stored.casefold()):
            return stored
    raise CellProblem(f"« {text[:30]} » n'est pas possible ici : {' ou '.join(column.words.values())}")
