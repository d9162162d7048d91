"""Editing: only locked booklets, one number each, kept while nothing changes; the pile as it goes to the printer."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from pypdf import PdfReader
from sqlalchemy import select, update

from app.booklets.edit_wish import EditWish
from app.booklets.editing import ask, draft_pdf, edition_pdf
from app.booklets.issuing import issue, issues_of
from app.booklets.models import Attainment, Booklet, BookletEdition, BookletFault
from app.booklets.selection import Picked
from app.core.actor import SYSTEM, Actor
from app.core.db import admin_db
from app.core.errors import Conflict, Forbidden
from app.core.scope import school_scope, system_scope
from app.core.uow import unit_of_work
from app.jobs import services as jobs
from app.jobs.models import Artifact, JobLine
from app.jobs.storage import Storage, storage, use_storage
from app.schools.models import GradeLevel, School
from app.schools.people import Pupil
from app.workflow import bulk, engine
from letters.booklet_types import from_plain
from tests.booklets.factories import fill, make_class
from tests.factories import World, add, build_world, make_guardian

session = admin_db.session
SCHOOL = Picked(1, 3)  # the first trimester of the whole school


@pytest.fixture
def world(databases: object, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """The world, with an instance folder of the test's own."""
    monkeypatch.setenv("LIVRET_HOME", str(tmp_path))
    use_storage(Storage(tmp_path))
    yield build_world()
    use_storage(None)


def locked_class(world: World, pupils: int = 3, **facts: Any) -> list[int]:
    """A class of school A with every booklet filled and locked; the ids in the order of the pile."""
    with school_scope(world.a), unit_of_work() as work:
        _, booklets = make_class(work.get_one(School, world.a), pupils, **facts)
        for booklet in booklets:
            fill(booklet)
        ids = [booklet.id for booklet in booklets]
        work.expire_all()
        lock(ids)
    return ids


def lock(ids: list[int]) -> None:
    bulk.follow_many(Booklet, Booklet.id.in_(ids), session=session())
    assert bulk.apply_many(Booklet, "lock", Booklet.id.in_(ids), actor=SYSTEM, session=session()).moved == len(ids)


def edit(world: World, picked: Picked = SCHOOL, **wish: Any) -> Any:
    """Ask for the job and run it here."""
    with school_scope(world.a):
        job = ask(EditWish(picked, **wish), actor=SYSTEM, school_id=world.a, label="Édition")
    done = jobs.run_here(job.id)
    assert done.state == "done", done.message
    return done


def pages(job: Any) -> list[str]:
    """The text of each page of the job's file."""
    with system_scope("test"):
        files = select(Artifact.path).where(Artifact.job_id == job.id).order_by(Artifact.id.desc())
        path = session.scalars(files).first()
    return [page.extract_text() for page in PdfReader(storage().open_artifact(path)).pages]


def editions(world: World) -> list[BookletEdition]:
    with school_scope(world.a):
        return list(session.scalars(select(BookletEdition).order_by(BookletEdition.id)))


def unlock(world: World, booklet_id: int, comment: str | None = None) -> None:
    """Unlock, change the overall comment perhaps, lock again."""
    with school_scope(world.a), unit_of_work() as work:
        engine.apply(work.get_one(Booklet, booklet_id), "unlock", actor=SYSTEM, reason="Erreur de saisie")
        if comment:
            work.execute(update(Booklet).where(Booklet.id == booklet_id).values(overall_comment=comment))
        lock([booklet_id])


def lines(job: Any) -> list[tuple[str, str]]:
    with system_scope("test"):
        return [(line.severity, line.message) for line in
                session.scalars(select(JobLine).where(JobLine.job_id == job.id).order_by(JobLine.id))]


@pytest.mark.row("M046")
def test_only_a_locked_booklet_is_edited(world: World) -> None:
    """Two are locked, one is not, one has an import's blocking line: two are edited, two are explained."""
    ids = locked_class(world, 4)
    with school_scope(world.a), unit_of_work() as work:
        engine.apply(work.get_one(Booklet, ids[2]), "unlock", actor=SYSTEM, reason="Erreur")
        add(BookletFault(school_id=world.a, booklet_id=ids[3], message="Élève inconnu"))
    job = edit(world)
    assert job.result["done"] == 2 and len(job.result["refused"]) == 2
    said = dict(lines(job))
    assert len(lines(job)) == 2 and "ligne bloquante" in said["blocking"], "the import's stops, the draft is only said"
    assert "alert" in said
    with school_scope(world.a):
        states = dict(session.execute(select(Booklet.id, Booklet.state)).all())
        assert [states[id] for id in ids] == ["edited", "edited", "complete", "locked"]
        with pytest.raises(Conflict, match="ne peut être édité"):
            ask(EditWish(Picked(ids=(ids[2],))), actor=SYSTEM, school_id=world.a, label="x")
        with pytest.raises(Forbidden):
            ask(EditWish(SCHOOL), actor=Actor.person(1, "x", {("can_show", "booklet")}), school_id=world.a, label="x")


