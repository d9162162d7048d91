"""The marks and absences of the demo: made through the services, the same for the same seed, once."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select

from app.audit.models import AuditLine
from app.commands.demo_records import fill_records
from app.core import clock
from app.core.db import admin_db
from app.core.scope import school_scope
from app.exchange.demo import write_demo
from app.online.absences import Absence, counts
from app.online.papers import SPECIALS, Mark, TestPaper
from tests.cli.test_demo_booklets import begun
from tests.conftest import Urls


@pytest.mark.row("M126", "M129")
def test_some_classes_have_marks_and_absences_once(sqlite_databases: Urls, tmp_path: Path) -> None:
    with clock.frozen(datetime(2027, 1, 20, 9, tzinfo=UTC)):
        files = write_demo(tmp_path, pupils=320, year=2026)
        with school_scope(begun(files.college, files.year)):
            fill_records(1)
            session = admin_db.session
            papers = session.scalars(select(TestPaper)).all()
            assert {paper.position for paper in papers} == {1, 2}, "every period begun so far"
            assert all(paper.taken_on <= clock.today() and paper.taken_on.weekday() < 5 for paper in papers)
            assert 0.6 < sum(paper.publish_on is not None for paper in papers) / len(papers) < 1
            marks = session.execute(select(Mark.value, Mark.special, TestPaper.out_of).join(Mark.test)).all()
            assert all(row.value <= row.out_of if row.special is None else row.special in SPECIALS for row in marks)
            assert {row.special for row in marks} >= {None, "ABS"} and len(marks) > 100
            absences = session.scalar(select(func.count(Absence.id))) or 0
            assert 0 < (session.scalar(select(func.count(Absence.id)).where(counts())) or 0) < absences
            lines = session.scalar(select(func.count(AuditLine.id)))
            fill_records(1)
            assert session.scalar(select(func.count(AuditLine.id))) == lines
