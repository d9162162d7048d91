"""A class from nothing to the parent's phone: a 4e of a collège, a CP of an école.

Every part is real: `run.py serve` with its worker and scheduler, Chromium, an SMTP server, pdftotext. Everybody does
their own part: the head sets up, ties the accounts, checks, locks, issues and publishes; teachers fill in; a mother
reads on her phone; whoever must not get in does not.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.exchange.files import UAI, eleves, link, pupil, responsables, structure, sts, table
from tests.exchange.files import person as guardian
from tests.exchange.test_onde import GUARDIANS, HEADER, TEACHERS
from tests.journeys.browser import judge, visitor
from tests.journeys.instance import Instance, new_instance, person, served
from tests.journeys.people import CODE, Child, confirm, family_sign_in, make_account, sign_in, wait_for_job
from tests.smtp import Mailbox

pytestmark = pytest.mark.browser
ECOLE = "0961234V"
SAVED = "Tout est enregistré."
FIRST = "1-3"


# — the files of both schools: three pupils of 4e, two of CP —

MEF_4E = "10210001110"
NAMES = (("BERGÉ", "Anaïs"), ("KONATÉ", "Issa"), ("ÖZGÜR", "Yaël"))


def teacher(key: int, name: str, first: str, leads: str = "") -> str:
    """One INDIVIDU of STS."""
    leading = f"<PROFS_PRINC><PROF_PRINC><CODE_STRUCTURE>{leads}</CODE_STRUCTURE></PROF_PRINC></PROFS_PRINC>"
    return (f'<INDIVIDU ID="{key}" TYPE="epp"><SEXE>2</SEXE><CIVILITE>3</CIVILITE><NOM_USAGE>{name}</NOM_USAGE>'
            f"<NOM_PATRONYMIQUE>{name}</NOM_PATRONYMIQUE><PRENOM>{first}</PRENOM><FONCTION>ENS</FONCTION>"
            f"{leading if leads else ''}</INDIVIDU>")  # fmt: skip


def service(subject: str, key: int) -> str:
    """One SERVICE of STS."""
    return (f'<SERVICE CODE_MATIERE="{subject}"><ENSEIGNANTS><ENSEIGNANT ID="{key}" TYPE="epp"/></ENSEIGNANTS>'
            "</SERVICE>")  # fmt: skip


def write_college(folder: Path) -> list[Path]:
    """SIECLE and STS: class 4C, French with its class teacher, mathematics with another."""
    pupils = [pupil(n, NOM_DE_FAMILLE=last, PRENOM=first, CODE_MEF=MEF_4E, DATE_NAISS=f"0{n}/03/2013")
              for n, (last, first) in enumerate(NAMES, start=1)]  # fmt: skip
    people = [guardian(n, NOM_DE_FAMILLE=last, PRENOM="Maude", MEL=f"famille{n}@example.org", COMMUNICATION_ADRESSE=1)
              for n, (last, _) in enumerate(NAMES, start=1)]  # fmt: skip
    services = service("020700", 7) + service("061300", 8)
    division = (f'<DIVISION CODE="4C"><LIBELLE_LONG>QUATRIEME C</LIBELLE_LONG><MEFS_APPARTENANCE><MEF_APPARTENANCE '
                f'CODE="{MEF_4E}"/></MEFS_APPARTENANCE><SERVICES>{services}</SERVICES></DIVISION>')  # fmt: skip
    files = {
        "eleves.xml": eleves(*pupils, structures=[structure(n, "4C") for n in (1, 2, 3)]),
        "responsables.xml": responsables(people, [link(n, n) for n in (1, 2, 3)]),
        "sts.xml": sts(teacher(7, "VIGNE", "Anne", "4C") + teacher(8, "BASTIDE", "Lucie"), division),
    }
    return written(folder, files)


def write_ecole(folder: Path) -> list[Path]:
    """ONDE: a CP of two, its teacher."""
    pupils = table(HEADER, *(f"{who};;CYCLE II;CP;CP;960106" for who in ("LEROY;;Zoé;05/03/2020;F",
                                                                        "DIAZ;;Tom;01/01/2020;M")))  # fmt: skip
    mother = ("MME;LEROY;LEROY;Maude;3 rue Basse;96000;MONTREVEL;FRANCE;leroy@example.org;;;0639980001;;LEROY;Zoé;CP"
              + ";;;;" * 2)  # fmt: skip
    return written(folder, {
        "eleves.csv": pupils, "responsables.csv": table(GUARDIANS, mother),
        "enseignants.csv": table(TEACHERS, "MME;;RIVIERE;Jeanne;;;;;;;;non;CP"),
    })  # fmt: skip


def written(folder: Path, files: dict[str, bytes]) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return [folder / name for name in files]


# — the instance —

PEOPLE = (
    (UAI, "head", "Odile", "Marchenoir"), (UAI, "teacher", "Anne", "Vigne"), (UAI, "teacher", "Lucie", "Bastide"),
    (ECOLE, "head", "Rachid", "Boulanger"), (ECOLE, "teacher", "Jeanne", "Riviere"),
)  # fmt: skip


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory, mailbox: Mailbox) -> Iterator[Instance]:
    """Both schools with their files read, and the people of the academy who work in them."""
    home = tmp_path_factory.mktemp("instance")
    made = new_instance(home, mailbox.url)
    files = {UAI: write_college(home / "college"), ECOLE: write_ecole(home / "ecole")}
    made.run_all(
        *(("school", "create", uai, "--name", f"Établissement {kind}", "--kind", kind)
          for uai, kind in ((UAI, "college"), (ECOLE, "ecole"))),
        *(("sync", uai, *map(str, paths)) for uai, paths in files.items()),
        *(command for uai, role, first, last in PEOPLE for command in person(last.lower(), role, uai, first, last)),
    )  # fmt: skip
    with served(made):
        yield made


# — what the head does —


def set_up(page: Page) -> None:
    """Trimesters for the whole school, then the accounts of the teachers."""
    page.goto("/periods/")
    page.get_by_role("link", name="Associer des classes : Trimestre").click()
    page.get_by_label("Tout l'établissement").check()
    page.get_by_role("button", name="Associer").click()
    expect(page.get_by_text(re.compile("classes? (est|sont) associée"))).to_be_visible()
    page.goto("/staff-accounts/")
    page.get_by_role("button", name=re.compile("^Accepter")).click()
    confirm(page)
    expect(page.get_by_text(re.compile("comptes? (est|sont) enregistré"))).to_be_visible()


def check_and_lock(page: Page, count: int) -> None:
    """The desk says that nothing is left; the lock page shows what will happen, and does it."""
    page.goto("/end-of-period/?period=1/3")
    expect(page.get_by_text("Il ne reste rien à remplir")).to_be_visible()
    page.goto(f"/booklet-lock/?period={FIRST}")
    page.get_by_role("button", name=f"Verrouiller les {count} bilans").click()
    confirm(page)
    wait_for_job(page)


def issue(page: Page, name: str, folder: Path) -> str:
    """The printed class set, as text; it is kept where somebody can look at it."""
    page.goto(f"/booklet-edit/?period={FIRST}")
    page.get_by_role("button", name=re.compile("^Éditer les")).click()
    wait_for_job(page)
    with page.expect_download() as download:
        page.locator("main .links a", has_text=".pdf").click()
    pdf = folder / f"{name}.pdf"
    download.value.save_as(pdf)
    return subprocess.run(["pdftotext", "-layout", str(pdf), "-"], capture_output=True, text=True, check=True).stdout


def certify(page: Page, first_name: str) -> None:
    """ONDE does not say who holds parental authority: the head of an école does, before any code is made."""
    page.goto("/codes/certify/")
    page.locator("tbody tr", has_text=first_name).get_by_role("checkbox").check()
    page.get_by_role("button", name="Enregistrer et rester").click()
    expect(page.locator(".notice-success")).to_be_visible()


# — what teachers do —


def open_entry(page: Page, what: str, item: str | None = None) -> None:
    """A page of collective entry, on a subject."""
    page.goto(f"/entry/{what}/?period={FIRST}")
    if item:
        value = page.locator("#item option", has_text=re.compile(rf"^\s*{re.escape(item)}\s*$")).get_attribute("value")
        page.goto(f"/entry/{what}/?period={FIRST}&item={value}")


def write_elements(page: Page, item: str, text: str) -> None:
    """One programme element for everybody."""
    open_entry(page, "elements", item)
    page.get_by_role("link", name="Modifier les éléments de programme").click()
    page.get_by_label("Élément de programme 1").fill(text)
    page.get_by_role("button", name="Enregistrer").click()
    expect(page.get_by_text(re.compile("Enregistré : .* mis à jour"))).to_be_visible()


def position(page: Page, item: str, keys: str = "") -> None:
    """« Atteints » for the class, then corrections from the keyboard."""
    open_entry(page, "achievements", item)
    page.get_by_label("Même valeur pour tous").select_option("Atteints")
    page.get_by_role("button", name="Appliquer à la classe").click()
    expect(page.locator("[data-status]")).to_have_text(SAVED)
    if keys:
        page.locator('[data-cell$="-positioning"] input[type=radio]:checked').first.focus()
        for key in keys:
            page.keyboard.press(key)
            page.keyboard.press("ArrowDown")
        expect(page.locator("[data-status]")).to_have_text(SAVED)


def write_texts(page: Page, cells: str, text: str) -> None:
    """A text for each pupil on the page, saved as it is typed."""
    areas = page.locator(f'[data-cell$="-{cells}"] textarea')
    for n in range(areas.count()):
        areas.nth(n).fill(f"{text} ({n + 1})")
    expect(page.locator("[data-status]")).to_have_text(SAVED)


def cannot_write(page: Page, item: str) -> None:
    """Once locked, nothing on the page takes a text."""
    open_entry(page, "comments", item)
    areas = page.locator('[data-cell$="-comment"] textarea')
    assert areas.count() and areas.count() == page.locator('[data-cell$="-comment"] textarea[readonly]').count()


# — what a family does —


def open_portal(instance: Instance, uai: str) -> None:
    """The service, a code for each guardian, the mail that brings it (their screens are in test_spine.py)."""
    instance.run_all(("service", "open", uai, "booklets"), ("codes", "create", uai), ("codes", "notify", uai),
                     ("replicate",))  # fmt: skip


def child_in(mailbox: Mailbox, address: str, first_name: str, born: date) -> Child:
    """The code a mail brought."""
    text = mailbox.wait_for(address, seconds=60).get_body(("plain",)).get_content()  # type: ignore[union-attr]
    return Child(re.search(CODE, text)[0], first_name, born)  # type: ignore[index]


def reads(page: Page, name: str, said: list[str], folder: Path) -> str:
    """From the home page to the booklet and its PDF, on a phone; the address of the booklet."""
    page.goto("/")
    page.get_by_role("link", name=re.compile("livret", re.I)).first.click()
    judge(page, f"{name}-portail-livrets")
    page.get_by_role("link", name=re.compile("Trimestre 1")).first.click()
    judge(page, f"{name}-portail-livret")
    text = page.locator("main").inner_text()
    assert [words for words in said if words not in text] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    with page.expect_download() as download:
        page.get_by_role("link", name=re.compile("PDF")).first.click()
    download.value.save_as(folder / f"{name}-famille.pdf")
    return page.url


@pytest.mark.row("M003", "M010", "M030", "M034", "M035", "M036", "M037", "M042", "M044", "M046", "M047", "C03", "C06")
def test_a_4e_from_nothing_to_the_mothers_phone(
    instance: Instance, mailbox: Mailbox, browser: Browser, tmp_path: Path
) -> None:
    with visitor(browser, instance.admin) as page:
        sign_in(page, "marchenoir")
        set_up(page)
    with visitor(browser, instance.admin) as page:
        sign_in(page, "vigne")
        write_elements(page, "Français", "Lire des œuvres littéraires")
        position(page, "Français", "2 4")
        open_entry(page, "comments", "Français")
        write_texts(page, "comment", "Participe avec entrain")
        page.goto(f"/entry/overall/?period={FIRST}")
        write_texts(page, "overall_comment", "Un trimestre sérieux")
        page.goto(f"/entry/life/?period={FIRST}")
        for box in page.locator('main input[inputmode="numeric"]').all():
            box.fill("1")
        expect(page.locator("[data-status]")).to_have_text(SAVED)
    with visitor(browser, instance.admin) as page:
        sign_in(page, "bastide")
        position(page, "Mathématiques")
        open_entry(page, "comments", "Mathématiques")
        assert page.locator('[data-cell$="-comment"] textarea:not([readonly])').count() == 3
        write_texts(page, "comment", "Des efforts en calcul")
    with visitor(browser, instance.admin) as page:
        sign_in(page, "marchenoir")
        check_and_lock(page, 3)
        printed = issue(page, "4e", tmp_path)
        places = [printed.index(first) for _, first in NAMES]
        assert places == sorted(places), "in the order of the class"
        assert "Participe avec entrain (1)" in printed and "Des efforts en calcul" in printed
        assert len(set(re.findall(r"20\d\d-\d{6}", printed))) == 3, "three numbers"
    with visitor(browser, instance.admin) as page:
        sign_in(page, "bastide")
        cannot_write(page, "Mathématiques")
    open_portal(instance, UAI)
    child = child_in(mailbox, "famille1@example.org", "Anaïs", date(2013, 3, 1))
    make_account(instance, browser, mailbox, child, "mere.berge", "famille1@example.org", judged=False)
    with visitor(browser, instance.portal, phone=True) as page:
        family_sign_in(page, "mere.berge")
        booklet = reads(page, "4e", ["Participe avec entrain (1)", "Un trimestre sérieux (1)"], tmp_path)
    with visitor(browser, instance.portal, phone=True) as page:
        page.goto(booklet)
        expect(page.locator('[name="identifier"]')).to_be_visible()


@pytest.mark.row("M030", "M032", "M034", "M036", "M044", "M046", "M047", "C06")
def test_a_cp_from_nothing_to_the_mothers_phone(
    instance: Instance, mailbox: Mailbox, browser: Browser, tmp_path: Path
) -> None:
    with visitor(browser, instance.admin) as page:
        sign_in(page, "boulanger")
        set_up(page)
    with visitor(browser, instance.admin) as page:
        sign_in(page, "riviere")
        for area in ("Français", "Mathématiques", "Éducation physique et sportive"):
            write_elements(page, area, f"Premiers pas en {area.lower()}")
            position(page, area, "3 4")
            open_entry(page, "comments", area)
            write_texts(page, "comment", f"{area} : de beaux progrès")
        page.goto(f"/entry/overall/?period={FIRST}")
        write_texts(page, "overall_comment", "Un bon début de CP")
    with visitor(browser, instance.admin) as page:
        sign_in(page, "boulanger")
        check_and_lock(page, 2)
        printed = issue(page, "cp", tmp_path)
        assert printed.index("Tom") < printed.index("Zoé") and "Premiers pas en français" in printed
        certify(page, "Zoé")
    with visitor(browser, instance.admin) as page:
        sign_in(page, "riviere")
        cannot_write(page, "Français")
    open_portal(instance, ECOLE)
    child = child_in(mailbox, "leroy@example.org", "Zoé", date(2020, 3, 5))
    make_account(instance, browser, mailbox, child, "mere.leroy", "leroy@example.org", judged=False)
    with visitor(browser, instance.portal, phone=True) as page:
        family_sign_in(page, "mere.leroy")
        booklet = reads(page, "cp", ["Français : de beaux progrès (2)", "Un bon début de CP (2)"], tmp_path)
    with visitor(browser, instance.portal, phone=True) as page:
        family_sign_in(page, "mere.berge")
        answer = page.goto(booklet)
        assert answer is not None and answer.status == 404, "another family"
