"""Refreshing open booklets from the pupil base: what follows, what stays, what is said, and that twice is once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select, update

from app.audit.models import AuditLine
from app.booklets.making import make_booklets, make_cycle_booklets
from app.booklets.models import (
    Attainment,
    Booklet,
    BookletScheme,
    BookletSettings,
    ClassElement,
    ClassExemption,
)
from app.booklets.refreshing import ask_refresh, refresh_class
from app.core.actor import SYSTEM
from app.core.db import admin_db
from app.core.scope import school_scope
from app.core.uow import unit_of_work
from app.curriculum.elements import element_ids
from app.curriculum.models import SupportScheme, TeachingItem, TeachingService
from app.jobs import celery_app, services
from app.jobs.queries import lines_of
from app.jobs.storage import Storage, use_storage
from app.schools.models import Division, DivisionStaff, School
from app.schools.people import Enrolment, Pupil
from app.schools.periods import DivisionScheme, Period
from app.workflow import engine
from tests.booklets.factories import fill, make_element
from tests.booklets.test_making import (
    add_scheme,
    booklets_of,
    count,
    level,
    ready_class,
    serve,
    set_enrolment,
    statements,
)
from tests.factories import World, add, make_division, make_pupil, make_staff


@pytest.fixture
def college(world: World) -> Iterator[School]:
    """A collège in its scope, on both databases."""
    with school_scope(world.a), unit_of_work() as session:
        yield session.get_one(School, world.a)


@pytest.fixture
def ready(college: School) -> tuple[Division, list[TeachingItem], list[Pupil]]:
    """A class of two pupils with its booklets made."""
    division, items, pupils = ready_class(college, pupils=2)
    make_booklets(division.id, actor=SYSTEM)
    return division, items, pupils


Ready = tuple[Division, list[TeachingItem], list[Pupil]]


def flushed() -> None:
    admin_db.session.flush()
    admin_db.session.expire_all()


def lock(booklet: Booklet) -> None:
    """Fill and lock."""
    fill(booklet)
    admin_db.session.expire_all()
    engine.follow(booklet)
    engine.apply(booklet, "lock", actor=SYSTEM)
    flushed()


def other_class(college: School, items: list[TeachingItem], code: str = "4D") -> Division:
    """A class with its own trimesters that is taught these subjects."""
    division = make_division(college, code)
    add_scheme(college, division)
    for item in items:
        serve(division, item)
    return division


@pytest.mark.row("M019")
def test_exactly_these_facts_of_a_pupil_follow(ready: Ready) -> None:
    division, _, (pupil, other) = ready
    pupil.last_name, pupil.usage_name, pupil.first_name, pupil.first_name2 = "NOUVEAU", "USAGE", "Léa", "Ida"
    pupil.birth_date, pupil.sex, pupil.ine = date(2013, 2, 3), "M", "123456789AB"
    flushed()
    assert refresh_class(division.id, actor=SYSTEM).pupils == ["USAGE Léa"]
    flushed()
    for booklet in booklets_of(pupil):
        assert (booklet.last_name, booklet.first_name, booklet.first_names) == ("USAGE", "Léa", "Léa Ida")
        assert (booklet.birth_date, booklet.sex, booklet.ine) == (date(2013, 2, 3), "M", "123456789AB")
    assert booklets_of(other)[0].last_name == other.last_name


@pytest.mark.row("M018", "M019")
def test_teachers_class_teacher_and_the_label_of_the_class_follow(college: School, ready: Ready) -> None:
    division, (french, _, _), (pupil, _) = ready
    division.label = "4C européenne"
    teacher = make_staff(college, last_name="ROUX", title="MME")
    add(DivisionStaff(school_id=college.id, division_id=division.id, staff_id=teacher.id, is_class_teacher=True))
    flushed()
    service = select(TeachingService).where(TeachingService.item_id == french.id)
    admin_db.session.scalars(service).one().staff_id = teacher.id
    flushed()
    assert len(refresh_class(division.id, actor=SYSTEM).pupils) == 2
    flushed()
    booklet = booklets_of(pupil)[0]
    assert (booklet.division_label, booklet.class_teachers) == ("4C européenne", "Mme ROUX")
    assert {line.teachers for line in booklet.attainments if line.item_id == french.id} == {"Mme ROUX"}


@pytest.mark.row("M016")
def test_refreshing_twice_changes_nothing(ready: Ready) -> None:
    division, _, (pupil, _) = ready
    pupil.last_name = "NOUVEAU"
    flushed()
    refresh_class(division.id, actor=SYSTEM)
    before = [(row.id, row.version) for row in booklets_of(pupil)]
    lines = count(AuditLine)
    again = refresh_class(division.id, actor=SYSTEM)
    assert (again.pupils, again.made, again.dropped) == ([], 0, 0)
    assert [(row.id, row.version) for row in booklets_of(pupil)] == before
    assert count(AuditLine) == lines


@pytest.mark.row("M017", "M022")
def test_a_locked_booklet_is_left_alone_until_it_is_unlocked(college: School, ready: Ready) -> None:
    division, _, (pupil, _) = ready
    first = booklets_of(pupil)[0]
    lock(first)
    pupil.last_name = "NOUVEAU"
    add(SupportScheme(school_id=college.id, pupil_id=pupil.id, code="PAP", starts_on=date(2026, 9, 1)))
    flushed()
    refresh_class(division.id, actor=SYSTEM)
    flushed()
    first, second, _ = booklets_of(pupil)
    assert (first.last_name != "NOUVEAU", first.schemes, first.state) == (True, [], "locked")
    assert (second.last_name, [s.code for s in second.schemes]) == ("NOUVEAU", ["PAP"])
    engine.apply(first, "unlock", actor=SYSTEM, reason="Un dispositif à montrer")
    refresh_class(division.id, actor=SYSTEM)
    flushed()
    assert (first.last_name, [s.code for s in first.schemes]) == ("NOUVEAU", ["PAP"])


@pytest.mark.row("M020", "M021", "M022")
def test_schemes_come_end_and_are_reworded(college: School, ready: Ready) -> None:
    division, _, (pupil, _) = ready
    scheme = add(SupportScheme(school_id=college.id, pupil_id=pupil.id, code="PPRE", starts_on=date(2026, 9, 1),
                               ends_on=date(2026, 12, 1), complement="Lecture"))
    add(SupportScheme(school_id=college.id, pupil_id=pupil.id, code="AUTRE", starts_on=date(2026, 9, 1)))
    assert len(refresh_class(division.id, actor=SYSTEM).pupils) == 1
    flushed()
    assert [[s.code for s in b.schemes] for b in booklets_of(pupil)] == [["PPRE"], ["PPRE"], []]
    scheme.ends_on, scheme.complement = date(2026, 11, 30), "Calcul"
    flushed()
    refresh_class(division.id, actor=SYSTEM)
    flushed()
    assert [[s.complement for s in b.schemes] for b in booklets_of(pupil)] == [["Calcul"], [], []]


@pytest.mark.row("M022")
def test_where_booklets_are_imported_schemes_come_with_the_file(college: School, ready: Ready) -> None:
    division, _, (pupil, _) = ready
    add(BookletSettings(school_id=college.id, import_mode="software"))
    add(SupportScheme(school_id=college.id, pupil_id=pupil.id, code="PAP", starts_on=date(2026, 9, 1)))
    refresh_class(division.id, actor=SYSTEM)
    assert count(BookletScheme) == 0


def test_the_booklet_of_the_end_of_a_cycle_follows_too(college: School, ready: Ready) -> None:
    division, _, (pupil, _) = ready
    set_enrolment(pupil, grade_level_id=level("3E", 4, 120).id)
    add(SupportScheme(school_id=college.id, pupil_id=pupil.id, code="PAP", starts_on=date(2026, 9, 1)))
    assert make_cycle_booklets([division.id], actor=SYSTEM).booklets == 1
    pupil.last_name = "NOUVEAU"
    flushed()
    assert refresh_class(division.id, actor=SYSTEM).dropped == 0
    flushed()
    end = next(booklet for booklet in booklets_of(pupil) if booklet.model == "cycle")
    assert (end.last_name, end.period_label, end.schemes) == ("NOUVEAU", "Fin du cycle 4", [])


def test_a_pupil_who_changes_class_keeps_booklet_and_entries(college: School, ready: Ready) -> None:
    division, (french, maths, history), (pupil, _) = ready
    arts = add(TeachingItem(school_id=college.id, kind="subject", code="090100", label="Arts", short_label="Arts"))
    elsewhere = other_class(college, [french, arts])
    first, second, _ = booklets_of(pupil)
    written = next(line for line in first.attainments if line.item_id == maths.id)
    written.comment = "Très bon début."
    make_element(next(line for line in first.attainments if line.item_id == history.id))
    place = {"school_id": college.id, "division_id": elsewhere.id, "position": 2, "period_count": 3}
    [element] = element_ids(["Lire une œuvre complète."])
    add(ClassElement(**place, item_id=french.id, element_id=element))
    add(ClassExemption(**place, item_id=arts.id, reason="Professeur non remplacé"))
    set_enrolment(pupil, division_id=elsewhere.id)
    ids = [booklet.id for booklet in booklets_of(pupil)]
    refresh_class(elsewhere.id, actor=SYSTEM)
    flushed()
    assert [booklet.id for booklet in booklets_of(pupil)] == ids
    first, second, _ = booklets_of(pupil)
    assert {booklet.division_label for booklet in booklets_of(pupil)} == {"4D"}
    assert {line.item_id for line in first.attainments} == {french.id, arts.id, maths.id, history.id}
    assert {line.item_id for line in second.attainments} == {french.id, arts.id}
    lines = {line.item_id: line for line in second.attainments}
    assert [held.element.text for held in lines[french.id].elements] == ["Lire une œuvre complète."]
    assert lines[arts.id].not_assessed == "Professeur non remplacé"
    assert refresh_class(division.id, actor=SYSTEM).pupils == []


def test_refreshing_the_class_that_was_left_moves_the_booklets_too(college: School, ready: Ready) -> None:
    division, items, (pupil, _) = ready
    elsewhere = other_class(college, items)
    set_enrolment(pupil, division_id=elsewhere.id)
    refresh_class(division.id, actor=SYSTEM)
    flushed()
    assert {booklet.division_id for booklet in booklets_of(pupil)} == {elsewhere.id}


def test_who_left_keeps_what_has_content(ready: Ready) -> None:
    division, _, (pupil, _) = ready
    third = booklets_of(pupil)[2]
    third.overall_comment = "Bonne continuation."
    set_enrolment(pupil, ends_on=date(2026, 10, 1))
    assert refresh_class(division.id, actor=SYSTEM).dropped == 1
    flushed()
    assert [booklet.position for booklet in booklets_of(pupil)] == [1, 3]
    assert count(AuditLine, AuditLine.action == "booklet.drop") == 1


def test_a_class_cut_otherwise_keeps_only_what_was_entered(college: School, ready: Ready) -> None:
    division, _, (pupil, other) = ready
    booklets_of(pupil)[0].lateness = 2
    flushed()
    scheme = add_scheme(college, make_division(college, "4Z"))
    admin_db.session.execute(update(DivisionScheme).where(DivisionScheme.division_id == division.id).values(
        scheme_id=scheme.id), execution_options={"synchronize_session": False})  # fmt: skip
    for period in admin_db.session.scalars(select(Period).where(Period.scheme_id == scheme.id, Period.position == 3)):
        admin_db.session.delete(period)
    flushed()
    done = refresh_class(division.id, actor=SYSTEM)
    flushed()
    assert (done.made, done.dropped) == (4, 5)
    assert sorted((b.position, b.period_count) for b in booklets_of(pupil)) == [(1, 2), (1, 3), (2, 2)]
    assert sorted((b.position, b.period_count) for b in booklets_of(other)) == [(1, 2), (2, 2)]


def test_completeness_follows_the_lines(college: School, ready: Ready) -> None:
    division, items, (pupil, _) = ready
    first = fill(booklets_of(pupil)[0])
    admin_db.session.expire_all()
    engine.follow(first)
    assert first.state == "complete"
    extra = add(TeachingItem(school_id=college.id, kind="subject", code="090100", label="Arts", short_label="Arts"))
    serve(division, extra)
    refresh_class(division.id, actor=SYSTEM)
    flushed()
    assert first.state == "draft" and len(first.attainments) == len(items) + 1


def test_a_line_nobody_teaches_goes_only_when_it_is_empty(ready: Ready) -> None:
    division, (french, maths, _), (pupil, _) = ready
    for line in booklets_of(pupil)[0].attainments:
        line.comment = "Sérieux." if line.item_id == french.id else None
    admin_db.session.flush()
    for service in admin_db.session.scalars(select(TeachingService).where(
            TeachingService.item_id.in_([french.id, maths.id]))):  # fmt: skip
        admin_db.session.delete(service)
    flushed()
    refresh_class(division.id, actor=SYSTEM)
    assert count(Attainment, Attainment.item_id == french.id) == 1
    assert count(Attainment, Attainment.item_id == maths.id) == 0


def test_as_many_statements_for_twenty_pupils_as_for_two(college: School, ready: Ready) -> None:
    division, _, _ = ready
    seen: list[int] = []
    refresh_class(division.id, actor=SYSTEM)
    for more in (0, 18):
        for _ in range(more):
            make_pupil(college, division)
        make_booklets(division.id, actor=SYSTEM)
        admin_db.session.execute(update(Pupil).where(Pupil.id.in_(select(Enrolment.pupil_id).where(
            Enrolment.division_id == division.id))).values(last_name=f"NOM{more}"),
            execution_options={"synchronize_session": False})  # fmt: skip
        with statements() as sent:
            refresh_class(division.id, actor=SYSTEM)
        seen.append(len(sent))
    assert seen[0] == seen[1] <= 40


@pytest.fixture
def quiet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No broker, files in a folder of the test."""
    monkeypatch.setattr(celery_app, "wake_worker", lambda: None)
    use_storage(Storage(tmp_path / "home"))
    yield
    use_storage(None)


