"""What the portal tells of itself, and the help of each of its pages (M142)."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask

from app.portal.pages.about import PARTS, TITLES
from tests.portal.conftest import *  # noqa: F403 - the portal's fixtures

pytestmark = pytest.mark.row("M142")
NO_PAGES = {"static", "entry.health", "entry.language", "booklets.pdf"}
ADDRESSES = ("/nouveautes", "/informations-pratiques", "/mentions-legales", "/credits", "/contact")


def test_every_page_of_the_portal_has_its_part_of_the_help(portal: Flask) -> None:
    """The routes are walked; « Aide » leads to a part that exists."""
    parts = set(re.findall(r'<section class="card" id="([\w-]+)"', portal.test_client().get("/aide").text))
    explained = {"entry.help_page", "entry.accessibility", "about.show"}  # they explain themselves
    for rule in portal.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or rule.endpoint in NO_PAGES | explained:
            continue
        part = PARTS.get(rule.endpoint) or PARTS.get(rule.endpoint.partition(".")[0])
        assert part in parts, rule.endpoint


@pytest.mark.parametrize("language", ["fr", "en"])
def test_five_pages_in_both_languages(portal: Flask, language: str) -> None:
    """Open to everybody, linked from every footer."""
    client = portal.test_client()
    client.get(f"/langue/{language}")
    footer = client.get("/connexion").text
    for address in ADDRESSES:
        assert f'href="{address}"' in footer
        page: Any = client.get(address)
        assert page.status_code == 200 and f'lang="{language}"' in page.text
    assert ("Mentions légales" if language == "fr" else "Legal notice") in client.get("/mentions-legales").text
    assert len(TITLES) == len(ADDRESSES)


def test_help_follows_the_page(portal: Flask) -> None:
    """At the door, the part about signing in."""
    assert 'href="/aide#signing-in"' in portal.test_client().get("/connexion").text
