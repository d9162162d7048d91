"""The one function that decides what families may see. The replicator publishes it; a forecast would call it too.

Visible: codes created, notified or used, of pupils who are present and of legal guardians whose link has not ended,
none of whom refused. While a school has no open service its codes stay published, not valid: the portal can then say
that the school is closed, and accounts keep their codes until a service opens again.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import and_, exists, or_, select
from sqlalchemy.orm import Session, aliased

from app.access.models import VALID_STATES, AccessRefusal, ActivationCode, PupilRefusal
from app.online.models import SERVICES, OnlineService
from app.replication.booklets import booklet_rows, edition_rows
from app.replication.cards import guardian_cards, pupil_card
from app.replication.choices import chosen
from app.replication.divisions import division_rows
from app.replication.half_days import absence_rows, school_life
from app.replication.papers import paper_rows
from app.schools.models import Authority, Division, Programme, School
from app.schools.people import Enrolment, Guardian, GuardianLink, Pupil

Row = dict[str, Any]


class Held(NamedTuple):
    """The account that holds a code, as the school knows it: for rows the portal does not have yet."""

    account_id: int
    used_at: Any


@dataclass(slots=True)
class Publication:
    """What the portal shows of a school, by id; every row carries its digest. Nothing but the numbers of its editions
    when no code is visible. `facts`, by edition, are those of the booklets that the portal does not have yet."""

    school: Row | None = None
    pupils: dict[int, Row] = field(default_factory=dict)
    codes: dict[int, Row] = field(default_factory=dict)
    held: dict[int, Held] = field(default_factory=dict)
    booklets: dict[int, Row] = field(default_factory=dict)
    editions: dict[int, Row] = field(default_factory=dict)
    facts: dict[int, Row] = field(default_factory=dict)
    divisions: dict[int, Row] = field(default_factory=dict)
    tests: dict[int, Row] = field(default_factory=dict)
    marks: dict[int, Row] = field(default_factory=dict)
    absences: dict[int, Row] = field(default_factory=dict)


# Columns and not objects: a school is thousands of rows, of which a few have changed.
_CODE = (
    ActivationCode.id, ActivationCode.school_id, ActivationCode.pupil_id, ActivationCode.holder,
    ActivationCode.guardian_id, ActivationCode.hint, ActivationCode.lookup_hash, ActivationCode.account_id,
    ActivationCode.used_at, Guardian.title, Guardian.last_name, Guardian.usage_name, Guardian.first_name,
)  # fmt: skip
# M104: the pupil's own account then shows no national service.
_REFUSED = exists().where(PupilRefusal.school_id == Pupil.school_id, PupilRefusal.pupil_id == Pupil.id,
                          PupilRefusal.lifted_on.is_(None)).label("refused")  # fmt: skip
_PUPIL = (Pupil.id, Pupil.school_id, Pupil.last_name, Pupil.usage_name, Pupil.first_name, Pupil.first_name2,
          Pupil.first_name3, Pupil.birth_date, Pupil.sex, _REFUSED)  # fmt: skip


def publication(session: Session, school_id: int, today: date) -> Publication:
    """What is visible of a school on a day. Called in the school's scope."""
    found = Publication()
    services, cards = open_services(session), guardian_cards(session)
    found.editions = _all_digested(edition_rows(session))
    for code in session.execute(_visible(today).with_only_columns(*_CODE)):
        found.codes[code.id] = _digested(_code_row(code, bool(services), cards.get(code.id)))
        if code.account_id is not None:
            found.held[code.id] = Held(code.account_id, code.used_at)
    if not found.codes:
        return found
    places = _places(session, today)
    for pupil in session.execute(_visible(today).with_only_columns(*_PUPIL).order_by(None).distinct()):
        found.pupils[pupil.id] = _digested(_pupil_row(pupil, places.get(pupil.id)))
    found.school = _digested(_school_row(session, school_id, services))
    found.booklets = _all_digested(booklet_rows(session, today, services, found.pupils))
    classes = {row["division_id"] for row in found.pupils.values()}
    found.divisions = _all_digested(division_rows(session, services, classes))
    tests, found.marks = paper_rows(session, today, services, found.pupils)
    found.tests = _all_digested(tests)
    found.absences = absence_rows(session, services, found.pupils)
    return found


def open_services(session: Session) -> list[str]:
    """Codes of the services open in the school of the scope."""
    return list(session.scalars(
        select(OnlineService.code).where(OnlineService.state == "open").order_by(OnlineService.code)))  # fmt: skip


def visible_ids(session: Session, today: date) -> set[int]:
    """The ids of the codes that may open something today: none while no service is open."""
    if not open_services(session):
        return set()
    return set(session.scalars(_visible(today).with_only_columns(ActivationCode.id)))


