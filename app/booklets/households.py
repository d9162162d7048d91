"""Who gets a booklet on paper: the households of a pupil's legal guardians, one envelope each, in postal order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import ColumnElement, and_, or_, select

from app.booklets.models import Booklet
from app.core import clock
from app.core.db import admin_db
from app.schools.people import Guardian, GuardianLink
from letters.types import MAX_ADDRESS_LINES, Recipient

Key = tuple[tuple[str, ...], tuple[int, ...]]


@dataclass(slots=True)
class Household:
    """Guardians who live together, and the booklets that go into their envelope."""

    guardians: list[Guardian]
    booklets: list[int] = field(default_factory=list)

    @property
    def recipient(self) -> Recipient:
        """« Mme NOM Prénom et M. NOM Prénom », with their address."""
        names = " et ".join(guardian.shown_name for guardian in self.guardians)
        return Recipient(None, names, tuple(self.guardians[0].address_lines[:MAX_ADDRESS_LINES]))

    @property
    def postal_order(self) -> tuple[str, ...]:
        """Country, postal code, town, name."""
        first = self.guardians[0]
        return (first.country or "", first.postal_code or "", first.city or "", first.last_name)


def legal_on(day: date) -> ColumnElement[bool]:
    """SQL: guardian links of legal 1 or 2, certified, that have not ended on `day`, as the portal counts them."""
    return and_(GuardianLink.rank.is_not(None), GuardianLink.certified,
                or_(GuardianLink.ended_on.is_(None), GuardianLink.ended_on > day))  # fmt: skip


def households_of(booklet_ids: Sequence[int]) -> tuple[list[Household], list[int]]:
    """The envelopes to fill, sorted for posting, and the booklets of pupils with no guardian who can be written to.

    Parents at two addresses get a copy each; children of the same guardians at one address share an envelope.
    """
    today = clock.today()
    pupils = dict(admin_db.session.execute(
        select(Booklet.id, Booklet.pupil_id).where(Booklet.id.in_(booklet_ids))).all())  # fmt: skip
    homes = _homes(set(pupils.values()), today)
    found: dict[Key, Household] = {}
    without = []
    for booklet_id in booklet_ids:
        of_pupil = homes.get(pupils.get(booklet_id, 0), {})
        for address, guardians in of_pupil.items():
            key = (address, tuple(guardian.id for guardian in guardians))
            found.setdefault(key, Household(guardians)).booklets.append(booklet_id)
        if not of_pupil:
            without.append(booklet_id)
    return sorted(found.values(), key=lambda home: home.postal_order), without


def _homes(pupil_ids: set[int], today: date) -> dict[int, dict[tuple[str, ...], list[Guardian]]]:
    """Pupil → address → legal guardians who live there."""
    legal = (
        select(GuardianLink.pupil_id, Guardian)
        .join(Guardian, and_(Guardian.id == GuardianLink.guardian_id, Guardian.school_id == GuardianLink.school_id))
        .where(GuardianLink.pupil_id.in_(pupil_ids), legal_on(today))
        .order_by(GuardianLink.rank, Guardian.id)
    )  # fmt: skip
    found: dict[int, dict[tuple[str, ...], list[Guardian]]] = defaultdict(lambda: defaultdict(list))
    for pupil_id, guardian in admin_db.session.execute(legal):
        if guardian.address_lines:
            found[pupil_id][tuple(line.casefold() for line in guardian.address_lines)].append(guardian)
    return found
