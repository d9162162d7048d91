"""What stays on every page of a school until somebody who may settles it: classes without periods (M006, M010)."""

from __future__ import annotations

from dataclasses import dataclass

from app.booklets.settings import may_enter_collectively
from app.core.scope import current_scope
from app.schools.period_queries import undefined_classes
from app.security.manager import current_standing


@dataclass(frozen=True, slots=True)
class PeriodReminder:
    """The classes without a periodicity; `none_set` when manual entry waits because no class has one."""

    classes: tuple[str, ...]
    none_set: bool


def period_reminder() -> PeriodReminder | None:
    """What to remind the signed-in person of here: only who may associate classes with periods. One statement."""
    here, scope = current_standing(), current_scope()
    if here is None or scope is None or scope.kind != "school" or ("can_edit", "period_scheme") not in here.permissions:
        return None
    labels, none_set = undefined_classes()
    return PeriodReminder(tuple(labels), none_set and may_enter_collectively()) if labels else None
