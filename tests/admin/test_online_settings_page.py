"""« Paramétrage » of the online services on screen (M063–M074)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from html import unescape
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.core import clock
from app.core.actor import SYSTEM
from app.core.db import admin_db
from app.core.scope import school_scope, system_scope
from app.core.uow import unit_of_work
from app.online.models import ContactAddress, Ent
from app.online.queries import pairs
from app.online.services import move_services
from app.online.settings import settings_of_school
from app.replication.schedule import usable_from
from app.schools.period_dates import shown
from tests.admin.conftest import Browser, sign_in
from tests.factories import World

NOON = datetime(2026, 11, 20, 11, 0, tzinfo=UTC)
GUIDE = ("Bonjour,\nNous vous informons que l'établissement organise une journée Portes Ouvertes le 15 Mai 2012.\n"
         "Le Directeur")  # fmt: skip


@pytest.fixture(autouse=True)
def november() -> Iterator[None]:
    """The day the forecasts are made."""
    with clock.frozen(NOON):
        yield


def opened(world: World, *codes: str) -> None:
    with school_scope(world.a):
        move_services(codes, "open", actor=SYSTEM)
    admin_db.session.remove()


def chosen(world: World) -> Any:
    with school_scope(world.a):
        found = settings_of_school()
        admin_db.session.expunge_all()
    admin_db.session.remove()
    return found


def keys(world: World) -> list[str]:
    with school_scope(world.a):
        found = [pair.key for pair in pairs()]
    admin_db.session.remove()
    return found


@pytest.mark.row("M063", "M066", "M072", "M073", "M074")
def test_the_page_says_what_is_chosen_and_from_when(head: Browser, sqlite_world: World) -> None:
    page = unescape(head.get("/online-settings/"))
    assert "seules les absences constatées, légitimes et classées sont publiées" in page
    assert "Le téléservice « Consultation des notes » est fermé." in page
    opened(sqlite_world, "marks", "competences")
    head.send("/online-settings/welcome", welcome="Bonjour")
    page = unescape(head.get("/online-settings/"))
    assert ("Visible par les familles à partir du 21/11/2026, parce que les notes sont publiées au fil de l'eau, le "
            "lendemain de la date de l'enseignant.") in page
    assert "à partir du 28/11/2026, parce que le délai est de 8 jours après la saisie." in page
    assert f"à partir du {shown(usable_from())}, parce que les réglages partent avec la prochaine réplication" in page
    assert "<p>Bonjour</p>" in page


def test_a_secretary_reads_and_a_teacher_sees_nothing(admin_app: Flask, sqlite_world: World) -> None:
    secretary = sign_in(admin_app, "secretary", school_id=sqlite_world.a)
    assert "/online-settings/welcome" not in secretary.get("/online-settings/")
    secretary.get("/online-settings/welcome", status=403)
    sign_in(admin_app, "teacher", school_id=sqlite_world.a).get("/online-settings/", status=403)


@pytest.mark.row("M063", "M064")
def test_the_welcome_message_is_counted_kept_and_shown(head: Browser, sqlite_world: World) -> None:
    assert head.send("/online-settings/welcome", welcome=GUIDE).status_code == 302
    page = head.get("/online-settings/welcome")
    assert '>114</span>/1000 caractères maximum)' in page
    assert "Aperçu :" in page and page.count("<br>") == 2
    answer = head.send("/online-settings/welcome", welcome="x" * 1001)
    assert answer.status_code == 422 and "1001 caractères" in answer.text and "x" * 1001 in answer.text
    answer = head.send("/online-settings/welcome", welcome="[ici](javascript:rien) et <b>")
    assert answer.status_code == 422 and "Message d'accueil : l'adresse du lien « ici »" in unescape(answer.text)
    assert "[ici](javascript:rien) et &lt;b&gt;" in answer.text, "nothing typed is lost"


@pytest.mark.row("M063")
def test_the_preview_is_what_families_get(head: Browser) -> None:
    answer = head.send("/online-settings/welcome/preview", page="/online-settings/welcome",
                       welcome="Un <script>\n\n[lien](https://a.fr)")
    assert answer.text == ('<p>Un &lt;script&gt;</p><p><a href="https://a.fr" rel="noopener noreferrer nofollow">lien'
                           "</a></p>")


@pytest.mark.row("M065")
def test_letters_name_an_ent_when_their_type_does(head: Browser, sqlite_world: World) -> None:
    page = unescape(head.get("/online-settings/letter"))
    assert "Téléservices" in page and "Mixte ENT/Téléservices" in page and "ENT seul" in page
    assert "L'académie n'a déclaré aucun ENT" in page
    with system_scope("test"), unit_of_work() as session:
        session.add(Ent(authority_id=sqlite_world.authority, place="VOSGES", label="ENC88", url="https://www.enc88.fr"))
        session.flush()
        ent = session.scalars(select(Ent.id)).one()
    admin_db.session.remove()
    assert "VOSGES ENC88 : https://www.enc88.fr" in head.get("/online-settings/letter")
    answer = head.send("/online-settings/letter", letter_type="mixed")
    assert answer.status_code == 422 and "ENT à associer au courrier : choisissez-en un" in answer.text
    assert 'value="mixed" checked' in answer.text
    assert head.send("/online-settings/letter", letter_type="mixed", ent=str(ent)).status_code == 302
    assert (chosen(sqlite_world).letter_type, chosen(sqlite_world).ent_id) == ("mixed", ent)
    assert head.send("/online-settings/letter", letter_type="mixed", ent="x").status_code == 422


@pytest.mark.row("M065")
def test_an_ent_that_letters_name_is_not_deleted(head: Browser, academy: Browser, sqlite_world: World) -> None:
    sent = academy.send("/ent/add", place="VOSGES", label="ENC88", url="https://www.enc88.fr")
    assert sent.status_code == 302
    head.send("/online-settings/letter", letter_type="ent", ent="1")
    academy.send("/ent/delete/1")
    assert "ENC88" in academy.get("/ent/list/")
    assert "ENC88" in head.get("/online-settings/")


@pytest.mark.row("M066", "M067", "M070")
def test_the_type_of_publication(head: Browser, sqlite_world: World) -> None:
    page = head.get("/online-settings/marks/")
    assert "Ouvrez-le pour changer la publication des notes" in page and "<fieldset class=\"stack\" disabled>" in page
    refused = head.send("/online-settings/marks/store", page="/online-settings/marks/", publication="scheduled")
    assert refused.status_code == 409
    opened(sqlite_world, "marks")
    assert "à partir du 21/11/2026" in head.get("/online-settings/marks/")
    sent = head.send("/online-settings/marks/store", page="/online-settings/marks/", publication="scheduled")
    assert sent.status_code == 302 and chosen(sqlite_world).marks_publication == "scheduled"
    asked = head.send("/online-settings/marks/store", page="/online-settings/marks/", publication="continuous")
    assert "Les dates d'échéance vont être supprimées. Voulez-vous continuer?" in unescape(asked.text)
    assert chosen(sqlite_world).marks_publication == "scheduled"
    head.send("/online-settings/marks/store", page="/online-settings/marks/", publication="continuous", confirmed="1")
    assert chosen(sqlite_world).marks_publication == "continuous"


@pytest.mark.row("M068", "M069")
def test_due_dates_by_programme_and_class(head: Browser, sqlite_world: World) -> None:
    opened(sqlite_world, "marks")
    head.send("/online-settings/marks/store", page="/online-settings/marks/", publication="scheduled")
    add, remove = "/online-settings/marks/add", "/online-settings/marks/remove"
    first, second = keys(sqlite_world)
    assert 'type="date"' in head.get(add) and first in head.get(add)
    assert head.send(add, day="2026-11-19", pair=[first, second]).status_code == 302
    assert head.send(add, day="2027-01-31", pair=first).status_code == 302
    page = unescape(head.get("/online-settings/marks/"))
    assert "19/11/2026, 31/01/2027" in page
    assert "à partir du 31/01/2027, parce que c'est la première échéance à partir du 20/11/2026" in page
    assert "parce qu'aucune échéance n'est fixée à partir du 20/11/2026" in page
    offered = head.get(f"{remove}?day=2027-01-31")
    assert f'value="{first}"' in offered and f'value="{second}"' not in offered
    assert head.send(remove, page=f"{remove}?day=2027-01-31", day="2027-01-31", pair=first).status_code == 302
    head.get("/online-settings/marks/")  # its message names the day
    assert "31/01/2027" not in head.get("/online-settings/marks/")


@pytest.mark.row("M069")
@pytest.mark.parametrize(("day", "told"), [
    ("2027-02-31", "« 2027-02-31 » n'est pas une date"), ("2026-01-01", "hors de l'année scolaire"),
    ("", "choisissez un jour"), ("2026-12-12", "est déjà fixé")])  # fmt: skip
def test_a_refused_date_keeps_the_ticks(head: Browser, sqlite_world: World, day: str, told: str) -> None:
    opened(sqlite_world, "marks")
    head.send("/online-settings/marks/store", page="/online-settings/marks/", publication="scheduled")
    add = "/online-settings/marks/add"
    first, second = keys(sqlite_world)
    head.send(add, day="2026-12-12", pair=second)
    answer = head.send(add, day=day, pair=[second])
    assert answer.status_code in (409, 422)
    assert "Date d'échéance : " in unescape(answer.text) and told in unescape(answer.text)
    assert f'value="{second}" checked' in answer.text and f'value="{first}" checked' not in answer.text
    wrong = head.client.get(f"/online-settings/marks/remove?day={day}")
    assert wrong.status_code in (200, 422)


@pytest.mark.row("M073")
def test_the_delay_of_competences(head: Browser, sqlite_world: World) -> None:
    page = head.get("/online-settings/competences")
    assert "est fermé" in page and "disabled" in page
    assert head.send("/online-settings/competences", lpc_delay="10").status_code == 409
    opened(sqlite_world, "competences")
    answer = head.send("/online-settings/competences", lpc_delay="400")
    assert answer.status_code == 422 and 'value="400"' in answer.text
    assert "Délai de publication : « 400 » ne convient pas" in answer.text
    assert head.send("/online-settings/competences", lpc_delay="365").status_code == 302
    assert chosen(sqlite_world).lpc_delay == 365


@pytest.mark.row("M074")
def test_the_contact_link(head: Browser, sqlite_world: World) -> None:
    page = unescape(head.get("/online-settings/contact"))
    assert "Aucun courriel de l'établissement n'est connu." in page
    assert '<button class="btn" disabled>' in page and page.count("<fieldset class=\"stack\" disabled") == 1
    assert head.send("/online-settings/contact", active="yes").status_code == 409
    sent = head.send("/contact-address/add", email="vs@example.org", label="Vie scolaire")
    assert sent.status_code == 302
    answer = head.send("/online-settings/contact", active="yes")
    assert answer.status_code == 422 and "choisissez-en au moins un" in answer.text
    assert 'id="active-yes" name="active" value="yes" checked' in answer.text
    assert head.send("/online-settings/contact", active="yes", email="vs@example.org").status_code == 302
    assert chosen(sqlite_world).contact_emails == ["vs@example.org"]
    with school_scope(sqlite_world.a):
        assert len(admin_db.session.scalars(select(ContactAddress)).all()) == 1
