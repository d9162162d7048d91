"""The programme elements of one pupil's line, where they are not those of the class."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, select

from app.booklets.class_elements import Place, class_lists, own_list, wanted_ids
from app.booklets.entry import SEALED
from app.booklets.line_elements import Ids, ListChanged, hold_lines, key_of, replace_elements, texts_of
from app.booklets.models import SEALED_STATES, Attainment, AttainmentElement, Booklet
from app.booklets.rights import Target, Writer, readable_booklets, writer_of
from app.core.actor import Actor
from app.core.db import admin_db
from app.core.errors import Conflict, Forbidden, NotFound
from app.core.uow import unit_of_work
from app.curriculum.models import TeachingItem
from app.schools.models import GradeLevel


@dataclass(frozen=True, slots=True)
class PupilList:
    """One pupil's line: whose, of what, and its elements beside those of the class."""

    id: int
    name: str
    sealed: bool
    place: Place
    item: TeachingItem
    ids: Ids
    texts: tuple[str, ...]
    of_class: tuple[str, ...]
    refusal: str | None

    @property
    def key(self) -> str:
        """What a form carries to be compared when it comes back."""
        return key_of(self.ids)


def pupil_list(line_id: int, *, actor: Actor) -> PupilList:
    """The elements of a line. Raises `NotFound` for a line of another school or of a class one does not read."""
    writer = writer_of(actor)
    booklet, line, item, level = _line(line_id, writer)
    place = Place(booklet.division_id, booklet.position, booklet.period_count, item.id, level or "")
    session = admin_db.session()
    mine = select(AttainmentElement.element_id).where(AttainmentElement.attainment_id == line.id)
    ids = tuple(session.scalars(mine.order_by(AttainmentElement.position, AttainmentElement.id)))
    words = texts_of(session, ids)
    of_class = own_list({code: found.texts for code, found in class_lists(place).items()}, place.level_code)
    why = SEALED if booklet.state in SEALED_STATES else writer.refusal(
        Target("line", "elements", place.term, item.id, line.area_id))  # fmt: skip
    return PupilList(line.id, booklet.shown_name, booklet.is_sealed, place, item, ids, tuple(words[i] for i in ids),
                     of_class, why)  # fmt: skip


def _line(line_id: int, writer: Writer) -> Any:
    row = admin_db.session.execute(
        select(Booklet, Attainment, TeachingItem, GradeLevel.code)
        .join(Attainment, and_(Attainment.booklet_id == Booklet.id, Attainment.school_id == Booklet.school_id))
        .join(TeachingItem, and_(TeachingItem.id == Attainment.item_id, TeachingItem.school_id == Attainment.school_id))
        .outerjoin(GradeLevel, GradeLevel.id == Booklet.grade_level_id)
        .where(Attainment.id == line_id, readable_booklets(writer))
    ).one_or_none()
    if row is None or row[0].division_id is None:
        raise NotFound("Cette ligne de bilan n'existe pas.")
    return row


@unit_of_work()
def write_pupil_elements(line_id: int, texts: Iterable[str], base: str, *, actor: Actor) -> bool:
    """Give one pupil a list of their own; whether anything changed. Raises as `write_class_elements` does, and
    `Conflict` when the booklet is locked."""
    session = admin_db.session()
    session.flush()
    found = pupil_list(line_id, actor=actor)
    if found.sealed:
        raise Conflict(SEALED)
    if found.refusal:
        raise Forbidden(found.refusal)
    wanted = wanted_ids(texts)
    [line] = [held for held in hold_lines(session, Booklet.id == _booklet_of(line_id), found.item.id)
              if held.id == line_id]  # fmt: skip
    if line.sealed:
        raise Conflict(SEALED)
    if line.elements != wanted and key_of(line.elements) != base:
        words = texts_of(session, line.elements)
        raise ListChanged([words[i] for i in line.elements], line.elements)
    return bool(replace_elements(session, {line: wanted}, found.item.label, actor=actor))


def _booklet_of(line_id: int) -> Any:
    return select(Attainment.booklet_id).where(Attainment.id == line_id).scalar_subquery()


@dataclass(frozen=True, slots=True)
class Adapted:
    """A pupil of the class, and whether their elements are other than the class's."""

    line_id: int
    name: str
    sealed: bool
    own: bool
    count: int


def adapted_pupils(place: Place) -> list[Adapted]:
    """Every pupil of the class for one subject, by name, with how their list stands to the class's; two statements."""
    lists = {code: found.ids for code, found in class_lists(place).items()}
    rows = admin_db.session.execute(
        select(Attainment.id, Booklet.last_name, Booklet.first_name, Booklet.state, GradeLevel.code,
               AttainmentElement.element_id)
        .join(Booklet, and_(Booklet.id == Attainment.booklet_id, Booklet.school_id == Attainment.school_id))
        .outerjoin(GradeLevel, GradeLevel.id == Booklet.grade_level_id)
        .outerjoin(AttainmentElement, and_(AttainmentElement.attainment_id == Attainment.id,
                                           AttainmentElement.school_id == Attainment.school_id))
        .where(place.booklets, Attainment.item_id == place.item_id)
        .order_by(Booklet.last_name, Booklet.first_name, Booklet.id, AttainmentElement.position, AttainmentElement.id)
    )  # fmt: skip
    pupils: dict[int, tuple[Any, list[int]]] = {}
    for row in rows:
        pupils.setdefault(row.id, (row, []))[1].extend([row.element_id] if row.element_id else ())
    return [Adapted(line_id, f"{row.last_name} {row.first_name}", row.state in SEALED_STATES,
                    tuple(ids) != own_list(lists, row.code or ""), len(ids))
            for line_id, (row, ids) in pupils.items()]  # fmt: skip
