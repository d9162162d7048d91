"""Which booklets an act is about: some of them, a class, a level or the whole school, in one period (M047)."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, select

from app.booklets.models import Booklet
from app.core.errors import BadInput
from app.schools.models import School

_TERM = re.compile(r"([0-9]{1,2})[/-]([0-9]{1,2})")


def read_term(text: str) -> tuple[int, int]:
    """« 2/3 », or « 2-3 » in addresses: the second period of three; « 0/0 » is the end of a cycle. Raises `BadInput`.
    """
    found = _TERM.fullmatch(text)
    position, count = (int(found[1]), int(found[2])) if found else (1, 0)
    if position > count:
        raise BadInput(f"« {text[:20]} » n'est pas une période.",
                       hint="Écrivez par exemple 2/3 : la deuxième de trois.")
    return position, count


@dataclass(frozen=True, slots=True)
class Picked:
    """`position` of `period_count` is the period (0 of 0 the end of a cycle), in the school's current year. `ids`
    narrow it to ticked booklets, which say their period themselves."""

    position: int | None = None
    period_count: int | None = None
    division_id: int | None = None
    level_id: int | None = None
    ids: tuple[int, ...] = ()

    @classmethod
    def from_params(cls, params: dict[str, Any]) -> Picked:
        """From a job's parameters."""
        return cls(**(params | {"ids": tuple(params.get("ids", ()))}))

    def as_params(self) -> dict[str, Any]:
        """As a job's parameters."""
        return asdict(self) | {"ids": list(self.ids)}

    @property
    def where(self) -> ColumnElement[bool]:
        """SQL: these booklets."""
        if self.ids:
            return Booklet.id.in_(self.ids)
        current = select(School.school_year_id).where(School.id == Booklet.school_id).scalar_subquery()
        narrowed = [Booklet.school_year_id == current, Booklet.position == self.position,
                    Booklet.period_count == self.period_count]  # fmt: skip
        if self.division_id is not None:
            narrowed.append(Booklet.division_id == self.division_id)
        if self.level_id is not None:
            narrowed.append(Booklet.grade_level_id == self.level_id)
        return and_(*narrowed)
