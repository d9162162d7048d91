"""What the code pages ask: couples of legal guardian and active pupil, with their valid code and their refusal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select

from app.access.models import VALID_STATES, AccessRefusal, ActivationCode, GuardianCode, Notification, NotificationCode
from app.core import clock
from app.core.db import admin_db
from app.core.errors import BadInput
from app.jobs.models import MailOutbox
from app.online.models import OnlineService
from app.schools.models import Division, Programme, School, SchoolYear
from app.schools.people import Enrolment, Guardian, GuardianLink, Pupil

Population = Literal["all", "programme", "division"]


@dataclass(frozen=True, slots=True)
class Selection:
    """Which pupils (M078): all of the school, one programme (MEF) or one division."""

    population: Population = "all"
    id: int | None = None

    def __post_init__(self) -> None:
        if (self.population == "all") != (self.id is None):
            raise BadInput("Choisissez une formation ou une division.", hint="Ou sélectionnez tous les élèves.")

    def clause(self) -> ColumnElement[bool] | None:
        """The criterion on enrolments, or None for all."""
        if self.population == "programme":
            return Enrolment.programme_id == self.id
        if self.population == "division":
            return Enrolment.division_id == self.id
        return None


class Couple(NamedTuple):
    """One line of the lists: a legal guardian and one of their pupils (M079, M085)."""

    pupil: Pupil
    guardian: Guardian
    rank: int
    division: str | None
    code: ActivationCode | None
    refused: bool
    link_id: int


def active_on(day: date) -> ColumnElement[bool]:
    """An enrolment of the school's current year that has not ended on `day`."""
    return and_(
        Enrolment.school_year_id == School.school_year_id,
        or_(Enrolment.ends_on.is_(None), Enrolment.ends_on > day),
    )


def legal_couples(columns: Sequence[Any], selection: Selection) -> Select[Any]:
    """Legal 1 and 2 of active pupils (M077). Links that nobody certified (ONDE) do not qualify."""
    statement = (
        select(*columns)
        .select_from(GuardianLink)
        .join(GuardianLink.guardian)
        .join(GuardianLink.pupil)
        .join(Enrolment, and_(Enrolment.pupil_id == Pupil.id, Enrolment.school_id == Pupil.school_id))
        .join(School, School.id == Enrolment.school_id)
        .outerjoin(Enrolment.division)
        .where(legal_link(), GuardianLink.certified)
        .where(active_on(clock.today()))
    )
    clause = selection.clause()
    return statement if clause is None else statement.where(clause)


def _same_couple(one: Any, other: Any) -> ColumnElement[bool]:
    """Two rows about one guardian and one pupil of one school."""
    return and_(
        one.school_id == other.school_id, one.guardian_id == other.guardian_id, one.pupil_id == other.pupil_id
    )


def legal_link() -> ColumnElement[bool]:
    """A link of legal 1 or 2 that has not ended (M077), certified or not."""
    return and_(GuardianLink.rank.is_not(None), GuardianLink.ended_on.is_(None))


def _valid_code() -> ColumnElement[bool]:
    return and_(_same_couple(ActivationCode, GuardianLink), ActivationCode.state.in_(VALID_STATES))


def _refusal(of: Any = GuardianLink) -> ColumnElement[bool]:
    return and_(_same_couple(AccessRefusal, of), AccessRefusal.lifted_on.is_(None))


def valid_code(guardian_id: int, pupil_id: int) -> GuardianCode | None:
    """The couple's one valid code (M075)."""
    couple = (GuardianCode.guardian_id == guardian_id, GuardianCode.pupil_id == pupil_id)
    return admin_db.session.scalar(select(GuardianCode).where(*couple, GuardianCode.state.in_(VALID_STATES)))


def may_be_sent(code: type[ActivationCode] = ActivationCode) -> ColumnElement[bool]:
    """Codes that may still reach their holder at this moment: valid, the pupil present and, for a guardian's, the legal
    link alive and no refusal. A mail can wait for hours in the outbox, and a link can end meanwhile."""
    link = exists().where(_same_couple(GuardianLink, code), legal_link(), GuardianLink.certified)
    present = exists().where(
        Enrolment.school_id == code.school_id,
        Enrolment.pupil_id == code.pupil_id,
        School.id == Enrolment.school_id,
        active_on(clock.today()),
    )
    refused = exists().where(_refusal(code))
    guardian = and_(link.correlate(code), ~refused.correlate(code))
    return and_(code.state.in_(VALID_STATES), present.correlate(code), or_(code.holder == "pupil", guardian))


