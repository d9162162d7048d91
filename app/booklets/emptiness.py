"""Whether anybody wrote anything in a booklet: one that is empty may be made again, another is never dropped."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, exists, or_, select

from app.booklets.models import (
    SEALED_STATES,
    Attainment,
    AttainmentElement,
    BaseMastery,
    Booklet,
    BookletEdition,
    GroupPupil,
    Pathway,
)

_TEXTS = ("overall_comment", "council_on", "absences_justified", "absences_unjustified", "lateness", "life_comment",
          "complement_code")  # fmt: skip
_VALUES = ("positioning", "average", "letter", "not_assessed", "comment")
_PARTS = (AttainmentElement, Pathway, BaseMastery, GroupPupil, BookletEdition)


def is_written(model: Any = Booklet) -> ColumnElement[bool]:
    """SQL: the booklet is locked or edited, or holds a value, a text, an element, a group, or was once issued. What is
    copied from the pupil base (names, lines, schemes) does not count."""
    valued = or_(*(getattr(Attainment, name).is_not(None) for name in _VALUES))
    return or_(
        model.state.in_(SEALED_STATES),
        *(getattr(model, name).is_not(None) for name in _TEXTS),
        exists(select(Attainment.id).where(Attainment.booklet_id == model.id, valued).correlate(model)),
        *(exists(select(part.id).where(part.booklet_id == model.id).correlate(model)) for part in _PARTS),
    )


def has_value(model: Any = Booklet) -> ColumnElement[bool]:
    """SQL: some line of the booklet is positioned, averaged or lettered."""
    given = or_(*(getattr(Attainment, name).is_not(None) for name in ("positioning", "average", "letter")))
    return exists(select(Attainment.id).where(Attainment.booklet_id == model.id, given).correlate(model))
