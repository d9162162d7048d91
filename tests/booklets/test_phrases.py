"""One's own sentences: kept, changed, taken out, inserted with the pupil's first name; nobody else's are seen."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser as Chromium
from sqlalchemy import select

from app.booklets.models import Attainment, Booklet, Phrase
from app.booklets.phrases import drop_phrase, keep_phrase, own_phrase, own_phrases, subjects_of_school
from app.core.actor import Actor
from app.core.db import admin_db
from app.core.errors import BadInput, Conflict, NotFound
from app.core.scope import school_scope
from app.core.uow import unit_of_work
from app.schools.models import School
from tests.admin.conftest import Browser, admin_app, head, sign_in  # noqa: F401 - fixtures
from tests.admin.test_browser import address, browser, enter  # noqa: F401 - fixtures
from tests.booklets.factories import make_class
from tests.booklets.staffroom import someone
from tests.booklets.test_entry_pages import Class, lesson  # noqa: F401 - fixtures
from tests.factories import World
from tests.journeys.browser import judge, visitor


@pytest.fixture
def school(world: World) -> Iterator[School]:
    """A collège, in its scope, on both databases."""
    with school_scope(world.a), unit_of_work() as session:
        yield session.get_one(School, world.a)


@pytest.fixture
def me(school: School) -> Actor:
    return someone(school, "teacher", "Belhaj")


def test_a_bank_of_one_s_own(school: School, me: Actor) -> None:
    _, [booklet] = make_class(school, pupils=1)
    item = booklet.attainments[0].item
    assert list(subjects_of_school().values()) == ["Français", "Mathématiques", "Histoire-géographie"]
    everywhere = keep_phrase(" [prénom] progresse. ", actor=me)
    french = keep_phrase("Lit avec plaisir.", item.code, actor=me)
    keep_phrase("Calcule juste.", booklet.attainments[1].item.code, actor=me)
    assert [p.text for p in own_phrases(me, item.id)] == ["Lit avec plaisir.", "[prénom] progresse."]
    assert [p.text for p in own_phrases(me, 0)] == ["[prénom] progresse."]
    assert len(own_phrases(me)) == 3
    keep_phrase("Lit à voix haute.", item.code, actor=me, phrase_id=french.id)
    assert own_phrase(french.id, me).text == "Lit à voix haute."
    drop_phrase(everywhere.id, actor=me)
    assert [p.text for p in own_phrases(me, item.id)] == ["Lit à voix haute."]


def test_nobody_else_s_sentences_are_reached(school: School, me: Actor, world: World) -> None:
    mine = keep_phrase("À moi.", actor=me)
    other = someone(school, "teacher", "Osei")
    assert list(own_phrases(other)) == []
    for act in (lambda: own_phrase(mine.id, other), lambda: drop_phrase(mine.id, actor=other),
                lambda: keep_phrase("Volé.", actor=other, phrase_id=mine.id)):  # fmt: skip
        with pytest.raises(NotFound):
            act()
    with school_scope(world.b):
        assert list(own_phrases(me)) == []
    assert own_phrase(mine.id, me).text == "À moi."


@pytest.mark.parametrize("text", ["é" * 600, "e\u0301" * 600, "🙂" * 600, "ممتاز", "a\r\nb"])
def test_texts_up_to_the_limit(school: School, me: Actor, text: str) -> None:
    assert len(keep_phrase(text, actor=me).text) in (600, 5, 3)


@pytest.mark.parametrize("text", ["", " \r\n ", "é" * 601])
def test_what_cannot_be_kept(school: School, me: Actor, text: str) -> None:
    with pytest.raises(BadInput):
        keep_phrase(text, actor=me)
    with pytest.raises(BadInput):
        keep_phrase("Bien.", "ZZZ", actor=me)
    keep_phrase("Bien.", actor=me)
    with pytest.raises(Conflict):
        keep_phrase("Bien. ", actor=me)
    assert admin_db.session.scalars(select(Phrase.text)).all() == ["Bien."]


def test_the_page_without_a_script(admin_app: Flask, lesson: Class, head: Browser) -> None:  # noqa: F811
    assert "Aucune phrase pour l" in head.get("/phrases/")
    assert head.send("/phrases/save", "/phrases/", text="Travail soigné.", item="020700").status_code == 302
    page = head.get("/phrases/")
    assert "Travail soigné." in page and "Français" in page
    again = head.send("/phrases/save", "/phrases/", text="Travail soigné.", item="", phrase="")
    assert "déjà dans votre banque" in again.text
    head.get("/phrases/?edit=987654", status=404)
    with school_scope(lesson.school):
        key = admin_db.session.scalars(select(Phrase.id)).one()
    admin_db.session.remove()
    head.send("/phrases/save", f"/phrases/?edit={key}", text="Travail très soigné.", item="")
    assert "Travail très soigné." in head.get("/phrases/")
    head.send("/phrases/delete", "/phrases/", phrase=str(key))
    assert "Travail très soigné." not in head.get("/phrases/")


@pytest.mark.browser
def test_a_sentence_is_inserted_with_the_first_name(
    address: str, browser: Chromium, admin_app: Flask, lesson: Class  # noqa: F811
) -> None:
    sign_in(admin_app, "head", school_id=lesson.school)
    with visitor(browser, address) as page:
        enter(page, f"head-1-{lesson.school}")
        page.goto("/phrases/")
        page.get_by_label("Phrase").fill("[Prénom] peut être fière de ses progrès.")
        page.get_by_role("button", name="Enregistrer").click()
        page.get_by_text("La phrase est dans votre banque.").wait_for()
        judge(page, "phrases")
        page.goto(lesson.address("comments"))
        field = page.locator("textarea").first
        field.fill("Bien.")
        page.locator(".btn-phrases").first.press("Enter")
        judge(page, "phrases-choix")
        page.get_by_label("Rechercher").fill("FIERE")
        page.get_by_role("button", name="peut être fière").press("Enter")
        with school_scope(lesson.school):
            first = admin_db.session.scalars(select(Booklet.first_name).where(Booklet.id == lesson.booklets[0])).one()
        admin_db.session.remove()
        assert field.input_value() == f"Bien. {first} peut être fière de ses progrès."
        page.get_by_text("Tout est enregistré.").wait_for()
        for path in (lesson.address("overall"), lesson.address("life"), f"/council/?division={lesson.division}"):
            page.goto(path)
            assert page.locator(".btn-phrases").count() in (1, 3)
    with school_scope(lesson.school):
        kept = admin_db.session.scalars(select(Attainment.comment).where(Attainment.id == lesson.lines[0])).one()
        assert kept == f"Bien. {first} peut être fière de ses progrès."
    admin_db.session.remove()
