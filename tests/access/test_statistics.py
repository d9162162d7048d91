"""The statistics of codes: the guide's printed school, the definitions on small cases, rounding, scope, cost."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update

from app.access.models import PortalAccount
from app.access.refusals import allow, refuse, refuse_pupil
from app.access.services import new_row
from app.access.statistics import Figures, Table, percent, school_lines, school_statistics
from app.access.statistics_names import FIGURES, Names, Wanted
from app.access.statistics_rows import Holder
from app.core import clock
from app.core.actor import SYSTEM
from app.core.db import admin_db
from app.core.errors import NotFound
from app.core.scope import academy_scope, school_scope, system_scope
from app.core.uow import unit_of_work
from app.schools.models import GradeLevel, School
from app.schools.people import Enrolment, Guardian, GuardianLink
from tests.access.printed import GUARDIANS, NOW, PUPILS, printed_lines, printed_school, store_codes
from tests.factories import World, make_division, make_guardian, make_pupil
from tests.statements import statements

TODAY = datetime(2026, 11, 25, 10, tzinfo=UTC)


def figures(holder: Holder, school_id: int) -> Figures:
    """The line of a school, read inside it."""
    with school_scope(school_id):
        found = school_statistics(holder, school_id)
    assert found is not None
    return found.school.figures


def tables(holder: Holder, school_id: int) -> tuple[Table, ...]:
    """The tables of a school, read inside it."""
    with school_scope(school_id):
        found = school_statistics(holder, school_id)
    assert found is not None
    return found.tables


def give_code(school_id: int, guardian: int | None, pupil: int, **facts: Any) -> None:
    """A code of a couple (or of a pupil), as it stands: `account` is (id, moment it was created)."""
    account, state = facts.pop("account", None), facts.pop("account_state", "confirmed")
    with school_scope(school_id), unit_of_work() as session:
        if account is not None and session.get(PortalAccount, account[0]) is None:
            session.add(PortalAccount(id=account[0], identifier=f"c{account[0]}", state=state, created_at=account[1]))
            session.flush()
        row = new_row(school_id, guardian, pupil, clock.now())
        store_codes([row | {"version": 1, "account_id": account and account[0], "sealed": None} | facts])


@pytest.mark.row("M107", "M108", "M109")
def test_the_printed_school(world: World) -> None:
    """The guide's numbers, line by line, on both kinds of database."""
    with school_scope(world.ecole), unit_of_work() as session:
        school = session.get_one(School, world.ecole)
        school.kind = "college"
        printed_school(school)
    with clock.frozen(NOW):
        whole, third = figures("guardian", world.ecole), tables("guardian", world.ecole)[0]
        own, own_third = figures("pupil", world.ecole), tables("pupil", world.ecole)[0]
    assert whole == Figures(1487, 1, 319, 303, 49, 33, 815, 35)
    assert (third.label, [line.label for line in third.lines]) == ("3EME GENE", [f"3{c}" for c in "ABCDEFGH"])
    assert _printed(whole, "guardian") == printed_lines(GUARDIANS)[0]
    assert [f"{line.label} {_printed(line.figures, 'guardian')}" for line in third.lines] \
        == printed_lines(GUARDIANS)[1:-1]
    assert f"Somme {_printed(third.total, 'guardian')}" == printed_lines(GUARDIANS)[-1]
    assert _printed(own, "pupil") == printed_lines(PUPILS)[0]
    own_lines = [f"{line.label} {_printed(line.figures, 'pupil')}" for line in own_third.lines]
    assert own_lines == printed_lines(PUPILS)[1:-1]
    assert f"Somme {_printed(own_third.total, 'pupil')}" == printed_lines(PUPILS)[-1]


