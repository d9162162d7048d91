"""The pages of statistics: the guide's lines as printed, names behind counts, spreadsheets, schools of an academy."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

import pytest
from flask import Flask

from app.access.queries import Selection
from app.access.services import create_codes
from app.core import clock
from app.core.actor import SYSTEM
from app.core.db import admin_db
from app.core.scope import school_scope, system_scope
from app.core.uow import unit_of_work
from app.online.services import move_services
from app.schools.models import Authority, School, SchoolYear
from app.schools.people import GuardianLink
from tests.access.printed import GUARDIANS, NOW, PUPILS, printed_lines, printed_school
from tests.admin.conftest import Browser, sign_in
from tests.factories import World, make_division, make_guardian, make_pupil, make_school
from tests.statements import statements


def shown(page: str) -> list[str]:
    """The lines of every table of a page: the text of their cells, headings left out."""
    rows = re.findall(r'<tr role="row">(.*?)</tr>', page, re.DOTALL)
    lines = [re.findall(r'<(?:td|th) role="(?:cell|rowheader)"[^>]*>(.*?)</(?:td|th)>', row, re.DOTALL) for row in rows]
    return [" ".join(text(cell) for cell in line if text(cell)) for line in lines if line]


def uais(lines: list[str]) -> list[str]:
    """The schools of these lines, and what the last one is."""
    return [found[0] if (found := re.search(r"[0-9]{7}[A-Z]|^Somme", line)) else line for line in lines]


def text(cell: str) -> str:
    """A cell without markup, thousands apart, nor what only screen readers say."""
    seen = re.sub(r'<span class="sr-only">.*?</span>', "", cell)
    return html.unescape(re.sub(r"<[^>]+>", "", seen)).replace("\N{NARROW NO-BREAK SPACE}", "").strip()


@pytest.fixture
def printed(admin_app: Flask, sqlite_world: World) -> Iterator[Browser]:
    """The head of the guide's printed school, on a day of its year."""
    with school_scope(sqlite_world.ecole), unit_of_work() as session:
        school = session.get_one(School, sqlite_world.ecole)
        school.kind = "college"
        printed_school(school)
    with clock.frozen(NOW):
        yield sign_in(admin_app, "head", school_id=sqlite_world.ecole)


@pytest.mark.row("M107", "M108", "M110")
@pytest.mark.parametrize(("path", "table"), [("/statistics/pupils/", PUPILS), ("/statistics/guardians/", GUARDIANS)])
def test_the_guides_lines_as_printed(printed: Browser, path: str, table: str) -> None:
    """With a decimal comma and a no-break space before the sign."""
    with statements() as sent:
        lines = shown(printed.get(path))
    assert len(sent) < 16
    wanted = [line.replace(" %", "\u00a0%") for line in printed_lines(table)]
    assert lines[: len(wanted)] == [f"École Essai {wanted[0]}", *wanted[1:]]
    assert len(lines) == len(wanted) + 2, "one more table of one class, and its sum"


@pytest.mark.row("M107", "M108")
def test_columns_are_the_guides(head: Browser) -> None:
    """Word for word, on screen and on a phone."""
    page = html.unescape(head.get("/statistics/pupils/"))
    for title in ("Nombre d'élèves", "Nombre de refus téléservices", "Nombre de codes notifiés",
                  "Nombre de comptes créés", "% d'élèves avec comptes créés", "% créés année courante"):
        assert page.count(f'data-label="{title}"') == page.count('data-label="Nombre d\'élèves"') == 4, title
        assert f">{title}</th>" in page
    page = html.unescape(head.get("/statistics/guardians/"))
    for title in ("Nombre de responsables", "Nombre de refus téléservices", "Nombre de codes notifiés",
                  "Nombre de codes notifiés année courante", "Nombre de comptes créés",
                  "% de resp. avec comptes créés", "% créés année courante",
                  "% élèves ayant au moins un resp. avec compte créé"):
        assert f">{title}</th>" in page, title


