"""Services of STS: subjects and teachers of each class, once; arrivals get booklets."""

from __future__ import annotations

from sqlalchemy import func, select

from app.booklets.models import Booklet
from app.core.db import admin_db
from app.core.scope import school_scope
from app.core.uow import unit_of_work
from app.curriculum.lists import areas
from app.curriculum.models import TeachingItem, TeachingService
from app.schools.models import Division, School
from app.schools.people import Staff
from tests.booklets.factories import make_scheme
from tests.exchange.conftest import Synced
from tests.exchange.files import eleves, pupil, structure, sts
from tests.exchange.test_sts import ANNE, LOCAL, division
from tests.exchange.test_sync import GUARDIANS, PUPILS, said
from tests.exchange.test_sync_onde import PUPILS as ONDE_PUPILS


def taught(college: Synced) -> set[tuple[str, str, str | None]]:
    """(class, subject, teacher) of the school."""
    rows = select(Division.code, TeachingItem.code, Staff.last_name).select_from(TeachingService)
    rows = rows.join(TeachingService.division).join(TeachingService.item).outerjoin(TeachingService.staff)
    return set(college.rows(rows))


def test_services_come_in_once(college: Synced) -> None:
    staff = sts(ANNE + LOCAL, division("6A", "epp:7", "local:7") + division("6B"))
    outcome = college.run(PUPILS, staff)
    assert taught(college) == {("6A", "020700", "VIGNE"), ("6A", "020700", "BASTIDE"), ("6B", "020700", None)}
    assert "Services d'enseignement : 3 repris" in said(outcome, "info")
    again = college.run(PUPILS, staff)
    assert len(taught(college)) == 3 and "Services d'enseignement" not in said(again)


def test_a_service_that_the_file_no_longer_holds_ends_and_one_entered_on_screen_stays(college: Synced) -> None:
    college.run(PUPILS, sts(ANNE + LOCAL, division("6A", "epp:7", "local:7")))
    with school_scope(college.id), unit_of_work() as session:
        maths = session.scalars(select(TeachingItem).where(TeachingItem.code == "061300")).one()
        six_a = session.scalars(select(Division.id)).one()
        session.add(TeachingService(school_id=college.id, division_id=six_a, item_id=maths.id, staff_id=None))
    college.run(PUPILS, sts(ANNE + LOCAL, division("6A", "epp:7")))
    assert taught(college) == {("6A", "020700", "VIGNE"), ("6A", "061300", None)}


def test_an_unknown_subject_is_kept_with_its_code_and_said(college: Synced) -> None:
    services = division("6A").replace('CODE_MATIERE="020700"', 'CODE_MATIERE="99XYZ1"')
    alerts = said(college.run(PUPILS, sts(ANNE, services)), "alert")
    assert "La matière 99XYZ1 n'est pas dans la liste" in alerts
    assert ("6A", "99XYZ1", None) in taught(college)
    assert ("99XYZ1", "99XYZ1") in college.all(TeachingItem, "code", "label")


def test_personal_support_has_no_line_on_booklets(college: Synced) -> None:
    college.run(PUPILS, sts(ANNE, division("6A").replace("020700", "006600")))
    assert taught(college) == set()


def test_who_arrives_gets_booklets_when_the_class_has_its_periods(college: Synced) -> None:
    staff = sts(ANNE, division("6A", "epp:7"))
    college.run(PUPILS, GUARDIANS, staff)
    with school_scope(college.id), unit_of_work() as session:
        make_scheme(session.get_one(School, college.id), session.scalars(select(Division)).one())
    places = [structure(n, "6A") for n in (1, 2, 3)]
    outcome = college.run(eleves(pupil(1), pupil(2), pupil(3), structures=places), staff)
    assert "9 bilan(s) créé(s)" in said(outcome, "info")
    with school_scope(college.id):
        assert admin_db.session.scalar(select(func.count(Booklet.id))) == 9


def test_an_ecole_gets_its_areas(ecole: Synced) -> None:
    ecole.run(ONDE_PUPILS)
    assert len(ecole.all(TeachingItem, "cycle", "code")) == len(areas())
