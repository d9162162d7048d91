"""Periodicities and the classes that follow them (M007–M010), and what becomes of booklets then."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from app.audit.models import AuditLine
from app.booklets import periodicity
from app.booklets.making import make_for_classes
from app.booklets.models import Booklet
from app.booklets.periodicity import change_scheme, plan, target
from app.core.actor import SYSTEM, Actor
from app.core.db import admin_db
from app.core.errors import BadInput, Conflict, Forbidden, NotFound
from app.core.scope import school_scope
from app.core.uow import unit_of_work
from app.curriculum.models import TeachingItem
from app.schools.models import Division, School, SchoolYear
from app.schools.period_dates import MOST_PERIODS, check_terms, gap_sentence, preset_terms, read_day
from app.schools.period_queries import classes, schemes, undefined_classes
from app.schools.period_services import delete_scheme
from app.schools.periods import DivisionScheme, Period, PeriodScheme
from app.workflow import engine
from tests.booklets.factories import fill, make_items, make_line
from tests.factories import World


@dataclass
class Span:
    """The dates of a school year."""

    first_year: int
    starts_on: date
    ends_on: date


YEAR = Span(2026, date(2026, 9, 1), date(2027, 7, 6))
LEAP = Span(2027, date(2027, 9, 1), date(2028, 7, 5))
NOBODY = Actor("user", 1, "Alix", frozenset())


@pytest.fixture
def school(world: World) -> Iterator[World]:
    """Inside school a."""
    with school_scope(world.a):
        yield world


def associate(scheme_id: int, ids: list[int], *, actor: Actor = SYSTEM) -> tuple[tuple[str, ...], int, int]:
    """Associate, then make the booklets as the job does: the labels, how many drafts went, how many were made."""
    done = periodicity.associate(scheme_id, ids, actor=actor)
    made = make_for_classes(done.ids, actor=actor).booklets if done.ids else 0
    return done.labels, done.dropped, made


def sixth(world: World) -> int:
    """The class 6A."""
    return int(world.of[world.a]["divisions"][0])


def of_class(division_id: int) -> list[Booklet]:
    """Its periodic booklets."""
    admin_db.session.expire_all()
    mine = select(Booklet).where(Booklet.division_id == division_id, Booklet.position > 0)
    return list(admin_db.session.scalars(mine.order_by(Booklet.position, Booklet.pupil_id)))


# ---- dates -----------------------------------------------------------------------------------------------------


@pytest.mark.row("M007")
@pytest.mark.parametrize("year", [YEAR, LEAP])
def test_shipped_periods_cover_the_year(year: Span) -> None:
    first = year.first_year
    semester, trimester = preset_terms("semester", year), preset_terms("trimester", year)
    assert [(t.starts_on, t.ends_on) for t in semester] == [
        (date(first, 9, 1), date(first + 1, 1, 31)), (date(first + 1, 2, 1), year.ends_on)]  # fmt: skip
    assert [(t.starts_on, t.ends_on) for t in trimester] == [
        (date(first, 9, 1), date(first, 11, 30)), (date(first, 12, 1), date(first + 1, 3, 11)),
        (date(first + 1, 3, 12), year.ends_on)]  # fmt: skip
    assert [t.label for t in semester] == ["Semestre 1", "Semestre 2"]
    for terms in (semester, trimester):
        assert gap_sentence(terms, year) is None
        days = sum((t.ends_on - t.starts_on).days + 1 for t in terms)
        assert days == (year.ends_on - year.starts_on).days + 1  # a leap year's 29 February counts


def test_a_year_that_does_not_cut_that_way() -> None:
    """The southern calendar: the sentence says what to do instead."""
    south = Span(2026, date(2026, 2, 16), date(2026, 12, 18))
    with pytest.raises(BadInput, match="ne se découpe pas"):
        preset_terms("trimester", south)
    with pytest.raises(BadInput):
        preset_terms("bimester", YEAR)


@pytest.mark.parametrize("text", ["31/02/2027", "2027-02-31", "29/02/2027", "", "demain", "2027-13-01", "1/1", "²/1"])
def test_not_a_date(text: str) -> None:
    with pytest.raises(BadInput, match="n'est pas une date"):
        read_day(text)


def test_dates_as_people_write_them() -> None:
    assert {read_day(text) for text in ("2026-11-30", "30/11/2026", " 30-11-2026 ")} == {date(2026, 11, 30)}
    assert read_day("29/02/2028") == date(2028, 2, 29)


@pytest.mark.row("M008")
@pytest.mark.parametrize(
    ("days", "said"),
    [
        ([], "de 1 à 12"),
        ([("2026-09-10", "2026-09-01")], "finit le 01/09/2026, avant de commencer"),
        ([("2026-08-31", "2026-09-30")], "sort de l'année scolaire"),
        ([("2026-09-01", "2027-07-07")], "sort de l'année scolaire"),
        ([("2026-09-01", "2026-10-31"), ("2026-10-31", "2026-12-01")], "avant la fin de la précédente"),
        ([("2026-11-01", "2026-12-31"), ("2026-09-01", "2026-10-31")], "avant la fin de la précédente"),
    ],
)
def test_ones_own_periods_are_checked(days: list[tuple[str, str]], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        check_terms([(read_day(a), read_day(b)) for a, b in days], YEAR)


def test_twelve_periods_at_most() -> None:
    days = [(YEAR.starts_on + timedelta(days=20 * n), YEAR.starts_on + timedelta(days=20 * n + 19)) for n in range(13)]
    assert len(check_terms(days[:MOST_PERIODS], YEAR)) == 12
    with pytest.raises(BadInput, match="de 1 à 12"):
        check_terms(days, YEAR)


def test_a_gap_is_told() -> None:
    terms = check_terms([(date(2026, 9, 1), date(2026, 11, 30)), (date(2026, 12, 6), date(2027, 7, 1))], YEAR)
    assert gap_sentence(terms, YEAR) == (
        "Jours de l'année sans période : du 01/12/2026 au 05/12/2026, du 02/07/2027 au 06/07/2027.")


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(st.integers(0, 308), min_size=2, max_size=24))
def test_what_passes_is_in_order_and_apart(numbers: list[int]) -> None:
    """Whatever the pairs: either a sentence, or periods that follow one another inside the year."""
    days = [YEAR.starts_on + timedelta(days=number) for number in numbers]
    pairs = list(zip(days[::2], days[1::2], strict=False))
    try:
        terms = check_terms(pairs, YEAR)
    except BadInput:
        assert any(a > b for a, b in pairs) or any(pairs[n + 1][0] <= pairs[n][1] for n in range(len(pairs) - 1))
        return
    flat = [day for term in terms for day in (term.starts_on, term.ends_on)]
    assert flat == sorted(flat)
    assert all(later > earlier for earlier, later in zip(flat[1::2], flat[2::2], strict=False))


# ---- association -----------------------------------------------------------------------------------------------


@pytest.mark.row("M007", "M009")
def test_associating_makes_the_booklets(school: World) -> None:
    """The shipped periodicity gets its row at its first use; the class shows it; one booklet per pupil and period."""
    assert [view.id for view in schemes()] == [None, None]
    assert admin_db.session.scalars(select(PeriodScheme)).all() == []
    scheme = target("trimester", actor=SYSTEM)
    done = associate(scheme.id, [sixth(school)], actor=SYSTEM)
    assert done == (("6A",), 0, 6)
    assert {row.label: row.scheme for row in classes()} == {"6A": "Trimestre", "5B": None}
    assert [b.period_label for b in of_class(sixth(school))] == [f"Trimestre {n}" for n in (1, 1, 2, 2, 3, 3)]
    assert associate(scheme.id, [sixth(school)], actor=SYSTEM)[0] == (), "once is enough"
    assert target("trimester", actor=SYSTEM).id == scheme.id


@pytest.mark.row("M009")
def test_associating_again_moves(school: World) -> None:
    """A class has exactly one periodicity; its empty drafts of the other count go, those of the new one are made."""
    associate(target("trimester", actor=SYSTEM).id, school.of[school.a]["divisions"], actor=SYSTEM)
    done = associate(target("semester", actor=SYSTEM).id, [sixth(school)], actor=SYSTEM)
    assert done[1:] == (6, 4)
    assert {row.label: row.scheme for row in classes()} == {"6A": "Semestre", "5B": "Trimestre"}
    assert len(admin_db.session.scalars(select(DivisionScheme)).all()) == 2
    assert {b.period_count for b in of_class(sixth(school))} == {2}
    gone = admin_db.session.scalars(select(AuditLine).where(AuditLine.action == "booklet.drop")).all()
    assert len(gone) == 6 and {line.old_state for line in gone} == {"draft"}


def test_what_a_move_would_do_is_said_first(school: World) -> None:
    associate(target("trimester", actor=SYSTEM).id, school.of[school.a]["divisions"], actor=SYSTEM)
    [move] = plan(2, None, [sixth(school)])
    assert (move.row.label, move.drafts, move.written, move.redated) == ("6A", 6, 0, 0)


@pytest.mark.row("M009")
@pytest.mark.parametrize("what", ["comment", "line", "element", "life", "locked"])
def test_written_booklets_hold_their_class(school: World, what: str) -> None:
    """Nothing is orphaned: the move is refused with the classes and numbers, and nothing is done, not even for the
    other class asked for."""
    associate(target("trimester", actor=SYSTEM).id, school.of[school.a]["divisions"], actor=SYSTEM)
    _write(school, what)
    semester = target("semester", actor=SYSTEM)
    with pytest.raises(Conflict, match=r"nombre de périodes : 6A \(1\)"):
        associate(semester.id, school.of[school.a]["divisions"], actor=SYSTEM)
    assert {row.scheme for row in classes()} == {"Trimestre"}
    assert len(of_class(sixth(school))) == 6


def _write(school: World, what: str) -> None:
    with unit_of_work() as session:
        booklet = of_class(sixth(school))[0]
        if what == "comment":
            booklet.overall_comment = "Bon début."
        elif what == "life":
            booklet.lateness = 0
        else:
            lines = [make_line(booklet, item) for item in _items(session.get_one(School, school.a))]
            if what == "line":
                lines[0].positioning = 2
            if what in ("element", "locked"):
                fill(booklet)
            if what == "element":
                booklet.overall_comment = booklet.absences_justified = booklet.absences_unjustified = None
                booklet.lateness = None
                for line in lines:
                    line.comment = line.positioning = None
    if what == "locked":
        admin_db.session.expire_all()
        engine.follow(booklet)
        engine.apply(booklet, "lock", actor=SYSTEM)


@pytest.mark.row("M009")
def test_same_number_of_periods(school: World) -> None:
    """From trimesters to three periods of one's own: booklets stay with what they say, the open ones are redated."""
    associate(target("trimester", actor=SYSTEM).id, [sixth(school)], actor=SYSTEM)
    _write(school, "locked")
    _write_second(school)
    own = change_scheme(None, "À nos dates", [(date(2026, 9, 1), date(2026, 12, 18)),
                                              (date(2027, 1, 4), date(2027, 4, 2)),
                                              (date(2027, 4, 5), date(2027, 7, 6))], actor=SYSTEM)  # fmt: skip
    done = associate(own.id, [sixth(school)], actor=SYSTEM)
    assert done[1:] == (0, 0)
    found = of_class(sixth(school))
    assert {(b.state, b.period_label, b.ends_on) for b in found if b.position == 1} == {
        ("locked", "Trimestre 1", date(2026, 11, 30)), ("draft", "Période 1", date(2026, 12, 18))}  # fmt: skip
    assert [b.overall_comment for b in found].count("Toujours là.") == 1


