"""Pupils' own codes (CAE): made with the pupil, replaced, listed (M101–M105)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.orm import aliased

from app.access.continuity import carry_over
from app.access.managing import account_of, compact_hint
from app.access.models import VALID_STATES, PortalAccount, PupilCode, PupilRefusal
from app.access.queries import Selection, active_on
from app.access.services import insert_codes, new_row
from app.audit.services import record
from app.core import clock
from app.core.actor import Actor
from app.core.codes import ALPHABET
from app.core.crypto import lookup_hash, random_text
from app.core.db import admin_db
from app.core.errors import Conflict, NotFound
from app.core.folding import fold, folded
from app.core.uow import unit_of_work
from app.replication.orders import order
from app.schools.models import Division, Programme, School
from app.schools.people import Enrolment, Pupil
from app.workflow import engine

SLIP_LIVES = timedelta(days=3)
SLIP_LENGTH = 8
SLIP_SIGNS = "".join(sign for sign in ALPHABET if sign not in "IO01")

Refused = Literal["all", "yes", "no"]


class PupilLine(NamedTuple):
    """One line of the lists (M102, M103)."""

    pupil: Pupil
    division: str | None
    code: PupilCode | None
    refused: bool


@dataclass(frozen=True, slots=True)
class PupilFilter:
    """Which pupils: population, name, not notified yet only, refused or not (M102, M103)."""

    selection: Selection = field(default_factory=Selection)
    text: str = ""
    only_new: bool = False
    refused: Refused = "all"
    pupil_id: int | None = None


@unit_of_work()
def ensure_codes(*, actor: Actor) -> int:
    """A code for every pupil who is present and has no valid one (M101); how many were made. Two statements and the
    trail's, whatever the school."""
    now = clock.now()
    valid = exists().where(PupilCode.pupil_id == Pupil.id, PupilCode.school_id == Pupil.school_id, _is_valid())
    present = (
        select(Pupil.school_id, Pupil.id)
        .join(Enrolment, and_(Enrolment.pupil_id == Pupil.id, Enrolment.school_id == Pupil.school_id))
        .join(School, School.id == Enrolment.school_id)
        .where(active_on(clock.today()), ~valid.correlate(Pupil))
    )
    rows = [new_row(school_id, None, pupil_id, now) for school_id, pupil_id in admin_db.session.execute(present)]
    if rows:
        insert_codes(PupilCode, rows, actor)
        carry_over(PupilCode)
    return len(rows)


def _is_valid() -> ColumnElement[bool]:
    return PupilCode.state.in_(VALID_STATES)


def pupil_lines(wanted: PupilFilter, *, limit: int | None = None, offset: int = 0) -> list[PupilLine]:
    """The pupils of a filter, in the order of divisions and names."""
    statement = _lines((Pupil, Division.label, PupilCode, PupilRefusal.id.is_not(None)), wanted)
    statement = statement.order_by(Division.code, Pupil.last_name, Pupil.first_name, Pupil.id)
    return [PupilLine(*row) for row in admin_db.session.execute(statement.limit(limit).offset(offset))]


def count_pupils(wanted: PupilFilter) -> int:
    """How many lines the filter has."""
    return admin_db.session.scalar(_lines((func.count(Pupil.id),), wanted)) or 0


def _lines(columns: tuple[Any, ...], wanted: PupilFilter) -> Select[Any]:
    statement = (
        select(*columns).select_from(Enrolment)
        .join(Enrolment.pupil).join(School, School.id == Enrolment.school_id).outerjoin(Enrolment.division)
        .outerjoin(PupilCode, and_(PupilCode.pupil_id == Pupil.id, PupilCode.school_id == Pupil.school_id, _is_valid()))
        .outerjoin(PupilRefusal, and_(PupilRefusal.pupil_id == Pupil.id, PupilRefusal.school_id == Pupil.school_id,
                                      PupilRefusal.lifted_on.is_(None)))
        .where(active_on(clock.today()), *(_begins(word) for word in wanted.text.split()[:5]))
    )  # fmt: skip
    if (clause := wanted.selection.clause()) is not None:
        statement = statement.where(clause)
    if wanted.pupil_id is not None:
        statement = statement.where(Pupil.id == wanted.pupil_id)
    if wanted.only_new:
        statement = statement.where(PupilCode.notified_on.is_(None), PupilCode.id.is_not(None))
    if wanted.refused != "all":
        open_one = PupilRefusal.id
        statement = statement.where(open_one.is_not(None) if wanted.refused == "yes" else open_one.is_(None))
    return statement


