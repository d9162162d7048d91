"""Who was never told: guardians with a valid code that no letter and no mail has carried yet, and why."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from app.access.planning import NotifyRequest, mode_for
from app.access.queries import Couple, Selection, couples
from app.schools.people import Guardian

Reason = Literal["no-address", "mail-refused", "letter-returned", "not-yet"]
REASONS: tuple[Reason, ...] = ("no-address", "letter-returned", "mail-refused", "not-yet")


@dataclass(frozen=True, slots=True)
class Unreached:
    """A guardian, their children, and what stands in the way."""

    couples: tuple[Couple, ...]
    reason: Reason
    reachable: bool

    @property
    def guardian(self) -> Guardian:
        """Whom nobody told."""
        return self.couples[0].guardian


def unreached(selection: Selection, reasons: Collection[Reason] = REASONS) -> list[Unreached]:
    """The guardians of a selection in the order of divisions; a used code needs no telling."""
    by_guardian: dict[int, list[Couple]] = {}
    for couple in couples(selection):
        if couple.code is not None and couple.code.notified_on is None and couple.code.account_id is None:
            by_guardian.setdefault(couple.guardian.id, []).append(couple)
    found = (_line(tuple(mine)) for mine in by_guardian.values())
    return [line for line in found if line.reason in reasons]


def _line(mine: tuple[Couple, ...]) -> Unreached:
    guardian = mine[0].guardian
    reachable = mode_for(guardian, NotifyRequest()) is not None
    if guardian.address_lines and not guardian.postable:
        return Unreached(mine, "letter-returned", reachable)
    if guardian.email and not guardian.mailable:
        return Unreached(mine, "mail-refused", reachable)
    return Unreached(mine, "not-yet" if reachable else "no-address", reachable)
