"""What a guardian reads, variant by variant, kept as text and reviewed like code.

To accept a change of wording, delete the snapshot and run the test twice: it writes, fails once, then passes.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from letters.render import render
from letters.samples import sample_letter
from letters.types import GuardianCodeLetter, PortalFacts
from tests.letters.people import ANA, LEO, letter, text_of, used

SNAPSHOTS = Path(__file__).parent / "snapshots"
ENT = PortalFacts("https://cartable.example", "https://cartable.example", "Cartable 99")
ONE = letter()
VARIANTS = {
    "one_child": ONE,
    "three_children": letter(LEO, ANA),
    "code_used": replace(ONE, children=(used(ONE.children[0]),)),
    "one_of_two_used": letter(used(LEO)),
    "mixed": replace(ONE, portal=ENT, services=("Notes", "Absences", "un espace numérique de travail")),
    "ent_only": replace(ONE, portal=ENT, services=("un espace numérique de travail",)),
    "continuity": sample_letter("guardian_continuity"),
    "continuity_two_children": replace(sample_letter("guardian_continuity"), children=(*ONE.children, LEO)),
    "pupil": sample_letter("pupil_code"),
    "pupil_used": replace(sample_letter("pupil_code"), pupil=used(ONE.children[0])),
    "pupil_ent": replace(sample_letter("pupil_code"), portal=ENT, services=("un espace numérique de travail",)),
    "pupil_continuity": sample_letter("pupil_continuity"),
    "no_open_service": replace(ONE, services=()),
    "bare_school": replace(
        ONE,
        school=replace(ONE.school, phone=None, fax=None, email=None, head_name=None, address=()),
        guardian=replace(ONE.guardian, title=None, address=("3 place du Marché", "99200 VALMONT")),
    ),
}


def same_as_kept(name: str, text: str) -> None:
    kept = SNAPSHOTS / f"{name}.txt"
    if not kept.exists():
        kept.write_text(text, encoding="utf-8")
        pytest.fail(f"{kept.name} did not exist: written, now review it")
    assert text == kept.read_text(encoding="utf-8")


@pytest.mark.row("M137", "M138", "M091", "M065", "M139", "M140")
@pytest.mark.parametrize("name", VARIANTS)
def test_the_words_of_each_variant(name: str) -> None:
    same_as_kept(name, text_of(render(VARIANTS[name]), "-layout"))


@pytest.mark.row("M112")
def test_the_day_the_code_works_is_printed(tmp_path: Path) -> None:
    text = text_of(render(replace(ONE, written_on=date(2026, 11, 30), starts_on=date(2026, 12, 1))))
    assert "Valmont, le 30 novembre 2026" in text
    assert "Dès le 1er décembre 2026" in text


@pytest.mark.row("M097")
def test_a_used_code_is_not_printed() -> None:
    text = text_of(render(VARIANTS["one_of_two_used"]))
    assert ONE.children[0].code and ONE.children[0].code in text
    assert "code déjà utilisé" in text
    assert str(LEO.code) not in text


@pytest.mark.row("M137")
def test_one_line_of_the_table_per_child() -> None:
    family: GuardianCodeLetter = VARIANTS["three_children"]  # type: ignore[assignment]
    lines = text_of(render(family), "-layout").splitlines()
    for child in family.children:
        assert [line for line in lines if child.name in line and child.division in line and str(child.code) in line]


@pytest.mark.row("M138")
def test_each_slip_names_guardian_pupil_class_and_where_to_return_it() -> None:
    slips = text_of(render(ONE), "-layout").split("Refus de l'accès")[1:]
    assert len(slips) == 2
    for slip in slips:
        for expected in ("Madame LEFÈVRE Anaïs", "LEFÈVRE Maëlys", "Classe : 5EME3", "Fait à", "le ……", "Signature",
                         "À retourner à la direction : Collège Hortense-Aubrac, 12 rue des Tanneurs, 99200 VALMONT"):
            assert expected in slip
