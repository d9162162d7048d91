"""A small world for the engine's tests: its own tables, trail, conditions and effects."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import JSON, ColumnElement, ForeignKey, MetaData, String, exists, func, insert, literal, select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from app.audit.mixins import AuditLineMixin
from app.core.actor import Actor
from app.core.db import Database
from app.core.types import UtcDateTime
from app.workflow import catalogue
from app.workflow.labels import Label
from app.workflow.loader import load
from app.workflow.registry import Act, Unmet, column_effect, condition, effect
from app.workflow.stateful import Stateful

DEFINITION = catalogue.add(load(Path(__file__).with_name("toy_sheet.yaml")))
CLERK = Actor.person(7, "Odile Marchenoir", [("can_lock", "toy_sheet"), ("can_unlock", "toy_sheet")])
NOBODY = Actor.person(8, "Sacha Brun", [])
toy_db = Database("toy")


class ToyBase(DeclarativeBase):
    """A database of its own, as the portal's is."""

    metadata = MetaData()


class Sheet(Stateful, ToyBase):
    """What has a life here."""

    __tablename__ = "toy_sheet"
    __workflow__ = "toy_sheet"

    id: Mapped[int] = mapped_column(primary_key=True)
    parts: Mapped[int | None] = mapped_column(default=0)
    comment: Mapped[str | None] = mapped_column(String(100))
    moved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    place: Mapped[str | None] = mapped_column(String(20))
    notes: Mapped[list[Note]] = relationship(order_by="Note.id")


class Note(ToyBase):
    """Something to settle before locking."""

    __tablename__ = "toy_note"

    id: Mapped[int] = mapped_column(primary_key=True)
    sheet_id: Mapped[int] = mapped_column(ForeignKey("toy_sheet.id"))
    settled: Mapped[bool] = mapped_column(default=False)


class Mark(ToyBase):
    """What locking leaves behind."""

    __tablename__ = "toy_mark"

    id: Mapped[int] = mapped_column(primary_key=True)
    sheet_id: Mapped[int]


class ToyTrail(AuditLineMixin, ToyBase):
    """The trail beside the sheets."""

    __tablename__ = "toy_trail"

    personal: Mapped[dict[str, Any] | None] = mapped_column(JSON)


@condition("toy_enough_parts", unmet=Label("Il faut {minimum} parties.", "{minimum} parts are needed."),
           lifted_by=Label("l'enseignant", "the teacher"))
def enough_parts(sheet: Sheet, *, minimum: int) -> bool:
    return sheet.parts is not None and sheet.parts >= minimum


@enough_parts.in_sql
def _(model: type[Sheet], *, minimum: int) -> ColumnElement[bool]:
    return model.parts >= minimum  # NULL parts: unknown, which the engine takes for unmet


@condition("toy_comment_written", unmet=Label("L'appréciation manque.", "The comment is missing."))
def comment_written(sheet: Sheet) -> bool:
    return bool((sheet.comment or "").strip(" "))


@comment_written.in_sql
def _(model: type[Sheet]) -> ColumnElement[bool]:
    return func.trim(model.comment) != ""


@condition("toy_no_open_note", unmet=Label("Une note n'est pas réglée.", "A note is not settled."))
def no_open_note(sheet: Sheet) -> list[Unmet]:
    return [no_open_note.unmet(sheet, record=("toy_note", note.id)) for note in sheet.notes if not note.settled]


@no_open_note.in_sql
def _(model: type[Sheet]) -> ColumnElement[bool]:
    return ~exists().where(Note.sheet_id == model.id, Note.settled.is_(False))


@column_effect("toy_stamp")
def stamp(_model: type[Sheet], act: Act) -> dict[str, Any]:
    return {"moved_at": act.at}


@effect("toy_leave_mark")
def leave_mark(sheet: Sheet, act: Act) -> None:
    act.session.add(Mark(sheet_id=sheet.id))


@leave_mark.on_many
def _(model: type[Sheet], rows: ColumnElement[bool], act: Act) -> None:
    act.session.execute(insert(Mark).from_select(["sheet_id"], select(model.id).where(rows)))


def force_state(sheet_id: int, state: str) -> None:
    """Put a row in a state behind the engine's back, as a test may."""
    table = Sheet.__table__
    statement = table.update().where(table.c.id == sheet_id).values(state=literal(state))
    toy_db.session().connection().execute(statement)
    toy_db.session().expire_all()
