"""Programme elements proposed for a subject or area and a level (M034): the shipped ones, then the academy's own."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import select

from app.core.db import admin_db
from app.curriculum.lists import shipped_proposals
from app.curriculum.models import CurriculumProposal
from app.schools.models import School


class ProposalGroup(NamedTuple):
    """The texts under one heading."""

    heading: str
    texts: tuple[str, ...]


def proposals(item_code: str, level_code: str = "") -> list[ProposalGroup]:
    """What can be inserted for a subject or area and a level, in groups; without level, whatever the level. Those of
    an academy come after the shipped ones of the same heading; each text once. Needs the scope of a school."""
    own = (
        select(CurriculumProposal.heading, CurriculumProposal.text)
        .join(School, School.authority_id == CurriculumProposal.authority_id)
        .where(CurriculumProposal.item_code == item_code)
        .order_by(CurriculumProposal.id)
    )
    if level_code:
        own = own.where(CurriculumProposal.level_code.in_([level_code, ""]))
    groups: dict[str, dict[str, None]] = {}
    for shipped in shipped_proposals():
        if shipped.suits(item_code, level_code):
            groups.setdefault(shipped.heading, {})[shipped.text] = None
    for heading, text in admin_db.session.execute(own):
        groups.setdefault(heading, {})[text] = None
    order = sorted(groups, key=lambda heading: _ORDER.get(heading, len(_ORDER)))
    return [ProposalGroup(heading, tuple(groups[heading])) for heading in order]


_ORDER = {"Compétences travaillées": 0, "Connaissances": 1}
