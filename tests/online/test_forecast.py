"""From which day families see a thing, and why: functions of dates (M067, M068, M073)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.online.forecast import competence_day, competence_forecast, mark_day, mark_forecast, setting_forecast

DUE = date(2012, 12, 12)


@pytest.mark.row("M067")
def test_continuous_is_the_day_after_the_teachers_date() -> None:
    assert mark_day(date(2012, 12, 13), "continuous", [DUE]) == date(2012, 12, 14)
    assert mark_forecast(date(2012, 12, 31), "continuous", ()).sentence == (
        "Visible par les familles à partir du 01/01/2013, parce que les notes sont publiées au fil de l'eau, le "
        "lendemain de la date de l'enseignant.")


@pytest.mark.row("M068")
def test_the_example_of_the_guide() -> None:
    """A test published on 13/12/2012 is not shown at the due date of 12/12/2012."""
    assert mark_day(date(2012, 12, 13), "scheduled", [DUE]) is None
    assert mark_day(date(2012, 12, 12), "scheduled", [DUE]) == DUE
    assert mark_day(date(2012, 12, 13), "scheduled", [date(2013, 3, 1), DUE, date(2013, 1, 31)]) == date(2013, 1, 31)
    assert mark_forecast(date(2012, 12, 13), "scheduled", [DUE]).sentence == (
        "Non visible par les familles, parce qu'aucune échéance n'est fixée à partir du 13/12/2012.")
    assert "Visible par les familles à partir du 12/12/2012, parce que c'est la première échéance" in (
        mark_forecast(date(2012, 12, 1), "scheduled", [DUE]).sentence)


@pytest.mark.row("M073")
def test_a_competence_waits_for_its_delay() -> None:
    assert competence_day(date(2026, 2, 25), 8) == date(2026, 3, 5)
    assert "à partir du 05/03/2026, parce que le délai est de 8 jours" in (
        competence_forecast(date(2026, 2, 25), 8).sentence)
    assert setting_forecast(DUE).sentence.startswith("Visible par les familles à partir du 12/12/2012, parce que")


@given(st.dates(max_value=date(9000, 1, 1)), st.lists(st.dates()))
def test_nothing_is_shown_before_its_teachers_date(published: date, due: list[date]) -> None:
    shown = mark_day(published, "scheduled", due)
    assert shown is None or (shown >= published and shown in due)
    assert mark_day(published, "continuous", due) == published + timedelta(days=1)
