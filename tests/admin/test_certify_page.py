"""The page where the directeur certifies the links of ONDE."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from sqlalchemy import select, update

from app.core.db import admin_db
from app.core.scope import school_scope, system_scope
from app.core.uow import unit_of_work
from app.schools.models import School
from app.schools.people import GuardianLink
from tests.admin.conftest import Browser, sign_in
from tests.factories import World, make_division, make_guardian, make_pupil

pytestmark = pytest.mark.row("M077")


@pytest.fixture
def directeur(admin_app: Flask, sqlite_world: World) -> Browser:
    """The head of an école whose two classes came from ONDE."""
    with system_scope("an école from ONDE"), unit_of_work() as session:
        school = session.get_one(School, sqlite_world.ecole)
        for code in ("CP", "CE1"):
            pupil = make_pupil(school, make_division(school, code), source="onde")
            make_guardian(school, pupil, source="onde")
            make_guardian(school, pupil, rank=2, source="onde")
        session.execute(update(GuardianLink).where(GuardianLink.school_id == school.id).values(certified=False))
    return sign_in(admin_app, "head", school_id=sqlite_world.ecole)


def certified(world: World) -> list[bool]:
    """What is certified, in the order of links."""
    with school_scope(world.ecole):
        found = list(admin_db.session.scalars(select(GuardianLink.certified).order_by(GuardianLink.id)))
    admin_db.session.remove()
    return found


def save(person: Browser, ticked: int | None = None, division: str = "", **fields: str) -> str:
    """Send the page's form with its first `ticked` boxes ticked; the page that follows."""
    page = person.get(f"/codes/certify/{division and '?division='}{division}")
    shown = re.findall(r'name="shown" value="(\d+)"', page)
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page))
    sent = hidden | {"shown": shown, "link": shown[:ticked]} | fields
    return person.client.post("/codes/certify/save", data=sent, follow_redirects=True).text


def test_class_after_class(directeur: Browser, sqlite_world: World) -> None:
    """Saved, the next class that waits is shown; at the end codes can be made."""
    assert "/codes/certify/" in directeur.get("/")
    assert "4 liens attendent" in directeur.get("/codes/certify/")
    assert "2 liens certifiés" in save(directeur)
    assert certified(sqlite_world).count(True) == 2
    assert "Créer les codes" in save(directeur)
    assert certified(sqlite_world) == [True] * 4


def test_unticking_takes_back(directeur: Browser, sqlite_world: World) -> None:
    """One of two, in the class one stays on; the list leaves as a spreadsheet."""
    page = save(directeur, stay="1")
    division = re.search(r'name="division" value="(\d+)"', page)
    assert division and page.count(" checked") == 2
    assert "0 lien certifié, 1 retiré" in save(directeur, 1, division[1])
    assert certified(sqlite_world).count(True) == 1
    sheet = directeur.sheet("/codes/certify/export.xlsx")
    assert [cell.value for cell in sheet[1]] == ["Classe", "Élève", "Responsable", "Rang",
                                                 "Autorité parentale attestée"]


def test_a_college_has_no_entry(head: Browser) -> None:
    """SIECLE ranks its guardians."""
    assert "/codes/certify/" not in head.get("/")
    assert "Aucun lien à certifier" in head.get("/codes/certify/")
