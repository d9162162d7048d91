"""Programme elements entered for a class (M030, M032, M033): the class remembers them and every open booklet gets them.

A pupil whose elements were adapted keeps the adaptation: only what the class's list gained and lost follows there.
Locked booklets stay as they are, and are counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import and_, delete, insert, select
from sqlalchemy.orm import Session

from app.booklets.line_elements import HeldLine, Ids, ListChanged, hold_lines, key_of, replace_elements
from app.booklets.models import Booklet, ClassElement
from app.booklets.rights import Target, Term, writer_of
from app.core.actor import Actor
from app.core.db import admin_db
from app.core.errors import BadInput, Forbidden, NotFound
from app.core.uow import unit_of_work
from app.curriculum.elements import element_ids
from app.curriculum.models import CurriculumElement, TeachingItem
from app.schools.models import Division, GradeLevel
from app.schools.periods import Period

MOST_ELEMENTS = 30
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Place:
    """A class in a period, and a subject or area; `level_code` when only one level of a class of several is meant."""

    division_id: int
    position: int
    period_count: int
    item_id: int
    level_code: str = ""

    @property
    def term(self) -> Term:
        """Class and period."""
        return self.division_id, self.position, self.period_count

    @property
    def booklets(self) -> Any:
        """Criterion: the booklets of the class in the period."""
        return and_(Booklet.division_id == self.division_id, Booklet.position == self.position,
                    Booklet.period_count == self.period_count)  # fmt: skip

    @property
    def memory(self) -> Any:
        """Criterion: what the class remembers of the subject in the period, for every level."""
        return and_(ClassElement.division_id == self.division_id, ClassElement.position == self.position,
                    ClassElement.period_count == self.period_count, ClassElement.item_id == self.item_id)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ClassList:
    """The elements of a class for one level ("" = every level), in order."""

    level_code: str
    ids: Ids
    texts: tuple[str, ...]

    @property
    def key(self) -> str:
        """What a form carries to be compared when it comes back."""
        return key_of(self.ids)


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a list: booklets that changed, locked ones that did not, pupils who keep elements of their own."""

    changed: int
    sealed: int
    own: int


def class_lists(place: Place) -> dict[str, ClassList]:
    """What the class has, by level; « for every level » is always there."""
    rows = admin_db.session.execute(
        select(ClassElement.level_code, ClassElement.element_id, CurriculumElement.text)
        .join(CurriculumElement, and_(CurriculumElement.id == ClassElement.element_id,
                                      CurriculumElement.school_id == ClassElement.school_id))
        .where(place.memory)
        .order_by(ClassElement.level_code, ClassElement.rank, ClassElement.id)
    ).all()  # fmt: skip
    codes = dict.fromkeys(["", *(row.level_code for row in rows)])
    return {code: ClassList(code, tuple(row.element_id for row in rows if row.level_code == code),
                            tuple(row.text for row in rows if row.level_code == code))
            for code in codes}  # fmt: skip


def class_levels(term: Term) -> dict[str, str]:
    """The levels of the pupils whose booklets are there: code → label, in order."""
    division_id, position, period_count = term
    rows = admin_db.session.execute(
        select(GradeLevel.code, GradeLevel.label, GradeLevel.rank)
        .join(Booklet, Booklet.grade_level_id == GradeLevel.id)
        .where(Booklet.division_id == division_id, Booklet.position == position, Booklet.period_count == period_count)
        .distinct()
        .order_by(GradeLevel.rank)
    )
    return {row.code: row.label for row in rows}


def may_write(place: Place, *, actor: Actor) -> str | None:
    """Why the person may not write elements there, as a French sentence; None when they may."""
    item = _item(place.item_id)
    target = Target("line", "elements", place.term, item.id, item.parent_id or item.id)
    return writer_of(actor).refusal(target)


@unit_of_work()
def write_class_elements(place: Place, texts: Iterable[str], base: str, *, actor: Actor) -> Written:
    """Make `texts` the class's list and carry it to every open booklet of the class.

    `base` names the list the person saw (`ClassList.key`). Raises `ListChanged` when it is another now, `BadInput` for
    a text of more than 300 characters or too many of them, `Forbidden` with the reason.
    """
    session = admin_db.session()
    session.flush()
    item = _item(place.item_id)
    if why := may_write(place, actor=actor):
        raise Forbidden(why)
    _lock_class(session, place)
    if place.level_code and place.level_code not in class_levels(place.term):
        raise NotFound("Ce niveau n'est pas dans cette classe.")
    wanted = wanted_ids(texts)
    before = class_lists(place)
    now = before.get(place.level_code, ClassList(place.level_code, (), ()))
    if now.ids != wanted and now.key != base:
        raise ListChanged(now.texts, now.ids)
    lines = hold_lines(session, place.booklets, place.item_id)
    if now.ids != wanted:
        _remember(session, place, wanted)
    lists = {code: found.ids for code, found in before.items()}
    return _carry(session, lines, lists, lists | {place.level_code: wanted}, item.label, actor)


