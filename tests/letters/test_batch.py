"""Batches: order, page ranges, and stencils that equal plain rendering to the word and to the point."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image, ImageChops
from pypdf import PdfReader

from letters import pages, stencils
from letters.book import Book, prepare
from letters.faces import for_paper
from letters.guardian_code import fields
from letters.render import cut, merge_files, render_batch
from letters.splice import NotOurs
from letters.types import ChildRow, GuardianCodeLetter
from tests.letters.people import ANA, LEO, any_code, letter, picture_of, text_of, used, words_of

NAMES = ("ÖZGÜR Şirin", "D'ALMEIDA João", "Ng Li", "DE LA ROCHE-SAINT-ANDRÉ Marie-Antoinette Joséphine",
         "Łukaszewicz Żaneta", "O'BRIEN (née MAC-ÀÉ) \\ Zoé")  # fmt: skip
STREETS = ("1 rue X", "Chez M. & Mme PETIT-DE LA COUR", "Bâtiment « Les Tilleuls » (fond de cour)", "97 bis, allée (B)")


def families(count: int, sizes: Sequence[int] = (1, 1, 2, 3), used_codes: bool = True) -> list[GuardianCodeLetter]:
    """Different names, addresses of 1 to 6 lines, 1 to 3 children, used codes, with and without title."""
    dice = random.Random(1)
    made = []
    for number in range(count):
        children = tuple(
            ChildRow(dice.choice(NAMES).split()[0], f"Enfant-{number}", dice.choice(("5EME3", "TERM STMG 1")),
                     None if used_codes and dice.random() < 0.3 else any_code(dice),
                     (f"R{dice.randint(1, 10**7)}-A", f"E{dice.randint(1, 10**7)}-B"))
            for _ in range(dice.choice(sizes))
        )  # fmt: skip
        guardian = replace(
            letter().guardian, title=dice.choice(("Mme", "M.", None)), name=dice.choice(NAMES),
            address=tuple(dice.choices(STREETS, k=dice.randint(1, 6))),
        )  # fmt: skip
        made.append(replace(letter(), reference=f"2026-{number:05}", guardian=guardian, children=children))
    return made


def plain_one(asked: GuardianCodeLetter) -> bytes:
    prepare()
    return pages.plain(for_paper(asked)[0])


def stencilled(letters: Sequence[GuardianCodeLetter]) -> tuple[bytes, stencils.Press]:
    prepare()
    book = Book("", "")
    press = stencils.Press(book)
    for asked in letters:
        press.add(for_paper(asked)[0])
    return book.finish(), press


def test_a_stencilled_letter_has_every_word_where_plain_rendering_puts_it() -> None:
    letters = families(12)
    book, press = stencilled(letters)
    assert press._stencils and None not in press._stencils.values()
    expected = [words for asked in letters for words in words_of(plain_one(asked))]
    assert words_of(book) == expected
    assert text_of(book, "-raw") == "".join(text_of(plain_one(asked), "-raw") for asked in letters)


def test_a_stencilled_letter_looks_like_the_plain_one(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    with (
        Image.open(picture_of(stencilled([letter(LEO)])[0], tmp_path, 72)) as quick,
        Image.open(picture_of(plain_one(letter(LEO)), tmp_path / "a", 72)) as plain,
    ):
        # Everything but the symbol, whose enlargement differs by a shade between an image and a mask.
        box = ImageChops.difference(quick, plain).getbbox()
    assert box is None or (box[0] > 160 * 72 / 25.4 and box[3] - box[1] <= 70)


def _name_of_width(room: float, above: bool) -> str:
    name = "W"
    while fields.width(fields.TEXT, 10, f"Madame {name}i") <= room * fields.MM:
        name += "i"
    return name + "ii" if above else name


@pytest.mark.parametrize("above", [False, True], ids=["just fits", "too long"])
def test_the_longest_name_a_stencil_takes_is_still_on_one_line(above: bool) -> None:
    """The rooms written in fields.py are safe: at the limit both ways agree, above it plain rendering is used."""
    asked = letter(guardian=replace(letter().guardian, name=_name_of_width(88, above)))
    assert fields.fits(asked) is not above
    book, press = stencilled([asked])
    assert bool(press._stencils) is not above
    assert words_of(book) == words_of(plain_one(asked))


@pytest.mark.parametrize("field", ["last_name", "division"])
def test_the_longest_child_and_class_a_stencil_takes(field: str) -> None:
    text = "M"
    while fields.fits(letter(replace(ANA, **{field: text + "i"}))):
        text += "i"
    asked = letter(replace(ANA, **{field: text}))
    book, press = stencilled([asked])
    assert press._stencils
    assert words_of(book) == words_of(plain_one(asked))


def test_a_character_of_another_font_goes_through_plain_rendering() -> None:
    asked = letter(guardian=replace(letter().guardian, name="Ǎn ẞ"))
    book, press = stencilled([asked])
    assert not press._stencils
    assert words_of(book) == words_of(plain_one(asked))


def test_a_fact_that_looks_like_a_token_is_not_taken_for_one() -> None:
    asked = letter(school=replace(letter().school, name="Collège ¤name¤"))
    book, press = stencilled([asked])
    assert list(press._stencils.values()) == [None]
    assert text_of(book).count("Collège ¤name¤") == text_of(plain_one(asked)).count("Collège ¤name¤")


@pytest.mark.row("M091")
def test_one_letter_per_guardian_in_the_order_given_over_several_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("letters.render.WORTH_SHARING", 10)
    letters = families(25, (1, 1, 1, 3), used_codes=False)
    done: list[int] = []
    result = render_batch(letters, tmp_path / "all.pdf", on_progress=done.append)
    sheets = text_of((tmp_path / "all.pdf").read_bytes()).split("\f")[:-1]
    assert len(sheets) == result.pages == result.page_ranges[-1][1]
    assert done == list(range(1, 26))
    for asked, (first, last) in zip(letters, result.page_ranges, strict=True):
        assert f"Réf. {asked.reference}\n" in sheets[first - 1]
        assert all(f"{page - first + 1}/{last - first + 1}" in sheets[page - 1] for page in range(first, last + 1))


def test_a_letter_cut_out_of_the_batch_is_the_letter_alone(tmp_path: Path) -> None:
    letters = [letter(), letter(LEO, used(ANA)), letter(LEO)]
    result = render_batch(letters, tmp_path / "all.pdf")
    assert result.page_ranges == ((1, 1), (2, 3), (4, 4))
    middle = cut(tmp_path / "all.pdf", 2, 3)
    assert words_of(middle) == words_of(plain_one(letters[1]))
    assert str(LEO.code).encode() not in middle and len(middle) < 80_000
    with pytest.raises(ValueError, match="pages 4 à 5"):
        cut(tmp_path / "all.pdf", 4, 5)


def test_files_of_several_steps_become_one(tmp_path: Path) -> None:
    parts = [tmp_path / "1.pdf", tmp_path / "2.pdf"]
    for part, asked in zip(parts, (letter(), letter(LEO)), strict=True):
        render_batch([asked], part)
    merge_files(parts, tmp_path / "all.pdf")
    merge_files([tmp_path / "all.pdf", parts[0]], tmp_path / "more.pdf")
    one, two = words_of(plain_one(letter())), words_of(plain_one(letter(LEO)))
    assert words_of((tmp_path / "all.pdf").read_bytes()) == [*one, *two]
    assert words_of((tmp_path / "more.pdf").read_bytes()) == [*one, *two, *one]


def test_a_joined_document_is_sound_and_a_foreign_one_is_refused(tmp_path: Path) -> None:
    for name in ("1.pdf", "2.pdf"):
        render_batch([letter(), letter(LEO)], tmp_path / name)
    merge_files([tmp_path / "1.pdf", tmp_path / "2.pdf"], tmp_path / "all.pdf")
    reader = PdfReader(tmp_path / "all.pdf", strict=True)
    assert len(reader.pages) == 4
    assert {page.raw_get("/Parent").idnum for page in reader.pages} == {reader.root_object.raw_get("/Pages").idnum}
    said = subprocess.run(["pdfinfo", tmp_path / "all.pdf"], capture_output=True, text=True, check=True)
    assert "Courriers aux familles" in said.stdout and said.stderr == ""
    (tmp_path / "other.pdf").write_bytes(b"%PDF-1.7\nnothing")
    with pytest.raises(NotOurs):
        merge_files([tmp_path / "1.pdf", tmp_path / "other.pdf"], tmp_path / "no.pdf")
    assert not (tmp_path / "no.pdf").exists()
