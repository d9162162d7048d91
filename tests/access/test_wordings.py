"""The academy's own words for letters: kept, given to its schools, taken back; and really drawn (M137–M140)."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader
from sqlalchemy import select

from app.access import campaign, wordings
from app.access.models import LetterVersion, LetterWording, Notification
from app.access.planning import NotifyRequest
from app.access.wordings import KEPT
from app.audit.models import AuditLine
from app.core.actor import SYSTEM, Actor
from app.core.db import admin_db
from app.core.errors import BadInput, Conflict, Forbidden, NotFound
from app.core.scope import academy_scope, school_scope, system_scope
from app.core.uow import unit_of_work
from app.jobs import services as jobs
from app.schools.models import Authority
from letters.adapt.texts import TEXTS
from tests.access.test_notification import coded, pdf_text, run, send_mails  # noqa: F401 - fixture
from tests.factories import World, add
from tests.statements import statements

GREETING = "<p>La rectrice de l'académie vous souhaite une belle année.</p>\n"
ROSE = Actor.person(7, "Rose Lambert", [("can_edit", "letter_wording")])
session = admin_db.session


def own(key: str, greeting: str = GREETING) -> str:
    """The product's words with one sentence more."""
    return TEXTS[key].original.rstrip("\n") + "\n" + greeting


def save(world: World, key: str, source: str, actor: Actor = SYSTEM, base: int | None = None) -> None:
    with academy_scope(world.authority):
        now = wordings.wording(key).version if base is None else base
        wordings.save_wording(key, source, base=now, actor=actor)


def acts(world: World) -> list[tuple[str, dict[str, Any] | None]]:
    with system_scope("test"):
        lines = select(AuditLine).where(AuditLine.action.like("letter_wording.%")).order_by(AuditLine.id)
        return [(line.action, line.data) for line in session.scalars(lines)]


@pytest.mark.row("M137", "C08")
def test_saved_words_are_in_force_for_every_school_of_the_academy(world: World) -> None:
    with system_scope("test"), unit_of_work():
        stranger = add(Authority(code="98", name="Académie de Rocamadour")).id
    save(world, "guardian_code", own("guardian_code"), ROSE)
    for scope in (academy_scope(world.authority), school_scope(world.a), school_scope(world.b)):
        with scope:
            found = wordings.wording("guardian_code")
            assert found.own and GREETING in found.source and found.changed_by == "Rose Lambert"
    with academy_scope(stranger):
        assert not wordings.wording("guardian_code").own
        with pytest.raises(NotFound):
            wordings.version("guardian_code", session.scalars(select(LetterVersion.id)).one())
    assert [(action, data["letter"]) for action, data in acts(world) if data] == [
        ("letter_wording.save", "guardian_code")]  # fmt: skip


@pytest.mark.row("M137")
def test_what_cannot_be_drawn_leaves_the_old_words(world: World) -> None:
    save(world, "pupil_code", own("pupil_code"))
    for wrong, line in (("{{ letter.eleve }}", True), ("{% if letter.place %}", True), ("<img src='http://x'>", True)):
        with pytest.raises(BadInput, match="Ligne") as refused:
            save(world, "pupil_code", own("pupil_code", wrong))
        assert (refused.value.data["line_of_text"] == len(own("pupil_code", wrong).splitlines())) is line
    with pytest.raises(BadInput, match="vide"):
        save(world, "pupil_code", " \n ")
    with pytest.raises(BadInput, match="caractères"):
        save(world, "pupil_code", own("pupil_code") + "x" * 20_000)
    with academy_scope(world.authority):
        assert wordings.wording("pupil_code").source == own("pupil_code")
    assert len(acts(world)) == 1


@pytest.mark.row("M137")
def test_two_people_do_not_overwrite_each_other(world: World) -> None:
    save(world, "guardian_code", own("guardian_code"), ROSE)
    with pytest.raises(Conflict, match="modifié entre-temps par Rose Lambert"):
        save(world, "guardian_code", own("guardian_code", "<p>Autre.</p>"), base=0)
    with academy_scope(world.authority), pytest.raises(Conflict):
        wordings.reset("guardian_code", base=0, actor=SYSTEM)


@pytest.mark.row("M137")
def test_back_to_the_original_and_to_an_earlier_version(world: World) -> None:
    save(world, "guardian_code", own("guardian_code"))
    save(world, "guardian_code", own("guardian_code", "<p>Seconde version.</p>"))
    with academy_scope(world.authority):
        second, first = wordings.versions("guardian_code")
        wordings.reset("guardian_code", base=second.id, actor=SYSTEM)
        now = wordings.wording("guardian_code")
        assert not now.own and now.source == TEXTS["guardian_code"].original
        wordings.restore("guardian_code", first.id, base=now.version, actor=SYSTEM)
        assert wordings.wording("guardian_code").source == own("guardian_code")
        now = wordings.wording("guardian_code")
        original = next(one for one in wordings.versions("guardian_code") if not one.text)
        wordings.restore("guardian_code", original.id, base=now.version, actor=SYSTEM)
        assert not wordings.wording("guardian_code").own
        assert len(wordings.versions("guardian_code")) == 5
    assert [action for action, _data in acts(world)] == [
        "letter_wording.save", "letter_wording.save", "letter_wording.reset", "letter_wording.restore",
        "letter_wording.restore"]  # fmt: skip


