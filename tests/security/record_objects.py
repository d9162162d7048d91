"""One row of what marks and absences name in addresses, in a school."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sqlalchemy.orm import Session

from app.online.absences import Absence
from app.online.papers import Mark, TestPaper


def record_objects(session: Session, school_id: int, found: dict[str, int]) -> dict[str, int]:
    """resource → id of a new row of that school; a test's own page and its row on the generated list are the same."""
    paper = TestPaper(school_id=school_id, school_year_id=found["school_year"], division_id=found["division"],
                      item_id=found["teaching_item"], position=1, period_count=3, title="Essai",
                      taken_on=date(2026, 10, 5), publish_on=date(2026, 10, 6))  # fmt: skip
    session.add(paper)
    session.flush()
    mark = Mark(school_id=school_id, test_id=paper.id, pupil_id=found["pupil"], value=Decimal(12))
    absence = Absence(school_id=school_id, pupil_id=found["pupil"], day=date(2026, 10, 5), half="am")
    session.add_all([mark, absence])
    session.flush()
    return {"test_paper": paper.id, "test_page": paper.id, "mark": mark.id, "absence": absence.id}
