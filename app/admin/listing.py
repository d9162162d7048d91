"""One list: filtered, sorted, paged. The page, the bulk actions and the spreadsheet all ask it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Select, func, inspect, select

from app.admin.columns import SCHOOL, Column, Columns, listed
from app.admin.declaration import Screen
from app.admin.filters import Criterion, conditions, criteria
from app.core.db import admin_db
from app.core.folding import fold
from app.core.scope import current_scope

PAGE_SIZES = (25, 50, 100)
CHUNK = 1000


@dataclass(frozen=True, slots=True)
class Paging:
    """Where we are in a list. Pages count from 0 in addresses and from 1 on screen."""

    page: int
    size: int
    count: int

    @property
    def last(self) -> int:
        """Number of the last page."""
        return max(0, (self.count - 1) // self.size)

    @property
    def first_row(self) -> int:
        """Rank of the first row shown."""
        return self.page * self.size + 1

    @property
    def last_row(self) -> int:
        """Rank of the last row shown."""
        return min(self.count, (self.page + 1) * self.size)

    @property
    def window(self) -> list[int | None]:
        """First, last, and two around the present page; None where some are left out."""
        wanted = sorted({0, self.last, *range(max(0, self.page - 2), min(self.last, self.page + 2) + 1)})
        shown: list[int | None] = []
        for number in wanted:
            if shown and isinstance(shown[-1], int) and number > shown[-1] + 1:
                shown.append(None)
            shown.append(number)
        return shown


def whole_number(text: str | None) -> int:
    """A page number from the address; whatever is not one is the first page (trap 18)."""
    return min(int(text), 10**6) if text and text.isascii() and text.isdigit() else 0


@dataclass(slots=True)
class Listing:
    """What an address asks of a screen. Built anew for each request: nothing is kept on the view (trap 15)."""

    screen: Screen
    arguments: Mapping[str, str]
    with_options: bool = True
    asked: list[Criterion] = field(init=False)
    columns: Columns = field(init=False)

    def __post_init__(self) -> None:
        self.asked = criteria(self.screen, self.arguments, with_options=self.with_options)
        self.columns = Columns(self.screen)

    @property
    def shown(self) -> tuple[str, ...]:
        """Names of the columns, in order."""
        return listed(self.screen)

    @property
    def sortable(self) -> tuple[str, ...]:
        """The white-list of columns to sort by."""
        return (*self.screen.sortable, *(name for name in self.shown if name == SCHOOL))

    @property
    def is_filtered(self) -> bool:
        """Whether anything is searched for."""
        return any(criterion.values for criterion in self.asked)

    @property
    def order(self) -> tuple[str, str] | None:
        """(column, asc or desc) asked for, if it is white-listed; else the first of the screen's own order."""
        return self._orders()[0] if self._orders() else None

    def _orders(self) -> list[tuple[str, str]]:
        name = self.arguments.get(f"_oc_{self.screen.name}", "")
        direction = self.arguments.get(f"_od_{self.screen.name}", "asc")
        asked = [(name, direction)] if name in self.sortable and direction in ("asc", "desc") else []
        own = [(n.lstrip("-"), "desc" if n.startswith("-") else "asc") for n in self.screen.base_order]
        return asked + [pair for pair in own if pair[0] != name]

    @property
    def size(self) -> int:
        """Rows per page, one of PAGE_SIZES."""
        asked = whole_number(self.arguments.get(f"psize_{self.screen.name}"))
        return next((size for size in PAGE_SIZES if asked <= size), PAGE_SIZES[-1]) if asked else PAGE_SIZES[0]

    def paging(self) -> Paging:
        """Count the rows and place the page asked for among them."""
        count = admin_db.session.scalar(self._where(select(func.count()).select_from(self.screen.model), [])) or 0
        page = whole_number(self.arguments.get(f"page_{self.screen.name}"))
        return Paging(min(page, max(0, (count - 1) // self.size)), self.size, count)

    def rows(self, paging: Paging) -> list[Any]:
        """One page: tuples (id, *shown)."""
        statement = self._statement().limit(paging.size).offset(paging.page * paging.size)
        return list(admin_db.session.execute(statement))

    def every_row(self) -> Iterator[Any]:
        """All rows, read in chunks so that memory stays flat."""
        return iter(admin_db.session.execute(self._statement(), execution_options={"yield_per": CHUNK}))

    def every_id(self) -> list[int]:
        """Ids of all rows, for an action on the whole result."""
        return list(admin_db.session.scalars(self._where(select(self._id()), [])))

    def _id(self) -> Any:
        return getattr(self.screen.model, inspect(self.screen.model).primary_key[0].key)

    def _statement(self) -> Select[Any]:
        shown = [self.columns[name] for name in self.shown]
        statement = select(self._id(), *(c.expression.label(f"c{n}") for n, c in enumerate(shown)))
        return self._sorted(statement.select_from(self.screen.model), shown)

    def _sorted(self, statement: Select[Any], shown: list[Column]) -> Select[Any]:
        keys, used = [], list(shown)
        for name, direction in self._orders():
            column = self.columns[name]
            used.append(column)
            key = fold(column.expression) if column.kind == "text" else column.expression
            keys.append(key.asc().nulls_last() if direction == "asc" else key.desc().nulls_last())
        return self._where(statement, used).order_by(*keys, self._id())

    def _where(self, statement: Select[Any], shown: list[Column]) -> Select[Any]:
        found, used = conditions(self.screen, self.columns, self.asked)
        for join in dict.fromkeys(join for column in [*shown, *used] for join in column.joins):
            statement = statement.outerjoin(join)
        scope = current_scope()
        if self.screen.narrow is not None and scope is not None:
            found.append(self.screen.narrow(scope))
        return statement.where(*found)
