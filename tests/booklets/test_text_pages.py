"""The pages of programme elements, pathways, school life and overall comments, without a script."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from app.booklets.class_elements import Place, class_lists
from app.booklets.models import BaseMastery, Booklet, Pathway
from app.core.db import admin_db
from app.core.scope import school_scope
from app.core.uow import unit_of_work
from app.curriculum.models import TeachingItem
from app.schools.models import Division, GradeLevel, School
from app.schools.people import Pupil
from tests.admin.conftest import Browser, admin_app, head, sign_in  # noqa: F401 - fixtures
from tests.booklets.factories import make_booklet, make_line
from tests.booklets.test_entry_pages import Class, fields_of, lesson, make_lesson, teacher  # noqa: F401 - fixtures
from tests.factories import World

NOTHING = "Aucun élément de programme n'est encore renseigné"
REMINDER = "les appartenances syndicales, ou les mœurs de la personne concernée."


def texts(made: Class, level: str = "") -> tuple[str, ...]:
    """The class's list."""
    with school_scope(made.school):
        found = class_lists(Place(made.division, 1, 3, made.item)).get(level)
    admin_db.session.remove()
    return found.texts if found else ()


def elements_in(page: str) -> list[str]:
    """The texts of the fields, without the one of the template."""
    listed = page[page.index('class="element-list"'):page.index("<template")]
    return [html.unescape(t) for t in re.findall(r"<textarea[^>]*>\n?(.*?)</textarea>", listed, re.DOTALL)]


def press(browser: Browser, page: str, **fields: object) -> str:
    """Send the fields of an elements page as they are, with the button pressed; the page that comes back."""
    form = page[page.index("data-elements"):]
    action = html.unescape(re.findall(r'action="([^"]+)"', page[:page.index("data-elements")])[-1])
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form))
    answer = browser.client.post(action, data=hidden | {"element": elements_in(page)} | fields, follow_redirects=True)
    assert answer.status_code == 200, answer.text[:300]
    return answer.text


@pytest.mark.row("M039")
def test_every_page_with_texts_about_pupils_shows_the_reminder() -> None:
    """Whoever makes another such page is told here."""
    templates = Path(__file__).parents[2] / "app" / "admin" / "templates"
    pages = [page for folder in ("entry", "groups", "booklets") for page in (templates / folder).glob("*.html")]
    said = {page.name: page.read_text() for page in pages}
    writing = {name for name, text in said.items()
               if "{% extends" in text and ("<textarea" in text or "text_cell" in text)}  # fmt: skip
    assert {"comments.html", "overall.html", "life.html", "council.html", "pathways.html"} < writing
    assert {name for name in writing if "legal_reminder()" not in said[name]} == set()


@pytest.mark.row("M032", "M033", "M039")
def test_elements_from_nothing_to_the_recall(admin_app: Flask, lesson: Class) -> None:  # noqa: F811
    browser = teacher(admin_app, lesson)
    page = browser.get(lesson.address("elements"))
    assert NOTHING in page and "Enseignant(e)s : M. BELHAJ" in page
    assert "Principaux éléments du programme travaillés durant la période pour « Français »" in page
    assert "<textarea" not in page
    page = browser.get(lesson.address("elements") + "&edit=1")
    assert "0 / 300" in page and REMINDER in page and elements_in(page) == [""]
    page = press(browser, page, element=["Lire"], act="add")
    assert elements_in(page) == ["Lire", ""]
    page = press(browser, page, element=["Lire", "Écrire", "Dire"], act="up:2")
    assert elements_in(page) == ["Lire", "Dire", "Écrire"] and "6 / 300" in page
    page = press(browser, page, act="delete:0")
    assert texts(lesson) == ()
    page = press(browser, page, act="save")
    assert "Enregistré : 3 bilans mis à jour." in page and "<textarea" not in page
    assert texts(lesson) == ("Dire", "Écrire")
    assert page.index("<li>Dire</li>") < page.index("<li>Écrire</li>")


@pytest.mark.row("M034")
def test_the_input_help(admin_app: Flask, lesson: Class) -> None:  # noqa: F811
    with school_scope(lesson.school), unit_of_work() as session:
        session.add(GradeLevel(code="3E", label="3e", cycle=4, rank=9))
        session.flush()
        level = session.scalars(select(GradeLevel.id).where(GradeLevel.code == "3E")).one()
        for booklet in session.scalars(select(Booklet).where(Booklet.id.in_(lesson.booklets))):
            booklet.grade_level_id = level
    browser = teacher(admin_app, lesson)
    page = browser.get(lesson.address("elements") + "&edit=1")
    assert "Afficher l'aide à la saisie" in page
    page = press(browser, page, act="help")
    assert "Masquer l'aide à la saisie" in page
    assert "Propositions de connaissances et compétences travaillées en « Français » pour le niveau 3e :" in page
    offered = [html.unescape(text) for text in re.findall(r'name="insert" value="([^"]+)"', page)]
    assert len(offered) > 5 and "<h4>" in page
    page = press(browser, page, insert=offered[0])
    assert elements_in(page) == [offered[0]] and "Masquer l'aide" in page
    page = press(browser, page, element=[offered[0] + " (à deux)"], insert=offered[1])
    assert elements_in(page) == [offered[0] + " (à deux)", offered[1]]
    word = max(offered[2].split(), key=len)
    page = press(browser, page, search=word.upper(), act="draft")
    found = [html.unescape(text) for text in re.findall(r'name="insert" value="([^"]+)"', page)]
    assert offered[2] in found and len(found) < len(offered)
    assert "Aucune proposition ne correspond." in press(browser, page, search="zzzz", act="draft")