def _printed(line: Figures, holder: Holder) -> str:
    counts = [line.people, line.refused, line.notified, *([line.notified_year] if holder == "guardian" else []),
              line.accounts]  # fmt: skip
    shares = [line.accounts_share, line.accounts_year_share, *([line.reached_share] if holder == "guardian" else [])]
    shown = [f"{share.normalize():f}".replace(".", ",") + " %" for share in shares if share is not None]
    return " ".join([*map(str, counts), *shown])


@pytest.mark.row("M110")
@pytest.mark.parametrize(("part", "whole", "said"), [
    (3, 815, "0.37"), (49, 1487, "3.3"), (1, 25, "4"), (0, 25, "0"), (11, 29, "37.93"), (31, 331, "9.37"),
    (1, 800, "0.13"), (1, 3, "33.33"), (2, 3, "66.67"), (7, 7, "100"), (1, 100_000, "0"), (5, 100_000, "0.01"),
])  # fmt: skip
def test_two_decimals_half_up(part: int, whole: int, said: str) -> None:
    """The guide's samples, and the halves on which binary numbers go astray."""
    assert percent(part, whole) == Decimal(said)


@pytest.mark.row("M110")
@given(st.integers(1, 10**6).flatmap(lambda whole: st.tuples(st.integers(0, whole), st.just(whole))))
def test_rounding_is_never_off_by_more_than_half_a_hundredth(pair: tuple[int, int]) -> None:
    found = percent(*pair)
    assert found is not None and abs(found - Decimal(pair[0]) * 100 / pair[1]) <= Decimal("0.005") + Decimal(10) ** -20
    assert 0 <= found <= 100 and found.as_tuple().exponent >= -2  # type: ignore[operator]


def test_a_percentage_of_nobody_is_none() -> None:
    assert percent(0, 0) is None


@pytest.mark.row("M109")
def test_people_are_counted_once(world: World) -> None:
    """The mother of two pupils of 6A is one guardian there, with two pupils reached by her account."""
    who = world.of[world.a]
    with clock.frozen(TODAY):
        for pupil in who["pupils"][:2]:
            give_code(world.a, who["mother"], pupil, state="used", account=(7, TODAY), notified_on=date(2026, 10, 1))
        assert figures("guardian", world.a) == Figures(3, 0, 1, 1, 1, 1, 3, 2)
        [table] = tables("guardian", world.a)
    assert [line.figures for line in table.lines] == [Figures(1, 0, 0, 0, 0, 0, 1, 0), Figures(2, 0, 1, 1, 1, 1, 2, 2)]
    assert table.total == Figures(3, 0, 1, 1, 1, 1, 3, 2)


@pytest.mark.row("M109")
def test_a_family_in_two_classes_adds_up_twice_in_the_sum(world: World) -> None:
    """« Somme » adds its lines; the school's line counts the person once."""
    who = world.of[world.a]
    with school_scope(world.a), unit_of_work() as session:
        session.add(GuardianLink(guardian_id=who["mother"], pupil_id=who["pupils"][2], rank=2))
    with clock.frozen(TODAY):
        give_code(world.a, who["mother"], who["pupils"][2], state="notified", notified_on=date(2026, 10, 1))
        [table] = tables("guardian", world.a)
        assert [line.figures.people for line in table.lines] == [2, 2] and table.total.people == 4
        assert [line.figures.notified for line in table.lines] == [1, 0]
        assert figures("guardian", world.a).people == 3


@pytest.mark.row("M109")
def test_who_is_a_guardian(world: World) -> None:
    """Legal 1 or 2, certified, of a pupil who is present; a pupil without one still counts as a pupil."""
    who = world.of[world.a]
    with school_scope(world.a), unit_of_work() as session:
        school = session.get_one(School, world.a)
        make_guardian(school, session.get_one(Enrolment, _enrolment(who["pupils"][1])).pupil, rank=None)
        session.execute(update(GuardianLink).where(GuardianLink.guardian_id == who["father"]).values(certified=False))
        session.execute(update(GuardianLink).where(GuardianLink.guardian_id == who["other"]).values(
            ended_on=date(2026, 10, 1)))  # fmt: skip
    with clock.frozen(TODAY):
        assert figures("guardian", world.a) == Figures(1, pupils=3)
        with school_scope(world.a), unit_of_work() as session:
            session.execute(update(Enrolment).where(Enrolment.pupil_id.in_(who["pupils"][:2])).values(
                ends_on=date(2026, 10, 2)))  # fmt: skip
        assert figures("guardian", world.a) == Figures(0, pupils=1)
        assert figures("pupil", world.a) == Figures(1, pupils=1)


