"""Who may write what in a booklet, and whose booklets a person reads: it follows from assignments (DESIGN §6)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import and_, exists, or_, select, true

from app.booklets.models import Booklet, EntryClosing, EntryReopening, GroupTeacher, ProjectGroup, ProjectItem
from app.core.actor import Actor
from app.core.clock import today
from app.core.db import admin_db
from app.curriculum.models import TeachingService
from app.schools.models import Division, DivisionStaff, School
from app.schools.people import Staff

Term = tuple[int | None, int, int]  # class, position, period count
LIFE_FIELDS = frozenset({"absences_justified", "absences_unjustified", "lateness", "life_comment"})
NOT_TEACHING = "Cette discipline est saisie par les enseignants qui en ont la charge dans cette classe."
NOT_LEADING = "Cette rubrique est saisie par le professeur principal ou le professeur de la classe."
NOT_LIFE = "La vie scolaire est saisie par la direction, le CPE, le secrétariat ou le professeur principal."
NOT_GROUP = "Ce groupe est saisi par ses enseignants, la direction, le CPE ou le professeur documentaliste."
CLOSED = "La saisie de cette classe est close pour cette période : demandez une réouverture à la direction."
NOT_FILLING = "Votre rôle ne permet pas de saisir dans les bilans."


@dataclass(frozen=True, slots=True)
class Target:
    """What a cell is about: its booklet's class and period, and the subject or group where there is one."""

    kind: str
    field: str
    term: Term
    item_id: int = 0
    area_id: int = 0
    group_id: int = 0


@dataclass(frozen=True, slots=True)
class Writer:
    """What one person may write in the current school today. `led` and `assigned` are classes; `services` the
    (class, item) taught; `named` those that somebody is named for; `closed` the terms that are closed to this person.
    """

    staff_id: int | None
    permissions: frozenset[tuple[str, str]] = frozenset()
    everywhere: bool = False
    ecole: bool = False
    led: frozenset[int] = frozenset()
    assigned: frozenset[int] = frozenset()
    services: frozenset[tuple[int, int]] = frozenset()
    named: frozenset[tuple[int, int]] = frozenset()
    groups: frozenset[int] = frozenset()
    closed: frozenset[Term] = field(default=frozenset())

    def can(self, verb: str, resource: str = "booklet") -> bool:
        """Whether a permission is held."""
        return self.everywhere or (f"can_{verb}", resource) in self.permissions

    @property
    def reads_every_class(self) -> bool:
        """Head, secretary, CPE, librarian; teachers read the booklets of their classes."""
        return self.can("read", "every_class")

    @property
    def classes(self) -> frozenset[int]:
        """The classes of this year in which the person has something to do."""
        return self.assigned | {division for division, _ in self.services}

    def refusal(self, target: Target) -> str | None:
        """Why this person may not write there, as a French sentence; None when they may."""
        if self.everywhere:
            return None
        why = _RULES[target.kind](self, target)
        if why is None and target.term in self.closed:
            return CLOSED
        return why

    def may(self, target: Target) -> bool:
        """Whether this person may write there."""
        return self.refusal(target) is None

    def teaches(self, division_id: int | None, item_id: int, area_id: int = 0) -> bool:
        """Whether the person teaches this subject, or area, to this class: by a service; without a person named by
        any, whoever is assigned to the class does (écoles)."""
        if division_id is None:
            return False
        keys = {(division_id, item_id), (division_id, area_id or item_id)}
        return bool(keys & self.services) or (not keys & self.named and division_id in self.assigned)

    def leads(self, division_id: int | None) -> bool:
        """Class teacher; in an école every teacher of the class."""
        return division_id in (self.assigned if self.ecole else self.led)


def _line(writer: Writer, target: Target) -> str | None:
    if not writer.can("fill"):
        return NOT_FILLING
    return None if writer.teaches(target.term[0], target.item_id, target.area_id) else NOT_TEACHING


def _text(writer: Writer, target: Target) -> str | None:
    if not writer.can("fill"):
        return NOT_FILLING
    return None if writer.leads(target.term[0]) else NOT_LEADING


def _booklet(writer: Writer, target: Target) -> str | None:
    if target.field not in LIFE_FIELDS:
        return _text(writer, target)
    if writer.can("fill_life") or (writer.can("fill") and writer.leads(target.term[0])):
        return None
    return NOT_LIFE


def _member(writer: Writer, target: Target) -> str | None:
    if not writer.can("fill"):
        return NOT_FILLING
    return None if target.group_id in writer.groups or writer.reads_every_class else NOT_GROUP


