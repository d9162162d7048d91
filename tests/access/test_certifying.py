"""Links that ONDE brought, certified class by class: ranks, limits, taking back, the trail."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from sqlalchemy import select

from app.access.certifying import certify_links, class_lines, links_of_class
from app.access.queries import Selection, eligible
from app.audit.models import AuditLine
from app.core.actor import SYSTEM, Actor
from app.core.db import admin_db
from app.core.errors import Forbidden
from app.core.scope import school_scope, system_scope
from app.core.uow import unit_of_work
from app.schools.models import School
from app.schools.people import GuardianLink
from tests.factories import World, make_division, make_guardian, make_pupil

pytestmark = pytest.mark.row("M077")


@dataclass
class Family:
    """A class of an école, a pupil with three guardians (ranks 1, 2 and none) and one without class."""

    division: int
    links: list[int]
    other: int


@pytest.fixture
def family(world: World) -> Iterator[Family]:
    """As ONDE brings them: ranks by order of appearance, nothing certified."""
    with system_scope("an école from ONDE"), unit_of_work() as session:
        school = session.get_one(School, world.ecole)
        division = make_division(school, "CP")
        pupil, alone = make_pupil(school, division, source="onde"), make_pupil(school, source="onde")
        for rank in (1, 2, None):
            make_guardian(school, pupil, rank=rank, source="onde")
        make_guardian(school, alone, source="onde")
        links = list(session.scalars(select(GuardianLink).where(GuardianLink.school_id == school.id)
                                     .order_by(GuardianLink.id)))
        for link in links:
            link.certified = False
        found = Family(division.id, [link.id for link in links[:3]], links[3].id)
    with school_scope(world.ecole):
        yield found


def state(family: Family) -> list[tuple[int | None, bool]]:
    """Rank and certification of the three links."""
    admin_db.session.expire_all()
    return [(link.rank, link.certified) for link in (
        admin_db.session.get_one(GuardianLink, number) for number in family.links)]


def test_classes_say_what_waits(family: Family) -> None:
    """A link without rank does not wait: it stops no code. Pupils without class are a group of their own."""
    assert [(line.label, line.links, line.waiting) for line in class_lines()] in (
        [("CP", 3, 2), ("Sans classe", 1, 1)], [("Sans classe", 1, 1), ("CP", 3, 2)])
    assert [row.link.id for row in links_of_class(family.division)] == family.links
    assert [row.link.id for row in links_of_class(0)] == [family.other]


def test_codes_follow_the_certification(family: Family) -> None:
    """None before, one for each certified link afterwards, none again when it is taken back."""
    assert eligible(Selection()) == []
    first = family.links[0]
    assert certify_links(family.links, [first], actor=SYSTEM).certified == 1
    assert len(eligible(Selection())) == 1
    assert certify_links(family.links, [], actor=SYSTEM).withdrawn == 1
    assert eligible(Selection()) == [] and state(family)[0] == (1, False)
    acts = admin_db.session.scalars(select(AuditLine.action).order_by(AuditLine.id)).all()
    assert [act for act in acts if act.startswith("guardian_link")] == ["guardian_link.certify",
                                                                       "guardian_link.withdraw"]


def test_a_link_without_rank_takes_one_that_nobody_certified_holds(family: Family) -> None:
    """The grandmother came first in the file; the parents are second and third."""
    certify_links(family.links, family.links[1:], actor=SYSTEM)
    assert state(family) == [(None, False), (2, True), (1, True)]


def test_three_are_too_many(family: Family) -> None:
    """The pupil stays as they were, the others of the form are done."""
    done = certify_links([*family.links, family.other], [*family.links, family.other], actor=SYSTEM)
    assert (done.certified, len(done.refused)) == (1, 1)
    assert state(family) == [(1, False), (2, False), (None, False)]


def test_a_link_that_was_not_shown_stays(family: Family) -> None:
    """It came with a synchronisation while the page was open: neither certified nor taken back."""
    certify_links(family.links, family.links[:2], actor=SYSTEM)
    certify_links(family.links[:1], [], actor=SYSTEM)
    assert state(family) == [(1, False), (2, True), (None, False)]
    certify_links([family.links[2]], [family.links[2]], actor=SYSTEM)
    assert state(family) == [(None, False), (2, True), (1, True)]


def test_only_the_head_certifies(family: Family, world: World) -> None:
    """And nobody another school's links."""
    with pytest.raises(Forbidden):
        certify_links(family.links, family.links, actor=Actor.person(1, "X", {("can_edit", "guardian_link")}))
    with school_scope(world.a):
        assert certify_links(family.links, family.links, actor=SYSTEM).certified == 0