@pytest.mark.row("M014", "M015", "M016")
def test_the_job_reports_class_by_class(world: World, quiet: None) -> None:
    with school_scope(world.a), unit_of_work() as session:
        school = session.get_one(School, world.a)
        division, _, (pupil, _) = ready_class(school, pupils=2)
        make_booklets(division.id, actor=SYSTEM)
        bare = make_division(school, "3A")
        pupil.last_name, pupil.first_name = "NOUVEAU", "Léa"
        chosen = [bare.id, division.id]
    with school_scope(world.a):
        asked = ask_refresh(world.a, chosen, actor=SYSTEM)
    job = services.run_here(asked.id)
    with school_scope(world.a), unit_of_work() as session:
        lines = [(line["severity"], line["message"]) for line in lines_of(session, job.id)]
    assert lines == [
        ("info", "Synchronisation lancée pour : 3A, 4C"),
        ("info", "L'établissement a bien été mis à jour"),
        ("alert", "Aucune période n'est paramétrée pour la division 3A."),
        ("info", "L'élève NOUVEAU Léa (4C) a été mis à jour."),
        ("info", "La synchronisation s'est déroulée avec succès."),
    ]  # fmt: skip
    assert (job.state, job.result["updated"], job.result["unset"]) == ("done", 1, 1)
