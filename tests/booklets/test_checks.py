"""The check before locking on real booklets: what is compared with what, waiving, and how many statements it takes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from app.audit.models import AuditLine
from app.booklets.cells import Cell
from app.booklets.check_rules import RULES
from app.booklets.checks import CHECKS, MESSAGES, RESTORE, WAIVE, restore, waive, warnings_for
from app.booklets.entry import Change, save_cells
from app.booklets.models import Booklet, GroupPupil, Pathway, ProjectGroup, WatchedWord
from app.core.actor import SYSTEM
from app.core.db import admin_db
from app.core.errors import BadInput, Forbidden, NotFound
from app.core.scope import school_scope
from app.core.uow import unit_of_work
from app.schools.models import School
from app.workflow import engine
from tests.booklets.factories import fill, make_booklet, make_class, make_line
from tests.booklets.staffroom import someone
from tests.booklets.test_projects import declare
from tests.factories import World, add, make_division, make_pupil
from tests.statements import statements

FINE = "Un trimestre sérieux, continuez ainsi."


@pytest.fixture
def school(world: World) -> Iterator[School]:
    with school_scope(world.a), unit_of_work() as session:
        yield session.get_one(School, world.a)


def named(school: School, *names: str) -> list[Booklet]:
    """A class of pupils with these first names, each with its three empty lines."""
    _division, booklets = make_class(school, pupils=len(names))
    for booklet, name in zip(booklets, names, strict=True):
        booklet.first_name = booklet.first_names = name
    admin_db.session.flush()
    return booklets


def checks(*booklets: Booklet, waived: bool = False) -> dict[str, list[str]]:
    """first name → « check place » of its warnings."""
    admin_db.session.flush()
    names = {b.id: b.first_name for b in booklets}
    return {names[key]: [f"{w.check} {w.place.where}" for w in found]
            for key, found in warnings_for(names, waived=waived).items()}  # fmt: skip


def test_every_rule_has_its_words() -> None:
    assert set(RULES) == set(CHECKS) == set(MESSAGES)


def test_every_place_is_read(school: School) -> None:
    ines, zoe = named(school, "Inès", "Zoé")
    text = "Zoé bavarde beaucoup trop."
    ines.overall_comment, ines.life_comment, ines.attainments[1].comment = text, f"{text} Oui.", text
    add(Pathway(school_id=school.id, booklet_id=ines.id, code="PAR_CIT", text="Le le débat et la religion."))
    project = declare(school, "Méthodes", ines.attainments[0].item)
    group = add(ProjectGroup(school_id=school.id, project_id=project.id, title="G", position=1, period_count=3,
                             comment="Le syndicat."))  # fmt: skip
    add(GroupPupil(school_id=school.id, group_id=group.id, booklet_id=ines.id, comment="Zoé aide Inès souvent."))
    assert checks(ines, zoe) == {"Inès": [
        "other_name Appréciation générale", "other_name Vie scolaire", "other_name Mathématiques",
        "watched Parcours citoyen", "doubled Parcours citoyen", "other_name AP « Méthodes »",
        "watched AP « Méthodes », appréciation collective"]}  # fmt: skip
    first = warnings_for([ines.id])[ines.id][0]
    assert first.message == "Ce texte nomme un autre élève de la classe : Zoé." and first.excerpt == text
    assert warnings_for([]) == {} and warnings_for([zoe.id, 999_999]) == {}


def test_names_are_those_of_the_class_and_period(school: School) -> None:
    ines, zoe = named(school, "Inès", "Zoé")
    other = make_division(school, "4D")
    elsewhere = make_booklet(school, make_pupil(school, other, first_name="Lina"), other)
    make_line(elsewhere, ines.attainments[0].item, comment="Zoé et Lina travaillent.")
    ines.overall_comment = "Avec Lina, le travail avance."
    alone = make_booklet(school, make_pupil(school, first_name="Noé"), None, overall_comment="Zoé et Noé avancent.")
    assert checks(ines, zoe, elsewhere, alone) == {}
    ines.first_names = "Inès, Zoé Marie"
    ines.overall_comment = "Zoé a bien travaillé."
    assert checks(ines, zoe) == {}


def test_the_same_text_in_the_same_place(school: School) -> None:
    ines, zoe, noe = named(school, "Inès", "Zoé", "Noé")
    for booklet in (ines, zoe):
        booklet.attainments[0].comment = FINE
    zoe.attainments[1].comment = FINE
    noe.overall_comment = FINE
    assert checks(ines, zoe, noe) == {"Inès": ["same_text Français"], "Zoé": ["same_text Français"]}
    assert "(1)" in warnings_for([ines.id])[ines.id][0].message  # the class is compared, whoever is asked for
    zoe.attainments[0].comment = f"{FINE} Bravo."
    assert checks(ines, zoe, noe) == {}


def test_a_sentence_shared_by_nature_is_not_blamed(school: School) -> None:
    booklets = named(school, "Inès", "Zoé")
    for booklet in booklets:
        add(Pathway(school_id=school.id, booklet_id=booklet.id, code="PAR_CIT", text="Mairie."))
    assert checks(*booklets) == {}


def test_an_academy_adds_and_ignores_words(school: School) -> None:
    [ines] = named(school, "Inès")
    ines.overall_comment = "Participe au conseil municipal des jeunes, religion comprise."
    assert checks(ines) == {"Inès": ["watched Appréciation générale"]}
    for word, ignored in (("Religion", True), ("conseil municipal", False)):
        add(WatchedWord(authority_id=school.authority_id, subject="politics", word=word, ignored=ignored))
    assert warnings_for([ines.id])[ines.id][0].found == ("conseil municipal",)


def test_pointed_out_again_after_all(school: School) -> None:
    head = someone(school, "head")
    ines, zoe = named(school, "Inès", "Zoé")
    ines.overall_comment = "Zoé bavarde avec elle trop trop souvent."
    admin_db.session.flush()
    first, second = warnings_for([ines.id, zoe.id])[ines.id]
    waive([first.key, second.key], "Voulu", actor=head)
    assert restore([first.key, first.key], actor=head) == 1 and restore([first.key], actor=head) == 0
    assert [w.key for w in warnings_for([ines.id])[ines.id]] == [first.key]
    done = select(AuditLine.action).where(AuditLine.subject_id == ines.id, AuditLine.action.in_((WAIVE, RESTORE)))
    assert sorted(admin_db.session.scalars(done)) == [RESTORE, WAIVE, WAIVE], "the history keeps all of it"
    with pytest.raises(Forbidden):
        restore([first.key], actor=someone(school, "secretary"))


def test_set_aside_with_a_reason_until_another_wording(school: School) -> None:
    head = someone(school, "head")
    ines, zoe = named(school, "Inès", "Zoé")
    ines.overall_comment = "Zoé bavarde avec elle trop trop souvent."
    admin_db.session.flush()
    first, second = warnings_for([ines.id, zoe.id])[ines.id]
    assert waive([first.key, first.key], " Deux sœurs ", actor=head) == 1
    assert checks(ines) == {"Inès": ["doubled Appréciation générale"]}
    [kept, _] = warnings_for([ines.id], waived=True)[ines.id]
    assert kept.waived is not None and (kept.waived.by, kept.waived.reason) == (head.name, "Deux sœurs")
    assert waive([first.key], "Encore", actor=head) == 0 and waive([second.key], "Voulu", actor=head) == 1
    lines = admin_db.session.scalars(select(AuditLine).where(AuditLine.action == WAIVE)).all()
    assert [line.personal["reason"] for line in lines] == ["Deux sœurs", "Voulu"]
    assert lines[0].subject_id == ines.id and lines[0].data["check"] == "other_name"
    cell = Cell("booklet", ines.id, "overall_comment")
    save_cells([Change(cell, "Zoé bavarde encore.", "Zoé bavarde avec elle trop trop souvent.")], actor=head)
    assert checks(ines) == {"Inès": ["other_name Appréciation générale"]}


def test_who_may_set_aside(school: School) -> None:
    ines, _zoe = named(school, "Inès", "Zoé")
    ines.overall_comment = "Zoé bavarde beaucoup."
    admin_db.session.flush()
    [warning] = warnings_for([ines.id])[ines.id]
    division = ines.division
    own = someone(school, "teacher", "own", teaches=((division, ines.attainments[0].item),))  # type: ignore[arg-type]
    with pytest.raises(NotFound):
        waive([warning.key], "Oui", actor=someone(school, "teacher", "other"))
    with pytest.raises(Forbidden):
        waive([warning.key], "Oui", actor=someone(school, "secretary"))
    for wrong in ("", "x" * 301):
        with pytest.raises(BadInput):
            waive([warning.key], wrong, actor=own)
    for wrong in ("x|y", "²|other_name", "9999999999|a"):
        with pytest.raises(BadInput):
            waive([wrong], "Oui", actor=own)
    assert waive([warning.key], "Deux sœurs", actor=own) == 1


def test_warnings_never_block_a_lock(school: School) -> None:
    ines, _zoe = named(school, "Inès", "Zoé")
    fill(ines)
    ines.overall_comment = "Zoé bavarde beaucoup."
    admin_db.session.flush()
    admin_db.session.expire_all()
    engine.follow(ines)
    engine.apply(ines, "lock", actor=SYSTEM)
    assert ines.state == "locked" and checks(ines)["Inès"][0] == "other_name Appréciation générale"


def test_a_constant_number_of_statements(school: School) -> None:
    booklets = named(school, *(f"Élève{n}" for n in range(30)))
    for booklet in booklets:
        fill(booklet)
    admin_db.session.expire_all()
    counts = []
    for some in (booklets[:1], booklets):
        ids = [b.id for b in some]
        with statements() as sent:
            assert len(warnings_for(ids)) == len(some)
        counts.append(len(sent))
    assert counts[0] == counts[1] <= 8
