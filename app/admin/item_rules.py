"""What is special about the generated screens of what is taught: whose rows, which words, what follows the school."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import inspect, select

from app.admin.rules import authority_of, within
from app.booklets.locking import sealed_with
from app.core.db import admin_db
from app.core.errors import BadInput, Conflict
from app.core.scope import Scope, current_scope
from app.curriculum.lists import AREA_CYCLES, KINDS_OF_SCHOOL, areas, subjects, support_schemes
from app.curriculum.models import CurriculumProposal, SupportScheme
from app.curriculum.reference import levels
from app.schools.models import School

NURSERY = 1
PRINTED = ("label", "position", "parent")  # what a booklet takes from a subject, and where it puts it
ELECTION_WORDS = {
    "S": _l("Common core"), "O": _l("Compulsory option"), "F": _l("Optional"), "L": _l("Local addition"),
    "R": _l("Religious teaching"), "X": _l("Specific measure"), "D": _l("Other"),
}  # fmt: skip
ITEM_CYCLES = {0: _l("Collège"), **{cycle: _l("Cycle %(n)s", n=cycle) for cycle in AREA_CYCLES}}
SCHEMES = {code: f"{code} – {label}" if label != code else code for kind in KINDS_OF_SCHOOL
           for code, label in support_schemes(kind).items()}  # fmt: skip
LEVEL_CODES = {level.code: level.label for level in levels().values() if level.cycle != NURSERY}
ITEM_CODES = {area.code: area.label for area in areas()} | {item.code: item.label for item in subjects().values()}


class OwnItem:
    """A subject in a collège, an area in an école: the form does not ask which."""

    def pre_add(self, item: Any) -> None:
        """The kind is the school's."""
        scope = current_scope()
        school = admin_db.session.scalars(select(School).where(School.id == (scope.id if scope else 0))).one()
        item.kind = "area" if school.kind == "ecole" else "subject"
        self._placed(item)

    def pre_update(self, item: Any) -> None:
        """A subject has neither cycle nor area; an area is of cycle 2 or 3, a sub-area of its area's. What locked
        booklets print of it stands (M017)."""
        changed = any(inspect(item).attrs[name].history.has_changes() for name in PRINTED)
        with admin_db.session.no_autoflush:
            if changed and (count := sealed_with(item.id)):
                raise Conflict(f"{count} bilans verrouillés impriment cette discipline : nom et place y restent.",
                               hint="Déverrouillez-les, ou ajoutez une autre discipline et retirez celle-ci.")
        self._placed(item)

    @staticmethod
    def _placed(item: Any) -> None:
        if item.kind == "subject":
            item.cycle, item.parent = 0, None
            return
        if item.cycle not in AREA_CYCLES:
            raise BadInput("Choisissez le cycle du domaine : 2 ou 3.")
        parent = item.parent
        if parent is not None and (parent.parent_id is not None or parent.cycle != item.cycle or parent is item):
            raise BadInput("Un sous-domaine fait partie d'un domaine du même cycle.")


def own_schemes(_scope: Scope) -> Any:
    """Criterion: the schemes of the pupils one may see."""
    return within(SupportScheme.pupil_id)


def own_proposals(scope: Scope) -> Any:
    """Criterion: the proposals of the current scope's authority."""
    return CurriculumProposal.authority_id == authority_of(scope)