@pytest.mark.row("M108")
def test_each_count_opens_its_names(printed: Browser) -> None:
    """The list has as many lines as the link says, on pages of 50, and leaves as a spreadsheet sorted as on screen."""
    page = printed.get("/statistics/guardians/")
    links = re.findall(r'<a href="(/statistics/guardians/names[^"]+)">([\d\u202f]+)<', page)
    assert len(links) > 20
    for href, count in links[:12]:
        names = printed.get(html.unescape(href))
        number = re.search(r'<span class="count">([^<]+)</span>', names)
        assert number and number[1] == count, href
        assert len(shown(names)) == min(50, int(count.replace("\u202f", "")))
    everybody = html.unescape(links[0][0])
    assert len(shown(printed.get(f"{everybody}&page=29"))) == 1487 - 29 * 50
    with statements() as sent:
        printed.get(everybody)
    assert len(sent) < 20, "no statement for each line"
    one = next(html.unescape(href) for href, count in links if "figure=accounts" in href and count == "11")
    rows = list(printed.sheet(one.replace("/names?", "/names.xlsx?") + "&sort=-name").values)
    assert rows[0] == ("Responsable", "Élèves", "Refus téléservices", "Notifié le", "Compte créé le")
    names_ = [row[0] for row in rows[1:]]
    assert len(names_) == 11 and names_ == sorted(names_, reverse=True)
    assert {row[3].date().isoformat() for row in rows[1:]} == {"2026-11-12"} and rows[1][1].endswith("(3A)")


@pytest.mark.row("M108")
def test_sorting_names_and_the_way_to_a_couple(head: Browser, sqlite_world: World) -> None:
    """A heading turns the order round; a child's name leads to the couple, a pupil's to the pupil's codes."""
    page = html.unescape(head.get("/statistics/guardians/names?figure=no_account&division="
                                  f"{sqlite_world.of[sqlite_world.a]['divisions'][0]}"))
    assert "Sans compte · 6A" in page and page.count('href="/couples/') >= 3
    back = re.search(r'aria-sort="ascending"><a class="sort" href="([^"]+)"', page)
    assert back and "sort=-name" in back[1]
    turned = shown(head.get(back[1]))
    assert turned == shown(page)[::-1] and len(turned) == 2
    assert 'href="/pupil-codes/' in head.get("/statistics/pupils/names?figure=people")
    assert "Personne ici" in head.get("/statistics/pupils/names?figure=accounts")


def test_sheets_have_typed_numbers(head: Browser) -> None:
    """Whole numbers and numbers that show a percentage; a school's tables with their sums."""
    rows = list(head.sheet("/statistics/guardians/export.xlsx").values)
    assert rows[1][:3] == ("Établissement", None, 3)
    assert [row[:3] for row in rows[2:]] == [("6EME", "5B", 1), ("6EME", "6A", 2), ("6EME", "Somme", 3)]
    sheet = head.sheet("/statistics/pupils/export.xlsx")
    assert sheet["G2"].value == 0 and sheet["G2"].number_format == 'General"\u00a0%"'


def test_what_is_asked_wrongly_or_of_another_school(head: Browser, sqlite_world: World) -> None:
    """Another school, its classes and its programmes do not exist; a figure that does not exist is said."""
    there = sqlite_world.of[sqlite_world.b]
    for holder in ("pupils", "guardians"):
        head.get(f"/statistics/{holder}/school/{sqlite_world.b}", status=404)
        head.get(f"/statistics/{holder}/school/{sqlite_world.b}/export.xlsx", status=404)
        head.get(f"/statistics/{holder}/school/{sqlite_world.a}")
        for kind in ("names", "names.xlsx"):
            head.get(f"/statistics/{holder}/{kind}?division={there['divisions'][0]}", status=404)
            head.get(f"/statistics/{holder}/{kind}?group={there['programme']}", status=404)
            head.get(f"/statistics/{holder}/{kind}?figure=salary", status=422)
            head.get(f"/statistics/{holder}/{kind}?division=%C2%B2", status=422)
        head.get(f"/statistics/{holder}/names?sort=password&page=x")


def test_empty_states(admin_app: Flask, sqlite_world: World) -> None:
    """A school without a pupil; an école whose links wait for their certification."""
    directeur = sign_in(admin_app, "head", school_id=sqlite_world.ecole)
    assert "Aucun élève dans cet établissement" in directeur.get("/statistics/pupils/")
    with school_scope(sqlite_world.ecole), unit_of_work() as session:
        school = session.get_one(School, sqlite_world.ecole)
        guardian = make_guardian(school, make_pupil(school, make_division(school, "CP")), source="onde")
        session.flush()
        for link in guardian.links:
            link.certified = False
    page = html.unescape(directeur.get("/statistics/guardians/"))
    assert "1 lien venu d'ONDE" in page and "/codes/certify/" in page and "Sans niveau" in page
    assert shown(page)[0].startswith("École Essai 0 0 0 0 0 – – 0")


