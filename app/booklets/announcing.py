"""Telling families that booklets can be read (C03): an e-mail to who has an account, the booklet by post to the others.

What is told is what the replicator publishes: edited, in force, and past the day of its publication. Nobody is told
twice of the same edition. A message is a `Notification`, like those that carry codes, about editions instead.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, exists, func, insert, select
from sqlalchemy.orm import aliased

from app.access.models import VALID_STATES, ActivationCode, Notification, PortalAccount
from app.access.notifying import write_messages
from app.booklets.households import legal_on
from app.booklets.models import Booklet, BookletEdition, NotificationEdition, in_force
from app.core.clock import today
from app.core.db import admin_db, refresh_statistics
from app.core.errors import LivretError
from app.replication.booklets import readable_editions
from app.replication.publication import open_services
from app.schools.people import Guardian, GuardianLink

TOLD = ("planned", "done", "uncertain")


class NobodyToTell(LivretError):
    """Nothing is readable, or every guardian knows already."""

    code = "nobody_to_tell"
    status = 409

    def __init__(self) -> None:
        super().__init__(
            "Personne n'est à prévenir : aucun bilan publié de cette sélection n'est nouveau pour un responsable.",
            hint="Éditez les bilans, vérifiez leur date de publication et que le téléservice des livrets est ouvert.",
        )


@dataclass(frozen=True, slots=True)
class Asked:
    """Which booklets to tell of: a period, for one class or for all."""

    position: int
    period_count: int
    division_id: int | None = None

    @property
    def criterion(self) -> Any:
        """SQL: the booklets asked for."""
        of_period = and_(Booklet.position == self.position, Booklet.period_count == self.period_count)
        return of_period if self.division_id is None else and_(of_period, Booklet.division_id == self.division_id)


@dataclass(frozen=True, slots=True)
class Message:
    """One message to one guardian about all their children. `mode` is email, paper, or None when neither is known."""

    guardian: Guardian
    email: str | None
    editions: tuple[int, ...]

    @property
    def mode(self) -> str | None:
        """E-mail for who has an account, else the post."""
        if self.email:
            return "email"
        return "paper" if self.guardian.address_lines else None


def messages(asked: Asked) -> list[Message]:
    """Who is to be told of what, in the order of classes and names. Raises `NobodyToTell`."""
    session = admin_db.session()
    readable = readable_editions(session, today(), open_services(session))
    found: dict[int, tuple[Guardian, str | None, list[int]]] = {}
    for guardian, booklet_id, edition_id, email in session.execute(_couples(asked)):
        if readable.get(booklet_id) == edition_id:
            _, known, editions = found.setdefault(guardian.id, (guardian, email, []))
            editions.append(edition_id)
            found[guardian.id] = (guardian, known or email, editions)
    if not found:
        raise NobodyToTell()
    return [Message(guardian, email, tuple(dict.fromkeys(ids))) for guardian, email, ids in found.values()]


def addresses(notifications: Iterable[int]) -> list[tuple[int, str, str | None]]:
    """Message, name and e-mail of its guardian's account at this moment; None when the account is gone."""
    code = aliased(ActivationCode)
    rows = admin_db.session.execute(
        select(Notification.id, Guardian, func.min(PortalAccount.email))
        .join(Guardian, and_(Guardian.id == Notification.guardian_id, Guardian.school_id == Notification.school_id))
        .outerjoin(code, and_(code.guardian_id == Guardian.id, code.school_id == Guardian.school_id,
                              code.state.in_(VALID_STATES)))
        .outerjoin(PortalAccount, and_(PortalAccount.id == code.account_id, PortalAccount.state == "confirmed"))
        .where(Notification.id.in_(list(notifications)))
        .group_by(Notification.id, Guardian.id).order_by(Notification.position)
    )  # fmt: skip
    return [(number, guardian.shown_name, email) for number, guardian, email in rows]


def _couples(asked: Asked) -> Any:
    """Legal guardians of the pupils whose booklet is in force, who were not told of that edition yet."""
    code = aliased(ActivationCode)  # the gate reads codes too, to know whose accounts may be seen
    link = and_(GuardianLink.pupil_id == Booklet.pupil_id, GuardianLink.school_id == Booklet.school_id,
                legal_on(today()))  # fmt: skip
    held = and_(code.guardian_id == GuardianLink.guardian_id, code.pupil_id == Booklet.pupil_id,
                code.school_id == Booklet.school_id, code.state.in_(VALID_STATES), code.account_id.is_not(None))
    told = exists(
        select(NotificationEdition.id)
        .join(Notification, and_(Notification.id == NotificationEdition.notification_id,
                                 Notification.school_id == NotificationEdition.school_id))
        .where(NotificationEdition.edition_id == BookletEdition.id, Notification.guardian_id == Guardian.id,
               Notification.status.in_(TOLD))
    )  # fmt: skip
    return (
        select(Guardian, Booklet.id, BookletEdition.id, PortalAccount.email)
        .select_from(Booklet)
        .join(BookletEdition, and_(BookletEdition.booklet_id == Booklet.id,
                                   BookletEdition.school_id == Booklet.school_id))
        .join(GuardianLink, link)
        .join(Guardian, and_(Guardian.id == GuardianLink.guardian_id, Guardian.school_id == GuardianLink.school_id))
        .outerjoin(code, held)
        .outerjoin(PortalAccount, and_(PortalAccount.id == code.account_id, PortalAccount.state == "confirmed"))
        .where(asked.criterion, in_force(), ~told)
        .order_by(Booklet.division_label, Booklet.last_name, Booklet.first_name, GuardianLink.rank, Booklet.id)
    )  # fmt: skip


def write_plan(job_id: int, school_id: int, planned: Iterable[Message]) -> dict[str, list[int]]:
    """One planned row per message that has somewhere to go; their ids by mode, in the plan's order."""
    session, sent = admin_db.session, [message for message in planned if message.mode]
    by_mode: dict[str, list[int]] = {"email": [], "paper": []}
    if not sent:
        return by_mode
    written = write_messages(job_id, school_id, ((m.guardian.id, m.mode) for m in sent))
    of_guardian = {row.guardian_id: row.id for row in written}
    session.execute(insert(NotificationEdition), [
        {"school_id": school_id, "notification_id": of_guardian[m.guardian.id], "edition_id": edition}
        for m in sent for edition in m.editions])  # fmt: skip
    refresh_statistics(session(), Notification, NotificationEdition)
    for row in written:
        by_mode[row.mode].append(row.id)
    return by_mode


def contents(notifications: Iterable[int]) -> dict[int, tuple[Guardian, list[BookletEdition]]]:
    """Guardian and editions of messages, in their order; an edition withdrawn or replaced meanwhile is left out, and
    so is a message that has none left."""
    rows = admin_db.session.execute(
        select(Notification.id, Guardian, BookletEdition)
        .join(Guardian, and_(Guardian.id == Notification.guardian_id, Guardian.school_id == Notification.school_id))
        .join(NotificationEdition, and_(NotificationEdition.notification_id == Notification.id,
                                        NotificationEdition.school_id == Notification.school_id))
        .join(BookletEdition, and_(BookletEdition.id == NotificationEdition.edition_id,
                                   BookletEdition.school_id == NotificationEdition.school_id))
        .where(Notification.id.in_(list(notifications)), in_force())
        .order_by(Notification.position, NotificationEdition.id)
    )  # fmt: skip
    found: dict[int, tuple[Guardian, list[BookletEdition]]] = {}
    for number, guardian, edition in rows:
        found.setdefault(number, (guardian, []))[1].append(edition)
    return found
