"""The booklets of the demo: made and begun through the services, the same for the same seed, once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from app.audit.models import AuditLine
from app.booklets.models import Attainment, Booklet, BookletEdition
from app.commands.demo_booklets import fill_booklets, issue_some
from app.core.actor import SYSTEM
from app.core.db import admin_db
from app.core.scope import school_scope, system_scope
from app.exchange.demo import DemoSchool, write_demo
from app.exchange.demo.appreciations import agreed
from app.exchange.sync.service import synchronise
from app.jobs.storage import Storage, use_storage
from app.schools.models import School
from app.schools.services import create_school
from tests.conftest import Urls


def begun(planned: DemoSchool, year: int) -> int:
    """The school with its files read and its booklets begun; its id."""
    create_school(planned.uai, name=planned.name, kind=planned.kind, first_year=year, actor=SYSTEM)
    with system_scope("its id"):
        school_id = admin_db.session.scalars(select(School.id).where(School.uai == planned.uai)).one()
    with school_scope(school_id):
        synchronise(planned.files, admin_db.session.get_one(School, school_id), actor=SYSTEM, year=year)
        fill_booklets(1)
    return school_id


def held(school_id: int) -> list[Any]:
    """What is written in the school's booklets."""
    with school_scope(school_id):
        rows = select(Booklet.last_name, Booklet.position, Booklet.state, Booklet.overall_comment, Attainment.item_id,
                      Attainment.comment, Attainment.positioning, Attainment.average)  # fmt: skip
        rows = rows.join(Attainment, Attainment.booklet_id == Booklet.id).order_by(Booklet.id, Attainment.id)
        found = [tuple(row) for row in admin_db.session.execute(rows)]
        admin_db.session.rollback()
        return found


@pytest.mark.parametrize(("kind", "level"), [("college", "4e"), ("ecole", "CP")])
def test_one_class_is_complete_and_twice_is_once(sqlite_databases: Urls, tmp_path: Path, kind: str, level: str) -> None:
    files = write_demo(tmp_path, pupils=64, year=2026)
    school_id = begun(getattr(files, kind), files.year)
    first = held(school_id)
    with school_scope(school_id):
        done = set(admin_db.session.execute(
            select(Booklet.division_label, Booklet.level_label).where(Booklet.state == "complete")))  # fmt: skip
        lines = len(admin_db.session.scalars(select(AuditLine.id)).all())
        assert {row[1] for row in done} == {level} and len(done) == 1
        fill_booklets(1)
        assert len(admin_db.session.scalars(select(AuditLine.id)).all()) == lines
    assert held(school_id) == first
    assert any(row[5] for row in first) and (kind == "ecole" or any(row[7] for row in first))
    assert not any("{" in row[3] or "[" in row[3] for row in first if row[3])


def test_a_family_has_something_to_read(
    sqlite_databases: Urls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIVRET_HOME", str(tmp_path / "home"))
    use_storage(Storage(tmp_path / "home"))
    files = write_demo(tmp_path, pupils=64, year=2026)
    school_id = begun(files.college, files.year)
    with school_scope(school_id):
        division = issue_some(school_id)
        issued = admin_db.session.scalars(select(Booklet.division_id).where(Booklet.state == "edited")).all()
        admin_db.session.rollback()
        assert set(issued) == {division} and 0 < len(issued) <= 12
        issue_some(school_id)
        numbers = admin_db.session.scalars(select(BookletEdition.number)).all()
    assert len(numbers) == len(issued), "twice is once"
    use_storage(None)


def test_agreements() -> None:
    text = "Bravo à {prénom}, [sérieux/sérieuse] et prêt[/e] ; les progrès {de prénom}."
    assert agreed(text, "Éloïse", "F") == "Bravo à Éloïse, sérieuse et prête ; les progrès d'Éloïse."
    assert agreed(text, "Tom", "M") == "Bravo à Tom, sérieux et prêt ; les progrès de Tom."
