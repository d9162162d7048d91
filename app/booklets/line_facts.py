"""The lines of booklets as facts: subjects or areas with their elements, comments, positioning or averages."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sqlalchemy import and_, func, select, tuple_
from sqlalchemy.orm import Session, aliased

from app.booklets.models import Attainment, AttainmentElement, Booklet
from app.curriculum.models import CurriculumElement, TeachingItem
from letters.booklet_types import BookletLine

CENT, TENTH = Decimal("0.01"), Decimal("0.1")
_CLASS = (Booklet.school_id, Booklet.division_id, Booklet.school_year_id, Booklet.position, Booklet.period_count)
_LINE = (
    Attainment.id, Attainment.booklet_id, Attainment.item_id, Attainment.area_id, Attainment.positioning,
    Attainment.average, Attainment.letter, Attainment.not_assessed, Attainment.comment, Attainment.teachers,
    TeachingItem.label, Booklet.model, Booklet.scale, *_CLASS,
)  # fmt: skip
_IN_BOOKLET = and_(Booklet.id == Attainment.booklet_id, Booklet.school_id == Attainment.school_id)


def lines_of(session: Session, ids: Sequence[int]) -> dict[int, tuple[BookletLine, ...]]:
    """By booklet, in the order of the subjects; a sub-area follows its area. What a pupil does not follow is left
    out; at the école, an area of which nothing is said too."""
    root = aliased(TeachingItem)
    ordered = (
        select(*_LINE)
        .join(Booklet, _IN_BOOKLET)
        .join(TeachingItem, and_(TeachingItem.id == Attainment.item_id,
                                 TeachingItem.school_id == Attainment.school_id))
        .join(root, and_(root.id == Attainment.area_id, root.school_id == Attainment.school_id))
        .where(Attainment.booklet_id.in_(ids), Attainment.followed)
        .order_by(root.position, root.label, root.id, Attainment.item_id != Attainment.area_id,
                  TeachingItem.position, TeachingItem.label, Attainment.id)
    )  # fmt: skip
    rows = session.execute(ordered).all()
    elements = _elements(session, ids)
    averages = _class_averages(session, rows)
    found: dict[int, list[tuple[Any, BookletLine]]] = defaultdict(list)
    for row in rows:
        average = averages.get((*row[-len(_CLASS):], row.item_id))
        found[row.booklet_id].append((row, _line(row, elements.get(row.id, ()), average)))
    return {booklet_id: tuple(_worth_printing(lines)) for booklet_id, lines in found.items()}


def _line(row: Any, elements: Iterable[str], class_average: Decimal | None) -> BookletLine:
    assessed = row.not_assessed is None
    return BookletLine(
        label=row.label, depth=int(row.item_id != row.area_id), teachers=row.teachers or None,
        elements=tuple(elements), comment=row.comment,
        positioning=row.positioning if row.scale == "objectives" and assessed else None,
        average=_written(row.average, CENT) if row.scale == "marks" and assessed else None,
        class_average=_written(class_average, TENTH),
        letter=row.letter or None if row.scale == "letters" and assessed else None,
        not_assessed=row.not_assessed or None,
    )  # fmt: skip


def _worth_printing(lines: list[tuple[Any, BookletLine]]) -> Iterable[BookletLine]:
    """Every subject; of the areas, those that say something or have a sub-area that does."""
    speaking = {row.area_id for row, line in lines if row.model != "ecole" or _says_something(line)}
    for row, line in lines:
        if _says_something(line) or (line.depth == 0 and row.area_id in speaking):
            yield line


def _says_something(line: BookletLine) -> bool:
    return bool(line.elements or line.comment or line.positioning or line.average or line.letter or line.not_assessed)


def _written(value: Decimal | float | None, step: Decimal) -> str | None:
    """« 12,5 »: decimal comma, no needless zero."""
    if value is None:
        return None
    text = format(Decimal(str(value)).quantize(step, ROUND_HALF_UP), "f")
    return text.rstrip("0").rstrip(".").replace(".", ",")


def _elements(session: Session, ids: Sequence[int]) -> dict[int, list[str]]:
    texts = (
        select(AttainmentElement.attainment_id, CurriculumElement.text)
        .join(CurriculumElement, and_(CurriculumElement.id == AttainmentElement.element_id,
                                      CurriculumElement.school_id == AttainmentElement.school_id))
        .where(AttainmentElement.booklet_id.in_(ids))
        .order_by(AttainmentElement.attainment_id, AttainmentElement.position, AttainmentElement.id)
    )  # fmt: skip
    found: dict[int, list[str]] = defaultdict(list)
    for row in session.execute(texts):
        found[row.attainment_id].append(row.text)
    return found


def _class_averages(session: Session, rows: Iterable[Any]) -> dict[tuple[Any, ...], Decimal]:
    """By class, period and subject: the average of the pupils who have one. Nothing is read where no marks are used."""
    classes = sorted({tuple(row[-len(_CLASS):]) for row in rows if row.scale == "marks" and row.division_id})
    if not classes:
        return {}
    averages = (
        select(*_CLASS, Attainment.item_id, func.avg(Attainment.average))
        .join(Booklet, _IN_BOOKLET)
        .where(tuple_(*_CLASS).in_(classes), Booklet.scale == "marks", Attainment.average.is_not(None),
               Attainment.followed, Attainment.not_assessed.is_(None))
        .group_by(*_CLASS, Attainment.item_id)
    )  # fmt: skip
    return {tuple(row[:-1]): row[-1] for row in session.execute(averages)}
