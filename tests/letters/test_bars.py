"""The bars of reply slips and references, read from the printed page as a scanner does (M138)."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image

from letters.render import render, render_batch
from tests.letters.people import ANA, LEO, letter

CODES = [("R1204-5", "E1204-E"), ("R1234567-K", "E1234567-Z")]


def read(pdf: bytes, folder: Path) -> set[str]:
    """Every bar code of every page, at the resolution of an office printer."""
    (folder / "page.pdf").write_bytes(pdf)
    subprocess.run(["pdftoppm", "-r", "300", "-gray", "-png", "page.pdf", "page"], cwd=folder, check=True)
    found = (zxingcpp.read_barcodes(Image.open(path)) for path in sorted(folder.glob("page*.png")))
    return {code.text for page in found for code in page if str(code.format) == "Code 39"}


@pytest.mark.row("M138")
@pytest.mark.parametrize("stencils", [False, True])
def test_a_scanner_reads_the_slips_and_the_reference(stencils: bool, tmp_path: Path) -> None:
    """Laid out one by one, or filled into a stencil; two children, short numbers and long ones."""
    children = tuple(replace(child, refusals=codes) for child, codes in zip((LEO, ANA), CODES, strict=True))
    asked = replace(letter(), reference="N1204-P", children=children)
    if stencils:
        render_batch([asked, asked], tmp_path / "batch.pdf")
        pdf = (tmp_path / "batch.pdf").read_bytes()
    else:
        pdf = render(asked)
    assert read(pdf, tmp_path) == {"N1204-P", *CODES[0], *CODES[1]}
