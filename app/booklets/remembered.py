"""What a class entered together reaches the pupil who comes later; support schemes follow their dates (M020, M021)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import and_, exists, func, insert, or_, select
from sqlalchemy.orm import Session

from app.booklets.models import (
    Attainment,
    AttainmentElement,
    Booklet,
    BookletScheme,
    ClassElement,
    ClassPathway,
    Pathway,
)
from app.curriculum.lists import support_schemes
from app.curriculum.models import SupportScheme
from app.schools.models import GradeLevel, School


def copy_elements(session: Session, where: Any) -> None:
    """The programme elements of the class on the lines that meet `where` and have none."""
    written = AttainmentElement
    rows = (
        select(Attainment.school_id, Attainment.booklet_id, Attainment.id, ClassElement.element_id, ClassElement.rank)
        .join(Attainment.booklet)
        .outerjoin(GradeLevel, GradeLevel.id == Booklet.grade_level_id)
        .join(ClassElement, and_(_of_the_class(ClassElement), ClassElement.item_id == Attainment.item_id,
                                 ClassElement.level_code.in_(["", GradeLevel.code])))
        .where(where, ~exists(select(written.id).where(written.attainment_id == Attainment.id).correlate(Attainment)))
        .distinct()
    )  # fmt: skip
    names = ["school_id", "booklet_id", "attainment_id", "element_id", "position"]
    session.execute(insert(written).from_select(names, rows, include_defaults=False))


def copy_pathways(session: Session, where: Any) -> None:
    """The pathways of the class on the booklets that meet `where` and say nothing of them."""
    said = exists(select(Pathway.id).where(Pathway.booklet_id == Booklet.id, Pathway.code == ClassPathway.code))
    rows = (
        select(Booklet.school_id, Booklet.id, ClassPathway.code, ClassPathway.text)
        .join(ClassPathway, _of_the_class(ClassPathway))
        .where(where, ~said.correlate(Booklet, ClassPathway))
    )
    names = ["school_id", "booklet_id", "code", "text"]
    session.execute(insert(Pathway).from_select(names, rows, include_defaults=False))


def add_schemes(session: Session, where: Any) -> None:
    """The support schemes that the school's kind takes over (M020) and whose dates share a day with the period (M021),
    on the booklets that meet `where`."""
    there = exists(select(BookletScheme.id).where(
        BookletScheme.booklet_id == Booklet.id, BookletScheme.code == SupportScheme.code))  # fmt: skip
    rows = (
        select(Booklet.school_id, Booklet.id, SupportScheme.code, func.max(SupportScheme.complement))
        .join(SupportScheme, shares_a_day())
        .where(where, ~there.correlate(Booklet, SupportScheme), taken_over(session))
        .group_by(Booklet.school_id, Booklet.id, SupportScheme.code)
    )
    names = ["school_id", "booklet_id", "code", "complement"]
    session.execute(insert(BookletScheme).from_select(names, rows, include_defaults=False))


def taken_over(session: Session) -> Any:
    """The schemes of which the booklets of the current school speak; « Autre » is ignored (M020)."""
    return SupportScheme.code.in_(support_schemes(session.scalars(select(School.kind)).one()))


def shares_a_day() -> Any:
    """Whether a scheme of the pupil and the period of the booklet share at least one day (M021)."""
    return and_(
        SupportScheme.pupil_id == Booklet.pupil_id, SupportScheme.school_id == Booklet.school_id,
        SupportScheme.starts_on <= Booklet.ends_on,
        or_(SupportScheme.ends_on.is_(None), SupportScheme.ends_on >= Booklet.starts_on),
    )  # fmt: skip


def _of_the_class(memory: Any) -> Any:
    return and_(
        memory.school_id == Booklet.school_id, memory.division_id == Booklet.division_id,
        memory.position == Booklet.position, memory.period_count == Booklet.period_count,
    )  # fmt: skip