@pytest.mark.row("M033")
def test_a_text_too_long_comes_back_whole(admin_app: Flask, lesson: Class) -> None:  # noqa: F811
    browser = teacher(admin_app, lesson)
    long = "é" * 301
    page = press(browser, browser.get(lesson.address("elements") + "&edit=1"), element=["Lire", long], act="save")
    assert elements_in(page) == ["Lire", long] and "301 / 300" in page
    assert "Élément du programme : 301 caractères. 300 au plus : retirez-en 1." in page
    assert texts(lesson) == ()


def test_two_who_edit_see_both_lists(admin_app: Flask, lesson: Class) -> None:  # noqa: F811
    one, two = teacher(admin_app, lesson), teacher(admin_app, lesson, "osei")
    address = lesson.address("elements") + "&edit=1"
    first, second = one.get(address), two.get(address)
    press(one, first, element=["Lire"], act="save")
    page = press(two, second, element=["Écrire"], act="save")
    assert "Comparez les deux listes" in page and "<li>Lire</li>" in page and elements_in(page) == ["Écrire"]
    assert texts(lesson) == ("Lire",)
    press(two, page, act="save")
    assert texts(lesson) == ("Écrire",)


def test_a_list_is_copied_from_another_class(admin_app: Flask, lesson: Class) -> None:  # noqa: F811
    browser = teacher(admin_app, lesson)
    press(browser, browser.get(lesson.address("elements") + "&edit=1"), element=["Lire", "Dire"], act="save")
    with school_scope(lesson.school), unit_of_work() as session:
        school = session.get_one(School, lesson.school)
        pupil = session.scalars(select(Pupil).join(Booklet, Booklet.pupil_id == Pupil.id)).first()
        assert pupil is not None
        division = session.get_one(Division, lesson.division)
        second = make_booklet(school, pupil, division, position=2)
        make_line(second, session.get_one(TeachingItem, lesson.item))
    page = browser.get(f"/entry/elements/?division={lesson.division}&period=2-3&item={lesson.item}&edit=1")
    assert "4C – Trimestre 1 (2)" in page
    source = re.findall(r'<option value="(\d+-1-3-)"', page)[0]
    page = press(browser, page, element=["Écrire"], act="copy", source=source)
    assert elements_in(page) == ["Écrire", "Lire", "Dire"]


def test_one_pupil_s_elements(admin_app: Flask, lesson: Class) -> None:  # noqa: F811
    browser = teacher(admin_app, lesson)
    press(browser, browser.get(lesson.address("elements") + "&edit=1"), element=["Lire"], act="save")
    page = browser.get(f"/entry/elements/pupil?line={lesson.lines[0]}")
    assert "Éléments de la classe" in page and elements_in(page) == ["Lire"]
    page = press(browser, page, element=["Lire à voix haute"], act="save")
    assert "Les éléments de programme de l&#39;élève sont enregistrés." in page
    assert "1 élève a des éléments particuliers" in page
    other = make_lesson(2 if lesson.school == 1 else 1)
    browser.get(f"/entry/elements/pupil?line={other.lines[0]}", status=404)
    browser.get("/entry/elements/pupil?line=x", status=404)


def test_who_does_not_teach_reads(admin_app: Flask, lesson: Class) -> None:  # noqa: F811
    cpe = sign_in(admin_app, "cpe", school_id=lesson.school)
    page = cpe.get(lesson.address("elements") + "&edit=1")
    assert "Cette discipline est saisie par les enseignants" in page and "<textarea" not in page


@pytest.mark.row("M037", "M038", "M039")
def test_pathways_from_the_fields_to_the_recall(admin_app: Flask, lesson: Class, head: Browser) -> None:  # noqa: F811
    page = head.get(lesson.address("pathways"))
    assert page.count("Rien n'est encore renseigné.") == 4 and REMINDER in page
    page = head.get(lesson.address("pathways") + "&edit=1")
    assert page.count("0 / 600") == 4 and "Parcours avenir" in page
    fields = {"PAR_CIT": "Élection des délégués.", "base:PAR_CIT": "", "PAR_AVN": "é" * 601, "base:PAR_AVN": ""}
    path = lesson.address("pathways").replace("/?", "/save?")
    answer = head.send(path, lesson.address("pathways") + "&edit=1", **fields)
    assert "601 / 600" in answer.text and "Parcours avenir : 601 caractères." in answer.text
    answer = head.send(path, lesson.address("pathways") + "&edit=1", **fields | {"PAR_AVN": "é" * 600})
    assert answer.status_code == 302
    page = head.get(lesson.address("pathways"))
    assert "Élection des délégués." in page and "é" * 600 in page and "<textarea" not in page
    pupil = f"{lesson.address('pathways')}&pupil={lesson.booklets[0]}"
    sent = fields_of(head.get(pupil)) | {f"pathway-{lesson.booklets[0]}-PAR_CIT": "Déléguée."}
    head.client.post(f"/entry/pathways/cells?pupil={lesson.booklets[0]}", data=sent)
    with school_scope(lesson.school):
        kept = admin_db.session.scalars(select(Pathway.text).where(Pathway.code == "PAR_CIT").order_by(Pathway.id))
        assert sorted(kept) == ["Déléguée.", "Élection des délégués.", "Élection des délégués."]
    admin_db.session.remove()
    assert "1 élève a un texte particulier" in head.get(lesson.address("pathways"))