def _enrolment(pupil_id: int) -> int:
    return admin_db.session.scalars(select(Enrolment.id).where(Enrolment.pupil_id == pupil_id)).one()


@pytest.mark.row("M109")
def test_only_valid_codes_count_by_their_date_and_account(world: World) -> None:
    """A dead code counts no more, whatever it holds; a code carried over has an account without notification."""
    who = world.of[world.a]
    couples = [(who["mother"], who["pupils"][0]), (who["father"], who["pupils"][0]), (who["other"], who["pupils"][2])]
    with clock.frozen(TODAY):
        give_code(world.a, *couples[0], state="invalidated", account=(1, TODAY), notified_on=date(2026, 10, 1))
        give_code(world.a, *couples[1], state="used", account=(2, TODAY), carried_over_on=date(2026, 9, 3))
        give_code(world.a, *couples[2], state="used", notified_on=date(2026, 10, 1))
        assert figures("guardian", world.a) == Figures(3, 0, 1, 1, 1, 1, 3, 1)


@pytest.mark.row("M109")
@pytest.mark.parametrize(("state", "counts"), [("provisional", 1), ("confirmed", 1), ("lapsed", 0), ("closed", 0)])
def test_an_account_that_ended_is_none(sqlite_world: World, state: str, counts: int) -> None:
    who = sqlite_world.of[sqlite_world.a]
    with clock.frozen(TODAY):
        give_code(sqlite_world.a, who["father"], who["pupils"][0], state="used", account=(2, TODAY),
                  account_state=state)  # fmt: skip
        assert figures("guardian", sqlite_world.a).accounts == counts


@pytest.mark.row("M109")
@pytest.mark.parametrize(("notified", "created", "notified_year", "accounts_year"), [
    # The year goes from 1 September 2026 to 6 July 2027, as the clocks of Paris show it.
    (date(2026, 8, 31), datetime(2026, 8, 31, 21, 59, tzinfo=UTC), 0, 0),
    (date(2026, 9, 1), datetime(2026, 8, 31, 22, 1, tzinfo=UTC), 1, 1),
    (date(2027, 7, 6), datetime(2027, 7, 6, 21, 59, tzinfo=UTC), 1, 1),
    (date(2027, 7, 7), datetime(2027, 7, 6, 22, 1, tzinfo=UTC), 0, 0),
])  # fmt: skip
def test_the_current_year_has_both_its_ends(
    world: World, notified: date, created: datetime, notified_year: int, accounts_year: int
) -> None:
    who = world.of[world.a]
    with clock.frozen(TODAY):
        give_code(world.a, who["father"], who["pupils"][0], state="used", notified_on=notified, account=(2, created))
        found = figures("guardian", world.a)
        give_code(world.a, None, who["pupils"][0], state="used", notified_on=notified, account=(2, created))
        own = figures("pupil", world.a)
    assert (found.notified, found.notified_year, found.accounts, found.accounts_year) \
        == (1, notified_year, 1, accounts_year)
    assert (own.notified, own.notified_year, own.accounts, own.accounts_year) == (1, notified_year, 1, accounts_year)