def _items(school: School) -> list[TeachingItem]:
    return list(admin_db.session.scalars(select(TeachingItem).limit(3))) or make_items(school)


def _write_second(school: World) -> None:
    with unit_of_work():
        of_class(sixth(school))[1].overall_comment = "Toujours là."


def test_a_pupil_from_elsewhere_does_not_hold_the_class(school: World) -> None:
    """Booklets of a count that is not the class's own came with a pupil: they stay, and hold nobody."""
    associate(target("trimester", actor=SYSTEM).id, [sixth(school)], actor=SYSTEM)
    with unit_of_work():
        first = of_class(sixth(school))[0]
        first.period_count, first.overall_comment = 2, "D'une classe en semestres."
    four = change_scheme(None, "Quatre", _quarters(), actor=SYSTEM)
    assert associate(four.id, [sixth(school)], actor=SYSTEM)[1] == 5
    assert "D'une classe en semestres." in [b.overall_comment for b in of_class(sixth(school))]


def _quarters() -> list[tuple[date, date]]:
    return [(date(2026, 9, 1), date(2026, 11, 8)), (date(2026, 11, 9), date(2027, 1, 31)),
            (date(2027, 2, 1), date(2027, 4, 18)), (date(2027, 4, 19), date(2027, 7, 6))]  # fmt: skip


