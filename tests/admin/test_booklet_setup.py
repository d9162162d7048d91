"""The set-up pages of booklets, as the head, a teacher and the secretary see them (M003–M013)."""

from __future__ import annotations

import re
from html import unescape

import pytest
from flask import Flask
from sqlalchemy import select

from app.booklets.making import make_booklets
from app.booklets.models import Booklet, ProjectGroup
from app.booklets.settings import booklet_settings, may_enter_collectively
from app.core.actor import SYSTEM
from app.core.db import admin_db
from app.core.scope import school_scope
from app.core.uow import unit_of_work
from app.curriculum.services import ensure_grade_levels
from app.jobs.models import Job
from app.schools.models import Division, GradeLevel, School
from app.schools.periods import PeriodScheme
from tests.admin.conftest import Browser, sign_in
from tests.booklets.factories import make_items
from tests.factories import World
from tests.statements import statements


def menu_of(page: str) -> list[str]:
    """The labels of the menu bar's entries, in order."""
    nav = page.split('<nav class="menu"')[1].split("</nav>")[0]
    return re.findall(r'<li><a href="[^"]*"[^>]*>([^<]+)</a>', nav)


@pytest.mark.row("M004")
def test_import_mode_read_changed_stored(head: Browser, sqlite_world: World) -> None:
    page = head.get("/import-mode/")
    assert "Saisie manuelle" in page and 'href="/import-mode/edit"' in page
    assert 'type="radio"' not in page
    form = head.get("/import-mode/edit")
    assert [label in form for label in ("Saisie manuelle", "Depuis Sconet_Notes", "Depuis un autre logiciel")]
    assert re.search(r'value="manual"[^>]* checked', form)
    answer = head.send("/import-mode/store", "/import-mode/edit", import_mode="software")
    assert answer.status_code == 302
    assert "Depuis un autre logiciel" in head.get("/import-mode/")
    with school_scope(sqlite_world.a):
        assert booklet_settings().import_mode == "software"
        assert not may_enter_collectively()
    admin_db.session.remove()


def test_a_mode_that_does_not_exist(head: Browser) -> None:
    answer = head.send("/import-mode/store", "/import-mode/edit", import_mode="pronote")
    assert answer.status_code == 422 and "Choisissez un mode d" in answer.text
    assert "Saisie manuelle" in head.get("/import-mode/")


def test_the_secretary_reads_and_a_teacher_does_not(admin_app: Flask, sqlite_world: World) -> None:
    secretary = sign_in(admin_app, "secretary", school_id=sqlite_world.a)
    assert "/import-mode/edit" not in secretary.get("/import-mode/")
    secretary.get("/import-mode/edit", status=403)
    teacher = sign_in(admin_app, "teacher", school_id=sqlite_world.a)
    teacher.get("/import-mode/", status=403)
    assert "Paramétrage de l&#39;import" not in menu_of(teacher.get("/"))


def test_settings_begin_with_the_booklets(head: Browser) -> None:
    menu = menu_of(head.get("/"))
    assert menu.index("Paramétrage de l&#39;import") < menu.index("Élèves")


# ---- periods ---------------------------------------------------------------------------------------------------


def period_of(page: str, name: str) -> str:
    """The card of one periodicity."""
    cards = re.findall(r'<article class="card scheme">.*?</article>', page, re.DOTALL)
    return text_of(next(card for card in cards if f"<h3>{name}</h3>" in card))


@pytest.mark.row("M007", "M010")
def test_shipped_periodicities_are_shown(head: Browser) -> None:
    page = head.get("/periods/")
    assert page.index("Périodes prédéfinies") < page.index("Périodes personnalisées")
    semester, trimester = period_of(page, "Semestre"), period_of(page, "Trimestre")
    assert "01/09/2026 – 31/01/2027" in semester and "01/02/2027 – 06/07/2027" in semester
    assert "12/03/2027 – 06/07/2027" in trimester
    assert "Aucune classe associée à cette périodicité" in trimester


