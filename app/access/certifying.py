"""Links between guardians and pupils that ONDE brings: the directeur certifies them, class by class (FORMATS §7).

ONDE does not say who holds parental authority: its links are not certified, and no code is made for them. Ranks 1 and 2
belong to certified links. A link keeps the rank its order of appearance gave it; one without rank takes, when it is
certified, the first rank that no certified link of the pupil holds, and an uncertified link that held it loses it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from typing import Any, NamedTuple

from sqlalchemy import Select, and_, func, or_, select

from app.access.queries import active_on
from app.audit.services import record
from app.core import clock
from app.core.actor import Actor
from app.core.db import admin_db
from app.core.errors import Forbidden
from app.core.uow import unit_of_work
from app.schools.models import Division, School
from app.schools.people import Enrolment, Guardian, GuardianLink, Pupil

RANKS = (1, 2)


class LinkLine(NamedTuple):
    """One line of the page: who is linked to whom, and what is said of it."""

    link: GuardianLink
    pupil: Pupil
    guardian: Guardian


class ClassLine(NamedTuple):
    """A class with its links: how many there are, how many wait. `id` 0 = pupils without class."""

    id: int
    label: str
    links: int
    waiting: int


class Certified(NamedTuple):
    """What was done, and the pupils left as they were because too many of their links were ticked."""

    certified: int
    withdrawn: int
    refused: tuple[str, ...]


def _links(columns: Iterable[Any]) -> Select[Any]:
    """Live links, of pupils who are present, that come from ONDE or that nobody certified."""
    return (
        select(*columns)
        .select_from(GuardianLink)
        .join(GuardianLink.guardian)
        .join(GuardianLink.pupil)
        .join(Enrolment, and_(Enrolment.pupil_id == Pupil.id, Enrolment.school_id == Pupil.school_id))
        .join(School, School.id == Enrolment.school_id)
        .outerjoin(Enrolment.division)
        .where(GuardianLink.ended_on.is_(None), active_on(clock.today()))
        .where(or_(Guardian.source == "onde", GuardianLink.certified.is_(False)))
    )


def class_lines() -> list[ClassLine]:
    """The classes that have such links. A link waits while it has a rank and is not certified: it stops a code."""
    waiting = func.count(GuardianLink.id).filter(GuardianLink.certified.is_(False), GuardianLink.rank.is_not(None))
    columns = (Division.id, Division.label, func.count(GuardianLink.id), waiting)
    statement = _links(columns).group_by(Division.id, Division.code, Division.label).order_by(Division.code)
    rows = admin_db.session.execute(statement)
    return [ClassLine(id or 0, label or "Sans classe", links, wait) for id, label, links, wait in rows]


def links_of_class(division_id: int) -> list[LinkLine]:
    """The links of a class (0: pupils without class), in the order of pupils, then ranks."""
    statement = _links((GuardianLink, Pupil, Guardian)).where(
        Enrolment.division_id == division_id if division_id else Enrolment.division_id.is_(None)
    )
    ordered = statement.order_by(Pupil.last_name, Pupil.first_name, Pupil.id, GuardianLink.rank.nulls_last(),
                                 Guardian.last_name, GuardianLink.id)  # fmt: skip
    return [LinkLine(*row) for row in admin_db.session.execute(ordered)]


@unit_of_work()
def certify_links(shown: Collection[int], ticked: Collection[int], *, actor: Actor) -> Certified:
    """Certify the ticked links among those that were shown, and take the certification back from the others. A link
    that came meanwhile was not shown and stays as it is. One line of the trail for each link that changes."""
    if not actor.can("can_certify", "guardian_link"):
        raise Forbidden()
    done, refused = Counter[str](), []
    for pupil_id, links in _by_pupil(shown).items():
        wanted = [link for link in links if (link.id in ticked if link.id in shown else link.certified)]
        if len([link for link in wanted if link.rank or link.id in ticked]) > len(RANKS):
            refused.append(str(admin_db.session.get_one(Pupil, pupil_id)))
            continue
        _rank(wanted, links)
        for link in links:
            if link.id in shown and (link in wanted) != link.certified:
                done[_move(link, actor)] += 1
    return Certified(done["certify"], done["withdraw"], tuple(refused))


def _by_pupil(shown: Collection[int]) -> dict[int, list[GuardianLink]]:
    """Every live link of the pupils of those shown, locked."""
    pupils = select(GuardianLink.pupil_id).where(GuardianLink.id.in_(shown))
    live = select(GuardianLink).where(GuardianLink.ended_on.is_(None), GuardianLink.pupil_id.in_(pupils))
    found = defaultdict(list)
    for link in admin_db.session.scalars(live.order_by(GuardianLink.pupil_id, GuardianLink.id).with_for_update()):
        found[link.pupil_id].append(link)
    return found


def _rank(wanted: list[GuardianLink], links: list[GuardianLink]) -> None:
    """Give a rank to certified links that have none. What an uncertified link held is freed first: the database holds
    one link for each rank."""
    held = {link.rank for link in wanted}
    free = [rank for rank in RANKS if rank not in held]
    given = list(zip([link for link in wanted if link.rank is None and not link.certified], free, strict=False))
    for _link, rank in given:
        for other in links:
            if other.rank == rank:
                other.rank = None
    admin_db.session.flush()
    for link, rank in given:
        link.rank = rank


def _move(link: GuardianLink, actor: Actor) -> str:
    link.certified = not link.certified
    verb = "certify" if link.certified else "withdraw"
    record(admin_db.session(), f"guardian_link.{verb}", link, actor=actor, data={"rank": link.rank})
    return verb
