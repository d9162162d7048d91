"""The welcome message: what may be typed, and what comes out of it (M063, M064)."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.errors import BadInput
from app.core.rich_text import clean_html
from app.online.welcome import check_welcome, welcome_html

GUIDE = ("Bonjour,\nNous vous informons que l'établissement organise une journée Portes Ouvertes le 15 Mai 2012.\n"
         "Le Directeur")  # fmt: skip
LINK = '<a href="https://www.exemple.fr/p?a=1&amp;b=2" rel="noopener noreferrer nofollow">notre site</a>'


@pytest.mark.row("M063")
def test_lines_and_paragraphs_are_kept() -> None:
    assert welcome_html(GUIDE).count("<br>") == 2
    assert welcome_html("Un\n\n\nDeux\nTrois") == "<p>Un</p><p>Deux<br>Trois</p>"
    assert welcome_html("  \n ") == ""


@pytest.mark.row("M063")
def test_a_thousand_characters_and_no_more() -> None:
    assert check_welcome("é" * 1000) == "é" * 1000
    assert check_welcome("e\u0301" * 1000) == "é" * 1000, "an accent typed apart counts for nothing"
    with pytest.raises(BadInput, match="Message d'accueil : 1001 caractères") as refused:
        check_welcome("x" * 1001)
    assert "retirez-en 1" in refused.value.sentence()
    assert check_welcome("a\r\nb\x00") == "a\nb"


@pytest.mark.row("M064")
def test_a_selected_text_is_a_link() -> None:
    text = "Voir [notre site](https://www.exemple.fr/p?a=1&b=2)."
    assert check_welcome(text) == text
    assert welcome_html(text) == f"<p>Voir {LINK}.</p>"


@pytest.mark.row("M064")
@pytest.mark.parametrize("address", ["javascript:alert(1)", "data:text/html,x", "ftp://exemple.fr", "//exemple.fr",
                                     "https://", "exemple.fr", "", "http:///chemin", "https://[exemple"])
def test_a_link_leads_to_the_web_only(address: str) -> None:
    text = f"[ici]({address})"
    assert "<a" not in welcome_html(text)
    if "(" not in address:
        with pytest.raises(BadInput, match="Message d'accueil : l'adresse du lien « ici »"):
            check_welcome(text)


@pytest.mark.row("M063")
def test_markup_that_was_typed_is_text() -> None:
    assert welcome_html("<script>alert(1)</script><b>x</b>") == (
        "<p>&lt;script&gt;alert(1)&lt;/script&gt;&lt;b&gt;x&lt;/b&gt;</p>")
    quoted = welcome_html('[x"onmouseover="y](https://a.fr/"onmouseover="z)')
    assert re.findall(r"<a [^>]*>", quoted) == ['<a href="https://a.fr/&quot;onmouseover=&quot;z" rel="noopener '
                                                'noreferrer nofollow">']  # fmt: skip


def test_what_comes_from_elsewhere_is_cleaned_again() -> None:
    hostile = '<p onclick="x">a<img src=x onerror=y><a href="javascript:z">b</a><style>p{}</style></p>'
    assert clean_html(hostile) == '<p>a<a rel="noopener noreferrer nofollow">b</a></p>'


@pytest.mark.row("M063")
@settings(max_examples=300, deadline=None)
@given(st.text(alphabet=st.sampled_from("ab[]()<>&\"'\n /:htps.\u00a0é"), max_size=300).map(
    lambda text: (text * 9)[:1000]))  # fmt: skip
def test_whatever_is_typed_only_text_lines_and_links_come_out(text: str) -> None:
    html = welcome_html(text)
    assert len(html) <= 8000, "what the portal's column holds"
    assert set(re.findall(r"</?([a-z0-9]+)", html)) <= {"p", "br", "a"}
    assert clean_html(html) == html
