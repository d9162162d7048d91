"""« Textes des courriers »: the academy adapts the words with a preview, schools read them (M137–M140, C08)."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, expect
from pypdf import PdfReader

from app.access import wordings
from app.access.models import LetterWording
from app.core.actor import SYSTEM
from app.core.db import admin_db
from app.core.scope import academy_scope
from app.core.uow import unit_of_work
from letters.adapt.texts import TEXTS
from tests.admin.conftest import Browser, sign_in
from tests.admin.test_browser import address, browser, enter  # noqa: F401 - fixtures
from tests.factories import World
from tests.journeys.browser import judge, visitor

PAGE = "/letter-wordings/guardian_code"
SLOW = 20_000  # milliseconds: the server lays a page out
SENTENCE = "<p>La rectrice vous souhaite une belle année.</p>"


def own(key: str = "guardian_code", more: str = SENTENCE) -> str:
    return TEXTS[key].original + more


def in_force(world: World, key: str = "guardian_code") -> str:
    with academy_scope(world.authority):
        source = wordings.wording(key).source
    admin_db.session.remove()
    return source


@pytest.mark.row("M137", "M139", "M140")
def test_every_text_is_listed_with_its_state(academy: Browser, sqlite_world: World) -> None:
    page = academy.get("/letter-wordings/")
    assert unescape(page).count("Texte d'origine") == len(TEXTS) == 6
    assert academy.send(f"{PAGE}/save", PAGE, source=own()).status_code == 302
    page = academy.get("/letter-wordings/")
    assert unescape(page).count("Texte d'origine") == 5 and "Odile Fontanel" in page


@pytest.mark.row("M137", "C08")
def test_saving_and_what_is_refused(academy: Browser, sqlite_world: World) -> None:
    """The page shows the draft again with the line that is wrong; the old text stays."""
    assert academy.send(f"{PAGE}/save", PAGE, source=own()).status_code == 302
    wrong = own(more="\n<p>{{ letter.guardian.nom }}</p>")
    answer = academy.send(f"{PAGE}/save", PAGE, source=wrong)
    line = len(wrong.splitlines())
    assert answer.status_code == 422
    assert f"Ligne {line} : « letter.guardian.nom » n&#39;existe pas" in answer.text
    assert f'data-line="{line}"' in answer.text and "letter.guardian.nom }}" in answer.text, "what was typed stays"
    assert in_force(sqlite_world) == own() + "\n"
    empty = academy.send(f"{PAGE}/save", PAGE, source="")
    assert empty.status_code == 422 and "Le texte est vide" in empty.text


@pytest.mark.row("M137")
def test_a_text_changed_meanwhile(academy: Browser, sqlite_world: World) -> None:
    """Two windows on one text: the second to save is told, and loses nothing of what it typed."""
    first = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', academy.get(PAGE)))
    assert academy.send(f"{PAGE}/save", PAGE, source=own()).status_code == 302
    late = academy.client.post(f"{PAGE}/save", data=first | {"source": own(more="<p>Autre.</p>")})
    assert late.status_code == 409 and "modifié entre-temps par Odile Fontanel" in late.text
    assert "&lt;p&gt;Autre.&lt;/p&gt;" in late.text
    assert in_force(sqlite_world) == own() + "\n"


@pytest.mark.row("M137")
def test_back_to_the_original_and_versions(academy: Browser, sqlite_world: World) -> None:
    """Each act asks first; an earlier version can be looked at, then put back in force."""
    academy.send(f"{PAGE}/save", PAGE, source=own())
    asked = academy.send(f"{PAGE}/reset", PAGE)
    assert asked.status_code == 200 and "Revenir au texte d'origine ?" in unescape(asked.text)
    assert in_force(sqlite_world) == own() + "\n"
    assert academy.send(f"{PAGE}/reset", PAGE, confirmed="1").status_code == 302
    assert in_force(sqlite_world) == TEXTS["guardian_code"].original
    page = academy.get(PAGE)
    seen = re.search(rf'href="({PAGE}\?version=\d+)"', page)
    back = re.search(rf'action="({PAGE}/restore/\d+)"', page)
    assert seen and back
    assert "La rectrice vous souhaite" in academy.get(seen[1]) and "La rectrice vous souhaite" not in page
    assert academy.send(back[1], PAGE).status_code == 200
    assert academy.send(back[1], PAGE, confirmed="1").status_code == 302
    assert in_force(sqlite_world) == own() + "\n"
    academy.get(f"{PAGE}?version=99999", status=404)
    assert academy.send(f"{PAGE}/restore/99999", PAGE, confirmed="1").status_code == 404
    academy.get("/letter-wordings/booklet", status=404)
    trail = unescape(academy.get("/audit-line/list/"))
    for words in ("Texte d'un courrier adapté", "revenu à l'origine", "remise en vigueur"):
        assert words in trail


@pytest.mark.row("M137")
def test_preview_of_a_draft_in_each_case(academy: Browser, sqlite_world: World) -> None:
    """Nothing is stored; a draft that cannot be drawn says why."""
    shown = academy.send(f"{PAGE}/preview?part=1", PAGE, source=own(), sample="several")
    assert shown.status_code == 200 and shown.text.count("data:image/png;base64,") == 2 and "<html" not in shown.text
    whole = academy.send(f"{PAGE}/preview", PAGE, source=own(), sample="ent")
    assert "<html" in whole.text and '<option value="ent" selected>' in whole.text
    assert whole.text.count("data:image/png;base64,") == 1
    wrong = academy.send(f"{PAGE}/preview?part=1", PAGE, source=own(more="{{ x }}"))
    assert "« x » n&#39;existe pas" in wrong.text and "data:image" not in wrong.text
    mail = academy.send("/letter-wordings/guardian_code.email/preview?part=1", PAGE,
                        source=own("guardian_code.email", "<p>Bien à vous.</p>"))  # fmt: skip
    assert "<p>Bien à vous.</p>" in mail.text and "style=" not in mail.text
    assert in_force(sqlite_world) == TEXTS["guardian_code"].original


@pytest.mark.row("M137")
def test_the_school_reads_what_its_families_get(
    admin_app: Flask, academy: Browser, head: Browser, sqlite_world: World, tmp_path: Path
) -> None:
    academy.send(f"{PAGE}/save", PAGE, source=own())
    page = head.get(PAGE)
    assert "<textarea" not in page and "/save" not in page and "data:image/png" in page
    assert head.client.post(f"{PAGE}/save").status_code in (400, 403)
    answer = head.client.get(f"{PAGE}/sample?sample=mixed")
    (tmp_path / "x.pdf").write_bytes(answer.data)
    read = " ".join(PdfReader(tmp_path / "x.pdf").pages[0].extract_text().split())
    assert "La rectrice vous souhaite une belle année." in read and "espace numérique de travail Mon ENT" in read
    teacher = sign_in(admin_app, "teacher", school_id=sqlite_world.a)
    teacher.get(PAGE, status=403)


@pytest.mark.row("M137")
def test_a_mail_is_shown_as_it_is_sent_on_a_page_that_can_do_nothing(academy: Browser, sqlite_world: World) -> None:
    answer = academy.client.get("/letter-wordings/guardian_code.email/sample?sample=several")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "sandbox" in policy and "script-src" not in policy
    assert "0MQU - XR4 - 3E7 - KNC" in answer.text and "RGPD" in answer.text


def test_words_stored_by_an_older_product_do_not_break_the_pages(academy: Browser, sqlite_world: World) -> None:
    """What no longer holds is shown with its fault, and can be corrected."""
    with academy_scope(sqlite_world.authority), unit_of_work():
        for key in ("guardian_code", "guardian_code.email"):
            admin_db.session.add(LetterWording(authority_id=sqlite_world.authority, letter=key, text="{{ gone }}"))
    assert "« gone » n&#39;existe pas" in academy.get(PAGE)
    academy.get(f"{PAGE}/sample", status=404)
    academy.get(f"{PAGE}.email/sample", status=404)
    assert academy.send(f"{PAGE}/save", PAGE, source=own()).status_code == 302
    with academy_scope(sqlite_world.authority):
        assert wordings.wording("guardian_code").own
        wordings.reset("guardian_code", base=wordings.wording("guardian_code").version, actor=SYSTEM)


@pytest.mark.browser
@pytest.mark.row("M137", "M139", "C08")
def test_the_academy_adapts_a_letter(
    admin_app: Flask, address: str, browser: Chromium, sqlite_world: World  # noqa: F811
) -> None:
    sign_in(admin_app, "academy_admin", authority_id=sqlite_world.authority)
    with visitor(browser, address) as page:
        enter(page, f"academy_admin-1-{sqlite_world.authority}")
        page.goto("/letter-wordings/")
        judge(page, "textes")
        page.get_by_role("link", name="Courrier des codes d'un responsable").first.click()
        expect(page.locator("#preview img")).to_have_count(1)
        judge(page, "texte")
        live_preview(page)
        page.get_by_role("button", name="Enregistrer").click()
        expect(page.locator(".notice-success")).to_contain_text("en vigueur")
        expect(page.locator(".lead")).to_contain_text("Adapté")
        judge(page, "texte-adapte")
        page.get_by_role("button", name="Revenir au texte d'origine").click()
        page.locator("#confirm [data-yes]").click()
        expect(page.locator(".lead")).to_contain_text("Texte d'origine")
        page.goto("/letter-wordings/guardian_continuity.email")
        expect(page.locator("#preview .preview")).to_contain_text("continue de servir dans notre établissement")
        judge(page, "texte-courriel")


def live_preview(page: Page) -> None:
    """The page follows what is typed, says the wrong line and leads to it."""
    page.locator("#source").press("Control+End")
    page.keyboard.type("<p>{{ letter.eleve }}</p>")
    problem = page.locator("#preview [data-problem]")
    expect(problem).to_contain_text("« letter.eleve » n'existe pas", timeout=SLOW)
    judge(page, "texte-faute")
    problem.get_by_role("button", name="Aller à la ligne 50").press("Enter")
    line = page.evaluate("const a = document.getElementById('source'); a.value.slice(a.selectionStart, a.selectionEnd)")
    assert line == "<p>{{ letter.eleve }}</p>"
    page.keyboard.press("Delete")
    expect(page.locator("#preview img")).to_have_count(1, timeout=SLOW)
    page.select_option("#sample", "several")
    expect(page.locator("#preview img")).to_have_count(2, timeout=SLOW)
    page.get_by_text("Les données, avec celles de l'exemple").click()
    page.get_by_role("button", name="Insérer letter.school.uai").click()
    expect(page.locator("#source")).to_have_value(re.compile(r"\{\{ letter\.school\.uai \}\}"))
    page.locator("#source").press("Control+End")
    page.keyboard.type("\n<p>Belle année.</p>")
