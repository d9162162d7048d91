"""One row of what the set-up of booklets names in addresses, in a school."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.booklets.models import EntryReopening, Project, WatchedWord
from app.curriculum.models import CurriculumProposal, SupportScheme, TeachingItem, TeachingService
from app.curriculum.services import ensure_grade_levels
from app.schools.models import GradeLevel, School
from app.schools.periods import PeriodScheme


def setup_objects(session: Session, school_id: int, found: dict[str, int]) -> dict[str, int]:
    """resource → id of a new row of that school."""
    year = session.get_one(School, school_id).school_year_id
    scheme = PeriodScheme(school_id=school_id, school_year_id=year, label="À nos dates")
    epi = Project(school_id=school_id, school_year_id=year, kind="epi", theme="EPI_SAN", title="Du grain au pain")
    ap = Project(school_id=school_id, school_year_id=year, kind="ap", title="Prendre des notes")
    item = TeachingItem(school_id=school_id, kind="subject", code="990000", label="Essai", short_label="Essai")
    session.add_all([scheme, epi, ap, item])
    session.flush()
    service = TeachingService(school_id=school_id, division_id=found["division"], item_id=item.id)
    support = SupportScheme(school_id=school_id, pupil_id=found["pupil"], code="PAP", starts_on=date(2026, 9, 1))
    reopened = EntryReopening(school_id=school_id, division_id=found["division"], position=1, period_count=3,
                              staff_id=found["staff"], until=date(2027, 6, 30))  # fmt: skip
    session.add_all([service, support, reopened])
    session.flush()
    level = session.scalars(select(GradeLevel.id).where(GradeLevel.code == "3E")).one_or_none()
    if level is None:
        ensure_grade_levels()
        level = session.scalars(select(GradeLevel.id).where(GradeLevel.code == "3E")).one()
    return {"period_scheme": scheme.id, "own_level": level, "epi": epi.id, "ap": ap.id, "teaching_item": item.id,
            "teaching_service": service.id, "support_scheme": support.id, "entry_reopening": reopened.id,
            "watched_word": _watched(session, found["authority"]),
            "curriculum_proposal": _proposal(session, found["authority"])}  # fmt: skip


def _watched(session: Session, authority_id: int) -> int:
    """The academy's one."""
    mine = select(WatchedWord.id).where(WatchedWord.authority_id == authority_id)
    if (known := session.scalars(mine).first()) is not None:
        return known
    row = WatchedWord(authority_id=authority_id, subject="religion", word="procession")
    session.add(row)
    session.flush()
    return row.id


def _proposal(session: Session, authority_id: int) -> int:
    """The academy's one: every school of it reads the same."""
    mine = select(CurriculumProposal.id).where(CurriculumProposal.authority_id == authority_id)
    if (known := session.scalars(mine).first()) is not None:
        return known
    row = CurriculumProposal(authority_id=authority_id, item_code="020700", level_code="6E", heading="Compétences",
                             text="Lire à voix haute.")  # fmt: skip
    session.add(row)
    session.flush()
    return row.id
