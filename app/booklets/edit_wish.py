"""What somebody asks to have printed: which booklets, in how many copies, as editions or as a draft."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, select, true
from sqlalchemy.orm import InstrumentedAttribute

from app.booklets.models import Booklet
from app.core.db import admin_db
from app.core.errors import BadInput
from app.schools.models import Division, GradeLevel, School

POPULATIONS = ("booklets", "division", "level", "school")
COPIES = ("pupil", "household")
_COLUMNS: Mapping[str, InstrumentedAttribute[Any]] = {
    "division": Booklet.division_id, "level": Booklet.grade_level_id,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class EditWish:
    """M047: one pupil, a class, a level or the school. `position` of `period_count` is the period (0 of 0: the end of
    a cycle; None: every period of the year). `copies`: one each, or one per household with its address. With
    `only_changed`, a booklet whose number stands is not printed again. A draft has no number and changes no state."""

    population: str = "school"
    id: int | None = None
    ids: tuple[int, ...] = ()
    position: int | None = None
    period_count: int | None = None
    copies: str = "pupil"
    only_changed: bool = False
    draft: bool = False

    def __post_init__(self) -> None:
        if self.population not in POPULATIONS or self.copies not in COPIES:
            raise BadInput("Ce choix de bilans n'est pas reconnu.", hint="Rechargez la page et recommencez.")
        if (self.population == "booklets") != bool(self.ids) or (self.population in _COLUMNS) != bool(self.id):
            raise BadInput("Choisissez les bilans à éditer.",
                           hint="Un élève, une classe, un niveau ou tout l'établissement.")  # fmt: skip

    def as_params(self) -> dict[str, Any]:
        """For the job: ids and choices, no personal data."""
        return asdict(self) | {"ids": list(self.ids)}

    @classmethod
    def from_params(cls, params: Mapping[str, Any]) -> EditWish:
        """The opposite."""
        return cls(**(dict(params) | {"ids": tuple(params["ids"])}))

    @property
    def criterion(self) -> ColumnElement[bool]:
        """The booklets of the current school year (any year when they are named one by one)."""
        if self.population == "booklets":
            return Booklet.id.in_(self.ids)
        of_year = Booklet.school_year_id == select(School.school_year_id).scalar_subquery()
        column = _COLUMNS.get(self.population)
        chosen = column == self.id if column is not None else true()
        if self.position is None:
            return and_(of_year, chosen)
        return and_(of_year, chosen, Booklet.position == self.position, Booklet.period_count == self.period_count)


def in_class_order(where: ColumnElement[bool]) -> list[int]:
    """The ids of booklets by level, class, then name: the order of the pile."""
    ordered = (
        select(Booklet.id)
        .outerjoin(GradeLevel, GradeLevel.id == Booklet.grade_level_id)
        .outerjoin(Division, and_(Division.id == Booklet.division_id, Division.school_id == Booklet.school_id))
        .where(where)
        .order_by(GradeLevel.rank, Division.label, Booklet.division_id, Booklet.last_name, Booklet.first_name,
                  Booklet.position, Booklet.id)
    )  # fmt: skip
    return list(admin_db.session.scalars(ordered))