def test_only_so_many_versions_are_kept(world: World) -> None:
    with academy_scope(world.authority), unit_of_work():
        session.add_all(LetterVersion(authority_id=world.authority, letter="pupil_code", text=f"<p>{n}</p>")
                        for n in range(KEPT + 5))  # fmt: skip
        session.add(LetterVersion(authority_id=world.authority, letter="guardian_code", text="<p>x</p>"))
    save(world, "pupil_code", own("pupil_code"))
    with academy_scope(world.authority):
        assert len(wordings.versions("pupil_code")) == KEPT
        assert len(wordings.versions("guardian_code")) == 1


@pytest.mark.row("C06")
def test_only_the_academy_may(world: World) -> None:
    nobody = Actor.person(7, "Rose Lambert", [])
    with pytest.raises(Forbidden):
        save(world, "guardian_code", own("guardian_code"), nobody)
    with school_scope(world.a), pytest.raises(Forbidden):
        wordings.save_wording("guardian_code", own("guardian_code"), base=0, actor=SYSTEM)
    with academy_scope(world.authority), pytest.raises(NotFound):
        wordings.wording("booklet")


def test_the_list_costs_the_same_whatever_the_history(world: World) -> None:
    save(world, "guardian_code", own("guardian_code"))
    save(world, "pupil_code", own("pupil_code"))
    save(world, "pupil_code", own("pupil_code", "<p>x</p>"))
    with academy_scope(world.authority), statements() as seen:
        found = wordings.wordings()
    assert [one.text.key for one in found if one.own] == ["guardian_code", "pupil_code"]
    assert len([one for one in seen if one.startswith("SELECT")]) <= 2


@pytest.mark.row("M137", "M091")
def test_a_notification_run_prints_and_mails_the_academys_words(coded: World, tmp_path: Path) -> None:  # noqa: F811
    save(coded, "guardian_code", own("guardian_code"))
    save(coded, "guardian_code.email", own("guardian_code.email", "<p>Lisez <b>bien</b> : la rectrice.</p>"))
    done = run(coded.a)
    assert done.state == "done"
    pages = pdf_text(tmp_path)
    assert sum("La rectrice de l'académie vous souhaite" in page for page in pages) == done.result["letters"] == 1
    mail, = send_mails(tmp_path)
    html, text = (mail.get_body((kind,)).get_content() for kind in ("html", "plain"))
    assert "<b>bien</b>" in html and "Lisez bien : la rectrice." in text
    with school_scope(coded.a):
        assert set(session.scalars(select(Notification.status))) == {"done"}


@pytest.mark.row("M140")
def test_pupils_letters_have_them_too(coded: World, tmp_path: Path) -> None:  # noqa: F811
    save(coded, "pupil_code", own("pupil_code"))
    with school_scope(coded.a):
        asked = {"population": "all", "id": None, "text": "", "only_new": False, "refused": None}
        job = jobs.submit("codes.notify_pupils", coded.a, asked, SYSTEM, "Élèves")
    assert jobs.run_here(job.id).state == "done"
    path = next((tmp_path / "files" / "jobs").rglob("*codes-eleves.pdf"))
    texts = [page.extract_text() for page in PdfReader(path).pages]
    assert len(texts) == 3 and all("La rectrice de l'académie vous souhaite" in text for text in texts)


@pytest.mark.row("M137")
def test_words_that_fail_on_a_family_stop_the_run_and_say_so(coded: World, tmp_path: Path) -> None:  # noqa: F811
    """Nothing is marked as notified, and the mail is not sent with other words than the academy's."""
    doubled = "{% set a = 'xxxxxxxxxx' %}" + "{% set a = a ~ a %}" * 40 + "{{ a }}"
    traps = {"guardian_code": "letter.guardian.title == 'M.'", "guardian_code.email": "mail.school.uai"}
    for key, condition in traps.items():
        with academy_scope(coded.authority), unit_of_work():
            wrong = TEXTS[key].original + "{% if " + condition + " %}" + doubled + "{% endif %}"
            session.add(LetterWording(authority_id=coded.authority, letter=key, text=wrong))
    assert run(coded.a, modes=("paper",)).state != "done"
    run(coded.a, modes=("email",))
    assert send_mails(tmp_path) == []
    with school_scope(coded.a):
        failed = session.scalars(select(Notification).where(Notification.mode == "email")).one()
        assert failed.status == "failed" and "Texte adapté par l'académie" in (failed.error or "")


@pytest.mark.row("M137")
def test_the_rehearsal_shows_the_words_that_will_leave(coded: World) -> None:  # noqa: F811
    save(coded, "guardian_code", own("guardian_code"))
    save(coded, "guardian_code.email", own("guardian_code.email", "<p>Lisez bien.</p>"))
    mine = coded.of[coded.a]
    with school_scope(coded.a):
        asked = NotifyRequest(modes=("email", "paper"))
        printed = campaign.rehearsed_letter(campaign.one_message(asked, mine["father"]))
        assert "La rectrice de l'académie" in PdfReader(BytesIO(printed)).pages[0].extract_text()
        body = campaign.rehearsed_mail(campaign.one_message(asked, mine["mother"]), masked=True)
        assert "Lisez bien." in body.text and "XXX - XXX" in body.text
        with academy_scope(coded.authority), unit_of_work():
            for row in session.scalars(select(LetterWording)):
                row.text = "{{ gone }}"
        with pytest.raises(Conflict, match="Texte adapté par l'académie"):
            campaign.rehearsed_mail(campaign.one_message(asked, mine["mother"]))
        with pytest.raises(Conflict, match="texte adapté par l'académie"):
            campaign.rehearsed_letter(campaign.one_message(asked, mine["father"]))
