"""What a class entered together reaches the pupil who comes later; support schemes follow their dates (M020, M021)."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import and_, delete, exists, func, insert, or_, select, update
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


def refresh_schemes(session: Session, booklet_ids: Collection[int]) -> set[int]:
    """Schemes as they are today on these open booklets: ended or withdrawn ones go, new ones come, texts follow; on
    which booklets something changed."""
    these = Booklet.id.in_(booklet_ids)
    before = _attached(session, booklet_ids)
    wanted = {
        (row.id, row.code): row.complement
        for row in session.execute(
            select(Booklet.id, SupportScheme.code, func.max(SupportScheme.complement).label("complement"))
            .join(SupportScheme, shares_a_day())
            .where(these, taken_over(session))
            .group_by(Booklet.id, SupportScheme.code)
        )
    }
    stale = [row.id for key, row in before.items() if key not in wanted]
    if stale:
        gone = delete(BookletScheme).where(BookletScheme.id.in_(stale))
        session.execute(gone, execution_options={"synchronize_session": False})
    reworded = [{"id": row.id, "complement": wanted[key]} for key, row in before.items()
                if key in wanted and wanted[key] != row.complement]  # fmt: skip
    if reworded:
        session.execute(update(BookletScheme), reworded)
    if wanted.keys() - before.keys():
        add_schemes(session, these)
    texts = {row["id"] for row in reworded} | set(stale)
    return {row.booklet_id for row in before.values() if row.id in texts} | {
        booklet_id for booklet_id, _ in wanted.keys() - before.keys()}  # fmt: skip


def _attached(session: Session, booklet_ids: Collection[int]) -> dict[tuple[int, str], Any]:
    columns = (BookletScheme.id, BookletScheme.booklet_id, BookletScheme.code, BookletScheme.complement)
    rows = session.execute(select(*columns).where(BookletScheme.booklet_id.in_(booklet_ids)))
    return {(row.booklet_id, row.code): row for row in rows}


def taken_over(session: Session) -> Any:
    """The schemes of which the booklets of the current school speak; « Autre » is ignored (M020)."""
    return SupportScheme.code.in_(support_schemes(session.scalars(select(School.kind)).one()))


def shares_a_day() -> Any:
    """Whether a scheme of the pupil and the period of the booklet share at least one day (M021). The booklets of the
    end of a cycle have no period."""
    return and_(
        Booklet.model != "cycle",
        SupportScheme.pupil_id == Booklet.pupil_id, SupportScheme.school_id == Booklet.school_id,
        SupportScheme.starts_on <= Booklet.ends_on,
        or_(SupportScheme.ends_on.is_(None), SupportScheme.ends_on >= Booklet.starts_on),
    )  # fmt: skip


def _of_the_class(memory: Any) -> Any:
    return and_(
        memory.school_id == Booklet.school_id, memory.division_id == Booklet.division_id,
        memory.position == Booklet.position, memory.period_count == Booklet.period_count,
    )  # fmt: skip
