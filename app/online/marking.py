"""Who enters which marks: the teachers of the subject in the class, or of the group; the direction anywhere. And what
the entry page offers to choose from: class or group, period, subject."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, or_, select

from app.booklets.choices import PeriodChoice, periods_of, present_period
from app.booklets.models import Attainment, Booklet, GroupTeacher, Project, ProjectGroup, ProjectItem
from app.booklets.project_queries import terms
from app.booklets.rights import Writer, writer_of
from app.core.actor import Actor
from app.core.db import admin_db
from app.curriculum.models import TeachingItem, TeachingService
from app.online.papers import TestPaper
from app.schools.models import Division, School

NOT_MARKING = "Votre rôle ne permet pas de saisir des notes."
NOT_TEACHING = "Les notes de ce contrôle sont saisies par les enseignants de la discipline dans cette classe."
KINDS = {"ap": "AP", "epi": "EPI"}


@dataclass(frozen=True, slots=True)
class Marker:
    """What one person may enter: `writer` says the classes and subjects, `grouped` the (group, subject)."""

    writer: Writer
    may: bool
    grouped: frozenset[tuple[int, int]] = frozenset()

    def refusal(self, division_id: int | None, group_id: int | None, item_id: int, area_id: int = 0) -> str | None:
        """Why this person may not enter marks there, in French; None when they may."""
        if not self.may:
            return NOT_MARKING
        if self.writer.everywhere:
            return None
        if group_id is not None:
            return None if (group_id, item_id) in self.grouped else NOT_TEACHING
        return None if self.writer.teaches(division_id, item_id, area_id) else NOT_TEACHING


@dataclass(frozen=True, slots=True)
class SetChoice:
    """A class or a group."""

    label: str
    division_id: int | None = None
    group: Any = None

    @property
    def key(self) -> str:
        """« d12 », « g3 », as addresses name it."""
        return f"g{self.group.id}" if self.group is not None else f"d{self.division_id}"

    @property
    def group_id(self) -> int | None:
        """The group's id."""
        return None if self.group is None else int(self.group.id)


@dataclass(frozen=True, slots=True)
class MarksChosen:
    """What a page of marks is about; the last three are None when there is nothing to choose."""

    sets: Sequence[SetChoice]
    periods: Sequence[PeriodChoice] = ()
    items: Sequence[TeachingItem] = ()
    set: SetChoice | None = None
    period: PeriodChoice | None = None
    item: TeachingItem | None = None

    @property
    def address(self) -> dict[str, Any]:
        """The choice as an address carries it."""
        parts = (("set", self.set and self.set.key), ("period", self.period and self.period.key),
                 ("item", self.item and self.item.id))  # fmt: skip
        return {name: value for name, value in parts if value}

    @property
    def ready(self) -> bool:
        """Whether all three are chosen."""
        return None not in (self.set, self.period, self.item)


def marker_of(actor: Actor) -> Marker:
    """What the signed-in person may enter here."""
    writer = writer_of(actor)
    may = actor.can("can_edit", "mark")
    if writer.everywhere or writer.staff_id is None:
        return Marker(writer, may)
    taught = {item for _, item in writer.services}
    named = select(GroupTeacher.group_id, GroupTeacher.item_id).where(GroupTeacher.staff_id == writer.staff_id)
    through = (
        select(ProjectGroup.id, ProjectItem.item_id)
        .join(ProjectItem, and_(ProjectItem.project_id == ProjectGroup.project_id,
                                ProjectItem.school_id == ProjectGroup.school_id))
        .where(ProjectItem.item_id.in_(taught))
    )  # fmt: skip
    pairs = [*admin_db.session.execute(named), *admin_db.session.execute(through)]
    return Marker(writer, may, frozenset((row[0], row[1]) for row in pairs))


def choose_marks(marker: Marker, asked: Mapping[str, str]) -> MarksChosen:
    """What the address asks for within what the person may enter; else the first class, the present period, the first
    subject."""
    sets = [*_classes(marker), *_groups(marker)]
    one = next((s for s in sets if s.key == asked.get("set")), sets[0] if sets else None)
    if one is None:
        return MarksChosen(sets)
    periods = _periods(one)
    period = next((p for p in periods if p.key == asked.get("period")), None) or present_period(periods)
    items = _items(marker, one)
    item = next((i for i in items if str(i.id) == asked.get("item")), items[0] if items else None)
    return MarksChosen(sets, periods, items, one, period, item)


def _classes(marker: Marker) -> list[SetChoice]:
    statement = (
        select(Division.id, Division.label)
        .join(School, School.id == Division.school_id)
        .where(Division.school_year_id == School.school_year_id)
        .order_by(Division.label, Division.id)
    )
    if not marker.writer.everywhere:
        statement = statement.where(Division.id.in_(marker.writer.classes))
    return [SetChoice(row.label, row.id) for row in admin_db.session.execute(statement)]


def _groups(marker: Marker) -> list[SetChoice]:
    statement = (
        select(ProjectGroup, Project.kind)
        .join(Project, and_(Project.id == ProjectGroup.project_id, Project.school_id == ProjectGroup.school_id))
        .join(School, School.id == Project.school_id)
        .where(Project.school_year_id == School.school_year_id)
        .order_by(Project.kind, ProjectGroup.title, ProjectGroup.position, ProjectGroup.id)
    )
    if not marker.writer.everywhere:
        statement = statement.where(ProjectGroup.id.in_({group for group, _ in marker.grouped}))
    return [SetChoice(f"{KINDS[kind]} – {group.title}", group=group) for group, kind in
            admin_db.session.execute(statement)]  # fmt: skip


def _periods(one: SetChoice) -> list[PeriodChoice]:
    """The periods of a class; a group has one."""
    if one.group is None:
        return periods_of(one.division_id or 0)
    own = (one.group.position, one.group.period_count)
    label = next((term.label for term in terms() if (term.position, term.period_count) == own), "{}/{}".format(*own))
    return [PeriodChoice(*own, label)]


def _items(marker: Marker, one: SetChoice) -> list[TeachingItem]:
    """The subjects of the class (taught, in its booklets, or marked already) or of the group's project."""
    known: Any
    if one.group is not None:
        known = TeachingItem.id.in_(select(ProjectItem.item_id).where(ProjectItem.project_id == one.group.project_id))
    else:
        lines = (select(Attainment.item_id).join(Attainment.booklet)
                 .where(Booklet.division_id == one.division_id))  # fmt: skip
        known = or_(*(TeachingItem.id.in_(items) for items in (
            select(TeachingService.item_id).where(TeachingService.division_id == one.division_id), lines,
            select(TestPaper.item_id).where(TestPaper.division_id == one.division_id))))  # fmt: skip
    order = TeachingItem.position, TeachingItem.label, TeachingItem.id
    found = admin_db.session.scalars(select(TeachingItem).where(known).order_by(*order))
    return [item for item in found
            if marker.refusal(one.division_id, one.group_id, item.id, item.parent_id or 0) is None]  # fmt: skip
