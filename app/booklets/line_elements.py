"""The programme elements of lines, in order: read, compared and replaced for a whole class in a few statements."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, delete, insert, select
from sqlalchemy.orm import Session

from app.audit.services import record_each
from app.booklets.entry import CHANGE
from app.booklets.models import Attainment, AttainmentElement, Booklet
from app.core.actor import Actor
from app.core.errors import Conflict
from app.curriculum.models import CurriculumElement
from app.schools.models import GradeLevel
from app.workflow import bulk

Ids = tuple[int, ...]


class ListChanged(Conflict):
    """Somebody wrote another list meanwhile: `now` is theirs, in words, `base` what it must be compared with next."""

    def __init__(self, now: Sequence[str], ids: Ids) -> None:
        super().__init__("Ces éléments de programme ont changé depuis que vous les voyez : rien n'a été enregistré.",
                         hint="Comparez les deux listes, puis enregistrez de nouveau.")  # fmt: skip
        self.now, self.base = list(now), key_of(ids)


def key_of(ids: Iterable[int]) -> str:
    """What a form carries to say which list it was drawn with. An element's text never changes: its id is enough."""
    return "-".join(str(number) for number in ids)


def texts_of(session: Session, ids: Iterable[int]) -> dict[int, str]:
    """The words of elements."""
    rows = session.execute(select(CurriculumElement.id, CurriculumElement.text).where(
        CurriculumElement.id.in_(set(ids))))  # fmt: skip
    return {row.id: row.text for row in rows}


@dataclass(frozen=True, slots=True)
class HeldLine:
    """A line with its elements; its booklet is locked against other writers until the unit of work ends."""

    id: int
    booklet_id: int
    school_id: int
    sealed: bool
    level_code: str
    elements: Ids


def hold_lines(session: Session, booklets: Any, item_id: int) -> list[HeldLine]:
    """The lines of a subject in the booklets that meet a criterion, in the order of the booklets' ids. These are
    locked first, as every writer of booklets does."""
    held = {row.id: row for row in session.execute(
        select(Booklet.id, Booklet.state, Booklet.grade_level_id).where(booklets).order_by(Booklet.id)
        .with_for_update(of=Booklet))}  # fmt: skip
    levels = {row.id: row.code for row in session.execute(select(GradeLevel.id, GradeLevel.code))}
    rows = session.execute(
        select(Attainment.id, Attainment.booklet_id, Attainment.school_id, AttainmentElement.element_id)
        .outerjoin(AttainmentElement, and_(AttainmentElement.attainment_id == Attainment.id,
                                           AttainmentElement.school_id == Attainment.school_id))
        .where(Attainment.booklet_id.in_(held), Attainment.item_id == item_id)
        .order_by(Attainment.booklet_id, AttainmentElement.position, AttainmentElement.id)
    )  # fmt: skip
    lines: dict[tuple[int, int, int], list[int]] = {}
    for row in rows:
        lines.setdefault((row.id, row.booklet_id, row.school_id), []).extend([row.element_id] if row.element_id else ())
    return [
        HeldLine(line, booklet, school, held[booklet].state in ("locked", "edited"),
                 levels.get(held[booklet].grade_level_id, ""), tuple(ids))
        for (line, booklet, school), ids in lines.items()
    ]  # fmt: skip


def replace_elements(session: Session, wanted: Mapping[HeldLine, Ids], item_label: str, *, actor: Actor) -> int:
    """Write these lists on open lines and count those that change: one DELETE, one INSERT, one line of the trail for
    each booklet; draft and complete follow."""
    changed = {line: ids for line, ids in wanted.items() if ids != line.elements}
    if not changed:
        return 0
    gone = delete(AttainmentElement).where(AttainmentElement.attainment_id.in_([line.id for line in changed]))
    session.execute(gone, execution_options={"synchronize_session": False})
    rows = [{"school_id": line.school_id, "booklet_id": line.booklet_id, "attainment_id": line.id,
             "element_id": element_id, "position": position}
            for line, ids in changed.items() for position, element_id in enumerate(ids)]  # fmt: skip
    if rows:
        session.execute(insert(AttainmentElement), rows)
    words = texts_of(session, [i for line, ids in changed.items() for i in (*line.elements, *ids)])
    told = [(line.booklet_id, {"place": f"line-{line.id}-elements", "item": item_label},
             {"before": _words(words, line.elements), "after": _words(words, ids)})
            for line, ids in changed.items()]  # fmt: skip
    record_each(session, CHANGE, Booklet, told, actor=actor, school_id=next(iter(changed)).school_id)
    bulk.follow_many(Booklet, Booklet.id.in_({line.booklet_id for line in changed}), session=session)
    session.expire_all()
    return len(changed)


def _words(words: Mapping[int, str], ids: Ids) -> str:
    return "\n".join(words[i] for i in ids)
