"""From the rows of booklets to the frozen facts that are printed, kept and published (M047).

A fixed number of statements for a whole set: each side of the booklets is read at once, then put together. Lines of
the first page are in `line_facts.py`, what stands on the second page here and in `project_facts.py`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.booklets.line_facts import lines_of
from app.booklets.models import BaseMastery, Booklet, BookletScheme, Pathway
from app.booklets.project_facts import projects_of
from app.core.db import admin_db
from app.curriculum.reference import BASE_COMPONENTS, COMPLEMENTS, PATHWAYS, SCHEMES, levels
from app.schools.models import Authority, School, SchoolYear
from letters.booklet_types import (
    BookletComplement,
    BookletFacts,
    BookletLife,
    BookletLine,
    BookletMastery,
    BookletProject,
    BookletPupil,
    BookletSchool,
    LabelledText,
)

Part = TypeVar("Part")
SPECIAL = "SEGPA"
_BOOKLET = (
    Booklet.id, Booklet.school_id, Booklet.model, Booklet.cycle, Booklet.period_label, Booklet.scale,
    Booklet.scale_max, Booklet.last_name, Booklet.first_name, Booklet.birth_date, Booklet.division_label,
    Booklet.level_label, Booklet.class_teachers, Booklet.council_on, Booklet.overall_comment,
    Booklet.absences_justified, Booklet.absences_unjustified, Booklet.lateness, Booklet.life_comment,
    Booklet.complement_code, Booklet.complement_level, SchoolYear.first_year,
)  # fmt: skip


def facts_of(ids: Sequence[int]) -> dict[int, BookletFacts]:
    """What these booklets say, by id; one that does not exist in the scope is not in the answer. Callers come with a
    few hundred ids at a time. Raises `LetterDataError` when something cannot be printed."""
    session = admin_db.session()
    chosen = Booklet.id.in_(ids)
    rows = session.execute(select(*_BOOKLET).join(SchoolYear, SchoolYear.id == Booklet.school_year_id).where(chosen))
    booklets = {row.id: row for row in rows}
    schools = _schools(session, {row.school_id for row in booklets.values()})
    parts = _Parts(
        lines=lines_of(session, ids), projects=projects_of(session, ids),
        pathways=_pathways(session, ids), schemes=_schemes(session, ids), masteries=_masteries(session, ids),
    )  # fmt: skip
    return {id: _facts(booklets[id], schools[booklets[id].school_id], parts) for id in ids if id in booklets}


def school_facts() -> BookletSchool:
    """The letterhead of the school of the scope."""
    session = admin_db.session()
    school, academy = session.execute(
        select(School, Authority.name).join(Authority, Authority.id == School.authority_id)).one()  # fmt: skip
    return _school(school, academy)


@dataclass(frozen=True, slots=True)
class _Parts:
    """Each side of the booklets, by booklet."""

    lines: dict[int, tuple[BookletLine, ...]]
    projects: dict[int, tuple[BookletProject, ...]]
    pathways: dict[int, tuple[LabelledText, ...]]
    schemes: dict[int, tuple[LabelledText, ...]]
    masteries: dict[int, tuple[BookletMastery, ...]]


def _facts(row: Any, school: BookletSchool, parts: _Parts) -> BookletFacts:
    return BookletFacts(
        model=row.model, school=school, year=f"{row.first_year}-{row.first_year + 1}", period=row.period_label,
        cycle=row.cycle, levels=_ruler(row.cycle, row.level_label), level=row.level_label or None,
        pupil=BookletPupil(row.last_name, row.first_name, row.birth_date), division=row.division_label or None,
        class_teachers=row.class_teachers or None, council_on=row.council_on, scale=row.scale,
        scale_max=row.scale_max, lines=parts.lines.get(row.id, ()), projects=parts.projects.get(row.id, ()),
        pathways=parts.pathways.get(row.id, ()), schemes=parts.schemes.get(row.id, ()),
        overall_comment=row.overall_comment, life=_life(row), masteries=parts.masteries.get(row.id, ()),
        complement=_complement(row),
    )  # fmt: skip


def _ruler(cycle: int, label: str | None) -> tuple[str, ...]:
    """The levels of the cycle in order; those of the SEGPA stand on the ruler of its pupils only."""
    of_cycle = sorted((level for level in levels().values() if level.cycle == cycle), key=lambda level: level.rank)
    ordinary = [level.label for level in of_cycle if SPECIAL not in level.label]
    special = {level.label for level in of_cycle} if SPECIAL in (label or "") else set()
    return tuple(f"{name} {SPECIAL}" if f"{name} {SPECIAL}" in special else name for name in ordinary)


def _life(row: Any) -> BookletLife | None:
    counts = (row.absences_justified, row.absences_unjustified, row.lateness)
    if all(count is None for count in counts) and not row.life_comment:
        return None
    return BookletLife(*counts, row.life_comment)


def _complement(row: Any) -> BookletComplement | None:
    code = row.complement_code
    if not code or code == "AUC":
        return None
    return BookletComplement(code, COMPLEMENTS.get(code, code), row.complement_level)


def _schools(session: Session, ids: Iterable[int]) -> dict[int, BookletSchool]:
    named = select(School, Authority.name).join(Authority, Authority.id == School.authority_id)
    return {school.id: _school(school, academy) for school, academy in
            session.execute(named.where(School.id.in_(ids)))}  # fmt: skip


def _school(school: School, academy: str) -> BookletSchool:
    town = " ".join(part for part in (school.postal_code, school.city) if part)
    return BookletSchool(
        academy=academy, name=school.name, uai=school.uai,
        address=tuple(line for line in (school.address1, school.address2, town) if line),
        phone=school.phone or None, email=school.email or None,
        head_title=school.head_title or "Le chef d'établissement", head_name=school.head_name or None,
    )  # fmt: skip


def _pathways(session: Session, ids: Sequence[int]) -> dict[int, tuple[LabelledText, ...]]:
    rows = session.execute(select(Pathway.booklet_id, Pathway.code, Pathway.text).where(Pathway.booklet_id.in_(ids)))
    order = list(PATHWAYS)
    return _grouped((row.booklet_id, LabelledText(row.code, PATHWAYS[row.code], row.text))
                    for row in sorted(rows, key=lambda row: order.index(row.code)))  # fmt: skip


def _schemes(session: Session, ids: Sequence[int]) -> dict[int, tuple[LabelledText, ...]]:
    columns = (BookletScheme.booklet_id, BookletScheme.code, BookletScheme.complement)
    rows = session.execute(select(*columns).where(BookletScheme.booklet_id.in_(ids)).order_by(BookletScheme.code))
    return _grouped((row.booklet_id, LabelledText(row.code, SCHEMES.get(row.code, row.code), row.complement or None))
                    for row in rows)  # fmt: skip


def _masteries(session: Session, ids: Sequence[int]) -> dict[int, tuple[BookletMastery, ...]]:
    columns = (BaseMastery.booklet_id, BaseMastery.component, BaseMastery.level)
    rows = session.execute(select(*columns).where(BaseMastery.booklet_id.in_(ids)))
    order = list(BASE_COMPONENTS)
    return _grouped((row.booklet_id, BookletMastery(row.component, BASE_COMPONENTS[row.component], row.level))
                    for row in sorted(rows, key=lambda row: order.index(row.component)))  # fmt: skip


def _grouped(pairs: Iterable[tuple[int, Part]]) -> dict[int, tuple[Part, ...]]:
    found: dict[int, list[Part]] = defaultdict(list)
    for booklet_id, part in pairs:
        found[booklet_id].append(part)
    return {booklet_id: tuple(parts) for booklet_id, parts in found.items()}