@pytest.mark.row("M037")
def test_an_ecole_has_three_pathways(admin_app: Flask, sqlite_world: World) -> None:  # noqa: F811
    made = make_lesson(sqlite_world.ecole)
    page = sign_in(admin_app, "head", school_id=sqlite_world.ecole).get(made.address("pathways") + "&edit=1")
    assert page.count("0 / 600") == 3 and "Parcours avenir" not in page


@pytest.mark.parametrize("role", ["cpe", "secretary"])
def test_school_life_is_filled_by_who_keeps_it(admin_app: Flask, lesson: Class, role: str) -> None:  # noqa: F811
    browser = sign_in(admin_app, role, school_id=lesson.school)
    sent = fields_of(browser.get(lesson.address("life")))
    first, second, _third = lesson.booklets
    sent |= {f"booklet-{first}-absences_justified": "4", f"booklet-{first}-lateness": "0",
             f"booklet-{second}-absences_unjustified": "x", f"booklet-{first}-life_comment": "a\r\nب"}
    answer = browser.client.post("/entry/life/save", data=sent)
    assert answer.status_code == 200
    assert "Demi-journées non justifiées : un nombre entier de 0 à 999." in html.unescape(answer.text)
    with school_scope(lesson.school):
        kept = admin_db.session.get_one(Booklet, first)
        assert (kept.absences_justified, kept.lateness, kept.absences_unjustified) == (4, 0, None)
        assert kept.life_comment == "a\nب"
    admin_db.session.remove()


def test_a_teacher_reads_school_life(admin_app: Flask, lesson: Class) -> None:  # noqa: F811
    page = teacher(admin_app, lesson).get(lesson.address("life"))
    assert "La vie scolaire est saisie par la direction" in page and "readonly" in page
    assert 'name="base:' not in page


def test_overall_comments_with_the_period_before(admin_app: Flask, lesson: Class) -> None:  # noqa: F811
    browser = teacher(admin_app, lesson, leads=True)
    with school_scope(lesson.school), unit_of_work() as session:
        first = session.get_one(Booklet, lesson.booklets[0])
        first.overall_comment = "Un bon début."
        second = make_booklet(session.get_one(School, lesson.school), session.get_one(Pupil, first.pupil_id),
                              session.get_one(Division, lesson.division), position=2)
        key = second.id
    address = f"/entry/overall/?division={lesson.division}&period=2-3"
    page = browser.get(address)
    assert "Un bon début." in page and "0 / 1000" in page and REMINDER in page
    for text, status in (("é" * 1001, 200), ("é" * 1000, 302)):
        sent = fields_of(browser.get(address)) | {f"booklet-{key}-overall_comment": text}
        assert browser.client.post("/entry/overall/save", data=sent).status_code == status
    with school_scope(lesson.school):
        assert admin_db.session.get_one(Booklet, key).overall_comment == "é" * 1000
    admin_db.session.remove()


def test_the_end_of_a_cycle(admin_app: Flask, lesson: Class, head: Browser) -> None:  # noqa: F811
    with school_scope(lesson.school), unit_of_work() as session:
        first = session.get_one(Booklet, lesson.booklets[0])
        key = make_booklet(session.get_one(School, lesson.school), session.get_one(Pupil, first.pupil_id),
                           session.get_one(Division, lesson.division), model="cycle").id
    address = f"/entry/overall/?division={lesson.division}&period=0-0"
    page = head.get(address)
    assert page.count(f'<select id="mastery-{key}-') == 8 and "0 / 1500" in page
    assert "Enseignement de complément" in page
    sent = fields_of(page) | {f"mastery-{key}-CPD_FRA": "4", f"mastery-{key}-CPD_ETR": "0",
                              f"booklet-{key}-overall_comment": "é" * 1500, f"booklet-{key}-complement_code": "LCA",
                              f"booklet-{key}-complement_level": "2"}
    assert head.client.post("/entry/overall/save", data=sent).status_code == 302
    with school_scope(lesson.school):
        levels = admin_db.session.execute(select(BaseMastery.component, BaseMastery.level)).all()
        assert dict(map(tuple, levels)) == {"CPD_FRA": 4, "CPD_ETR": 0}
    admin_db.session.remove()