def couples(
    selection: Selection, *, only_without_code: bool = False, limit: int | None = None, offset: int = 0
) -> list[Couple]:
    """The couples of the selection, in the order of divisions then names (M078, M079); with `limit`, one page."""
    statement = couple_rows(selection)
    if only_without_code:
        statement = statement.where(ActivationCode.id.is_(None), AccessRefusal.id.is_(None))
    statement = statement.limit(limit).offset(offset)
    return [Couple(*row) for row in admin_db.session.execute(statement)]


def couple_rows(selection: Selection) -> Select[Any]:
    """The statement behind the lists of couples: rows of `Couple`, with their valid code and their refusal."""
    columns = (Pupil, Guardian, GuardianLink.rank, Division.label, ActivationCode, AccessRefusal.id.is_not(None),
               GuardianLink.id)  # fmt: skip
    return (
        legal_couples(columns, selection)
        .outerjoin(ActivationCode, _valid_code())
        .outerjoin(AccessRefusal, _refusal())
        .order_by(Division.code, Pupil.last_name, Pupil.first_name, Pupil.id, GuardianLink.rank)
    )


def one_couple(guardian_id: int, pupil_id: int) -> Couple | None:
    """One line of the lists; None when they are no couple of legal guardian and present pupil."""
    these = couple_rows(Selection()).where(Guardian.id == guardian_id, Pupil.id == pupil_id)
    row = admin_db.session.execute(these).first()
    return Couple(*row) if row else None


def eligible(selection: Selection) -> list[tuple[int, int, int]]:
    """(school, guardian, pupil) of the couples that get a code: no valid one, no refusal (M080)."""
    statement = legal_couples(
        (GuardianLink.school_id, GuardianLink.guardian_id, GuardianLink.pupil_id), selection
    ).where(~exists().where(_valid_code()).correlate(GuardianLink), ~exists().where(_refusal()).correlate(GuardianLink))
    return [tuple(row) for row in admin_db.session.execute(statement)]


class Counts(NamedTuple):
    """Couples of a selection: all of them, with a valid code, refused. The rest can get a code."""

    couples: int
    valid: int
    refused: int

    @property
    def without(self) -> int:
        """Those a creation would serve (M080)."""
        return self.couples - self.valid - self.refused


def count_couples(selection: Selection) -> Counts:
    """How many couples the selection has, and how they stand. A refused couple has no valid code (DESIGN §4)."""
    counted = (func.count(GuardianLink.id), func.count(ActivationCode.id), func.count(AccessRefusal.id))
    statement = (
        legal_couples(counted, selection)
        .outerjoin(ActivationCode, _valid_code())
        .outerjoin(AccessRefusal, _refusal())
    )
    return Counts(*admin_db.session.execute(statement).one())


def count_uncertified() -> int:
    """Guardian links that ONDE brought and nobody certified yet: no code before that (FORMATS §7)."""
    statement = (
        select(func.count(GuardianLink.id))
        .join(GuardianLink.pupil)
        .join(Enrolment, and_(Enrolment.pupil_id == Pupil.id, Enrolment.school_id == Pupil.school_id))
        .join(School, School.id == Enrolment.school_id)
        .where(legal_link(), GuardianLink.certified.is_(False))
        .where(active_on(clock.today()))
    )
    return admin_db.session.scalar(statement) or 0


def codes_on_their_way() -> set[int]:
    """Codes whose mail waits in the outbox: not notified yet, and not to be sent a second time meanwhile."""
    statement = (
        select(NotificationCode.code_id)
        .join(Notification, Notification.id == NotificationCode.notification_id)
        .join(Notification.mail)
        .where(Notification.status == "planned", MailOutbox.status.in_(("pending", "sending", "uncertain")))
    )
    return set(admin_db.session.scalars(statement))


def open_services() -> list[OnlineService]:
    """The services open in the school, in the order families read them."""
    return list(
        admin_db.session.scalars(
            select(OnlineService).where(OnlineService.state == "open").order_by(OnlineService.code)
        )
    )


def year_start() -> date:
    """The first day of the school's current year."""
    begun = select(SchoolYear.starts_on).join(School, School.school_year_id == SchoolYear.id)
    return admin_db.session.scalars(begun).one()


def choices() -> dict[str, list[Any]]:
    """The programmes and divisions of the school's current year, for the selectors."""
    session = admin_db.session
    divisions = select(Division).join(School, School.id == Division.school_id)
    return {
        "programme": list(session.scalars(select(Programme).order_by(Programme.label))),
        "division": list(
            session.scalars(divisions.where(Division.school_year_id == School.school_year_id).order_by(Division.code))
        ),
    }