@pytest.mark.row("M047")
@pytest.mark.parametrize("population", ["booklets", "division", "level", "school"])
def test_one_pupil_a_class_a_level_the_school(world: World, population: str) -> None:
    """One file in class order, front and back; one number each; each document alone too."""
    level = session.scalar(select(GradeLevel.id))
    ids = locked_class(world, grade_level_id=level)
    with school_scope(world.a):
        division = session.scalar(select(Booklet.division_id))
    picked = {"booklets": Picked(ids=tuple(ids)), "division": Picked(1, 3, division_id=division),
              "level": Picked(1, 3, level_id=level), "school": SCHOOL}[population]  # fmt: skip
    job = edit(world, picked)
    text = pages(job)
    assert len(text) == 6 and job.result["pages"] == 6
    issued = editions(world)
    assert [one.number for one in issued] == ["2026-000001", "2026-000002", "2026-000003"]
    assert len({one.token for one in issued}) == 3
    for number, one in enumerate(issued):
        assert (one.first_page, one.last_page) == (2 * number + 1, 2 * number + 2)
        assert one.number in text[2 * number] and one.facts["pupil"]["last_name"] in text[2 * number]
        with school_scope(world.a):
            name, pdf = edition_pdf(one.id, actor=SYSTEM)
        assert name.startswith(f"bilan-{one.number}") and _text(pdf) == text[2 * number:2 * number + 2]
    names = [one.facts["pupil"]["last_name"] for one in issued]
    assert names == sorted(names)


def _text(pdf: bytes) -> list[str]:
    return [page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages]


@pytest.mark.row("M046")
def test_an_unchanged_booklet_keeps_its_number(world: World) -> None:
    """Edited again at once, or after an unlocking that changed nothing: the same number and the same paper."""
    ids = locked_class(world)
    first = pages(edit(world))
    again = edit(world)
    assert pages(again) == first and again.result["unchanged"] == 3 and again.result["new_numbers"] == 0
    unlock(world, ids[0])
    assert editions(world)[0].withdrawn_at is not None
    job = edit(world)
    assert pages(job) == first
    assert [(one.withdrawn_at, one.replaced_at) for one in editions(world)] == [(None, None)] * 3


@pytest.mark.row("M046")
def test_a_changed_booklet_gets_another_number(world: World) -> None:
    """Only the changed one is printed; the old edition is replaced; a sheet on top says what changed."""
    ids = locked_class(world)
    edit(world)
    unlock(world, ids[1], "Un nouveau conseil : relisez vos copies.")
    unlock(world, ids[2])
    job = edit(world, only_changed=True)
    text = pages(job)
    assert len(text) == 4 and (job.result["new_numbers"], job.result["replaced"], job.result["unchanged"]) == (1, 1, 2)
    assert "2026-000002" in text[0] and "2026-000004" in text[0] and "Appréciation générale" in text[0]
    assert text[1].strip() == "" and "2026-000004" in text[2] and "relisez vos copies" in text[3]
    old, new = (one for one in editions(world) if one.booklet_id == ids[1])
    assert old.replaced_at is not None and (new.replaced_at, new.number) == (None, "2026-000004")
    assert any("remplacé par 2026-000004" in message for _, message in lines(job))
    with school_scope(world.a):
        assert set(session.scalars(select(Booklet.state))) == {"edited"}


def test_one_that_cannot_be_printed_is_reported_and_the_others_are_edited(world: World) -> None:
    """A pupil whose first name is blank: left out with a blocking line, still locked."""
    with school_scope(world.a), unit_of_work() as work:
        _, booklets = make_class(work.get_one(School, world.a), 3)
        booklets[1].first_name = " "
        for booklet in booklets:
            fill(booklet)
        ids = [booklet.id for booklet in booklets]
        work.expire_all()
        lock(ids)
    job = edit(world)
    assert (job.result["done"], job.result["failed"], len(pages(job))) == (2, 1, 4)
    [(severity, message)] = [line for line in lines(job) if line[0] == "blocking"]
    assert "bilan non imprimé" in message and "first_name" in message
    assert jobs.exit_code(job) == 1
    with school_scope(world.a):
        assert session.get_one(Booklet, ids[1]).state == "locked"


