"""The QR symbol: its link, its modules on paper, and the quick way of drawing many."""

from __future__ import annotations

import random
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from PIL import Image

from letters import qr
from letters.render import render, render_batch
from letters.types import MAX_CODES_IN_QR, compact
from tests.letters.people import ANA, LEO, any_code, letter, picture_of, used

DOTS = 400
SIDE_MM = 24


def modules_on_paper(pdf: bytes, folder: Path, count: int) -> list[list[int]]:
    """The symbol as a phone sees it: the darkness at the middle of each module of the 24 mm square."""
    with Image.open(picture_of(pdf, folder, DOTS)) as page:
        mm = DOTS / 25.4
        left, right = int(166 * mm), int(195 * mm)
        area = page.convert("L").crop((left, int(100 * mm), right, int(210 * mm)))
        area = area.point(lambda grey: 255 * (grey < 90))
        start, top, end, bottom = _symbol_box(area)
        step_x, step_y = (end - start) / count, (bottom - top) / count
        assert abs((end - start) / mm - SIDE_MM) < 0.2 and abs((bottom - top) / mm - SIDE_MM) < 0.2
        return [
            [int(area.getpixel((start + (x + 0.5) * step_x, top + (y + 0.5) * step_y)) > 0) for x in range(count)]
            for y in range(count)
        ]


def _symbol_box(area: Image.Image) -> tuple[int, int, int, int]:
    """Box of the tallest run of inked rows: text lines are 2 mm high, the symbol 24."""
    inked = [area.crop((0, y, area.width, y + 1)).getbbox() is not None for y in range(area.height)]
    runs, start = [], None
    for y, ink in enumerate([*inked, False]):
        if ink and start is None:
            start = y
        elif not ink and start is not None:
            runs.append((y - start, start, y))
            start = None
    _, top, bottom = max(runs)
    left, _, right, _ = area.crop((0, top, area.width, bottom)).getbbox()
    return left, top, right, bottom


@pytest.mark.row("M137")
def test_the_symbol_on_paper_is_the_link(tmp_path: Path) -> None:
    expected = [list(row) for row in qr.symbol(letter().activation_link).matrix]
    assert modules_on_paper(render(letter()), tmp_path, len(expected)) == expected
    render_batch([letter()], tmp_path / "batch.pdf")
    assert modules_on_paper((tmp_path / "batch.pdf").read_bytes(), tmp_path, len(expected)) == expected


def test_the_code_is_in_the_fragment_and_nothing_else_is_told() -> None:
    """No server log holds a code (DESIGN §7), and a lost letter tells no birth date."""
    link = urlsplit(letter().activation_link)
    assert (link.query, link.fragment) == ("", "code=0MQUXR43E7KNC")
    family = urlsplit(letter(used(LEO), ANA).activation_link)
    assert (family.query, family.fragment) == ("", "codes=0MQUXR43E7KNC,1234567890ABC")
    assert not re.search(r"\d{4}-\d{2}-\d{2}|naissance|birth", letter(ANA).activation_link)


def test_without_a_code_the_link_is_the_portal_and_with_too_many_the_activation_page() -> None:
    alone = letter()
    assert type(alone)(**{**fields(alone), "children": (used(LEO),)}).activation_link == alone.portal.url
    crowd = letter(*[LEO] * MAX_CODES_IN_QR)
    assert crowd.activation_link == crowd.portal.activation_url


def fields(facts) -> dict[str, object]:  # noqa: ANN001
    return {name: getattr(facts, name) for name in facts.__dataclass_fields__}


@pytest.mark.parametrize("count", [1, 2])
def test_the_quick_symbols_are_those_of_the_library(count: int) -> None:
    dice, symbols = random.Random(7), qr.Symbols()
    slow = 0
    for _ in range(60):
        codes = ",".join(compact(any_code(dice)) for _ in range(count))
        link = f"https://portail.ac-valmont.example/activation#{'codes' if count > 1 else 'code'}={codes}"
        assert symbols.draw(link) == qr.inline_image(*qr.modules(link))
        slow += not symbols._effects
    assert 0 < slow < 60, "both ways must have been tried"
    assert len(qr.RECIPES) >= 36