def _begins(word: str) -> ColumnElement[bool]:
    """A name that begins so, or any code of the pupil's own (M103)."""
    names = (Pupil.last_name, Pupil.usage_name, Pupil.first_name)
    starts = [fold(name).startswith(folded(word), autoescape=True) for name in names]
    if (hint := compact_hint(word)) is None:
        return or_(*starts)
    code = aliased(PupilCode)  # the list joins the valid code: any other one leads here too
    return or_(*starts, select(code.id).where(code.pupil_id == Pupil.id, code.hint == hint).exists())


@dataclass(frozen=True, slots=True)
class PupilFacts:
    """What the page of a pupil's codes shows (M105, M106)."""

    pupil: Pupil
    division: str | None
    programme: str | None
    codes: list[PupilCode]
    refused: bool
    account: PortalAccount | None

    @property
    def valid(self) -> PupilCode | None:
        """The one valid code."""
        return next((code for code in self.codes if code.state in VALID_STATES), None)


def pupil_facts(pupil_id: int) -> PupilFacts:
    """Everything about the codes of a pupil of this school. Raises `NotFound`."""
    session = admin_db.session
    pupil = session.scalar(select(Pupil).where(Pupil.id == pupil_id))
    if pupil is None:
        raise NotFound("Cet élève n'existe pas.")
    place = session.execute(
        select(Division.label, Programme.label).select_from(Enrolment)
        .outerjoin(Enrolment.division).outerjoin(Enrolment.programme)
        .where(Enrolment.pupil_id == pupil_id).order_by(Enrolment.school_year_id.desc()).limit(1)
    ).first() or (None, None)  # fmt: skip
    codes = list(session.scalars(select(PupilCode).where(PupilCode.pupil_id == pupil_id)
                                 .order_by(PupilCode.created_at.desc(), PupilCode.id.desc())))  # fmt: skip
    refusal = select(PupilRefusal.id).where(PupilRefusal.pupil_id == pupil_id, PupilRefusal.lifted_on.is_(None))
    return PupilFacts(pupil, place[0], place[1], codes, session.scalar(refusal) is not None, account_of(codes))


@unit_of_work()
def new_pupil_code(pupil_id: int, *, actor: Actor) -> None:
    """The valid code ends and a new one is made in the same act (M105). Raises `NotFound`."""
    facts = pupil_facts(pupil_id)
    if facts.valid is not None:
        engine.apply(facts.valid, "replace", actor=actor)
    insert_codes(PupilCode, [new_row(facts.pupil.school_id, None, pupil_id, clock.now())], actor)


@unit_of_work()
def make_slip(pupil_id: int, *, actor: Actor) -> str:
    """A code for one sign-in within three days, by which the pupil chooses a new pass-phrase (M106). It is shown once:
    only its keyed hash goes to the portal. Raises `NotFound`, `Conflict` without an account."""
    account = pupil_facts(pupil_id).account
    if account is None or account.state != "confirmed":
        raise Conflict("Cet élève n'a pas de compte validé.", hint="Son code d'activation lui permet d'en créer un.")
    return new_slip(account, actor)


def new_slip(account: PortalAccount, actor: Actor) -> str:
    """Make the code of a slip, in the caller's unit of work, and send its keyed hash to the portal."""
    slip, session = random_text(SLIP_SIGNS, SLIP_LENGTH), admin_db.session()
    order(session, "slip", account_id=account.id, digest=lookup_hash(slip)[1],
          until=(clock.now() + SLIP_LIVES).isoformat())  # fmt: skip
    record(session, "account.slip", account, actor=actor)
    return f"{slip[:4]} {slip[4:]}"
