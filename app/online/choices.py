"""Storing what a school chooses for its online services (M057, M063–M066, M070, M073, M074). Each refusal names the
field; nothing is stored then. Closing a service leaves all of it alone (M071)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, select

from app.audit.services import record
from app.core import clock
from app.core.actor import Actor
from app.core.db import admin_db
from app.core.errors import BadInput, Conflict, Forbidden
from app.core.scope import current_scope
from app.core.uow import unit_of_work
from app.online.models import SERVICES, MarksDueDate, OnlineSetting
from app.online.queries import ents, is_open, known_emails
from app.online.settings import settings_of_school
from app.online.welcome import check_welcome
from app.schools.models import School

LETTER_TYPES = {"services": "Téléservices", "mixed": "Mixte ENT/Téléservices", "ent": "ENT seul"}
PUBLICATIONS = {"continuous": "Au fil de l'eau", "scheduled": "À échéance"}
SHORTEST, LONGEST = 2, 365
EDITING, OPENING = ("can_edit", "online_setting"), ("can_open", "service")


class DatesWouldGo(Conflict):
    """Back to « au fil de l'eau »: the due dates are deleted, which asks for a confirmation (M070)."""

    def __init__(self) -> None:
        super().__init__("Les dates d'échéance vont être supprimées. Voulez-vous continuer?")


@unit_of_work()
def mark_activated(*, actor: Actor) -> None:
    """The day the school activated its online services; the first one stays."""
    if settings_of_school().activated_on is None:
        keep("online_setting.activate", OPENING, actor=actor, activated_on=clock.today())


@unit_of_work()
def set_welcome(text: str, *, actor: Actor) -> None:
    """The welcome message, whatever the state of the services (M063)."""
    keep("online_setting.edit", EDITING, actor=actor, welcome=check_welcome(text))


@unit_of_work()
def set_letter(letter_type: str, ent_id: int | None, *, actor: Actor) -> None:
    """What letters announce (M065). An ENT belongs to the last two types only, and these need one."""
    if letter_type not in LETTER_TYPES:
        raise BadInput("Type de courrier : choisissez un des trois types.")
    if letter_type == "services":
        ent_id = None
    elif ent_id not in {ent.id for ent in ents()}:
        raise BadInput("ENT à associer au courrier : choisissez-en un dans la liste.")
    keep("online_setting.edit", EDITING, actor=actor, letter_type=letter_type, ent_id=ent_id)


@unit_of_work()
def set_publication(publication: str, *, confirmed: bool = False, actor: Actor) -> None:
    """When marks are shown (M066). Raises `DatesWouldGo` until the loss of the dates is confirmed (M070)."""
    must_be_open("marks")
    if publication not in PUBLICATIONS:
        raise BadInput("Type de publication : choisissez « Au fil de l'eau » ou « À échéance ».")
    if publication == "continuous" and settings_of_school().marks_publication == "scheduled":
        if not confirmed:
            raise DatesWouldGo()
        admin_db.session.execute(delete(MarksDueDate))
    keep("online_setting.edit", EDITING, actor=actor, marks_publication=publication)


@unit_of_work()
def set_lpc_delay(text: str, *, actor: Actor) -> None:
    """Days between the entry of a competence and its publication, while its service is open (M073)."""
    must_be_open("competences")
    text = text.strip()
    days = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else None
    if days is None or not SHORTEST <= days <= LONGEST:
        raise BadInput(f"Délai de publication : « {text[:20]} » ne convient pas.",
                       hint=f"Écrivez un nombre entier de jours, de {SHORTEST} à {LONGEST}.")  # fmt: skip
    keep("online_setting.edit", EDITING, actor=actor, lpc_delay=days)


@unit_of_work()
def set_contact(active: str, emails: Sequence[str], *, actor: Actor) -> None:
    """The contact link and the mailboxes that receive the messages: one at least while it is active (M074)."""
    known = known_emails()
    if not known:
        raise Conflict("Aucun courriel de l'établissement n'est connu.", hint="Indiquez-en un d'abord.")
    if active not in ("yes", "no"):
        raise BadInput("Lien de contact : choisissez « Actif » ou « Non actif ».")
    if strangers := [email for email in emails if email not in known]:
        raise BadInput(f"Courriel de contact : {', '.join(strangers)} n'est pas un courriel de l'établissement.")
    if active == "yes" and not emails:
        raise BadInput("Courriel de contact : choisissez-en au moins un pour que le lien soit actif.")
    chosen = [email for email in known if email in emails]
    keep("online_setting.edit", EDITING, actor=actor, contact_active=active == "yes", contact_emails=chosen)


def must_be_open(code: str) -> None:
    """Some settings exist only while their service is open (M066, M073). Raises `Conflict`."""
    if not is_open(code):
        raise Conflict(closed_sentence(code), hint="Ouvrez-le d'abord : ses réglages sont gardés.")


def closed_sentence(code: str) -> str:
    """What a page says instead of letting a setting be changed."""
    return f"Le téléservice « {SERVICES[code]} » est fermé."


def one_at_a_time() -> None:
    """Two people who store in the same school wait for each other."""
    scope = current_scope()
    if scope is None or scope.kind != "school":
        raise BadInput("Choisissez d'abord un établissement.")
    admin_db.session.scalars(select(School.id).where(School.id == scope.id).with_for_update()).one()


def keep(action: str, permission: tuple[str, str], *, actor: Actor, **chosen: Any) -> None:
    """Store choices on the school's one row, made at the first, with a line that names what changed."""
    if not actor.can(*permission):
        raise Forbidden()
    one_at_a_time()
    session = admin_db.session()
    row = session.scalars(select(OnlineSetting)).one_or_none()
    if row is None:
        row = settings_of_school()
        session.add(row)
    changed = [name for name, value in chosen.items() if getattr(row, name) != value]
    for name in changed:
        setattr(row, name, chosen[name])
    session.flush()
    if changed:
        record(session, action, row, actor=actor, data={"changed": changed})
