"""The columns of the statistics, in the words of the guide (M107, M108), and the same tables as spreadsheets."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from flask_babel import lazy_gettext as _l

from app.access.statistics import Figures, SchoolLine, SchoolStatistics
from app.access.statistics_rows import Holder
from app.exchange.spreadsheets import SheetColumn

Say = Callable[[Any], str]  # turns a title into words of one language


class FigureColumn(NamedTuple):
    """A column: the name of the figure, what it is called, and whether it is a percentage."""

    name: str
    title: Any
    share: bool = False


_NOTIFIED = FigureColumn("notified", _l("Number of codes notified"))
_REFUSED = FigureColumn("refused", _l("Number of refusals of the online services"))
_ACCOUNTS = FigureColumn("accounts", _l("Number of accounts created"))
_YEAR_SHARE = FigureColumn("accounts_year_share", _l("% created in the current year"), True)

COLUMNS: dict[Holder, tuple[FigureColumn, ...]] = {
    "pupil": (
        FigureColumn("people", _l("Number of pupils")), _REFUSED, _NOTIFIED, _ACCOUNTS,
        FigureColumn("accounts_share", _l("% of pupils with an account created"), True), _YEAR_SHARE,
    ),
    "guardian": (
        FigureColumn("people", _l("Number of guardians")), _REFUSED, _NOTIFIED,
        FigureColumn("notified_year", _l("Number of codes notified in the current year")), _ACCOUNTS,
        FigureColumn("accounts_share", _l("% of guardians with an account created"), True), _YEAR_SHARE,
        FigureColumn("reached_share", _l("% of pupils with at least one guardian who has an account"), True),
    ),
}  # fmt: skip
TITLES: dict[Holder, Any] = {"pupil": _l("Summary of pupils' codes"), "guardian": _l("Summary of guardians' codes")}
SUM, WHOLE = _l("Sum"), _l("School")
NO_GROUP = {"college": _l("Without programme (MEF)"), "ecole": _l("Without level")}
NO_DIVISION = _l("Without division")


def cells(holder: Holder, figures: Figures) -> tuple[Any, ...]:
    """The figures of a line in the order of its columns: whole numbers, and decimal ones for percentages."""
    found = (getattr(figures, column.name) for column in COLUMNS[holder])
    return tuple(float(value) if column.share and value is not None else value
                 for column, value in zip(COLUMNS[holder], found, strict=True))  # fmt: skip


def table_rows(holder: Holder, found: SchoolStatistics, say: Say = str) -> Iterator[tuple[Any, ...]]:
    """The line of the school, then each table with its sum: (programme, division, figures…)."""
    yield say(WHOLE), None, *cells(holder, found.school.figures)
    for table in found.tables:
        label = table.label or say(NO_GROUP[found.school.kind])
        for line in table.lines:
            yield label, line.label or say(NO_DIVISION), *cells(holder, line.figures)
        yield label, say(SUM), *cells(holder, table.total)


def school_rows(holder: Holder, schools: Iterable[SchoolLine], say: Say = str) -> Iterator[tuple[Any, ...]]:
    """A line for each school, then their sum: (UAI, name, town, figures…)."""
    total = Figures()
    for school in schools:
        total += school.figures
        yield school.uai, school.name, school.city, *cells(holder, school.figures)
    yield None, say(SUM), None, *cells(holder, total)


def table_columns(holder: Holder, say: Say = str) -> list[SheetColumn]:
    """The columns of a school's tables."""
    return [SheetColumn(say(_l("Programme (MEF) or level"))), SheetColumn(say(_l("Division")), width=16),
            *_figure_columns(holder, say)]  # fmt: skip


def school_columns(holder: Holder, say: Say = str) -> list[SheetColumn]:
    """The columns of the list of schools."""
    return [SheetColumn(say(_l("UAI")), width=12), SheetColumn(say(_l("School")), width=36),
            SheetColumn(say(_l("Town"))), *_figure_columns(holder, say)]  # fmt: skip


def _figure_columns(holder: Holder, say: Say) -> list[SheetColumn]:
    return [SheetColumn(say(column.title), "percent" if column.share else "number") for column in COLUMNS[holder]]
