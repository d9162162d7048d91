"""Writing cells: what is stored, what is refused and why, clashes, replays, and how many statements it takes."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from app.audit.models import AuditLine
from app.booklets.cells import Cell
from app.booklets.entry import CHANGE, Change, fill_class, save_cells
from app.booklets.models import Attainment, BaseMastery, Pathway, PositioningType
from app.core.actor import Actor
from app.core.db import admin_db
from app.core.scope import school_scope
from app.core.uow import unit_of_work
from app.schools.models import GradeLevel, School
from app.workflow import engine
from tests.booklets.factories import fill, make_booklet, make_class
from tests.booklets.staffroom import someone
from tests.factories import World, add, make_pupil
from tests.statements import statements


@pytest.fixture
def school(world: World) -> Iterator[School]:
    """A collège, in its scope, on both databases."""
    with school_scope(world.a), unit_of_work() as session:
        yield session.get_one(School, world.a)


def line(attainment: Attainment, field: str = "comment") -> Cell:
    return Cell("line", attainment.id, field)


def say(cell: Cell, value: Any, base: Any = None, *, actor: Actor) -> Any:
    [outcome] = save_cells([Change(cell, value, base)], actor=actor)
    return outcome


def test_every_kind_of_cell_is_saved_and_leaves_a_line(school: School) -> None:
    head = someone(school, "head")
    _, [booklet] = make_class(school, pupils=1)
    cycle = make_booklet(school, make_pupil(school), model="cycle")
    first = booklet.attainments[0]
    changes = [
        Change(line(first, "positioning"), "3", None), Change(line(first), " Bon travail. ", ""),
        Change(Cell("booklet", booklet.id, "overall_comment"), "Continuez.", None),
        Change(Cell("booklet", booklet.id, "lateness"), "2", ""),
        Change(Cell("booklet", booklet.id, "council_on"), "25/11/2026", None),
        Change(Cell("pathway", booklet.id, "PAR_CIT"), "Visite de la mairie.", None),
        Change(Cell("mastery", cycle.id, "CPD_ETR"), "0", None),
    ]  # fmt: skip
    assert [o.state for o in save_cells(changes, actor=head)] == ["saved"] * len(changes)
    session = admin_db.session
    assert (first.positioning, first.comment) == (3, "Bon travail.")
    assert (booklet.overall_comment, booklet.lateness, str(booklet.council_on)) == ("Continuez.", 2, "2026-11-25")
    assert session.scalars(select(Pathway.text)).all() == ["Visite de la mairie."]
    assert session.scalars(select(BaseMastery.level)).all() == [0]
    kept = session.scalars(select(AuditLine).where(AuditLine.action == CHANGE)).all()
    assert [k.subject_id for k in kept] == [booklet.id] * 6 + [cycle.id]
    assert kept[1].personal == {"before": "", "after": "Bon travail."} and kept[1].school_id == school.id
    assert kept[1].data == {"place": f"line-{first.id}-comment", "item": "Français"}
    emptied = [Change(c.cell, "", o.value) for c, o in zip(changes, save_cells(changes, actor=head), strict=True)]
    assert [o.state for o in save_cells(emptied, actor=head)] == ["saved"] * len(changes)
    assert (first.positioning, session.scalars(select(Pathway.id)).all(), booklet.council_on) == (None, [], None)


def test_a_replay_is_unchanged_and_leaves_no_line(school: School) -> None:
    head = someone(school, "head")
    _, [booklet] = make_class(school, pupils=1)
    cell = line(booklet.attainments[0])
    assert say(cell, "Bien.", None, actor=head).state == "saved"
    assert say(cell, "Bien.\r\n", None, actor=head).state == "unchanged"
    assert len(admin_db.session.scalars(select(AuditLine.id).where(AuditLine.action == CHANGE)).all()) == 1


TEXTS = {
    "at the limit": ("é" * 600, "saved"), "over it": ("é" * 601, "refused"),
    "composed or not": ("e\u0301" * 600, "saved"), "line ends": ("a\r\n" * 299 + "bc", "saved"),
    "a control": ("a\x00" * 600, "saved"),
    "emoji": ("👏" * 600, "saved"), "Arabic": ("ممتاز " * 100, "saved"), "blank": (" \r\n ", "unchanged"),
}  # fmt: skip


@pytest.mark.parametrize("name", TEXTS)
def test_texts_are_counted_in_characters(school: School, name: str) -> None:
    text, state = TEXTS[name]
    _, [booklet] = make_class(school, pupils=1)
    found = say(line(booklet.attainments[0]), text, None, actor=someone(school, "head"))
    assert found.state == state
    if state == "refused":
        assert "601 caractères" in found.message and "retirez-en 1" in found.message
        assert booklet.attainments[0].comment is None


def test_each_text_has_its_own_limit(school: School) -> None:
    head = someone(school, "head")
    _, [booklet] = make_class(school, pupils=1)
    cycle = make_booklet(school, make_pupil(school), model="cycle")
    limits = {Cell("booklet", booklet.id, "overall_comment"): 1000, Cell("booklet", booklet.id, "life_comment"): 600,
              Cell("booklet", cycle.id, "overall_comment"): 1500, Cell("pathway", booklet.id, "PAR_AVN"): 600,
              line(booklet.attainments[0], "not_assessed"): 100}  # fmt: skip
    for cell, limit in limits.items():
        assert say(cell, "x" * (limit + 1), None, actor=head).state == "refused", cell
        assert say(cell, "x" * limit, None, actor=head).state == "saved", cell


@pytest.mark.parametrize(("typed", "stored"), [
    ("12,5", Decimal("12.5")), ("0", Decimal(0)), ("20", Decimal(20)), ("7.25", Decimal("7.25")),
    ("20,01", None), ("-1", None), ("12,555", None), ("douze", None), ("1e1", None), ("²", None), ("NaN", None),
])  # fmt: skip
def test_averages_are_french_numbers_within_the_scale(school: School, typed: str, stored: Decimal | None) -> None:
    _, [booklet] = make_class(school, pupils=1, scale="marks")
    found = say(line(booklet.attainments[0], "average"), typed, None, actor=someone(school, "head"))
    assert (found.state, found.value) == (("saved", stored) if stored is not None else ("refused", None))
    assert stored is not None or "de 0 à 20" in found.message


def test_the_scale_of_the_booklet_decides_the_cell(school: School) -> None:
    head = someone(school, "head")
    level = admin_db.session.scalars(select(GradeLevel.id)).one()
    add(PositioningType(school_id=school.id, grade_level_id=level, scale="letters", letters="A+ A B C"))
    _, [booklet] = make_class(school, pupils=1, scale="letters", grade_level_id=level)
    first = booklet.attainments[0]
    assert say(line(first, "letter"), "a+", None, actor=head).value == "A+"
    assert "A+, A, B, C" in say(line(first, "letter"), "D", "A+", actor=head).message
    assert "des lettres" in say(line(first, "positioning"), "3", None, actor=head).message
    for wrong in ("5", "0", "-1", "x"):
        assert say(line(first, "positioning"), wrong, None, actor=head).state == "refused"


def test_a_rubric_of_another_model_is_refused(school: School) -> None:
    head = someone(school, "head")
    _, [booklet] = make_class(school, pupils=1)
    cycle = make_booklet(school, make_pupil(school), model="cycle")
    said = {
        Cell("mastery", booklet.id, "CPD_FRA"): "3", Cell("pathway", cycle.id, "PAR_CIT"): "Projet.",
        Cell("booklet", booklet.id, "complement_code"): "LCA", Cell("booklet", cycle.id, "complement_code"): "XYZ",
        Cell("booklet", cycle.id, "complement_level"): "3", Cell("mastery", cycle.id, "CPD_FRA"): "5",
        Cell("booklet", booklet.id, "lateness"): "1000", Cell("booklet", booklet.id, "council_on"): "31/02/2027",
        Cell("booklet", booklet.id, "state"): "locked", Cell("line", booklet.attainments[0].id, "teachers"): "Moi",
    }  # fmt: skip
    found = save_cells([Change(cell, value, None) for cell, value in said.items()], actor=head)
    assert {o.cell: o.state for o in found} == dict.fromkeys(said, "refused") and all(o.message for o in found)
    assert say(Cell("booklet", cycle.id, "complement_code"), "lca", None, actor=head).value == "LCA"


def test_only_an_optional_subject_can_be_left_out(school: School) -> None:
    head = someone(school, "head")
    _, [booklet] = make_class(school, pupils=1)
    assert "suivie par toute la classe" in say(line(booklet.attainments[0], "followed"), "0", "1", actor=head).message
    booklet.attainments[0].item.election = "F"
    assert say(line(booklet.attainments[0], "followed"), False, True, actor=head).state == "saved"
    assert booklet.attainments[0].followed is False


def test_a_clash_keeps_both_texts_and_says_who_wrote(school: School) -> None:
    division, [booklet] = make_class(school, pupils=1)
    item = booklet.attainments[0].item
    one, two = (someone(school, "teacher", name, teaches=((division, item),)) for name in ("Belhaj", "Fauvel"))
    cell = line(booklet.attainments[0])
    assert say(cell, "Texte de l'un.", "", actor=one).state == "saved"
    found = say(cell, "Texte de l'autre.", "", actor=two)
    assert (found.state, found.value, found.by) == ("clash", "Texte de l'un.", "Camille Belhaj")
    assert found.at is not None and "Camille Belhaj a écrit ici le" in found.message
    assert booklet.attainments[0].comment == "Texte de l'un."
    assert say(cell, "Texte de l'autre.", found.value, actor=two).state == "saved"


def test_a_locked_booklet_refuses_and_the_rest_is_saved(school: School) -> None:
    head = someone(school, "head")
    _, booklets = make_class(school, pupils=2)
    engine.follow(fill(booklets[0]))
    engine.apply(booklets[0], "lock", actor=head)
    cells = [line(booklet.attainments[0]) for booklet in booklets]
    found = save_cells([Change(cell, "Trop tard.", booklets[0].attainments[0].comment if cell is cells[0] else None)
                        for cell in cells], actor=head)  # fmt: skip
    assert [o.state for o in found] == ["refused", "saved"]
    assert "verrouillé" in found[0].message and found[0].value == "Travail régulier et soigné."
    engine.apply(booklets[0], "unlock", actor=head, reason="Une appréciation à revoir")
    assert say(cells[0], "Trop tard.", found[0].value, actor=head).state == "saved"


@pytest.mark.row("M044")
def test_complete_follows_what_is_entered(school: School) -> None:
    head = someone(school, "head")
    _, [booklet] = make_class(school, pupils=1)
    fill(booklet)
    last = booklet.attainments[-1]
    last.comment = None
    assert say(line(last), "Enfin.", None, actor=head).state == "saved"
    assert booklet.state == "complete"
    assert say(line(last), "", "Enfin.", actor=head).state == "saved"
    assert booklet.state == "draft"


def test_cells_of_another_school_do_not_exist(world: World) -> None:
    with school_scope(world.b), unit_of_work() as session:
        _, [other] = make_class(session.get_one(School, world.b), pupils=1)
        cells = [line(other.attainments[0]), Cell("booklet", other.id, "overall_comment"),
                 Cell("pathway", other.id, "PAR_CIT")]  # fmt: skip
    with school_scope(world.a), unit_of_work() as session:
        head = someone(session.get_one(School, world.a), "head")
        found = save_cells([Change(cell, "Intrus", None) for cell in cells], actor=head)
        assert {o.state for o in found} == {"refused"} and all("n'existe plus" in o.message for o in found)


@pytest.mark.row("M030", "M036")
def test_a_class_is_filled_then_corrected(school: School) -> None:
    head = someone(school, "head")
    division, booklets = make_class(school, pupils=5)
    items = [attainment.item_id for attainment in booklets[0].attainments]
    booklets[4].attainments[0].followed = False
    found = fill_class(division.id, 1, 3, items[0], "positioning", 3, actor=head)
    assert [o.state for o in found] == ["saved"] * 4
    first = [booklet.attainments[0] for booklet in booklets]
    assert say(line(first[1], "positioning"), 2, 3, actor=head).state == "saved"
    assert [a.positioning for a in first] == [3, 2, 3, 3, None]
    assert {a.positioning for b in booklets for a in b.attainments[1:]} == {None}
    assert fill_class(division.id, 1, 3, items[0], "positioning", 4, actor=head, only_empty=True) == []


def test_a_grid_takes_a_dozen_statements_whatever_its_size(school: School) -> None:
    division, booklets = make_class(school, pupils=30)
    item = booklets[0].attainments[0].item
    actor = someone(school, "teacher", teaches=((division, item),))
    admin_db.session.flush()
    counts = []
    for pupils in (1, 30):
        changes = [Change(line(b.attainments[0], field), value, None) for b in booklets[:pupils]
                   for field, value in (("positioning", pupils % 4 + 1), ("comment", f"Texte {pupils}"))]  # fmt: skip
        changes = [Change(c.cell, c.value, getattr(admin_db.session.get(Attainment, c.cell.id), c.cell.field))
                   for c in changes]  # fmt: skip
        with statements() as sent:
            assert {o.state for o in save_cells(changes, actor=actor)} == {"saved"}
        counts.append(len(sent))
    assert counts[0] == counts[1] <= 12, counts
