"""Each rule of the check before locking with what must warn and what must not."""

from __future__ import annotations

import pytest

from app.booklets.check_rules import (
    RULES,
    Context,
    common_names,
    excerpt,
    key_of,
    mask,
    names_to_look_for,
    shipped_words,
)
from app.booklets.models import WATCHED

CLASS = names_to_look_for(["Inès", "Jean-Luc", "Marie Anne", "Rose", "Victor", "Lou", "Al", "Désiré", "Noé", "Zoé"])
OF_INES = Context(CLASS, frozenset({key_of("Inès")}), "F", shipped_words())
OF_NOE = Context(CLASS, frozenset({key_of("Noé"), key_of("Victor")}), "M", shipped_words())


@pytest.mark.parametrize(("text", "found"), [
    ("Zoé doit se concentrer.", ["Zoé"]), ("zoe bavarde", ["Zoé"]), ("ZOÉ progresse", ["Zoé"]),
    ("Le travail de Jean-Luc, de Lou et d'Inès.", ["Jean-Luc", "Lou"]),
    ("Avec Marie Anne, c'est mieux", ["Marie Anne"]),
    ("Un exposé sur Victor. Il progresse", ["Victor"]), ("Victor, Noé et Victor", ["Victor", "Noé"]),
    ("Inès progresse, INES aussi", []), ("Zoéline et louange", []), ("Un bon exposé sur Victor Hugo", []),
    ("La vie en rose, sans désirer plus", []), ("Al", []), ("Marie aime Anne", []), ("Jean-Luce", []), ("", []),
])  # fmt: skip
def test_another_pupils_first_name(text: str, found: list[str]) -> None:
    assert RULES["other_name"](text, OF_INES) == found


def test_ones_own_other_first_names_do_not_count() -> None:
    assert RULES["other_name"]("Victor et Noé, Zoé", OF_NOE) == ["Zoé"]
    shared = Context(CLASS, frozenset({key_of("Inès")}), personal=False)
    assert RULES["other_name"]("Zoé", shared) == []


@pytest.mark.parametrize(("text", "found"), [
    ("Pratique le ramadan.", ["ramadan"]), ("Élève d'origine étrangère", ["origine étrangère"]),
    ("Syndiqué !", ["Syndiqué"]),
    ("Ses MŒURS", ["MŒURS"]), ("proche de l'extrême-droite", []), ("proche de l'extrême droite", ["extrême droite"]),
    ("Témoin de Jéhovah et catholique", ["Témoin de Jéhovah", "catholique"]),
    ("Un bon esprit critique", []), ("À l'origine de beaux projets", []), ("romantique, courses et terrace", []),
    ("Le carré et la racine", []),
])  # fmt: skip
def test_subjects_of_the_legal_reminder(text: str, found: list[str]) -> None:
    assert RULES["watched"](text, OF_INES) == found


@pytest.mark.parametrize(("text", "found"), [
    ("Un un bon travail", ["Un un"]), ("le le\nla la", ["le le", "la la"]), ("bon travail, travail soigné", []),
    ("Nous nous félicitons et vous vous appliquez", []), ("bien. Bien", []), ("3 3 sur 20", []), ("", []),
    ("de d'écrire", []), ("Il a fait fait", ["fait fait"]),
])  # fmt: skip
def test_doubled_words(text: str, found: list[str]) -> None:
    assert RULES["doubled"](text, OF_INES) == found


@pytest.mark.parametrize(("text", "sex", "warns"), [
    ("Il travaille bien.", "F", True), ("il est sérieux", "F", False), ("Il faut continuer.", "F", False),
    ("Il n'a pas rendu", "F", False), ("Elle travaille bien.", "F", False), ("Elle travaille bien.", "M", True),
    ("La classe est bonne. Elle progresse", "M", False), ("Il travaille", "M", False), ("Il", "F", False),
    ("Il travaille bien.", None, False), ("« Il travaille bien »", "F", False),
])  # fmt: skip
def test_the_pronoun_a_text_begins_with(text: str, sex: str | None, warns: bool) -> None:
    assert bool(RULES["pronoun"](text, Context(sex=sex))) is warns


@pytest.mark.parametrize(("length", "short", "full"), [(14, True, False), (15, False, False), (569, False, False),
                                                       (570, False, True), (600, False, True)])  # fmt: skip
def test_lengths(length: int, short: bool, full: bool) -> None:
    text = "é" * length
    assert (bool(RULES["short"](text, OF_INES)), bool(RULES["nearly_full"](text, OF_INES))) == (short, full)
    assert not RULES["short"](text, Context(personal=False))


def test_same_texts_are_compared_by_their_words() -> None:
    assert mask("Bon travail !") == mask(" bon  TRAVAIL.") != mask("Bon travail, Zoé")
    assert RULES["same_text"]("x", Context(twins=2)) == ["2"] and RULES["same_text"]("x", Context()) == []


def test_shipped_lists_are_well_formed() -> None:
    assert set(shipped_words().values()) == set(WATCHED) and all(shipped_words()) and all(common_names())
    assert len(common_names()) > 80


def test_an_excerpt_shows_what_is_around() -> None:
    text = "a" * 60 + " Zoé\nbavarde " + "b" * 60
    assert excerpt(text, "Zoé").startswith("… a") and "Zoé bavarde" in excerpt(text, "Zoé")
    assert excerpt("a " * 60 + "zoe bavarde", "Zoé").endswith("zoe bavarde")
    assert excerpt("Zoé", "Zoé") == "Zoé" and excerpt("court", "absent") == "court"
