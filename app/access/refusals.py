"""Refusing and allowing access: a guardian's own (M095) and the pupil's (M104). The rows are the truth: codes
follow."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from app.access.continuity import carry_over
from app.access.models import AccessRefusal, GuardianCode, PupilRefusal
from app.access.queries import open_services, valid_code
from app.access.services import insert_codes, new_row
from app.audit.services import record
from app.core import clock
from app.core.actor import Actor
from app.core.db import admin_db
from app.core.errors import Conflict, NotFound
from app.core.uow import unit_of_work
from app.schools.people import GuardianLink, Pupil
from app.workflow import engine


@unit_of_work()
def refuse(guardian_id: int, pupil_id: int, *, actor: Actor, by_slip: bool = False) -> AccessRefusal:
    """The guardian refuses for this pupil: the valid code becomes refused, so that it opens nothing any more (M095).

    Raises `NotFound` (no such couple here) and `Conflict` (refused already).
    """
    session = admin_db.session
    couple = (GuardianLink.guardian_id == guardian_id, GuardianLink.pupil_id == pupil_id)
    if session.scalar(select(GuardianLink.id).where(*couple)) is None:
        raise NotFound("Ce responsable et cet élève ne vont pas ensemble.")
    if open_refusal(guardian_id, pupil_id):
        raise Conflict("Ce responsable a déjà refusé l'accès pour cet élève.")
    refusal = AccessRefusal(guardian_id=guardian_id, pupil_id=pupil_id, entered_by=actor.user_id, by_slip=by_slip)
    session.add(refusal)
    record(session(), "access_refusal.create", refusal, actor=actor, data={"by_slip": by_slip})
    code = valid_code(guardian_id, pupil_id)
    if code is not None:
        engine.apply(code, "refuse", actor=actor)
    return refusal


@unit_of_work()
def allow(guardian_id: int, pupil_id: int, *, actor: Actor) -> GuardianCode | None:
    """The refusal is lifted: the refused code is invalidated and a new one is created in the same act (M095), which is
    returned, or None while no service is open. Raises `Conflict` when nothing was refused."""
    session = admin_db.session
    refusal = open_refusal(guardian_id, pupil_id)
    if refusal is None:
        raise Conflict("Ce responsable n'a pas refusé l'accès pour cet élève.")
    refusal.lifted_on = clock.today()
    record(session(), "access_refusal.lift", refusal, actor=actor)
    refused = (GuardianCode.guardian_id == guardian_id, GuardianCode.pupil_id == pupil_id)
    for code in session.scalars(select(GuardianCode).where(*refused, GuardianCode.state == "refused")):
        engine.apply(code, "allow", actor=actor)
    return create_one(refusal.school_id, guardian_id, pupil_id, actor=actor) if open_services() else None


def create_one(school_id: int, guardian_id: int, pupil_id: int, *, actor: Actor) -> GuardianCode:
    """A code for one couple, whose valid one has just ended."""
    session = admin_db.session
    row = new_row(school_id, guardian_id, pupil_id, clock.now())
    insert_codes(GuardianCode, [row], actor)
    carry_over(GuardianCode)
    return session.scalars(select(GuardianCode).where(GuardianCode.lookup_hash == row["lookup_hash"])).one()


def open_refusal(guardian_id: int, pupil_id: int) -> AccessRefusal | None:
    """The couple's refusal in force."""
    couple = (AccessRefusal.guardian_id == guardian_id, AccessRefusal.pupil_id == pupil_id)
    return admin_db.session.scalar(select(AccessRefusal).where(*couple, AccessRefusal.lifted_on.is_(None)))


@unit_of_work()
def refuse_pupil(
    pupil_id: int, *, actor: Actor, guardian_id: int | None = None, by_slip: bool = False
) -> PupilRefusal:
    """A guardian does not want the pupil to use the national services: they are hidden from the pupil, whose code goes
    on (M104). Raises `NotFound` and `Conflict` (refused already)."""
    session = admin_db.session
    _check_pupil(pupil_id)
    if pupil_refusal(pupil_id):
        raise Conflict("L'accès a déjà été refusé pour cet élève.")
    refusal = PupilRefusal(pupil_id=pupil_id, guardian_id=guardian_id, entered_by=actor.user_id, by_slip=by_slip)
    session.add(refusal)
    record(session(), "pupil_refusal.create", refusal, actor=actor, data={"by_slip": by_slip})
    return refusal


@unit_of_work()
def allow_pupil(pupil_id: int, *, actor: Actor) -> None:
    """The services are shown to the pupil again. Raises `NotFound`, and `Conflict` when nothing was refused."""
    _check_pupil(pupil_id)
    refusal = pupil_refusal(pupil_id)
    if refusal is None:
        raise Conflict("L'accès n'est pas refusé pour cet élève.")
    refusal.lifted_on = clock.today()
    record(admin_db.session(), "pupil_refusal.lift", refusal, actor=actor)


def _check_pupil(pupil_id: int) -> None:
    if admin_db.session.scalar(select(Pupil.id).where(Pupil.id == pupil_id)) is None:
        raise NotFound("Cet élève n'existe pas.")


def pupil_refusal(pupil_id: int) -> PupilRefusal | None:
    """The refusal in force for a pupil."""
    mine = (PupilRefusal.pupil_id == pupil_id, PupilRefusal.lifted_on.is_(None))
    return admin_db.session.scalar(select(PupilRefusal).where(*mine))


UNDO_WITHIN = timedelta(hours=12)


@unit_of_work()
def undo(refusal: AccessRefusal | PupilRefusal, *, actor: Actor) -> None:
    """Take back a slip entered by mistake a moment ago: the code works again as if nothing had happened (its readable
    form is gone, so it cannot be printed again). Raises `Conflict` when it is too late."""
    session = admin_db.session
    if refusal.entered_at is None or clock.now() - refusal.entered_at > UNDO_WITHIN or refusal.lifted_on:
        raise Conflict("Il est trop tard pour annuler cette saisie.", hint="Autorisez de nouveau l'accès sur la fiche.")
    record(session(), f"{refusal.__tablename__}.undo", refusal, actor=actor)
    if isinstance(refusal, AccessRefusal):
        for code in session.scalars(_refused_since(refusal)):
            _reinstate(code, actor)
    session.delete(refusal)


def _reinstate(code: GuardianCode, actor: Actor) -> None:
    if code.used_at or code.notified_on:
        engine.apply(code, "reinstate_used" if code.used_at else "reinstate", actor=actor)
    elif code.guardian_id is not None:  # nobody has its letter, and its readable form is gone: another one will do
        engine.apply(code, "allow", actor=actor)
        create_one(code.school_id, code.guardian_id, code.pupil_id, actor=actor)


def _refused_since(refusal: AccessRefusal) -> Any:
    couple = (GuardianCode.guardian_id == refusal.guardian_id, GuardianCode.pupil_id == refusal.pupil_id)
    since = (refusal.entered_at or clock.now()) - timedelta(seconds=5)
    newest = select(GuardianCode).where(*couple, GuardianCode.state == "refused")
    return newest.where(GuardianCode.changed_at >= since).limit(1)
