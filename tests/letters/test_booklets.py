"""Booklets on paper: their words (kept as snapshots), their pages, and what hostile or endless text does to them."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from PIL import Image
from pypdf import PdfReader

from letters import qr
from letters.booklet.ink import width
from letters.booklet_types import BookletFacts, Change, ChangeSheet, Envelope
from letters.errors import LetterDataError
from letters.faces import TEXT, printable
from letters.render import render, render_batch
from letters.types import Facts, Recipient
from tests.letters.booklets import SCHOOL, college, cycle, ecole, printed, shortest
from tests.letters.people import picture_of, text_of, words_of
from tests.letters.test_text import same_as_kept

HOUSEHOLD = Recipient(None, "Mme Maude BAUDRILLARD et M. Paul OUATTARA", ("27 avenue de l'Église", "99200 VALMONT"))
VARIANTS: dict[str, Facts] = {
    "booklet_college": printed(college()),
    "booklet_college_marks": printed(college("marks")),
    "booklet_college_letters": printed(college("letters")),
    "booklet_college_shortest": printed(shortest("college")),
    "booklet_ecole": printed(ecole()),
    "booklet_ecole_shortest": printed(shortest("ecole")),
    "booklet_cycle": printed(cycle()),
    "booklet_cycle_shortest": printed(shortest("cycle")),
    "booklet_draft": printed(college(), number=None),
    "booklet_envelope": Envelope("E1", SCHOOL, HOUSEHOLD, ("BAUDRILLARD Éloïse (4e C)", "BAUDRILLARD Noé (6e A)")),
    "booklet_changes": ChangeSheet("C1", SCHOOL, date(2026, 12, 4), (
        Change("MARTIN Léa", "4e C", "2026-000012", "2026-000345", ("Français : appréciation", "Vie scolaire")),)),
}


@pytest.mark.parametrize("name", VARIANTS)
def test_the_words_of_each_document(name: str) -> None:
    same_as_kept(name, text_of(render(VARIANTS[name]), "-layout"))


@pytest.mark.parametrize("facts", [college(), college("marks"), college("letters"), ecole(), shortest("college"),
                                   shortest("ecole")])  # fmt: skip
def test_a_usual_booklet_is_one_sheet(facts: BookletFacts) -> None:
    """Front and back: what is taught on the first page, the comment and the family on the second."""
    first, second = (page.extract_text() for page in PdfReader(_file(facts)).pages)
    assert "Suivi des acquis scolaires" in first
    assert "Communication avec la famille" in second
    assert "Suivi des acquis scolaires" not in second


def _file(facts: BookletFacts, number: str | None = "2026-000123") -> io.BytesIO:
    return io.BytesIO(render(printed(facts, number=number)))


@pytest.mark.parametrize("facts", [college(times=3), ecole(times=5), cycle(times=8), college("marks", times=4)])
def test_a_long_booklet_loses_no_word_and_stays_on_its_pages(facts: BookletFacts) -> None:
    """Every text is there as often as it was written; nothing leaves the paper or runs into the foot."""
    pdf = render(printed(facts))
    read = re.sub(r"\W", "", text_of(pdf))
    for line in facts.lines:
        assert re.sub(r"\W", "", line.label) in read
    pages = len(PdfReader(_file(facts)).pages)
    assert len(re.findall(rf"Page\d+{pages}", read)) == pages
    asked = " ".join(text for line in facts.lines for text in (*line.elements, line.comment or ""))
    assert read.count("dégagerlesens") == asked.count("dégager le sens")
    assert read.count("Poursuivezainsi") == (facts.overall_comment or "").count("Poursuivez ainsi")
    for placed in words_of(pdf):
        assert all(word.left > 9 and word.right < 201 and word.bottom < 296 for word in placed)
        foot = min(word.top for word in placed if word.text == "Bilan" and word.top > 280)
        assert all(word.bottom < 283 for word in placed if word.top < foot - 3)


def test_line_ends_emoji_and_arabic_in_a_comment(tmp_path: Path) -> None:
    """Lines stay lines; Arabic is shaped and goes from right to left; what no embedded font has is a visible box and
    is reported."""
    odd = printed(college(overall_comment="Première ligne.\n\nDeuxième 😀 ❤ محمد : bien."))
    result = render_batch([printed(college()), odd], tmp_path / "b.pdf")
    text = text_of((tmp_path / "b.pdf").read_bytes(), "-layout")
    assert re.search(r"Première ligne\.\s*\n\s*Deuxième □ ❤ .*: bien\.", text)
    shaped = "\ufeaa\ufee4\ufea4\ufee3"  # final dal, medial meem, medial hah, initial meem: read from the right
    assert printable("محمد") == (shaped, "") and width(TEXT, shaped) > 0.5
    assert result.lost == {1: "😀"}


@pytest.mark.parametrize("text", [
    "<td rowspan=6000 colspan=6000>", "{{ 7*7 }} {% raw %} (a\\) Tj ET", "<img src=file:///etc/passwd> &amp;",
])  # fmt: skip
def test_markup_is_printed_as_it_is(text: str) -> None:
    """In every text of a booklet."""
    lines = tuple(replace(line, comment=text, elements=(text,), label=text[:40]) for line in college().lines[:2])
    read = text_of(render(printed(college(lines=lines, overall_comment=text, division=text))), "-layout")
    assert text in read
    assert re.sub(r"\s", "", read).count(re.sub(r"\s", "", text)) >= 2


def test_an_endless_word_is_broken() -> None:
    """A word of 1,500 letters goes on line after line within its column."""
    word = "a" * 1500
    pdf = render(printed(college(overall_comment=word)))
    assert sum(len(w.text) for w in words_of(pdf)[1] if set(w.text) == {"a"}) == 1500
    assert all(w.right < 201 for w in words_of(pdf)[1])
    with pytest.raises(LetterDataError):
        college(overall_comment=word * 7)


def test_recto_verso_padding(tmp_path: Path) -> None:
    """A document of one page is followed by an empty one, which is not its own; ranges say where each is."""
    batch = [printed(cycle()), printed(college()), printed(college(times=3)), printed(shortest("cycle"))]
    result = render_batch(batch, tmp_path / "b.pdf", even=True)
    first, second, third, fourth = result.page_ranges
    assert first == (1, 1) and second == (3, 4) and third[0] == 5 and fourth[0] % 2 == 1
    pages = [page.extract_text().strip() for page in PdfReader(tmp_path / "b.pdf").pages]
    assert len(pages) % 2 == 0 and result.pages == len(pages)
    assert pages[1] == "" and "Suivi des acquis" in pages[2]


def test_the_address_stands_in_the_window() -> None:
    """x 100–200 mm, y 45–80 mm of a sheet folded in three."""
    placed = words_of(render(VARIANTS["booklet_envelope"]))[0]
    address = [w for w in placed if w.left > 100 and w.top > 40]
    assert {"Maude", "VALMONT"} <= {w.text for w in address}
    assert all(w.top > 45 and w.bottom < 80 and w.right < 200 for w in address)


def test_the_symbol_leads_to_the_public_page(tmp_path: Path) -> None:
    """The modules on paper are those of the address that confirms the number."""
    asked = printed(college())
    assert asked.stamp
    side, bits = qr.modules(asked.stamp.check_url)
    with Image.open(picture_of(render(asked), tmp_path, 400)) as picture:
        page = picture.convert("L")
        step, left, top = 17 * 400 / 25.4 / side, 183 * 400 / 25.4, 10 * 400 / 25.4
        seen = [[page.getpixel((left + (x + 0.5) * step, top + (y + 0.5) * step)) < 90 for x in range(side)]
                for y in range(side)]  # fmt: skip
    wide = (side + 7) // 8 * 8
    assert seen == [[bool(bits >> (wide * (side - 1 - y) + wide - 1 - x) & 1) for x in range(side)]
                    for y in range(side)]  # fmt: skip


def test_a_draft_says_so_on_every_page() -> None:
    """BROUILLON, and neither number nor fingerprint nor symbol."""
    pages = [page.extract_text() for page in PdfReader(_file(college(), None)).pages]
    assert all("BROUILLON" in page and "sans numéro" in page for page in pages)
    assert not any("n°" in page or "empreinte" in page or "Vérifier" in page for page in pages)
