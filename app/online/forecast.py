"""From which day families see a thing, and why (M067, M068, M073). One set of functions of dates: the settings pages
announce with them what the replicator publishes by them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from app.schools.period_dates import shown

REPLICATION = timedelta(days=1)  # the portal is fed at night


@dataclass(frozen=True, slots=True)
class Visible:
    """`day` is None when families do not see it; `because` begins with « que »."""

    day: date | None
    because: str

    @property
    def sentence(self) -> str:
        """« Visible par les familles à partir du 21/11/2026, parce que … »"""
        if self.day is None:
            return f"Non visible par les familles, parce {self.because}."
        return f"Visible par les familles à partir du {shown(self.day)}, parce {self.because}."


def mark_day(published_on: date, publication: str, due_dates: Iterable[date]) -> date | None:
    """The day a test is shown: « au fil de l'eau », the day after its teacher's date (M067); « à échéance », the first
    due date of its pair that is not before the teacher's date (M068), if there is one."""
    if publication == "continuous":
        return published_on + REPLICATION
    return min((day for day in due_dates if day >= published_on), default=None)


def competence_day(entered_on: date, delay: int) -> date:
    """The day a competence is shown (M073)."""
    return entered_on + timedelta(days=delay)


def mark_forecast(published_on: date, publication: str, due_dates: Iterable[date]) -> Visible:
    """What becomes of a test whose teacher publishes it on a day, once the service is open."""
    day = mark_day(published_on, publication, due_dates)
    if publication == "continuous":
        return Visible(day, "que les notes sont publiées au fil de l'eau, le lendemain de la date de l'enseignant")
    if day is None:
        return Visible(None, f"qu'aucune échéance n'est fixée à partir du {shown(published_on)}")
    return Visible(day, f"que c'est la première échéance à partir du {shown(published_on)}")


def competence_forecast(entered_on: date, delay: int) -> Visible:
    """What becomes of a competence entered on a day, once the service is open."""
    return Visible(competence_day(entered_on, delay), f"que le délai est de {delay} jours après la saisie")


def setting_forecast(next_copy: date) -> Visible:
    """What becomes of a setting stored now: it goes with the next replication."""
    return Visible(next_copy, "que les réglages partent avec la prochaine réplication vers le portail")
