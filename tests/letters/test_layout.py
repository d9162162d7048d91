"""Where things are on the sheet, and what the PDF carries."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from pypdf import PdfReader

from letters.render import render, render_batch
from tests.letters.people import ANA, LEO, fonts_of, letter, text_of, words_of

LONG = letter(
    guardian=replace(
        letter().guardian,
        name="DE LA ROCHEFOUCAULD-MONTBÉLIARD Maximilienne-Joséphine Antoinette",
        address=tuple(f"Ligne {n} d'une adresse postale qui dépasse de beaucoup la largeur prévue" for n in range(6)),
    )
)


@pytest.mark.row("M137")
@pytest.mark.parametrize("asked", [letter(), LONG], ids=["short", "long"])
def test_the_window_of_the_envelope_shows_the_address_and_nothing_else(asked) -> None:  # noqa: ANN001
    """French DL window on the sheet: 100 to 200 mm from the left, 45 to 80 mm from the top."""
    seen = [w for w in words_of(render(asked))[0] if w.right > 100 and w.left < 200 and w.bottom > 45 and w.top < 80]
    expected = " ".join((asked.guardian.full_name, *asked.guardian.address)).split()
    assert sorted(w.text.replace("&apos;", "'") for w in seen) == sorted(expected)
    assert all(w.left >= 100 and w.right <= 200 and w.top >= 45 and w.bottom <= 80 for w in seen)


@pytest.mark.row("M138")
@pytest.mark.parametrize(("children", "pages"), [((), 1), ((LEO,), 1), ((LEO, ANA), 2)])
def test_one_or_two_children_hold_on_one_sheet_with_both_slips(children, pages) -> None:  # noqa: ANN001
    sheets = text_of(render(letter(*children))).split("\f")[:-1]
    assert len(sheets) == pages
    for number, sheet in enumerate(sheets, 1):
        assert f"{number}/{pages}" in sheet
    assert sheets[-1].count("Signature") == 2


def test_twelve_children_keep_every_code() -> None:
    many = letter(*(replace(LEO, first_name=f"Éloi-{n}") for n in range(11)))
    text = text_of(render(many), "-layout")
    assert text.count(str(LEO.code)) == 11
    assert text.count("Classe : ") == 24


def test_every_font_is_embedded_as_a_subset(tmp_path: Path) -> None:
    render_batch([letter(), letter(LEO)], tmp_path / "batch.pdf")
    for pdf in (render(letter()), (tmp_path / "batch.pdf").read_bytes()):
        fonts = fonts_of(pdf, tmp_path)
        expected = {"OpenSans", "OpenSans-Bold", "JetBrainsMono-Bold", "LivretBars"}
        assert {font[0].split("+")[1] for font in fonts} == expected
        assert all(font[3:6] == ["yes", "yes", "yes"] for font in fonts)


def test_the_document_says_its_title_and_its_language() -> None:
    reader = PdfReader(io.BytesIO(render(letter())))
    assert reader.root_object["/Lang"] == "fr-FR"
    assert reader.metadata is not None
    assert (reader.metadata.title, reader.metadata.author) == ("Courriers aux familles", "Collège Hortense-Aubrac")


def test_names_of_all_europe_are_printed_as_they_are() -> None:
    names = "Œuvrard ÿ € Şükrü Gökçe İğdır Łukasz Żółć Őszi Čeněk Nguyễn Ǎn ẞ Дмитрий Ελένη"
    asked = letter(guardian=replace(letter().guardian, name=names))
    assert names in " ".join(text_of(render(asked)).split())
