"""The shipped lists: what a school begins with, what is proposed, which schemes are taken over."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app.core.db import admin_db
from app.core.scope import school_scope
from app.core.uow import unit_of_work
from app.curriculum.items import add_subjects, ensure_items
from app.curriculum.lists import areas, complements, epi_themes, shipped_proposals, subjects, support_schemes
from app.curriculum.models import ELEMENT_LENGTH, CurriculumProposal, TeachingItem
from app.curriculum.proposals import proposals
from app.curriculum.reference import levels
from tests.factories import World, add

ECOLE = ("CP", "CE1", "CE2", "CM1", "CM2")
COLLEGE = ("6E", "5E", "4E", "3E")


@pytest.mark.row("M020")
def test_an_ecole_takes_over_exactly_eleven_schemes() -> None:
    assert set(support_schemes("ecole")) == {
        "BILINGUE", "CHAD", "CHAM", "CHAT", "PAP", "PPRE", "PAI", "PPS", "RASED", "ULIS ECOLE", "UPE2A"}  # fmt: skip
    assert "Autre" not in support_schemes("college")
    assert {"SEGPA", "CTR", "ULIS"} < set(support_schemes("college"))


def test_codes_are_said_once_and_parts_have_their_area() -> None:
    keys = [(area.cycle, area.code) for area in areas()]
    assert len(set(keys)) == len(keys)
    assert all((area.cycle, area.parent) in keys for area in areas() if area.parent)
    assert all(len(code) == 6 and subject.label for code, subject in subjects().items())
    assert len(epi_themes()) == 8 and complements()["LCA"]


def test_every_area_has_proposals_for_every_level_of_its_cycle() -> None:
    for area in areas():
        for level in ECOLE:
            if levels()[level].cycle == area.cycle:
                texts = [one for one in shipped_proposals() if one.suits(area.code, level)]
                assert len({one.heading for one in texts}) == 2, (area.code, level)
                assert area.parent or len(texts) >= 6, (area.code, level)


def test_every_usual_subject_has_six_proposals_or_more() -> None:
    for code in ("020700", "061300", "043700", "042100", "030201", "030602", "062900", "062300", "070800", "100100",
                 "090100", "081300", "043800"):  # fmt: skip
        for level in COLLEGE:
            assert len([one for one in shipped_proposals() if one.suits(code, level)]) >= 6, (code, level)


def test_a_proposal_fits_and_is_said_once() -> None:
    seen = [(one.codes, one.levels, one.text) for one in shipped_proposals()]
    assert len(set(seen)) == len(seen)
    assert all(len(one.text) <= ELEMENT_LENGTH and set(one.levels) <= set(levels()) for one in shipped_proposals())


def test_an_academy_adds_to_the_proposals_of_a_subject_and_level(world: World) -> None:
    with school_scope(world.a), unit_of_work():
        for level, text in (("3E", "Étudier un texte d'ici."), ("4E", "Pas pour eux.")):
            add(CurriculumProposal(authority_id=world.authority, item_code="020700", level_code=level,
                                   heading="Questions", text=text))
        groups = {group.heading: group.texts for group in proposals("020700", "3E")}
    assert list(groups) == ["Compétences travaillées", "Connaissances", "Questions"]
    assert groups["Questions"] == ("Étudier un texte d'ici.",)
    assert any("autobiographie" in text for text in groups["Connaissances"])


def test_a_segpa_class_is_proposed_what_its_level_is(world: World) -> None:
    with school_scope(world.a):
        assert proposals("061300", "4E SEGPA") == proposals("061300", "4E") != proposals("061300", "3E")


def test_a_school_gets_its_items_once_and_keeps_what_it_changed(world: World) -> None:
    with school_scope(world.ecole), unit_of_work() as session:
        assert ensure_items() == len(areas())
        french = session.scalars(select(TeachingItem).where(TeachingItem.code == "FRA-RAC",
                                                            TeachingItem.cycle == 2)).one()
        french.label, french.retired = "Langue française", True
        assert ensure_items() == 0
        parts = session.scalars(select(TeachingItem.code).where(TeachingItem.parent_id == french.id)).all()
        assert sorted(parts) == ["FRA-ECR", "FRA-ETL", "FRA-LEC", "FRA-LGO"]
        assert (french.label, french.retired) == ("Langue française", True)


def test_a_college_gets_the_usual_subjects_and_keeps_an_unknown_code(world: World) -> None:
    with school_scope(world.a), unit_of_work() as session:
        assert ensure_items() == len([s for s in subjects().values() if s.use == "usual"])
        wanted = [("020700", "S"), ("030602", "O"), ("99XYZ1", "F"), ("006600", "S")]
        assert add_subjects(admin_db.session, world.a, wanted) == 3
        items = {item.code: item for item in session.scalars(select(TeachingItem))}
        assert (items["99XYZ1"].label, items["99XYZ1"].for_all) == ("99XYZ1", False)
        assert items["006600"].retired and not items["020700"].retired
