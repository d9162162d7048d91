"""Educational pathways entered for a class (M037, M038): the class remembers them and every open booklet gets them.

A pupil who has a text of their own keeps it; locked booklets stay as they are. Both are counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, delete, insert, select
from sqlalchemy.orm import Session

from app.booklets.cells import Cell
from app.booklets.class_elements import Written
from app.booklets.entry import Change, save_cells
from app.booklets.models import SEALED_STATES, Booklet, ClassPathway, Pathway
from app.booklets.models.content import COMMENT_LENGTH
from app.booklets.rights import Target, Term, writer_of
from app.core.actor import Actor
from app.core.db import admin_db
from app.core.errors import BadInput, Conflict, Forbidden, NotFound
from app.core.texts import clean_text
from app.core.uow import unit_of_work
from app.curriculum.reference import PATHWAYS
from app.schools.models import Division, School

ECOLE = ("PAR_CIT", "PAR_ART", "PAR_SAN")


@dataclass(frozen=True, slots=True)
class PupilPathways:
    """One pupil's texts, by code; `own` are those that are not the class's."""

    booklet_id: int
    name: str
    sealed: bool
    texts: Mapping[str, str]
    own: frozenset[str]


class PathwaysChanged(Conflict):
    """Somebody wrote other texts meanwhile; `now` are theirs, by code."""

    def __init__(self, now: Mapping[str, str | None]) -> None:
        super().__init__("Ces textes ont changé depuis que vous les voyez : rien n'a été enregistré.",
                         hint="Comparez les deux textes, puis enregistrez de nouveau.")  # fmt: skip
        self.now = dict(now)


def pathways_of_school() -> dict[str, str]:
    """Code → label of the pathways of the current school: three in an école, « Parcours avenir » too in a collège."""
    kind = admin_db.session.scalars(select(School.kind)).one()
    return {code: label for code, label in PATHWAYS.items() if kind == "college" or code in ECOLE}


def class_pathways(term: Term) -> dict[str, str]:
    """The texts that the class has, by code."""
    rows = admin_db.session.execute(select(ClassPathway.code, ClassPathway.text).where(_memory(term)))
    return {row.code: row.text for row in rows}


def pupil_pathways(term: Term) -> list[PupilPathways]:
    """The texts of each pupil of the class, by name; in two statements."""
    of_class = class_pathways(term)
    rows = admin_db.session.execute(
        select(Booklet.id, Booklet.last_name, Booklet.first_name, Booklet.state, Pathway.code, Pathway.text)
        .outerjoin(Pathway, and_(Pathway.booklet_id == Booklet.id, Pathway.school_id == Booklet.school_id))
        .where(_booklets(term))
        .order_by(Booklet.last_name, Booklet.first_name, Booklet.id)
    )
    found: dict[int, tuple[Any, dict[str, str]]] = {}
    for row in rows:
        found.setdefault(row.id, (row, {}))[1].update({row.code: row.text} if row.code else {})
    return [PupilPathways(key, f"{row.last_name} {row.first_name}", row.state in SEALED_STATES, texts,
                          frozenset(code for code in PATHWAYS if texts.get(code) != of_class.get(code)))
            for key, (row, texts) in found.items()]  # fmt: skip


def may_write_pathways(term: Term, *, actor: Actor) -> str | None:
    """Why the person may not write them there, as a French sentence; None when they may."""
    return writer_of(actor).refusal(Target("pathway", "PAR_CIT", term))


@unit_of_work()
def write_class_pathways(
    term: Term, texts: Mapping[str, str | None], bases: Mapping[str, str | None], *, actor: Actor
) -> Written:  # fmt: skip
    """Make these the class's texts (an empty one takes it away) and carry them to its open booklets. `bases` are the
    texts the person saw. Raises `PathwaysChanged`, `BadInput` over 600 characters, `Forbidden` with the reason."""
    session = admin_db.session()
    session.flush()
    if why := may_write_pathways(term, actor=actor):
        raise Forbidden(why)
    school_id = _lock_class(session, term)
    if set(texts) - set(pathways_of_school()):
        raise BadInput("Ce parcours n'existe pas dans cet établissement.")
    wanted = {code: clean_text(text, COMMENT_LENGTH, PATHWAYS[code]) for code, text in texts.items()}
    now = class_pathways(term)
    moved = {code: now.get(code) for code, text in wanted.items()
             if now.get(code) != text and now.get(code) != _plain(bases.get(code))}  # fmt: skip
    if moved:
        raise PathwaysChanged(moved)
    rows = session.execute(
        select(Booklet.id, Booklet.state).where(_booklets(term)).order_by(Booklet.id).with_for_update(of=Booklet)
    ).all()
    _remember(session, school_id, term, wanted)
    sealed = {row.id for row in rows if row.state in SEALED_STATES}
    return _carry(session, [row.id for row in rows if row.id not in sealed], now, wanted, len(sealed), actor)


def _carry(session: Session, ids: list[int], now: Mapping[str, str], wanted: Mapping[str, str | None], sealed: int,
           actor: Actor) -> Written:  # fmt: skip
    stored = select(Pathway.booklet_id, Pathway.code, Pathway.text).where(Pathway.booklet_id.in_(ids))
    held = {(row.booklet_id, row.code): row.text for row in session.execute(stored)}
    changes, own = [], set()
    for booklet_id in ids:
        for code, text in wanted.items():
            current = held.get((booklet_id, code))
            if current is None or current == now.get(code):
                changes.append(Change(Cell("pathway", booklet_id, code), text, current))
            elif current != text:
                own.add(booklet_id)
    outcomes = save_cells(changes, actor=actor)
    return Written(len({o.cell.id for o in outcomes if o.state == "saved"}), sealed, len(own))


def _plain(text: str | None) -> str | None:
    """What a page showed, as it is stored."""
    return clean_text(text, 10 * COMMENT_LENGTH, "")


def _remember(session: Session, school_id: int, term: Term, wanted: Mapping[str, str | None]) -> None:
    session.execute(delete(ClassPathway).where(_memory(term), ClassPathway.code.in_(list(wanted))),
                    execution_options={"synchronize_session": False})  # fmt: skip
    place = {"school_id": school_id, "division_id": term[0], "position": term[1], "period_count": term[2]}
    rows = [place | {"code": code, "text": text} for code, text in wanted.items() if text]
    if rows:
        session.execute(insert(ClassPathway), rows)


def _lock_class(session: Session, term: Term) -> int:
    """Lock the class, so that writers and makers of its booklets wait for each other; the school's id."""
    found = select(Division.school_id).where(Division.id == term[0]).with_for_update()
    school_id = session.scalars(found).one_or_none()
    if school_id is None:
        raise NotFound("Cette classe n'existe pas dans cet établissement.")
    return school_id


def _memory(term: Term) -> Any:
    return and_(ClassPathway.division_id == term[0], ClassPathway.position == term[1],
                ClassPathway.period_count == term[2])  # fmt: skip


def _booklets(term: Term) -> Any:
    return and_(Booklet.division_id == term[0], Booklet.position == term[1], Booklet.period_count == term[2])