def test_one_that_kills_its_rendering_is_found_and_reported(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rendering process dies on one booklet (here: no time left for it): the pile is made without it."""
    from app.booklets import printing
    from letters.errors import RenderFailed

    ids = locked_class(world)
    real = printing.render_batch

    def strict(documents: Any, *rest: Any, **options: Any) -> Any:
        bad = [one.reference for one in documents if one.booklet.pupil.last_name == name]
        if bad:
            raise RenderFailed(bad[0], "il demande trop de mémoire")
        return real(documents, *rest, **options)

    with school_scope(world.a):
        name = session.get_one(Booklet, ids[2]).last_name
    monkeypatch.setattr(printing, "render_batch", strict)
    job = edit(world)
    assert (job.result["done"], job.result["failed"]) == (2, 1)
    assert [one.booklet_id for one in editions(world)] == ids[:2]


def test_a_booklet_unlocked_while_it_is_printed_is_not_issued(world: World) -> None:
    """What was read no longer stands: nothing of the set is stored."""
    ids = locked_class(world)
    with school_scope(world.a):
        prepared, _ = issues_of(ids)
        session().rollback()
        unlock(world, ids[0], "Autre appréciation.")
        assert issue(prepared, actor=SYSTEM, job_id=1) is False
    assert editions(world) == []


@pytest.mark.row("M047")
def test_one_copy_for_each_household_in_postal_order(world: World) -> None:
    """Parents apart get a copy each, those together one; brothers and sisters share an envelope."""
    ids = locked_class(world, 3)
    with school_scope(world.a), unit_of_work() as work:
        school = work.get_one(School, world.a)
        one, two, three = (work.get_one(Pupil, work.get_one(Booklet, id).pupil_id) for id in ids)
        home = {"address1": "1 rue Haute", "postal_code": "99100", "city": "AVRE"}
        make_guardian(school, one, two, first_name="Maude", **home)
        make_guardian(school, one, two, rank=2, first_name="Paul", **home)
        make_guardian(school, three, address1=None)
        apart = {"address1": "8 quai Bas", "postal_code": "75012", "city": "PARIS"}
        make_guardian(school, three, rank=2, first_name="Ida", **apart)
    job = edit(world, copies="household")
    text = pages(job)
    starts = [text[n].split("Contient")[0] if "Contient" in text[n] else "" for n in range(0, len(text), 2)]
    assert ["PARIS" in starts[0], "AVRE" in starts[2]] == [True, True]
    assert "Maude" in text[4] and " et " in text[4] and "Paul" in text[4]
    assert len(text) == 2 + 2 + 2 + 4
    numbers = [one.number for one in editions(world)]
    assert [n in text[at] for n, at in zip((numbers[2], numbers[0], numbers[1]), (2, 6, 8), strict=True)] == [True] * 3


def test_a_pupil_nobody_can_be_written_to_about(world: World) -> None:
    """The booklet is printed without envelope, and the report says so."""
    locked_class(world, 1)
    job = edit(world, copies="household")
    assert len(pages(job)) == 2
    assert any("aucun responsable légal" in message for severity, message in lines(job) if severity == "alert")


def test_a_draft_has_no_number_and_changes_nothing(world: World) -> None:
    """Of a class in any state, and of one booklet at once."""
    with school_scope(world.a), unit_of_work() as work:
        _, booklets = make_class(work.get_one(School, world.a), 2)
        booklet_id = booklets[0].id
    job = edit(world, draft=True)
    assert len(pages(job)) == 4 and all("BROUILLON" in page for page in pages(job))
    with school_scope(world.a):
        name, pdf = draft_pdf(booklet_id, actor=SYSTEM)
        assert name.startswith("brouillon-") and all("BROUILLON" in page for page in _text(pdf))
        assert set(session.scalars(select(Booklet.state))) == {"draft"}
    assert editions(world) == []


def test_an_edition_is_drawn_again_when_its_file_is_gone(world: World) -> None:
    """From the facts that were kept with it: the same words."""
    locked_class(world, 1)
    job = edit(world)
    text = pages(job)
    [one] = editions(world)
    with system_scope("test"):
        storage().open_artifact(session.scalars(select(Artifact.path)).one()).unlink()
    with school_scope(world.a):
        assert _text(edition_pdf(one.id, actor=SYSTEM)[1]) == text
    assert from_plain(one.facts).pupil.last_name == one.facts["pupil"]["last_name"]


def test_averages_of_the_class_do_not_renumber_the_others(world: World) -> None:
    """One pupil's mark is corrected: that booklet gets another number, the other keeps its own and its paper."""
    ids = locked_class(world, 2, scale="marks")
    before = pages(edit(world))
    with school_scope(world.a), unit_of_work() as work:
        engine.apply(work.get_one(Booklet, ids[0]), "unlock", actor=SYSTEM, reason="Erreur")
        work.execute(update(Attainment).where(Attainment.booklet_id == ids[0]).values(average=19),
                     execution_options={"synchronize_session": False})
        lock([ids[0]])
    job = edit(world)
    assert job.result["new_numbers"] == 1
    assert pages(job)[-2:] == before[-2:]


def test_a_wish_is_the_same_after_the_job_s_row() -> None:
    """Parameters are plain values."""
    wish = EditWish(Picked(ids=(3, 4)), copies="household", draft=True)
    assert EditWish.from_params(wish.as_params()) == wish
    assert EditWish.from_params(replace(wish, draft=False).as_params()) != wish