def _visible(today: date) -> Any:
    couple = and_(
        GuardianLink.school_id == ActivationCode.school_id,
        GuardianLink.guardian_id == ActivationCode.guardian_id,
        GuardianLink.pupil_id == ActivationCode.pupil_id,
    )
    link = exists().where(couple, GuardianLink.rank.is_not(None), GuardianLink.certified,
                          or_(GuardianLink.ended_on.is_(None), GuardianLink.ended_on > today))  # fmt: skip
    refusal = exists().where(
        AccessRefusal.school_id == ActivationCode.school_id,
        AccessRefusal.guardian_id == ActivationCode.guardian_id,
        AccessRefusal.pupil_id == ActivationCode.pupil_id,
        AccessRefusal.lifted_on.is_(None),
    )
    present = exists().where(
        Enrolment.school_id == ActivationCode.school_id, Enrolment.pupil_id == ActivationCode.pupil_id, _open_on(today),
        _of_the_year(),
    )  # fmt: skip
    return (
        select(ActivationCode, Pupil, Guardian)
        .join(Pupil, and_(Pupil.id == ActivationCode.pupil_id, Pupil.school_id == ActivationCode.school_id))
        .outerjoin(
            Guardian,
            and_(Guardian.id == ActivationCode.guardian_id, Guardian.school_id == ActivationCode.school_id),
        )
        .where(ActivationCode.state.in_(VALID_STATES), present)
        .where(or_(ActivationCode.holder == "pupil", and_(link, ~refusal)))
        .order_by(ActivationCode.id)
    )


def _open_on(today: date) -> Any:
    return or_(Enrolment.ends_on.is_(None), Enrolment.ends_on > today)


def _of_the_year() -> Any:
    """Enrolments of the school's current year: one of last year has no end, and its pupil may be gone. Until the first
    synchronisation of a new year nobody is enrolled in it, and those of the year before go on."""
    current = select(School.school_year_id).scalar_subquery()  # the scope's one school
    begun = aliased(Enrolment)
    return or_(Enrolment.school_year_id == current, ~exists().where(begun.school_year_id == current))


def _places(session: Session, today: date) -> dict[int, Any]:
    """The class and the programme of each pupil, of the latest year they are enrolled in."""
    rows = session.execute(
        select(Enrolment.pupil_id, Division.id, Division.label, Programme.label.label("programme"))
        .join(Division, and_(Division.id == Enrolment.division_id, Division.school_id == Enrolment.school_id))
        .outerjoin(Programme, and_(Programme.id == Enrolment.programme_id, Programme.school_id == Enrolment.school_id))
        .where(_open_on(today))
        .order_by(Enrolment.school_year_id)
    )
    return {row.pupil_id: row for row in rows}


def _school_row(session: Session, school_id: int, services: list[str]) -> Row:
    named = select(School, Authority).join(Authority, Authority.id == School.authority_id)
    school, academy = session.execute(named.where(School.id == school_id)).one()
    town = " ".join(part for part in (school.postal_code, school.city) if part)
    address = [line for line in (school.address1, school.address2, town) if line]
    return {"id": school.id, "uai": school.uai, "name": school.name, "academy": academy.name, "address": address,
            "phone": school.phone, "services": [code for code in services if code in SERVICES],
            "school_life": school_life(session, school, services), "secret": academy.portal_secret,
            "message": (academy.portal_message or "")[:1000], **chosen(session)}  # fmt: skip


def _pupil_row(pupil: Any, place: Any) -> Row:
    return {"id": pupil.id, "school_id": pupil.school_id, "last_name": pupil.usage_name or pupil.last_name,
            "first_name": pupil.first_name, "birth_date": pupil.birth_date, "sex": pupil.sex,
            "division": place.label if place else None, "division_id": place.id if place else None,
            "refused": bool(pupil.refused), "card": pupil_card(pupil, place.programme if place else None)}  # fmt: skip


def _code_row(code: Any, valid: bool, card: Row | None) -> Row:
    named = code.guardian_id is not None
    return {"id": code.id, "school_id": code.school_id, "pupil_id": code.pupil_id, "holder": code.holder,
            "guardian_id": code.guardian_id, "guardian_name": _guardian_name(code) if named else None,
            "guardian_first_name": code.first_name, "hint": code.hint, "lookup_hash": code.lookup_hash,
            "valid": valid, "card": card}  # fmt: skip


@dataclass(frozen=True)
class _Named:
    """A guardian's names, shown exactly as `Guardian` shows them."""

    title: str | None
    last_name: str
    usage_name: str | None
    first_name: str | None

    title_label = Guardian.title_label
    shown_name = Guardian.shown_name


def _guardian_name(row: Any) -> str:
    return _Named(row.title, row.last_name, row.usage_name, row.first_name).shown_name  # type: ignore[misc]


def _all_digested(rows: dict[int, Row]) -> dict[int, Row]:
    return {id: _digested(row) for id, row in rows.items()}


def _digested(row: Row) -> Row:
    """`repr` of plain values is stable, and much quicker than JSON; were it to change, rows would be written again."""
    return row | {"digest": hashlib.sha256(repr(tuple(row.values())).encode()).hexdigest()}
