"""The portal's addresses: open or for an account, and another family's child does not exist (DESIGN §6)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from app.core.db import portal_db
from app.portal.confirmation import confirm
from app.portal.signup import create_account
from app.portal.visitors import Visitor
from app.security.throttle import Throttles
from config import Config
from tests.conftest import Urls
from tests.portal.conftest import (
    ELSEWHERE,
    MARGUERITE,
    PASSPHRASE,
    PORTAL_URL,
    PortalThrottle,
    build_portal,
    line,
    link_of,
    mails,
    new_account,
    publish,
    send,
)
from tests.portal.records import CANARY, publish_records
from tests.security.conftest import without_tokens
from tests.security.routes import ACCOUNT, PORTAL, PUBLIC

OWN_CHILD, OTHER_CHILD = 11, 21
OWN_BOOKLET, OTHER_BOOKLET = 1100, 2100
OWN_CODE, OTHER_CODE = 1, 4


@pytest.fixture
def portal(sqlite_databases: Urls, settings: Config) -> Iterator[Flask]:
    """Two confirmed families over the published rows."""
    publish()
    publish_records()
    app = build_portal(settings)
    somebody = Visitor("192.0.2.7", Throttles(portal_db, PortalThrottle))
    for name, child in (("maude.berge", MARGUERITE), ("ida.maurel", ELSEWHERE)):
        account = new_account(line(child), identifier=name, email=f"{name}@example.org")
        create_account(account, visitor=somebody, portal_url=PORTAL_URL)
        confirm(link_of(mails()[-1]))
    portal_db.session.remove()
    yield app
    portal_db.session.remove()


def browser(portal: Flask, identifier: str | None = None) -> Any:
    """A client, signed in when named."""
    client = portal.test_client()
    if identifier:
        answer = send(client, "/connexion", {"identifier": identifier, "passphrase": PASSPHRASE})
        assert answer.status_code == 302, answer.text[:500]
    return client


def test_every_address_is_classified(portal: Flask) -> None:
    """A new page comes with its line; a line without page goes."""
    assert {rule.endpoint for rule in portal.url_map.iter_rules()} == set(PORTAL)


def test_nobody_gets_the_sign_in_page(portal: Flask) -> None:
    """Pages of an account, whatever the method that reads; what writes is refused without a token first."""
    client = browser(portal)
    for rule in portal.url_map.iter_rules():
        path = portal.url_map.bind("localhost").build(
            rule.endpoint, {"code": 1 if rule.endpoint == "managing.detach" else "fr", "token": "x" * 43,
                            "path": "parent", "filename": "livret.css", "pupil": OWN_CHILD, "booklet": OWN_BOOKLET},
            force_external=False, append_unknown=False)  # fmt: skip
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            answer = client.open(path, method=method)
            where = answer.headers.get("Location", "")
            if method == "POST":
                assert answer.status_code in (302, 400), (path, answer.status_code)
            elif PORTAL[rule.endpoint] == ACCOUNT:
                assert answer.status_code == 302 and where.startswith("/connexion"), path
            else:
                assert PORTAL[rule.endpoint] == PUBLIC and answer.status_code in (200, 302, 404), path


def test_another_familys_child_does_not_exist(portal: Flask) -> None:
    """The same answer as for no child at all."""
    client = browser(portal, "maude.berge")
    assert client.get(f"/?enfant={OWN_CHILD}").status_code == 200
    other, none = client.get(f"/?enfant={OTHER_CHILD}"), client.get("/?enfant=987654321")
    assert other.status_code == none.status_code == 404
    assert without_tokens(other.text) == without_tokens(none.text)
    for path, own, foreign in (("/livrets/{}", OWN_CHILD, OTHER_CHILD), ("/notes/{}", OWN_CHILD, OTHER_CHILD),
                               ("/equipe/{}", OWN_CHILD, OTHER_CHILD), ("/absences/{}", OWN_CHILD, OTHER_CHILD),
                               ("/livret/{}", OWN_BOOKLET, OTHER_BOOKLET),
                               ("/livret/{}.pdf", OWN_BOOKLET, OTHER_BOOKLET),
                               ("/compte/code/{}/detacher", OWN_CODE, OTHER_CODE),
                               ("/fiche/{}", OWN_CHILD, OTHER_CHILD),
                               ("/ecrire/{}", OWN_CHILD, OTHER_CHILD)):  # fmt: skip
        answer = client.get(path.format(own))
        assert answer.status_code == 200 and CANARY.encode() not in answer.data.replace(b"&#39;", b"'"), path
        other, none = (client.get(path.format(number)) for number in (foreign, 987_654_321))
        assert other.status_code == none.status_code == 404, path
        said = without_tokens(other.text).replace(path.format(foreign), path.format(987_654_321))
        assert said == without_tokens(none.text), path
    assert "MAUREL" not in client.get("/").text and "MAUREL" not in client.get("/compte").text


def test_leaving_ends_the_session_on_the_server(portal: Flask) -> None:
    """A copied cookie is worth nothing afterwards; leaving needs the token (traps 10, 11)."""
    client, thief = browser(portal, "maude.berge"), browser(portal)
    cookie = client.get_cookie("livret_portail")
    thief.set_cookie("livret_portail", cookie.value)
    assert thief.get("/compte").status_code == 200
    assert client.post("/deconnexion").status_code == 400
    assert send(client, "/deconnexion", {}, page="/compte").status_code == 302
    assert thief.get("/compte").status_code == 302


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example"])
def test_only_our_hosts_are_answered(portal: Flask, host: str) -> None:
    """Links in mails never come from the request, and neither does a page."""
    assert portal.test_client().get("/connexion", headers={"Host": host}).status_code == 400


def test_headers_and_tokens(portal: Flask) -> None:
    """The same protection as the admin application."""
    client = browser(portal)
    answer = client.get("/connexion")
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "no-store" and answer.headers["X-Content-Type-Options"] == "nosniff"
    assert client.post("/connexion", data={"identifier": "maude.berge", "passphrase": PASSPHRASE}).status_code == 400
