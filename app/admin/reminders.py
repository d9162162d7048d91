"""What stays on every page of a school until somebody who may settles it: classes without periods (M006, M010)."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import and_, select

from app.booklets.models import BookletSettings
from app.booklets.settings import keep_settings
from app.core.db import admin_db
from app.core.scope import current_scope
from app.schools.models import Division, School
from app.schools.period_queries import any_class_follows, undefined
from app.security.manager import current_standing


@dataclass(frozen=True, slots=True)
class PeriodReminder:
    """The classes without a periodicity; `none_set` when manual entry waits because no class has one."""

    classes: tuple[str, ...]
    none_set: bool


def period_reminder() -> PeriodReminder | None:
    """What to remind the signed-in person of here: only who may associate classes with periods. One statement, which
    also reads the settings that the menu asks for."""
    here, scope = current_standing(), current_scope()
    if here is None or scope is None or scope.kind != "school" or ("can_edit", "period_scheme") not in here.permissions:
        return None
    theirs = and_(Division.school_id == School.id, undefined())
    statement = (
        select(BookletSettings, Division.label, any_class_follows())
        .select_from(School)
        .outerjoin(BookletSettings, BookletSettings.school_id == School.id)
        .outerjoin(Division, theirs)
        .where(School.id == scope.id)
        .order_by(Division.label)
    )
    rows = admin_db.session.execute(statement).all()
    manual = keep_settings(rows[0][0]).import_mode == "manual"
    labels = tuple(label for _, label, _ in rows if label is not None)
    return PeriodReminder(labels, manual and not rows[0][2]) if labels else None