@pytest.mark.row("M009", "M010")
def test_associate_by_class_by_level_and_all(head: Browser, sqlite_world: World) -> None:
    """The tick list shows each class's present periodicity; a level or the whole school is one tick."""
    sixth, fifth = sqlite_world.of[sqlite_world.a]["divisions"]
    with school_scope(sqlite_world.a), unit_of_work() as session:
        level = session.scalars(select(GradeLevel.id).where(GradeLevel.code == "6EME")).one()
        session.get_one(Division, sixth).grade_level_id = level
    page = head.get("/periods/preset/trimester")
    assert page.count("Non définie") == 2 and "Niveau 6e" in page and "Tout l'établissement" in page
    assert head.send("/periods/preset/trimester", level=str(level)).status_code == 302
    assert "Classes associées : 6A" in period_of(head.get("/periods/"), "Trimestre")
    page = head.get("/periods/preset/semester")
    assert page.count("Non définie") == 1
    assert head.send("/periods/preset/semester", division=str(fifth)).status_code == 302
    assert "Classes associées : 5B" in period_of(head.get("/periods/"), "Semestre")
    assert head.send("/periods/preset/semester", everything="1").status_code == 302
    page = head.get("/periods/")
    assert "Classes associées : 6A, 5B" in period_of(page, "Semestre")
    assert "Aucune classe associée" in period_of(page, "Trimestre")
    with school_scope(sqlite_world.a):
        jobs = admin_db.session.scalars(select(Job).where(Job.kind == "booklets.make").order_by(Job.id)).all()
        assert [job.params["divisions"] for job in jobs] == [[sixth], [fifth], [sixth]]
    admin_db.session.remove()


@pytest.mark.row("M009")
def test_a_move_with_booklets_is_confirmed_or_refused(head: Browser, sqlite_world: World) -> None:
    sixth = sqlite_world.of[sqlite_world.a]["divisions"][0]
    head.send("/periods/preset/trimester", division=str(sixth))
    with school_scope(sqlite_world.a):
        make_booklets(sixth, actor=SYSTEM)
    admin_db.session.remove()
    asked = head.send("/periods/preset/semester", division=str(sixth))
    assert asked.status_code == 200 and "6A (Trimestre) : 6 bilans vides seront remplacés." in asked.text
    assert "Classes associées : 6A" in period_of(head.get("/periods/"), "Trimestre"), "nothing yet"
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', asked.text))
    assert head.client.post("/periods/preset/semester", data=hidden).status_code == 302
    assert "Classes associées : 6A" in period_of(head.get("/periods/"), "Semestre")
    with school_scope(sqlite_world.a), unit_of_work() as session:
        assert session.scalars(select(Booklet)).all() == []
    with school_scope(sqlite_world.a), unit_of_work() as session:
        make_booklets(sixth, actor=SYSTEM)
        session.scalars(select(Booklet)).all()[0].overall_comment = "Bon début."
    refused = head.send("/periods/preset/trimester", division=str(sixth))
    assert refused.status_code == 409 and "6A (1)" in refused.text and "Rien n&#39;a été modifié" in refused.text
    assert "Classes associées : 6A" in period_of(head.get("/periods/"), "Semestre")


@pytest.mark.row("M008")
def test_own_periodicity_on_screen(head: Browser) -> None:
    """Rows are added one by one, without scripts; a gap is told; it is changed, then deleted once confirmed."""
    form = head.get("/periods/add")
    assert form.count('type="date"') == 4 and 'min="2026-09-01"' in form and 'max="2027-07-06"' in form
    more = head.send("/periods/add", label="Cinq", starts_on=["2026-09-01", ""], ends_on=["2026-10-31", ""], more="1")
    assert more.status_code == 200 and 'value="Cinq"' in more.text and 'value="2026-10-31"' in more.text
    assert head.get("/periods/").count("<article") == 2
    days = {"starts_on": ["2026-09-01", "2026-12-06", ""], "ends_on": ["30/11/2026", "2027-07-06", ""]}
    assert head.send("/periods/add", label="À nos dates", **days).status_code == 302
    page = head.get("/periods/")
    assert "Jours de l&#39;année sans période : du 01/12/2026 au 05/12/2026." in page
    assert "Période 2" in period_of(page, "À nos dates")
    [pk] = re.findall(r"/periods/edit/(\d+)", page)
    assert 'value="2026-11-30"' in head.get(f"/periods/edit/{pk}")
    assert head.send(f"/periods/edit/{pk}", label="Deux temps", **days).status_code == 302
    asked = head.send(f"/periods/delete/{pk}", "/periods/")
    assert asked.status_code == 200 and "Deux temps" in head.get("/periods/")
    assert head.send(f"/periods/delete/{pk}", "/periods/", confirmed="1").status_code == 302
    assert "Deux temps" not in head.get("/periods/")


