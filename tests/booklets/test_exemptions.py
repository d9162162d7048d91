"""A subject « not assessed » for a class: on open lines without assessment, undone as it was done."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from app.audit.models import AuditLine
from app.booklets.entry import CHANGE
from app.booklets.exemptions import exempt, exempted, taught_items, undo_exemption
from app.booklets.models import Booklet, ClassExemption
from app.core.actor import SYSTEM
from app.core.db import admin_db
from app.core.errors import BadInput, Forbidden, NotFound
from app.core.scope import school_scope
from app.core.uow import unit_of_work
from app.schools.models import Division, School
from app.workflow import bulk, engine
from tests.booklets.factories import fill, make_class
from tests.booklets.staffroom import someone
from tests.factories import World

WHY = "Professeur non remplacé"


@pytest.fixture
def school(world: World) -> Iterator[School]:
    with school_scope(world.a), unit_of_work() as session:
        yield session.get_one(School, world.a)


def reasons(booklets: list[Booklet], item_id: int) -> list[str | None]:
    admin_db.session.flush()
    admin_db.session.expire_all()
    return [next(line.not_assessed for line in b.attainments if line.item_id == item_id) for b in booklets]


def scene(school: School) -> tuple[Division, list[Booklet], int]:
    """A class of four: the third is assessed in the subject, the fourth was absent, and the first two wait."""
    division, booklets = make_class(school, pupils=4)
    item = booklets[0].attainments[0].item_id
    booklets[2].attainments[0].positioning = 2
    booklets[3].attainments[0].not_assessed = "Absent"
    admin_db.session.flush()
    return division, booklets, item


def test_written_where_nothing_is_said_and_taken_back(school: School) -> None:
    head = someone(school, "head")
    division, booklets, item = scene(school)
    first = taught_items(division.id, 1, 3)[0]
    assert (first.pupils, first.assessed, first.not_assessed, first.waiting, first.reason) == (
        4, 1, 1, 2, None)  # fmt: skip
    assert exempt(division.id, 1, 3, item, f" {WHY} ", actor=head) == 2
    assert reasons(booklets, item) == [WHY, WHY, None, "Absent"]
    assert exempted(division.id, 1, 3) == {item: WHY} and exempted(division.id, 2, 3) == {}
    assert taught_items(division.id, 1, 3)[0].reason == WHY
    assert exempt(division.id, 1, 3, item, "Poste vacant", actor=head) == 2
    assert reasons(booklets, item) == ["Poste vacant", "Poste vacant", None, "Absent"]
    assert undo_exemption(division.id, 1, 3, item, actor=head) == 2
    assert reasons(booklets, item) == [None, None, None, "Absent"]
    assert admin_db.session.scalars(select(ClassExemption)).all() == []
    lines = admin_db.session.scalars(select(AuditLine).where(AuditLine.action == CHANGE).order_by(AuditLine.id)).all()
    assert len(lines) == 6 and lines[0].personal == {"before": "", "after": WHY}
    assert lines[0].data["item"] == "Français" and lines[0].data["place"].endswith("-not_assessed")


def test_it_completes_booklets_and_leaves_locked_ones(school: School) -> None:
    head = someone(school, "head")
    division, booklets = make_class(school, pupils=3)
    for booklet in booklets:
        fill(booklet)
    item = booklets[0].attainments[0].item_id
    session = admin_db.session()
    session.expire_all()
    engine.follow(booklets[0])
    engine.apply(booklets[0], "lock", actor=SYSTEM)
    for booklet in booklets[1:]:
        booklet.attainments[0].positioning = None
    session.flush()
    bulk.follow_many(Booklet, Booklet.division_id == division.id, session=session)
    session.expire_all()
    assert [b.state for b in booklets] == ["locked", "draft", "draft"]
    assert exempt(division.id, 1, 3, item, WHY, actor=head) == 2
    assert [b.state for b in booklets] == ["locked", "complete", "complete"]
    assert undo_exemption(division.id, 1, 3, item, actor=head) == 2
    assert [b.state for b in booklets] == ["locked", "draft", "draft"]


def test_refusals(school: School) -> None:
    head, teacher = someone(school, "head"), someone(school, "teacher")
    division, booklets, item = scene(school)
    with pytest.raises(Forbidden):
        exempt(division.id, 1, 3, item, WHY, actor=teacher)
    with pytest.raises(BadInput):
        exempt(division.id, 1, 3, item, "  ", actor=head)
    with pytest.raises(BadInput):
        exempt(division.id, 1, 3, item, "x" * 101, actor=head)
    for term in ((division.id, 2, 3), (999_999, 1, 3)):
        with pytest.raises(NotFound):
            exempt(*term, item, WHY, actor=head)
    with pytest.raises(NotFound):
        undo_exemption(division.id, 1, 3, item, actor=head)
    assert reasons(booklets, item) == [None, None, None, "Absent"]
