"""How the attainments of a level are expressed (M011): the four objectives, marks or letters, chosen before entry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, func, select, update
from sqlalchemy.orm import Session

from app.audit.services import record
from app.booklets.emptiness import has_value
from app.booklets.models import OPEN_STATES, Booklet, PositioningType
from app.core.actor import Actor
from app.core.db import admin_db
from app.core.errors import BadInput, Conflict, Forbidden, NotFound
from app.core.scope import current_scope
from app.core.uow import unit_of_work
from app.schools.models import GradeLevel, School
from app.schools.period_queries import current_year

SCALES = {"objectives": "Objectifs d'apprentissage", "marks": "Notes", "letters": "Lettres"}
ECOLE_CYCLES, COLLEGE_CYCLES = (2, 3), (3, 4)
LAST_OF_ECOLE = 80  # the rank of CM2: 6e is of cycle 3 too
LONGEST_LETTER, LETTERS_LENGTH = 4, 40


@dataclass(frozen=True, slots=True)
class LevelType:
    """A level and how it is positioned here."""

    level: GradeLevel
    scale: str = "objectives"
    scale_max: int = 20
    letters: str = "A B C D"

    @property
    def said(self) -> str:
        """« Notes sur 20 »."""
        if self.scale == "marks":
            return f"Notes sur {self.scale_max}"
        return f"Lettres {self.letters.replace(' ', ', ')}" if self.scale == "letters" else SCALES["objectives"]


def school_kind(session: Session) -> str:
    """College or ecole, of the current school."""
    scope = current_scope()
    if scope is None or scope.kind != "school":
        raise BadInput("Choisissez d'abord un établissement.")
    return session.scalars(select(School.kind).where(School.id == scope.id)).one()


def level_types() -> Sequence[LevelType]:
    """The levels that such a school has, in order, each with its type."""
    session = admin_db.session()
    ecole = school_kind(session) == "ecole"
    here = GradeLevel.rank <= LAST_OF_ECOLE if ecole else GradeLevel.rank > LAST_OF_ECOLE
    cycles = GradeLevel.cycle.in_(ECOLE_CYCLES if ecole else COLLEGE_CYCLES)
    levels = session.scalars(select(GradeLevel).where(cycles, here).order_by(GradeLevel.rank)).all()
    rows = {row.grade_level_id: row for row in session.scalars(select(PositioningType))}
    return [_type(level, rows.get(level.id)) for level in levels]


def _type(level: GradeLevel, row: PositioningType | None) -> LevelType:
    return LevelType(level, row.scale, row.scale_max, row.letters) if row else LevelType(level)


def level_type(level_id: int) -> LevelType:
    """One of them. Raises `NotFound`."""
    found = next((one for one in level_types() if one.level.id == level_id), None)
    if found is None:
        raise NotFound("Ce niveau n'existe pas dans cet établissement.")
    return found


@unit_of_work()
def set_type(level_id: int, scale: str, scale_max: str, letters: str, *, actor: Actor) -> LevelType:
    """Choose a level's positioning type; its open booklets follow as long as they hold no value.

    Raises `BadInput` about the form (an école has the four objectives only), `Conflict` when booklets of the level
    hold values already.
    """
    if not actor.can("can_edit", "positioning_type"):
        raise Forbidden()
    session = admin_db.session()
    before = level_type(level_id)
    facts = _checked(school_kind(session), scale, scale_max, letters, before)
    if all(getattr(before, name) == value for name, value in facts.items()):
        return before
    year = current_year(session).id
    theirs = and_(Booklet.grade_level_id == level_id, Booklet.school_year_id == year, Booklet.position > 0)
    is_open = and_(theirs, Booklet.state.in_(OPEN_STATES))
    session.execute(select(Booklet.id).where(is_open).order_by(Booklet.id).with_for_update())
    _check_empty(session, before, theirs)
    row = _store(session, level_id, facts)
    same = {"scale": row.scale, "scale_max": row.scale_max}
    session.execute(update(Booklet).where(is_open).values(same), execution_options={"synchronize_session": False})
    record(session, "positioning_type.edit", row, actor=actor, data=facts)
    return level_type(level_id)


def _check_empty(session: Session, before: LevelType, theirs: Any) -> None:
    count = session.scalar(select(func.count(Booklet.id)).where(theirs, has_value()))
    if count:
        raise Conflict(f"{before.level.label} : {count} bilans ont déjà un positionnement, une moyenne ou une lettre.",
                       hint="Le type de positionnement se choisit avant la saisie. Rien n'a été modifié.")  # fmt: skip


def _store(session: Session, level_id: int, facts: dict[str, Any]) -> PositioningType:
    row = session.scalars(select(PositioningType).where(PositioningType.grade_level_id == level_id)).one_or_none()
    if row is None:
        row = PositioningType(grade_level_id=level_id)
        session.add(row)
    for name, value in facts.items():
        setattr(row, name, value)
    session.flush()
    return row


def _checked(kind: str, scale: str, scale_max: str, letters: str, before: LevelType) -> dict[str, Any]:
    """The columns to store; what the chosen scale does not use stays as it is."""
    if scale not in SCALES:
        raise BadInput("Choisissez un type de positionnement.")
    if kind == "ecole" and scale != "objectives":
        raise BadInput("À l'école, le positionnement a toujours les quatre niveaux d'objectifs.")
    facts: dict[str, Any] = {"scale": scale, "scale_max": before.scale_max, "letters": before.letters}
    if scale == "marks":
        facts["scale_max"] = _whole(scale_max)
    if scale == "letters":
        facts["letters"] = _letters(letters)
    return facts


def _whole(text: str) -> int:
    text = text.strip()
    if not (text.isascii() and text.isdigit() and len(text) < 4 and 1 <= int(text) <= 100):
        raise BadInput("Le barème est un nombre entier de 1 à 100.", hint="20 par exemple.")
    return int(text)


def _letters(text: str) -> str:
    found = text.replace(",", " ").replace(";", " ").split()
    line = " ".join(found)
    wrong = any(len(one) > LONGEST_LETTER for one in found) or len(line) > LETTERS_LENGTH
    if not len(found) >= 2 or len(set(found)) != len(found) or wrong:
        raise BadInput("Donnez au moins deux lettres différentes, de la meilleure à la plus basse.",
                       hint="Par exemple : A B C D.")  # fmt: skip
    return line