@pytest.mark.row("M107", "M108")
def test_the_academy_reads_its_schools(academy: Browser, sqlite_world: World) -> None:
    """Each with its line, their sum, sorted by any column, found by name, UAI or town; down to one, without names."""
    with school_scope(sqlite_world.a):
        move_services(["booklets"], "open", actor=SYSTEM)
        create_codes(Selection(), actor=SYSTEM)
    with system_scope("one more guardian, and another academy"), unit_of_work() as session:
        b = session.get_one(School, sqlite_world.b)
        make_guardian(b, make_pupil(b, make_division(b, "3A")))
        _elsewhere()
    lines = shown(academy.get("/statistics/guardians/"))
    assert uais(lines) == ["0990001N", "0990002P", "0990003R", "Somme"]
    assert lines[1].startswith("Collège Essai 2 0990002P · MONTREVEL 4 0") and lines[-1].startswith("Somme 7 0 0")
    by_number = shown(academy.get("/statistics/guardians/?sort=-people"))
    assert uais(by_number) == ["0990002P", "0990001N", "0990003R", "Somme"]
    # A percentage of nobody comes last in both orders.
    for sort in ("accounts_share", "-accounts_share"):
        assert shown(academy.get(f"/statistics/guardians/?sort={sort}"))[-2].startswith("École Essai 0990003R")
    found = shown(academy.get("/statistics/pupils/?search=essai+2"))
    assert uais(found) == ["0990002P", "Somme"] and found[-1].startswith("Somme 4 ")
    assert "Aucun établissement trouvé" in academy.get("/statistics/pupils/?search=zzz")
    rows = list(academy.sheet("/statistics/guardians/export.xlsx?sort=-people").values)
    assert [row[0] for row in rows[1:]] == ["0990002P", "0990001N", "0990003R", None]
    one = academy.get(f"/statistics/guardians/school/{sqlite_world.b}")
    assert "Collège Essai 2" in one and "/names?" not in one
    assert academy.sheet(f"/statistics/guardians/school/{sqlite_world.b}/export.xlsx")["C2"].value == 4
    with system_scope("the other academy's school"):
        other = admin_db.session.query(School.id).filter_by(name="Collège d'ailleurs").scalar()
    admin_db.session.remove()
    academy.get(f"/statistics/guardians/school/{other}", status=404)
    academy.get("/statistics/guardians/names", status=403)


def _elsewhere() -> None:
    session = admin_db.session
    authority = Authority(code="98", name="Académie de Hautebise")
    session.add(authority)
    session.flush()
    year = SchoolYear(authority_id=authority.id, first_year=2026, starts_on=NOW.date().replace(month=9),
                      ends_on=NOW.date().replace(year=2027, month=7))  # fmt: skip
    session.add(year)
    session.flush()
    school = make_school(authority, year, 77, name="Collège d'ailleurs")
    make_guardian(school, make_pupil(school, make_division(school)))


def test_an_academy_of_many_schools_is_paged_in_two_statements(academy: Browser, sqlite_world: World) -> None:
    """50 on a page, the sum of all; no statement for each school."""
    with system_scope("many schools"), unit_of_work() as session:
        authority, year = (session.get_one(Authority, sqlite_world.authority),
                           session.get_one(SchoolYear, sqlite_world.year))  # fmt: skip
        for n in range(10, 70):
            make_school(authority, year, n)
    with statements() as sent:
        page = academy.get("/statistics/guardians/?page=1")
    assert len(shown(page)) == 13 + 1 and shown(page)[-1].startswith("Somme 6 ")
    assert len([text for text in sent if "guardian_link" in text]) == 1


def test_who_reads_without_export_sees_no_button(admin_app: Flask, sqlite_world: World) -> None:
    """A CPE reads the figures and the names; a teacher has no entry."""
    cpe = sign_in(admin_app, "cpe", school_id=sqlite_world.a)
    page = cpe.get("/statistics/guardians/")
    assert "export.xlsx" not in page and "/names?" in page
    cpe.get("/statistics/guardians/export.xlsx", status=403)
    assert "/statistics/" not in sign_in(admin_app, "teacher", school_id=sqlite_world.a).get("/")


def test_a_contact_is_no_guardian(head: Browser, sqlite_world: World) -> None:
    """Neither counted nor named."""
    with school_scope(sqlite_world.a), unit_of_work() as session:
        for link in session.query(GuardianLink).filter_by(guardian_id=sqlite_world.of[sqlite_world.a]["father"]):
            link.rank = None
    assert shown(head.get("/statistics/guardians/"))[0].startswith("Collège Essai 1 2 ")
    assert len(shown(head.get("/statistics/guardians/names"))) == 2
