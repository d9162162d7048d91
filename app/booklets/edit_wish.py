"""What somebody asks to have printed: which booklets, in how many copies, as editions or as a draft."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, select

from app.booklets.models import Booklet
from app.booklets.selection import Picked
from app.core.db import admin_db
from app.core.errors import BadInput
from app.schools.models import Division, GradeLevel

COPIES = ("pupil", "household")


@dataclass(frozen=True, slots=True)
class EditWish:
    """M047: one pupil, a class, a level or the school. `copies`: one each, or one per household with its address. With
    `only_changed`, a booklet whose number stands is not printed again. A draft has no number and changes no state."""

    picked: Picked
    copies: str = "pupil"
    only_changed: bool = False
    draft: bool = False

    def __post_init__(self) -> None:
        if self.copies not in COPIES:
            raise BadInput("Ce choix d'exemplaires n'est pas reconnu.", hint="Rechargez la page et recommencez.")

    def as_params(self) -> dict[str, Any]:
        """For the job: ids and choices, no personal data."""
        return asdict(self) | {"picked": self.picked.as_params()}

    @classmethod
    def from_params(cls, params: Mapping[str, Any]) -> EditWish:
        """The opposite."""
        return cls(**(dict(params) | {"picked": Picked.from_params(params["picked"])}))


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