@pytest.mark.parametrize(
    ("label", "starts", "ends", "said"),
    [
        ("Un", "31/02/2027", "2027-03-31", "« 31/02/2027 » n&#39;est pas une date."),
        ("Un", "2026-09-01", "", "il manque une de ses deux dates"),
        ("", "2026-09-01", "2026-09-30", "Donnez un libellé"),
        ("Un", "2026-08-01", "2026-09-30", "sort de l&#39;année scolaire"),
        ("Semestre", "2026-09-01", "2026-09-30", "existe déjà"),
    ],
)
def test_faults_are_said_on_the_form(head: Browser, label: str, starts: str, ends: str, said: str) -> None:
    answer = head.send("/periods/add", label=label, starts_on=starts, ends_on=ends)
    assert answer.status_code in (409, 422) and said in answer.text
    assert 'name="label"' in answer.text
    assert head.get("/periods/").count("<article") == 2


def test_bad_ticks(head: Browser, sqlite_world: World) -> None:
    other = sqlite_world.of[sqlite_world.b]["divisions"][0]
    for sent, status in (({}, 422), ({"division": str(other)}, 404), ({"division": "²"}, 404), ({"level": "x"}, 422)):
        assert head.send("/periods/preset/trimester", **sent).status_code == status, sent
    head.get("/periods/preset/bimester", status=404)
    assert "Classes associées" not in head.get("/periods/")


def test_shipped_ones_have_no_form(head: Browser, sqlite_world: World) -> None:
    head.send("/periods/preset/trimester", everything="1")
    with school_scope(sqlite_world.a):
        pk = admin_db.session.scalars(select(PeriodScheme.id)).one()
    admin_db.session.remove()
    head.get(f"/periods/edit/{pk}", status=409)
    assert head.get(f"/periods/classes/{pk}").count("disabled") >= 2


@pytest.mark.row("M006", "M010")
def test_the_banner_stays_on_every_page(head: Browser, admin_app: Flask, sqlite_world: World) -> None:
    """For whoever may set periods, until each class has one; the manual-mode sentence while none has."""
    manual = ("Veuillez paramétrer les périodes pour utiliser l'application en saisie manuelle. "
              "Pour ceci, cliquez ici.")  # fmt: skip
    for path in ("/", "/pupil/list/", "/import-mode/", "/periods/"):
        words = text_of(head.get(path))
        assert "Classe(s) dont la périodicité n'est pas définie : 5B, 6A" in words, path
        assert manual in words, path
    assert '<a href="/periods/">cliquez ici</a>' in head.get("/")
    head.send("/import-mode/store", "/import-mode/edit", import_mode="sconet")
    assert manual not in text_of(head.get("/"))
    head.send("/import-mode/store", "/import-mode/edit", import_mode="manual")
    sixth, fifth = sqlite_world.of[sqlite_world.a]["divisions"]
    head.send("/periods/preset/trimester", division=str(sixth))
    words = text_of(head.get("/"))
    assert "n'est pas définie : 5B" in words and "6A" not in words.split("n'est pas définie")[1][:20]
    assert manual not in words
    head.send("/periods/preset/trimester", division=str(fifth))
    assert "n'est pas définie" not in text_of(head.get("/"))
    teacher = sign_in(admin_app, "teacher", school_id=sqlite_world.b)
    assert "n'est pas définie" not in text_of(teacher.get("/"))


def test_the_banner_costs_one_statement(head: Browser) -> None:
    with statements() as sent:
        head.get("/periods/add")
    assert len([words for words in sent if "division_scheme" in words]) == 1


