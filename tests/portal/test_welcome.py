"""The school's welcome message and the academy's services on the home page (M063, M124, M125)."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from app.core.db import portal_db
from app.core.scope import system_scope
from app.core.uow import unit_of_work
from app.portal.models import PublishedSchool
from tests.portal.conftest import MARGUERITE, PASSPHRASE, PUPILS_OWN, link_of, mails, send, typed
from tests.portal.test_pages import make_confirmed

MESSAGE = '<p>Lundi<br><a href="https://www.exemple.fr" rel="noopener noreferrer nofollow">le programme</a></p>'


def school(**facts: Any) -> None:
    """What the replicator wrote of the first school."""
    with system_scope("published rows of a test"), unit_of_work(portal_db) as session:
        row = session.get_one(PublishedSchool, 1)
        for name, value in facts.items():
            setattr(row, name, value)


@pytest.mark.row("M063", "M125")
def test_guardians_read_the_schools_message(client: FlaskClient) -> None:
    make_confirmed(client, MARGUERITE)
    assert "Informations de l'établissement" not in client.get("/").text.replace("&#39;", "'")
    school(welcome=MESSAGE)
    page = client.get("/").text
    assert "Informations de l'établissement" in page.replace("&#39;", "'")
    assert MESSAGE in page


@pytest.mark.row("M063", "M125")
def test_pupils_read_it_too(client: FlaskClient) -> None:
    school(welcome=MESSAGE)
    assert send(client, "/activer/eleve", typed(PUPILS_OWN, identifier="hugo.berge")).status_code == 302
    assert send(client, f"/confirmation/{link_of(mails()[-1])}", {}).status_code == 200
    signed = send(client, "/connexion", {"identifier": "hugo.berge", "passphrase": PASSPHRASE})
    assert signed.status_code == 302
    assert MESSAGE in client.get("/").text


@pytest.mark.row("M125")
def test_a_hostile_row_is_cleaned_where_it_is_shown(client: FlaskClient) -> None:
    make_confirmed(client, MARGUERITE)
    school(welcome='<p>Bonjour<script>alert(1)</script><img src=x onerror=y><a href="javascript:z">lien</a></p>')
    page = client.get("/").text
    assert "alert(1)" not in page and "onerror" not in page and "javascript:" not in page
    assert "Bonjour" in page


@pytest.mark.row("M124")
def test_services_of_the_academy_are_links(client: FlaskClient) -> None:
    make_confirmed(client, MARGUERITE)
    diary = {"code": "academic-1", "label": "Cahier <de> textes", "url": "https://cahier.example.org/?a=1&b=2"}
    school(services=[], other_services=[diary])
    page = client.get("/").text
    assert "Autres rubriques" in page and "Cahier &lt;de&gt; textes" in page
    assert 'href="https://cahier.example.org/?a=1&amp;b=2"' in page
    assert "services-title" not in page, "no empty section"
