"""What a school chose for its booklets (M004): where they come from, and whether class teachers may lock theirs."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from app.audit.services import record
from app.booklets.models import BookletSettings
from app.core.actor import Actor
from app.core.db import admin_db
from app.core.errors import BadInput, Forbidden
from app.core.scope import current_scope
from app.core.uow import unit_of_work
from app.schools.models import School

IMPORT_MODES = {
    "manual": "Saisie manuelle",
    "sconet": "Depuis Sconet_Notes",
    "software": "Depuis un autre logiciel",
}
_KEY = "booklet_settings"


def booklet_settings() -> BookletSettings:
    """The current school's row, or the defaults (manual entry, the head locks) while nobody changed them.

    Read once in a transaction: every entry of the menu that depends on it asks again.
    """
    scope, session = current_scope(), admin_db.session()
    kept = session.info.get(_KEY)
    if kept and session.in_transaction() and kept[:2] == (session.get_transaction(), scope):
        return kept[2]  # type: ignore[no-any-return]
    found = None
    if scope is not None and scope.kind == "school":
        found = session.scalars(select(BookletSettings)).one_or_none()
    return keep_settings(found)


def keep_settings(found: BookletSettings | None) -> BookletSettings:
    """Remember the current school's row (None: it has none yet) until the transaction ends."""
    session = admin_db.session()
    found = found or BookletSettings(import_mode="manual", teachers_lock=False)
    session.info[_KEY] = (session.get_transaction(), current_scope(), found)
    return found


def may_enter_collectively() -> bool:
    """Whether the collective-entry pages exist here: in manual mode only (M005)."""
    return _mode() == "manual"


def may_enter_projects() -> bool:
    """Whether AP and EPI are entered here: in manual and Sconet_Notes modes (M028)."""
    return _mode() in ("manual", "sconet")


def may_import() -> bool:
    """Whether booklets come from a file here: in both modes that are not manual (M005, M023)."""
    return _mode() in ("sconet", "software")


def _mode() -> str | None:
    scope = current_scope()
    return booklet_settings().import_mode if scope is not None and scope.kind == "school" else None


@unit_of_work()
def set_import_mode(mode: str, *, actor: Actor) -> BookletSettings:
    """Store the import mode (M004). Raises `BadInput` for another word, `Forbidden` without the permission."""
    if mode not in IMPORT_MODES:
        raise BadInput("Choisissez un mode d'import.", hint=f"Au choix : {', '.join(IMPORT_MODES.values())}.")
    return _store(actor, import_mode=mode)


@unit_of_work()
def let_teachers_lock(allowed: bool, *, actor: Actor) -> BookletSettings:
    """Whether class teachers may lock the booklets of their own class; off until the head says so."""
    return _store(actor, teachers_lock=allowed)


def _store(actor: Actor, **chosen: Any) -> BookletSettings:
    scope, session = current_scope(), admin_db.session()
    if scope is None or scope.kind != "school":
        raise BadInput("Choisissez d'abord un établissement.")
    if not actor.can("can_edit", "booklet_setting"):
        raise Forbidden()
    session.scalars(select(School.id).where(School.id == scope.id).with_for_update()).one()  # one row, two who save
    row = session.scalars(select(BookletSettings)).one_or_none()
    if row is None:
        row = BookletSettings(import_mode="manual", teachers_lock=False)
        session.add(row)
    changed = {name: value for name, value in chosen.items() if getattr(row, name) != value}
    for name, value in changed.items():
        setattr(row, name, value)
    session.flush()
    if changed:
        record(session, "booklet_setting.edit", row, actor=actor, data=changed)
    session.info.pop(_KEY, None)
    return row