def wanted_ids(texts: Iterable[str]) -> Ids:
    """The elements of these texts, each once. Raises `BadInput` for one too long, or too many."""
    wanted = tuple(element_ids(texts))
    if len(wanted) > MOST_ELEMENTS:
        raise BadInput(f"{len(wanted)} éléments de programme.", hint=f"{MOST_ELEMENTS} au plus par période.")
    return wanted


def _carry(
    session: Session, lines: Sequence[HeldLine], before: dict[str, Ids], after: dict[str, Ids], label: str, actor: Actor
) -> Written:  # fmt: skip
    own = 0
    wanted: dict[HeldLine, Ids] = {}
    for line in (found for found in lines if not found.sealed):
        old, new = own_list(before, line.level_code), own_list(after, line.level_code)
        wanted[line] = merged(line.elements, old, new)
        own += wanted[line] != new
    changed = replace_elements(session, wanted, label, actor=actor)
    return Written(changed, sum(line.sealed for line in lines), own)


def own_list(lists: Mapping[str, tuple[T, ...]], level_code: str) -> tuple[T, ...]:
    """What a pupil of a level gets: what is for everybody, then what is for the level."""
    mine = lists.get(level_code, ()) if level_code else ()
    return tuple(dict.fromkeys((*lists.get("", ()), *mine)))


def merged(current: Ids, old: Ids, new: Ids) -> Ids:
    """What a pupil has once the class's list goes from `old` to `new`. Who has nothing, or what the class had, gets
    the new list; who has elements of their own keeps them, and gains and loses what the class did."""
    if not current or current == old:
        return new
    lost, gained = set(old) - set(new), set(new) - set(old)
    kept = [i for i in current if i not in lost]
    return tuple(dict.fromkeys([*(i for i in new if i in kept or i in gained), *kept]))


def _remember(session: Session, place: Place, ids: Ids) -> None:
    session.execute(delete(ClassElement).where(place.memory, ClassElement.level_code == place.level_code),
                    execution_options={"synchronize_session": False})  # fmt: skip
    school_id = session.scalars(select(Division.school_id).where(Division.id == place.division_id)).one()
    rows = [{"school_id": school_id, "division_id": place.division_id, "position": place.position,
             "period_count": place.period_count, "item_id": place.item_id, "level_code": place.level_code,
             "element_id": element_id, "rank": rank} for rank, element_id in enumerate(ids)]  # fmt: skip
    if rows:
        session.execute(insert(ClassElement), rows)


def _item(item_id: int) -> TeachingItem:
    item = admin_db.session.scalars(select(TeachingItem).where(TeachingItem.id == item_id)).one_or_none()
    if item is None:
        raise NotFound("Cette discipline n'existe pas dans cet établissement.")
    return item


def _lock_class(session: Session, place: Place) -> None:
    """Two who write a class's list, or who make booklets of the class meanwhile, wait for each other."""
    found = select(Division.id).where(Division.id == place.division_id).with_for_update()
    if session.scalars(found).one_or_none() is None:
        raise NotFound("Cette classe n'existe pas dans cet établissement.")


@dataclass(frozen=True, slots=True)
class OtherList:
    """What another class has for the same subject, or the same class in another period."""

    key: str
    label: str
    texts: tuple[str, ...]


def other_lists(place: Place) -> list[OtherList]:
    """Lists of this year that can be copied: by class and period; in one statement."""
    rows = admin_db.session.execute(
        select(Division.id, Division.label, ClassElement.position, ClassElement.period_count, ClassElement.level_code,
               CurriculumElement.text)
        .select_from(ClassElement)
        .join(Division, and_(Division.id == ClassElement.division_id, Division.school_id == ClassElement.school_id))
        .join(CurriculumElement, and_(CurriculumElement.id == ClassElement.element_id,
                                      CurriculumElement.school_id == ClassElement.school_id))
        .where(ClassElement.item_id == place.item_id)
        .order_by(Division.label, Division.id, ClassElement.position, ClassElement.period_count,
                  ClassElement.level_code, ClassElement.rank, ClassElement.id)
    )  # fmt: skip
    labels = _period_labels()
    found: dict[tuple[str, str], list[str]] = {}
    here = (*place.term, place.level_code)
    for row in rows:
        if (row.id, row.position, row.period_count, row.level_code) == here:
            continue
        period = labels.get((row.position, row.period_count), f"{row.position}/{row.period_count}")
        words = " – ".join(part for part in (row.label, period, row.level_code) if part)
        key = f"{row.id}-{row.position}-{row.period_count}-{row.level_code}"
        found.setdefault((key, words), []).append(row.text)
    return [OtherList(key, words, tuple(texts)) for (key, words), texts in found.items()]


def _period_labels() -> dict[tuple[int, int], str]:
    rows = admin_db.session.execute(select(Period.scheme_id, Period.position, Period.label)).all()
    counts: dict[int, int] = {}
    for row in rows:
        counts[row.scheme_id] = counts.get(row.scheme_id, 0) + 1
    return {(row.position, counts[row.scheme_id]): row.label for row in rows}