def test_refused_associations(school: World) -> None:
    scheme = target("trimester", actor=SYSTEM).id
    other = school.of[school.b]["divisions"][0]
    for ids in ([other], [sixth(school), 987654]):
        with pytest.raises(NotFound):
            associate(scheme, ids, actor=SYSTEM)
    with pytest.raises(BadInput, match="au moins une classe"):
        associate(scheme, [], actor=SYSTEM)
    with pytest.raises(NotFound):
        associate(987654, [sixth(school)], actor=SYSTEM)
    with pytest.raises(Forbidden):
        associate(scheme, [sixth(school)], actor=NOBODY)
    with pytest.raises(Forbidden):
        target("semester", actor=NOBODY)
    assert {row.scheme for row in classes()} == {None}


def test_last_years_classes_are_not_asked(school: World) -> None:
    with unit_of_work() as session:
        year = SchoolYear(authority_id=school.authority, first_year=2025, starts_on=date(2025, 9, 1),
                          ends_on=date(2026, 7, 3))  # fmt: skip
        session.add(year)
        session.flush()
        old = Division(school_id=school.a, school_year_id=year.id, code="OLD", label="6A d'avant")
        session.add(old)
        session.flush()
        old_id = old.id
    assert undefined_classes()[0] == ["5B", "6A"]
    with pytest.raises(NotFound):
        associate(target("trimester", actor=SYSTEM).id, [old_id], actor=SYSTEM)


