"""One couple of guardian and pupil: its codes, what may be done to them, the account behind (M093–M100)."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import aliased

from app.access.models import VALID_STATES, ActivationCode, GuardianCode, Notification, NotificationCode, PortalAccount
from app.access.queries import Couple, Selection, couple_rows, legal_couples, open_services
from app.access.refusals import create_one, open_refusal
from app.access.services import NoServiceOpen
from app.audit.services import record
from app.core.actor import Actor
from app.core.codes import compact
from app.core.db import admin_db
from app.core.errors import Conflict, NotFound
from app.core.folding import fold, folded
from app.core.uow import unit_of_work
from app.replication.orders import order
from app.schools.models import Division, Programme
from app.schools.people import Enrolment, Guardian, GuardianLink, Pupil
from app.workflow import engine

HINT_LENGTH = 4


@dataclass(frozen=True, slots=True)
class Found:
    """One page of a search, and how many there are in all."""

    rows: list[Couple]
    count: int


def search_couples(text: str, selection: Selection, *, limit: int | None = None, offset: int = 0) -> Found:
    """Couples whose pupil's or guardian's name begins so (each word typed must begin one of their names), or one of
    whose codes begins so (M093; one box for « j'ai perdu mon code »)."""
    wanted = [_begins(word) for word in text.split()[:5]]
    count = admin_db.session.scalar(legal_couples((func.count(GuardianLink.id),), selection).where(*wanted)) or 0
    rows = admin_db.session.execute(couple_rows(selection).where(*wanted).limit(limit).offset(offset))
    return Found([Couple(*row) for row in rows], count)  # type: ignore[call-arg]


def _begins(word: str) -> ColumnElement[bool]:
    names = (Pupil.last_name, Pupil.usage_name, Pupil.first_name, Guardian.last_name, Guardian.usage_name,
             Guardian.first_name)  # fmt: skip
    # A name of several words (« Le Goff ») is found by any of them.
    plain = folded(word)
    starts = [fold(name).startswith(plain, autoescape=True) | fold(name).contains(f" {plain}", autoescape=True)
              for name in names]  # fmt: skip
    code = aliased(ActivationCode)  # the list joins the valid code: any other one leads here too
    hinted = select(code.id).where(code.guardian_id == GuardianLink.guardian_id, code.pupil_id == GuardianLink.pupil_id,
                                   code.hint == compact_hint(word)).exists()  # fmt: skip
    return or_(*starts, hinted) if compact_hint(word) else or_(*starts)


def compact_hint(word: str) -> str | None:
    """The first block of a code, be it typed alone or with what follows."""
    whole = compact(word)
    text = whole or word.strip().upper()
    return text[:HINT_LENGTH] if len(text) >= HINT_LENGTH and text[:HINT_LENGTH].isalnum() else None


@dataclass(frozen=True, slots=True)
class CoupleFacts:
    """What the page of a couple shows (M094). `link` says the quality; it may have ended."""

    link: GuardianLink
    division: str | None
    programme: str | None
    codes: list[GuardianCode]
    refused: bool
    account: PortalAccount | None

    @property
    def valid(self) -> GuardianCode | None:
        """The one valid code."""
        return next((code for code in self.codes if code.state in VALID_STATES), None)


def couple_facts(link_id: int) -> CoupleFacts:
    """Everything about a couple of this school, named by its link. Raises `NotFound`."""
    session = admin_db.session
    link = session.scalar(select(GuardianLink).where(GuardianLink.id == link_id))
    if link is None:
        raise NotFound("Ce responsable et cet élève ne vont pas ensemble.")
    guardian_id, pupil_id = link.guardian_id, link.pupil_id
    place = session.execute(
        select(Division.label, Programme.label).select_from(Enrolment)
        .outerjoin(Enrolment.division).outerjoin(Enrolment.programme)
        .where(Enrolment.pupil_id == pupil_id).order_by(Enrolment.school_year_id.desc()).limit(1)
    ).first() or (None, None)  # fmt: skip
    codes = list(session.scalars(
        select(GuardianCode).where(GuardianCode.guardian_id == guardian_id, GuardianCode.pupil_id == pupil_id)
        .order_by(GuardianCode.created_at.desc(), GuardianCode.id.desc())))  # fmt: skip
    refused = open_refusal(guardian_id, pupil_id) is not None
    return CoupleFacts(link, place[0], place[1], codes, refused, account_of(codes))


def account_of(codes: list[ActivationCode] | list[GuardianCode]) -> PortalAccount | None:
    """The last account known, even if its code was invalidated since (M099)."""
    held = next((code.account_id for code in codes if code.account_id is not None), None)
    return admin_db.session.get(PortalAccount, held) if held is not None else None


@unit_of_work()
def new_code(link_id: int, *, actor: Actor) -> GuardianCode:
    """The valid code is invalidated, then a new one is made (M096); the first one when there was none.

    Raises `NotFound`, `Conflict` (refused, not legal or not certified) and `NoServiceOpen`.
    """
    facts = couple_facts(link_id)
    if facts.refused:
        raise Conflict("Ce responsable a refusé l'accès.", hint="Autorisez d'abord l'accès.")
    if facts.link.rank is None or not facts.link.certified or facts.link.ended_on:
        raise Conflict("Seul un responsable légal 1 ou 2 de l'élève reçoit un code.")
    if not open_services():
        raise NoServiceOpen()
    if facts.valid is not None:
        engine.apply(facts.valid, "replace", actor=actor)
    return create_one(facts.link.school_id, facts.link.guardian_id, facts.link.pupil_id, actor=actor)


@unit_of_work()
def invalidate(link_id: int, *, actor: Actor) -> None:
    """The valid code ends, and with it the access to the pupil that it opened (M098). Raises `Conflict`
    when there is none."""
    code = couple_facts(link_id).valid
    if code is None:
        raise Conflict("Ce couple n'a pas de code valide.")
    engine.apply(code, "invalidate", actor=actor)


@unit_of_work()
def send_reset_link(account: PortalAccount, *, actor: Actor) -> None:
    """Ask the portal to send a link for one use, by which the holder chooses a new pass-phrase (M100): nobody else ever
    knows it. Raises `Conflict` while the account waits for its confirmation, or has ended."""
    if account.state != "confirmed":
        raise Conflict("Ce compte n'est pas validé : son titulaire doit d'abord suivre le lien de confirmation reçu.")
    session = admin_db.session()
    order(session, "reset", account_id=account.id)
    record(session, "account.reset", account, actor=actor)


def last_message(link: GuardianLink, job_id: int) -> Notification | None:
    """What a notification asked for from the page became."""
    carried = select(NotificationCode.notification_id).join(GuardianCode, GuardianCode.id == NotificationCode.code_id)
    mine = carried.where(GuardianCode.pupil_id == link.pupil_id, GuardianCode.guardian_id == link.guardian_id)
    told = select(Notification).where(Notification.job_id == job_id, Notification.id.in_(mine))
    return admin_db.session.scalar(told)