@pytest.mark.row("M107", "M110")
def test_refusals_of_guardians_and_of_pupils(world: World) -> None:
    """For one pupil a guardian may have refused and the other not; lifted, it is counted no more. The pupil's own is
    another, and leaves the code."""
    who = world.of[world.a]
    first = who["pupils"][0]
    with school_scope(world.a), clock.frozen(TODAY):
        refuse(who["father"], first, actor=SYSTEM)
        assert figures("guardian", world.a) == Figures(3, 1, pupils=3)
        refuse_pupil(first, actor=SYSTEM)
        give_code(world.a, None, first, state="notified", notified_on=date(2026, 10, 1))
        assert figures("pupil", world.a) == Figures(3, 1, 1, 1, pupils=3)
        allow(who["father"], first, actor=SYSTEM)
        assert figures("guardian", world.a).refused == 0


@pytest.mark.row("M107")
def test_pupils_without_programme_or_division(world: World) -> None:
    """They have lines of their own, last: nobody is lost between the school's line and the tables."""
    with school_scope(world.a), unit_of_work() as session:
        make_pupil(session.get_one(School, world.a))
    found = tables("pupil", world.a)
    assert [(table.label, [line.label for line in table.lines]) for table in found] \
        == [("6EME", ["5B", "6A"]), (None, [None])]
    assert sum(table.total.people for table in found) == figures("pupil", world.a).people == 4


@pytest.mark.row("M107", "M108")
def test_an_ecole_has_levels_instead_of_programmes(world: World) -> None:
    """A class of two levels is in both tables, each with its own pupils; the level of the class stands in when ONDE
    gives the pupil none."""
    with school_scope(world.ecole), unit_of_work() as session:
        school = session.get_one(School, world.ecole)
        levels = [GradeLevel(code=code, label=code, cycle=2, rank=rank) for rank, code in enumerate(("CP", "CE1"), 1)]
        session.add_all(levels)
        session.flush()
        double = make_division(school, "CP-CE1", grade_level_id=levels[0].id)
        pupils = [make_pupil(school, double) for _ in range(3)]
        for pupil, level in zip(pupils, (levels[0].id, levels[1].id, None), strict=True):
            session.execute(update(Enrolment).where(Enrolment.pupil_id == pupil.id).values(grade_level_id=level))
        make_guardian(school, *pupils[:2])
    for holder, counts in (("pupil", [2, 1]), ("guardian", [1, 1])):
        found = tables(holder, world.ecole)  # type: ignore[arg-type]
        assert [table.label for table in found] == ["CP", "CE1"]
        assert [table.total.people for table in found] == counts


@pytest.mark.row("M107", "M108")
def test_an_academy_sees_its_schools_and_a_school_itself(world: World) -> None:
    """Every school has its line, the empty one too; in a school the others do not exist."""
    with academy_scope(world.authority):
        lines = school_lines("guardian")
        assert [(line.name, line.figures.people) for line in lines] \
            == [("Collège Essai 1", 3), ("Collège Essai 2", 3), ("École Essai", 0)]
        assert school_statistics("guardian", world.b).school == lines[1]  # type: ignore[union-attr]
    with academy_scope(world.authority + 1):
        assert school_lines("pupil") == [] and school_statistics("pupil", world.a) is None
    with school_scope(world.a):
        assert [line.id for line in school_lines("pupil")] == [world.a]
        assert school_statistics("pupil", world.b) is None