@pytest.mark.row("M010")
def test_classes_without_a_periodicity(school: World) -> None:
    assert undefined_classes() == (["5B", "6A"], True)
    associate(target("trimester", actor=SYSTEM).id, [sixth(school)], actor=SYSTEM)
    assert undefined_classes() == (["5B"], False)
    assert [(view.label, view.classes) for view in schemes()] == [("Semestre", ()), ("Trimestre", ("6A",))]
    associate(target("semester", actor=SYSTEM).id, [school.of[school.a]["divisions"][1]], actor=SYSTEM)
    assert undefined_classes() == ([], False)
    with school_scope(school.b):
        assert undefined_classes() == (["5B", "6A"], True)


# ---- one's own -------------------------------------------------------------------------------------------------


@pytest.mark.row("M008")
def test_own_periodicity_added_changed_deleted(school: World) -> None:
    own = change_scheme(None, "  Cinq périodes ", _quarters(), actor=SYSTEM)
    assert own.label == "Cinq périodes"
    key = own.id
    changed = change_scheme(key, "Quatre périodes", _quarters()[:3], actor=SYSTEM)
    [view, *_] = schemes()
    assert (changed.id, view.label, len(view.terms)) == (key, "Quatre périodes", 3)
    assert [t.label for t in view.terms] == ["Période 1", "Période 2", "Période 3"]
    delete_scheme(key, actor=SYSTEM)
    assert admin_db.session.scalars(select(Period)).all() == []
    with pytest.raises(NotFound):
        delete_scheme(key, actor=SYSTEM)


def test_a_used_one_keeps_its_number_and_stays(school: World) -> None:
    """Its dates may be corrected: open booklets follow. Fewer periods, or none at all, would orphan them."""
    own = change_scheme(None, "Quatre", _quarters(), actor=SYSTEM).id
    associate(own, [sixth(school)], actor=SYSTEM)
    with pytest.raises(Conflict, match="6A en dépendent"):
        change_scheme(own, "Quatre", _quarters()[:3], actor=SYSTEM)
    with pytest.raises(Conflict, match="celle de 6A"):
        delete_scheme(own, actor=SYSTEM)
    moved = [*_quarters()[:3], (date(2027, 4, 20), date(2027, 7, 6))]
    change_scheme(own, "Quatre", moved, actor=SYSTEM)
    assert {b.starts_on for b in of_class(sixth(school)) if b.position == 4} == {date(2027, 4, 20)}


@pytest.mark.parametrize(("label", "error"), [("", BadInput), (" \n ", BadInput), ("a\nb", BadInput),
                                              ("x" * 61, BadInput), ("Semestre", Conflict), ("quatre", Conflict)])
def test_labels(school: World, label: str, error: type[Exception]) -> None:
    change_scheme(None, "Quatre", _quarters(), actor=SYSTEM)
    with pytest.raises(error):
        change_scheme(None, label, _quarters(), actor=SYSTEM)


def test_shipped_ones_are_left_alone(school: World) -> None:
    scheme = target("semester", actor=SYSTEM).id
    with pytest.raises(Conflict, match="ne se modifie pas"):
        change_scheme(scheme, "Autre", _quarters(), actor=SYSTEM)
    with pytest.raises(Conflict, match="ne se supprime pas"):
        delete_scheme(scheme, actor=SYSTEM)
    for act in (lambda: change_scheme(None, "Autre", _quarters(), actor=NOBODY),
                lambda: delete_scheme(scheme, actor=NOBODY)):  # fmt: skip
        with pytest.raises(Forbidden):
            act()