def text_of(page: str) -> str:
    """The words of a page."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", "", page)))


# ---- EPI and AP ------------------------------------------------------------------------------------------------


@pytest.mark.row("M012")
def test_epi_and_ap_declared_on_screen(head: Browser, admin_app: Flask, sqlite_world: World) -> None:
    with school_scope(sqlite_world.a), unit_of_work() as session:
        items = [item.id for item in make_items(session.get_one(School, sqlite_world.a))]
    form = head.get("/settings/epi/add")
    assert form.count('<option value="EPI_') == 8 and form.count('name="item"') == 3
    sent = {"title": "Du grain au pain", "theme": "EPI_SAN", "description": "Du champ à la table."}
    refused = head.send("/settings/epi/add", item=str(items[0]), **sent)
    assert refused.status_code == 422 and "au moins deux disciplines" in refused.text
    assert 'value="Du grain au pain"' in refused.text and "Du champ à la table." in refused.text
    assert head.send("/settings/epi/add", item=[str(pk) for pk in items[:2]], **sent).status_code == 302
    page = head.get("/settings/epi/")
    assert "Corps, santé, bien-être et sécurité" in page and "Français, Mathématiques" in page
    [pk] = re.findall(r"/settings/epi/edit/(\d+)", page)
    assert 'value="Du grain au pain"' in head.get(f"/settings/epi/edit/{pk}")
    head.get(f"/settings/ap/edit/{pk}", status=404)
    assert "Rien n'est déclaré" in text_of(head.get("/settings/ap/"))
    assert head.send("/settings/ap/add", item=str(items[0]), title="Prendre des notes").status_code == 302
    with school_scope(sqlite_world.a), unit_of_work() as session:
        session.add(ProjectGroup(school_id=sqlite_world.a, project_id=int(pk), title="G1", position=1, period_count=3))
    head.send(f"/settings/epi/delete/{pk}", "/settings/epi/", confirmed="1")
    page = text_of(head.get("/settings/epi/"))
    assert "a déjà un groupe (1)" in page and "Du grain au pain" in page
    teacher = sign_in(admin_app, "teacher", school_id=sqlite_world.a)
    assert "/settings/epi/edit" not in teacher.get("/settings/epi/")
    teacher.get("/settings/epi/add", status=403)
    assert head.send("/settings/epi/add", item="²", **sent).status_code == 404


def test_menu_order_of_settings(head: Browser) -> None:
    """The order of M003: import, periods, (positioning,) EPI, AP, synchronisation, then the generated lists."""
    menu = menu_of(head.get("/"))
    wanted = ["Paramétrage de l&#39;import", "Paramétrage des périodes", "Paramétrage des EPI",
              "Paramétrage des accompagnements personnalisés", "Élèves"]  # fmt: skip
    places = [menu.index(label) for label in wanted]
    assert places == sorted(places)


# ---- positioning -----------------------------------------------------------------------------------------------


@pytest.mark.row("M011")
def test_positioning_type_of_a_level_on_screen(head: Browser, admin_app: Flask, sqlite_world: World) -> None:
    with school_scope(sqlite_world.a):
        ensure_grade_levels()
        level = admin_db.session.scalars(select(GradeLevel.id).where(GradeLevel.code == "4E")).one()
    admin_db.session.remove()
    page = head.get("/positioning/")
    assert "Non atteints / Partiellement atteints / Atteints / Dépassés" in page
    path = f"/positioning/edit/{level}"
    assert head.get(path).count('type="radio"') == 3
    refused = head.send(path, scale="marks", scale_max="0")
    assert refused.status_code == 422 and "nombre entier de 1 à 100" in refused.text
    assert head.send(path, scale="marks", scale_max="10").status_code == 302
    assert "Notes sur 10" in head.get("/positioning/")
    ecole = sign_in(admin_app, "head", school_id=sqlite_world.ecole)
    page = ecole.get("/positioning/")
    assert "toujours ces quatre valeurs" in page and "/positioning/edit/" not in page


# ---- rules -----------------------------------------------------------------------------------------------------


def test_rules_on_screen(head: Browser, academy: Browser, sqlite_world: World) -> None:
    assert "valeur d'origine" in text_of(head.get("/booklet-rules/"))
    assert head.send("/booklet-rules/store/areas_needed", "/booklet-rules/", value="2").status_code == 302
    assert "fixé par l'établissement" in text_of(head.get("/booklet-rules/"))
    assert head.send("/booklet-rules/store/areas_needed", "/booklet-rules/", value="99").status_code == 422
    assert head.send("/booklet-rules/store/areas_needed", "/booklet-rules/", value="²").status_code == 422
    fixed = academy.send("/booklet-rules/store/areas_needed", "/booklet-rules/", value="4", locked="1")
    assert fixed.status_code == 302
    page = text_of(head.get("/booklet-rules/"))
    assert "4 (fixé par l'académie) Verrouillé par l'académie" in page
    assert head.send("/booklet-rules/store/areas_needed", "/booklet-rules/", value="1").status_code == 409
    assert head.send("/booklet-rules/lock", "/booklet-rules/", teachers_lock="1").status_code == 302
    with school_scope(sqlite_world.a):
        assert booklet_settings().teachers_lock
    admin_db.session.remove()
