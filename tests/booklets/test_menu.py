"""The « Bilans » menu: one entry for each page, for whoever may use it, in the order people know."""

from __future__ import annotations

import html
import re

import pytest
from flask import Flask

from app.core.db import admin_db
from tests.admin.conftest import Browser, admin_app, sign_in  # noqa: F401 - fixtures
from tests.factories import World

INDIVIDUAL = "Saisie individuelle et recherche de bilans"
COLLECTIVE = ["Saisie collective des éléments de programme", "Saisie collective des acquis scolaires",
              "Saisie collective des parcours éducatifs"]  # fmt: skip
AP = "Saisie collective des accompagnements personnalisés"


def bilans(browser: Browser, menu: str = "Bilans") -> dict[str, str]:
    """The entries of a menu with their addresses, in order."""
    page = browser.get("/")
    found_menu = re.search(rf"<summary[^>]*>{menu}.*?</details>", page, re.DOTALL)
    found = re.findall(r'<a href="([^"]+)"[^>]*>([^<]+)</a>', found_menu.group() if found_menu else "")
    return {html.unescape(label): href for href, label in found}


@pytest.mark.row("M029")
@pytest.mark.parametrize("role", ["head", "teacher"])
@pytest.mark.parametrize("kind", ["college", "ecole"])
def test_the_menu_leads_to_every_page_of_entry(
    admin_app: Flask, sqlite_world: World, role: str, kind: str  # noqa: F811
) -> None:
    school = sqlite_world.a if kind == "college" else sqlite_world.ecole
    browser = sign_in(admin_app, role, school_id=school)
    entries = bilans(browser)
    labels = list(entries)
    assert labels[0] == INDIVIDUAL
    assert [label for label in labels if label in COLLECTIVE] == COLLECTIVE
    assert (AP in labels) is (kind == "college")
    admin_db.session.remove()
    for href in entries.values():
        browser.get(href)


def test_a_secretary_finds_school_life_and_no_page_of_teachers(
    admin_app: Flask, sqlite_world: World  # noqa: F811
) -> None:
    labels = bilans(sign_in(admin_app, "secretary", school_id=sqlite_world.a))
    assert INDIVIDUAL in labels and "Vie scolaire" in labels
    assert not {*COLLECTIVE, "Appréciations"} & set(labels)


SETTINGS = ["Paramétrage de l'import", "Paramétrage des périodes", "Paramétrage du type de positionnement",
            "Paramétrage des EPI", "Paramétrage des accompagnements personnalisés",
            "Synchronisation élèves enseignants"]  # fmt: skip


@pytest.mark.row("M003")
def test_the_head_finds_every_setting_and_the_teacher_their_part(
    admin_app: Flask, sqlite_world: World  # noqa: F811
) -> None:
    """The transfer between academies comes to this menu with its page (M049)."""
    head = bilans(sign_in(admin_app, "head", school_id=sqlite_world.a), "Paramétrage")
    assert list(head)[:len(SETTINGS)] == SETTINGS
    admin_db.session.remove()
    teacher = bilans(sign_in(admin_app, "teacher", school_id=sqlite_world.a), "Paramétrage")
    assert "Paramétrage du type de positionnement" in teacher and "Paramétrage de l'import" not in teacher


@pytest.mark.row("M005")
def test_the_import_mode_changes_the_menus_at_once(admin_app: Flask, sqlite_world: World) -> None:  # noqa: F811
    """Collective entry is there in manual entry only; the page that imports booklets comes with M023."""
    head = sign_in(admin_app, "head", school_id=sqlite_world.a)
    assert [label for label in COLLECTIVE if label not in bilans(head)] == []
    head.send("/import-mode/store", "/import-mode/edit", import_mode="software")
    assert [label for label in COLLECTIVE if label in bilans(head)] == [] and INDIVIDUAL in bilans(head)
    head.send("/import-mode/store", "/import-mode/edit", import_mode="manual")
    assert [label for label in COLLECTIVE if label not in bilans(head)] == []
