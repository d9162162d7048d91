"""The booklets of a class in a period, a row for each pupil: school life, overall comments, the end of a cycle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import and_, select
from sqlalchemy.orm import aliased

from app.booklets.cells import BOOKLET, OVERALL_LENGTH, SYNTHESIS_LENGTH, shown
from app.booklets.models import SEALED_STATES, BaseMastery, Booklet
from app.core.db import admin_db


@dataclass(frozen=True, slots=True)
class ClassBooklet:
    """One pupil's booklet: `values` are its fields as they are shown, `before` the overall comment of the period
    before, `masteries` those of the common base at the end of a cycle, by component."""

    id: int
    name: str
    first_name: str
    state: str
    model: str
    cycle: int
    values: Mapping[str, str]
    before: str
    masteries: Mapping[str, str] = field(default_factory=dict)

    @property
    def sealed(self) -> bool:
        """Whether it is locked or edited."""
        return self.state in SEALED_STATES

    @property
    def limit(self) -> int:
        """How many characters its overall comment, or its synthesis, may have."""
        return SYNTHESIS_LENGTH if self.model == "cycle" else OVERALL_LENGTH


def class_booklets(where: Any) -> list[ClassBooklet]:
    """The booklets that meet a criterion, by name; one statement, one more for the end of a cycle."""
    then = aliased(Booklet)
    rows = admin_db.session.execute(
        select(Booklet.id, Booklet.last_name, Booklet.first_name, Booklet.state, Booklet.model, Booklet.cycle,
               *(getattr(Booklet, name) for name in BOOKLET), then.overall_comment.label("before"))
        .outerjoin(then, and_(then.school_id == Booklet.school_id, then.pupil_id == Booklet.pupil_id,
                              then.school_year_id == Booklet.school_year_id,
                              then.period_count == Booklet.period_count, then.position == Booklet.position - 1,
                              then.position > 0))
        .where(where)
        .order_by(Booklet.last_name, Booklet.first_name, Booklet.id)
    ).all()  # fmt: skip
    masteries = _masteries([row.id for row in rows if row.model == "cycle"])
    return [
        ClassBooklet(row.id, f"{row.last_name} {row.first_name}", row.first_name, row.state, row.model, row.cycle,
                     {name: shown(getattr(row, name)) for name in BOOKLET}, row.before or "", masteries.get(row.id, {}))
        for row in rows
    ]  # fmt: skip


def _masteries(ids: list[int]) -> dict[int, dict[str, str]]:
    if not ids:
        return {}
    found: dict[int, dict[str, str]] = {}
    columns = (BaseMastery.booklet_id, BaseMastery.component, BaseMastery.level)
    for row in admin_db.session.execute(select(*columns).where(BaseMastery.booklet_id.in_(ids))):
        found.setdefault(row.booklet_id, {})[row.component] = str(row.level)
    return found