# A cell's kind → the rule of it. Who fills in and reads every class (CPE, librarian) enters every group (M050, M053).
_RULES: Mapping[str, Any] = {
    "line": _line, "booklet": _booklet, "mastery": _text, "pathway": _text, "member": _member,
}  # fmt: skip


def writer_of(actor: Actor, *, with_groups: bool = True) -> Writer:
    """What the signed-in person may write here; a few statements, whatever the number of cells. Who asks about no
    group spares two of them."""
    everywhere = actor.can("can_fill_all", "booklet")
    if everywhere:
        return Writer(None, actor.permissions, everywhere=True)
    staff_id, ecole, led, assigned = _assignments(actor.user_id)
    services, named = _services(staff_id, assigned)
    groups = _groups(staff_id, {item for _, item in services}) if with_groups else frozenset()
    return Writer(staff_id, actor.permissions, False, ecole, led, assigned, services, named, groups, _closed(staff_id))


def _assignments(user_id: int | None) -> tuple[int | None, bool, frozenset[int], frozenset[int]]:
    """The member of staff behind a user, whether the school is an école, the classes of this year led and taught."""
    this_year = select(Division.id).join(School, School.id == Division.school_id).where(
        Division.school_year_id == School.school_year_id)  # fmt: skip
    rows = admin_db.session.execute(
        select(Staff.id, School.kind, DivisionStaff.division_id, DivisionStaff.is_class_teacher)
        .join(School, School.id == Staff.school_id)
        .outerjoin(DivisionStaff, and_(DivisionStaff.staff_id == Staff.id, DivisionStaff.school_id == Staff.school_id,
                                       DivisionStaff.division_id.in_(this_year)))
        .where(Staff.user_id == user_id, or_(Staff.ended_on.is_(None), Staff.ended_on > today()))
    ).all()  # fmt: skip
    led = frozenset(row.division_id for row in rows if row.is_class_teacher)
    assigned = frozenset(row.division_id for row in rows if row.division_id)
    return (rows[0].id, rows[0].kind == "ecole", led, assigned) if rows else (None, False, led, assigned)


def _services(staff_id: int | None, assigned: frozenset[int]) -> tuple[frozenset[Any], frozenset[Any]]:
    """The (class, item) of this year that the person teaches, and those that anybody is named for."""
    if staff_id is None:
        return frozenset(), frozenset()
    rows = admin_db.session.execute(
        select(TeachingService.division_id, TeachingService.item_id, TeachingService.staff_id)
        .join(Division, and_(Division.id == TeachingService.division_id,
                             Division.school_id == TeachingService.school_id))
        .join(School, School.id == Division.school_id)
        .where(TeachingService.staff_id.is_not(None), Division.school_year_id == School.school_year_id,
               or_(TeachingService.staff_id == staff_id, TeachingService.division_id.in_(assigned)))
    ).all()  # fmt: skip
    own = frozenset((row.division_id, row.item_id) for row in rows if row.staff_id == staff_id)
    return own, frozenset((row.division_id, row.item_id) for row in rows)


def _groups(staff_id: int | None, items: Collection[int]) -> frozenset[int]:
    """The EPI and AP groups one teaches, or of which one teaches a subject at least (M053)."""
    if staff_id is None:
        return frozenset()
    named = select(GroupTeacher.group_id).where(GroupTeacher.staff_id == staff_id)
    joins = and_(ProjectItem.project_id == ProjectGroup.project_id, ProjectItem.school_id == ProjectGroup.school_id)
    through = select(ProjectGroup.id).join(ProjectItem, joins).where(ProjectItem.item_id.in_(items))
    return frozenset(admin_db.session.scalars(named)) | frozenset(admin_db.session.scalars(through))


def _closed(staff_id: int | None) -> frozenset[Term]:
    """The terms whose entry is closed, but for those reopened to the person until a day not yet passed."""
    term = (EntryClosing.division_id, EntryClosing.position, EntryClosing.period_count)
    again = exists().where(
        EntryReopening.school_id == EntryClosing.school_id, EntryReopening.division_id == EntryClosing.division_id,
        EntryReopening.position == EntryClosing.position, EntryReopening.period_count == EntryClosing.period_count,
        EntryReopening.staff_id == staff_id, EntryReopening.until >= today(),
    )  # fmt: skip
    rows = admin_db.session.execute(select(*term).where(EntryClosing.closes_on < today(), ~again))
    return frozenset((row.division_id, row.position, row.period_count) for row in rows)


def readable_divisions(writer: Writer) -> Any:
    """Criterion on classes: those whose booklets the person reads."""
    return true() if writer.reads_every_class else Division.id.in_(writer.classes)


def readable_booklets(writer: Writer) -> Any:
    """Criterion on booklets: those the person reads."""
    return true() if writer.reads_every_class else Booklet.division_id.in_(writer.classes)