@pytest.mark.row("M107", "M108")
@pytest.mark.parametrize("holder", ["pupil", "guardian"])
def test_every_figure_has_as_many_names(world: World, holder: Holder) -> None:
    """Behind each count of the school, of a table and of a line: that many lines, on one page or on several."""
    who = world.of[world.a]
    with school_scope(world.a), unit_of_work() as session:
        session.add(GuardianLink(guardian_id=who["mother"], pupil_id=who["pupils"][2], rank=2))
    with clock.frozen(TODAY):
        code = (None,) if holder == "pupil" else (who["mother"],)
        give_code(world.a, *code, who["pupils"][2], state="used", account=(7, TODAY), notified_on=date(2025, 10, 1))
        give_code(world.a, *(code if holder == "pupil" else (who["father"],)), who["pupils"][0], state="notified",
                  notified_on=date(2026, 10, 1))  # fmt: skip
    with school_scope(world.a), clock.frozen(TODAY):
        if holder == "guardian":
            refuse(who["other"], who["pupils"][2], actor=SYSTEM)
        else:
            refuse_pupil(who["pupils"][2], actor=SYSTEM)
        found = school_statistics(holder, world.a)
        assert found is not None and found.school.figures.accounts == 1 and found.school.figures.notified == 2
        parts = [((None, None), found.school.figures)]
        for table in found.tables:
            parts.append(((table.id, None), table.total))
            parts += [((table.id, line.id), line.figures) for line in table.lines]
        for part, counted in parts:
            for figure in FIGURES:
                names = Names(Wanted(holder, figure, *part))
                wanted = counted.people - counted.accounts if figure == "no_account" else getattr(counted, figure)
                assert (names.count(), len(names.lines())) == (wanted, wanted), (part, figure)
                assert sum(len(names.lines(limit=1, offset=n)) for n in range(wanted + 1)) == wanted


@pytest.mark.row("M108")
def test_names_carry_their_children_dates_and_order(world: World) -> None:
    """One line for a mother of two in the school's list, with both children; sorted as asked for."""
    who = world.of[world.a]
    with clock.frozen(TODAY):
        give_code(world.a, who["father"], who["pupils"][0], state="used", account=(7, TODAY),
                  notified_on=date(2026, 10, 1))  # fmt: skip
        with school_scope(world.a):
            lines = Names(Wanted("guardian")).lines()
            mother = next(line for line in lines if line.person.id == who["mother"])
            assert [child.division for child in mother.children] == ["6A", "6A"] and mother.division is None
            assert [line.person.last_name for line in lines] == sorted(line.person.last_name for line in lines)
            back = Names(Wanted("guardian", sort="-name")).lines()
            assert [line.person.id for line in back] == [line.person.id for line in lines][::-1]
            dated = Names(Wanted("guardian", sort="notified")).lines()[0]
            assert (dated.person.id, dated.notified_on, dated.account_on) == (
                who["father"], date(2026, 10, 1), date(2026, 11, 25))  # fmt: skip


def test_names_of_another_school_do_not_exist(world: World) -> None:
    """Its class and its programme are unknown, and an id of theirs selects nobody."""
    there = world.of[world.b]
    with school_scope(world.a):
        for wanted in (Wanted("pupil", division=there["divisions"][0]), Wanted("guardian", group=there["programme"])):
            assert Names(wanted).count() == 0 and Names(wanted).lines() == []
            with pytest.raises(NotFound):
                Names(wanted).label()


def asked(sent: list[str]) -> int:
    """How many statements, without the beginning of a transaction."""
    return len([text for text in sent if not text.startswith("BEGIN")])


def test_cost_follows_neither_classes_nor_schools(world: World) -> None:
    """A table is one statement, whatever it holds."""
    with academy_scope(world.authority), statements() as sent:
        school_lines("guardian")
    assert asked(sent) == 2  # the school years, the schools
    with school_scope(world.a), unit_of_work() as session:
        for code in ("4A", "4B", "4C"):
            make_guardian(session.get_one(School, world.a), make_pupil(session.get_one(School, world.a), make_division(
                session.get_one(School, world.a), code)))  # fmt: skip
    with school_scope(world.a), statements() as sent:
        school_statistics("guardian", world.a)
    assert asked(sent) == 2  # the school years, the school's line and tables
    with school_scope(world.a), statements() as sent:
        names = Names(Wanted("guardian"))
        names.count(), names.lines(limit=50)
    assert asked(sent) == 5  # the school years, the school, how many, the page, the children
    with system_scope("the guardians there are"):
        assert len(admin_db.session.scalars(select(Guardian.id)).all()) == 9
