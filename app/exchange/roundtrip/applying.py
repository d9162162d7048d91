"""Writing what was previewed, in one transaction: all of it or nothing."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Sequence
from typing import Any

from app.audit.services import record, record_each
from app.core.actor import Actor
from app.core.db import admin_db
from app.core.errors import Conflict, Forbidden
from app.core.uow import unit_of_work
from app.exchange.roundtrip.columns import PeopleSheet
from app.exchange.roundtrip.comparing import Judge, PersonChange, Plan, make_plan
from app.exchange.roundtrip.lines import ReadSheet


class SomethingChanged(Conflict):
    """Between the preview and the click, somebody changed one of these people."""

    def __init__(self) -> None:
        super().__init__("Les fiches ont changé depuis l'aperçu : rien n'a été enregistré.",
                         hint="Relisez le nouvel aperçu, puis appliquez.")  # fmt: skip


@unit_of_work()
def apply_sheet(
    sheet: PeopleSheet, read: ReadSheet, judge: Judge, *, seen: str, school_id: int, actor: Actor, narrow: Any = None
) -> Counter[str]:
    """Compare again under lock, and write exactly the plan whose fingerprint was `seen`; returns its counts.

    Each person is changed as on their form: the record last synchronised is marked as changed here
    (`app.schools.people`), and the trail gets one line for each person and one for the whole.
    """
    if not actor.can("can_edit", sheet.name):
        raise Forbidden()
    plan = make_plan(sheet, read, judge, narrow=narrow, may_add=may_add(sheet, actor), lock=True)
    if plan.fingerprint != seen:
        raise SomethingChanged()
    _write(sheet, plan.changes, school_id, actor)
    _tell(sheet, plan, school_id, actor)
    return plan.counts


def may_add(sheet: PeopleSheet, actor: Actor) -> bool:
    """Whether lines without an identifier make somebody new: like the form, only for who may add people."""
    return actor.can("can_add", sheet.name)


def _write(sheet: PeopleSheet, changes: Sequence[PersonChange], school_id: int, actor: Actor) -> None:
    """Change and make everybody, then the lines of the trail: they name the changed columns, not what they hold."""
    session = admin_db.session()
    made: list[Any] = []
    for change in changes:
        if change.id is None:
            # A source identifier of its own, so that no synchronisation takes this person for another.
            made.append(sheet.model(source="manual", source_id=secrets.token_hex(8), **change.values))
            continue
        for name, value in change.values.items():
            setattr(change.row, name, value)
    session.add_all(made)
    session.flush()
    edited = [(change.id, {"changed": sorted(change.values)}, None) for change in changes if change.id is not None]
    for verb, lines in (("edit", edited), ("add", [(person.id, None, None) for person in made])):
        if lines:
            record_each(session, f"{sheet.name}.{verb}", sheet.model, lines, actor=actor, school_id=school_id)


def _tell(sheet: PeopleSheet, plan: Plan, school_id: int, actor: Actor) -> None:
    counts = plan.counts
    if plan.changes:
        facts = {name: counts[name] for name in ("changed", "made", "cells", "left_out")}
        record(admin_db.session(), f"{sheet.name}.spreadsheet", actor=actor, school_id=school_id, data=facts)
