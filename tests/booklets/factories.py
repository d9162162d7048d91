"""Invented classes with booklets, one short call each. Callers are inside a scope and a unit of work."""

from __future__ import annotations

import itertools
from datetime import date
from decimal import Decimal
from typing import Any

from app.booklets.models import Attainment, AttainmentElement, Booklet, BookletEdition
from app.core.actor import SYSTEM
from app.core.db import admin_db
from app.core.scope import school_scope
from app.curriculum.elements import element_ids
from app.curriculum.models import TeachingItem
from app.schools.models import Division, School
from app.schools.people import Pupil
from app.schools.periods import DivisionScheme, Period, PeriodScheme
from app.workflow import engine
from letters.booklet_types import digest, plain
from tests.factories import add, make_division, make_pupil
from tests.portal.booklets import facts as sample_facts

_numbers = itertools.count(1)
TRIMESTERS = ((date(2026, 9, 1), date(2026, 11, 30)), (date(2026, 12, 1), date(2027, 3, 11)),
              (date(2027, 3, 12), date(2027, 7, 6)))  # fmt: skip
SUBJECTS = (("020700", "Français"), ("061300", "Mathématiques"), ("043700", "Histoire-géographie"))
AREAS = (("FRA", "Français"), ("MAT", "Mathématiques"), ("EPS", "Éducation physique et sportive"))


def make_scheme(school: School, *divisions: Division) -> PeriodScheme:
    """The three trimesters of the school's year, associated with classes."""
    scheme = add(PeriodScheme(school_id=school.id, school_year_id=school.school_year_id, label="Trimestre",
                              preset="trimester"))
    for position, (starts_on, ends_on) in enumerate(TRIMESTERS, start=1):
        add(Period(school_id=school.id, scheme_id=scheme.id, position=position, label=f"Trimestre {position}",
                   starts_on=starts_on, ends_on=ends_on))
    for division in divisions:
        add(DivisionScheme(school_id=school.id, division_id=division.id, scheme_id=scheme.id))
    return scheme


def make_items(school: School) -> list[TeachingItem]:
    """Three subjects (collège); or three areas of cycle 2, the first with two sub-areas (école)."""
    if school.kind == "college":
        return [add(TeachingItem(school_id=school.id, kind="subject", code=code, label=label, short_label=label,
                                 position=n)) for n, (code, label) in enumerate(SUBJECTS)]
    made = []
    for n, (code, label) in enumerate(AREAS):
        made.append(make_area(school, f"{code}-RAC", label, n * 10))
        if n == 0:
            made += [make_area(school, f"{code}-{sub}", name, n * 10 + m, parent=made[0]) for m, (sub, name) in
                     enumerate((("LGO", "Langage oral"), ("ECR", "Écriture")), start=1)]
    return made


def make_area(school: School, code: str, label: str, position: int, parent: TeachingItem | None = None) -> TeachingItem:
    """A subject area of cycle 2."""
    return add(TeachingItem(school_id=school.id, kind="area", code=code, label=label, short_label=label, cycle=2,
                            position=position, parent_id=parent.id if parent else None))


def make_booklet(school: School, pupil: Pupil, division: Division | None = None, **facts: Any) -> Booklet:
    """A booklet of the first trimester (or of the end of cycle 4), with what the pupil base says."""
    model = facts.get("model", school.kind)
    ends = {"cycle": 4, "cycle_end": 4, "position": 0, "period_count": 0, "period_label": "Fin de cycle 4"}
    periodic = {"cycle": 4 if model == "college" else 2, "position": 1, "period_count": 3,
                "period_label": "Trimestre 1"}
    facts = {
        "school_id": school.id, "pupil_id": pupil.id, "school_year_id": school.school_year_id, "model": model,
        "division_id": division.id if division else None, "division_label": division.label if division else None,
        "starts_on": TRIMESTERS[0][0], "ends_on": TRIMESTERS[0][1], "last_name": pupil.last_name,
        "first_name": pupil.first_name, "first_names": pupil.first_name, "birth_date": pupil.birth_date,
        "sex": pupil.sex, "class_teachers": "Mme FAUVEL",
    } | (ends if model == "cycle" else periodic) | facts
    return add(Booklet(**facts))


def make_line(booklet: Booklet, item: TeachingItem, **facts: Any) -> Attainment:
    """One line of a booklet."""
    return add(Attainment(school_id=booklet.school_id, booklet_id=booklet.id, item_id=item.id,
                          area_id=item.parent_id or item.id, teachers="M. BELHAJ", **facts))


def make_element(line: Attainment, text: str = "Lire et comprendre un texte.") -> AttainmentElement:
    """A programme element on a line."""
    with school_scope(line.school_id):
        [element_id] = element_ids([text])
    return add(AttainmentElement(school_id=line.school_id, booklet_id=line.booklet_id, attainment_id=line.id,
                                 element_id=element_id))


def fill(booklet: Booklet) -> Booklet:
    """Everything that its model asks for."""
    booklet.overall_comment = "Un trimestre sérieux ; poursuivez vos efforts."
    booklet.absences_justified = booklet.absences_unjustified = booklet.lateness = 0
    for line in booklet.attainments:
        line.comment = line.comment or "Travail régulier et soigné."
        if booklet.scale == "marks":
            line.average = Decimal("12.5")
        else:
            line.positioning = 3
        make_element(line)
    admin_db.session.flush()
    return booklet


def make_class(school: School, pupils: int = 3, code: str = "4C", **facts: Any) -> tuple[Division, list[Booklet]]:
    """A class with a periodicity, subjects (or areas) and one empty booklet for each of its pupils."""
    division = make_division(school, code)
    make_scheme(school, division)
    items = make_items(school)
    booklets = []
    for _ in range(pupils):
        booklet = make_booklet(school, make_pupil(school, division), division, **facts)
        booklets.append(booklet)
        for item in items:
            make_line(booklet, item)
    return division, booklets


def issue(booklet: Booklet, comment: str = "Un bon trimestre.") -> BookletEdition:
    """Take a booklet through its life to an edition in force, as the edit job does; what it says is a sample."""
    session = admin_db.session
    n = next(_numbers)
    session.flush()
    session.expire_all()
    engine.follow(booklet)
    if booklet.state == "complete":
        engine.apply(booklet, "lock", actor=SYSTEM)
    engine.apply(booklet, "edit_pdf", actor=SYSTEM)
    said = sample_facts(booklet.last_name, booklet.first_name, overall_comment=comment)
    return add(BookletEdition(school_id=booklet.school_id, booklet_id=booklet.id, number=f"2026-{n:06d}",
                              token=f"jeton{n}", facts=plain(said), digest=digest(said)))
