"""Reading and checking definitions: every fault by file and line."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from app.core.errors import NotFound
from app.workflow import catalogue
from app.workflow.loader import load
from app.workflow.registry import check_names
from app.workflow.source import DefinitionError
from tests.workflow import toy

pytestmark = pytest.mark.row("C02")

GOOD = """\
name: sample
label: {fr: Essai, en: Sample}
created: {fr: Créé, en: Created}
initial: first
states:
  first:
    label: {fr: Un, en: One}
    shows: {colour: grey, letter: none, portal: hidden}
  last:
    label: {fr: Deux, en: Two}
    shows: {colour: green, letter: full, portal: visible}
    final: true
transitions:
  go:
    label: {fr: Aller, en: Go}
    done: {fr: Allé, en: Gone}
    from: first
    to: last
    allowed: sample:go
    requires: [toy_comment_written]
    then: [toy_stamp]
"""
LAST, GO = 9, 14  # lines of the blocks named so


def faults(tmp_path: Path, text: str, name: str = "sample.yaml") -> list[str]:
    """« line: fault » of every problem in `text`."""
    path = tmp_path / name
    path.write_text(textwrap.dedent(text), encoding="utf-8")
    return [problem.removeprefix(f"{path}:") for problem in catalogue.check_all(tmp_path)]


def test_a_good_file_has_no_fault_and_says_what_it_says(tmp_path: Path) -> None:
    assert faults(tmp_path, GOOD) == []
    found = load(tmp_path / "sample.yaml")
    assert (found.initial, list(found.states), dict(found.transitions["go"].moves)) == (
        "first", ["first", "last"], {"first": "last"}
    )  # fmt: skip
    assert found.permissions() == {("can_go", "sample")}
    assert found.states["last"].final and found.states["last"].colour == "green"
    with pytest.raises(AttributeError):
        found.initial = "last"  # type: ignore[misc]
    with pytest.raises(TypeError):
        found.states["more"] = found.states["last"]  # type: ignore[index]


@pytest.mark.parametrize(("old", "new", "line", "words"), [
    ("initial: first", "initial: first\ncolor: red", 5, "clé inconnue « color »"),
    ("    final: true", "    final: true\n    icon: star", 13, "clé inconnue « icon »"),
    ("portal: visible}", "portal: visible, mail: full}", 11, "clé inconnue « mail »"),
    ("    to: last", "    to: last\n    form: x", 19, "clé inconnue « form »"),
    ("label: {fr: Aller, en: Go}", "label: {fr: Aller}", 15, "il manque « en »"),
    ("label: {fr: Aller, en: Go}", "label: Aller", 15, "un bloc « clé: valeur » est attendu"),
    ("colour: green", "colour: pink", 11, "« colour: pink » ; valeurs : grey, blue"),
    ("letter: full", "letter: some", 11, "« letter: some »"),
    ("portal: visible", "portal: yes", 11, "« portal » doit être un mot"),
    ("final: true", "final: maybe", 12, "« final » doit être true ou false"),
    ("initial: first", "initial: start", 4, "« initial: start »"),
    ("initial: first\n", "", 1, "il manque « initial »"),
    ("    from: first", "    from: frist", 17, "état inconnu « frist »"),
    ("    to: last", "    to: lost", 18, "état inconnu « lost »"),
    ("    to: last", "    to: {first: lost}", 18, "état inconnu « lost »"),
    ("    to: last", "    to: {first: last}", 17, "« from » est de trop"),
    ("    from: first", "    from: [first, first]", 17, "« first » est donné deux fois dans « from »"),
    ("    from: first\n", "", GO, "il manque « from »"),
    ("    allowed: sample:go\n", "", GO, "il manque « allowed »"),
    ("sample:go", "everybody", 19, "« allowed: everybody »"),
    ("[toy_comment_written]", "[toy_unheard_of]", 20, "condition inconnue « toy_unheard_of »"),
    ("[toy_stamp]", "\n    - toy_stamp\n    - toy_bang", 23, "effet inconnu « toy_bang »"),
    ("[toy_comment_written]", "[toy_enough_parts]", 20, "il manque le paramètre « minimum »"),
    ("[toy_comment_written]", "[{toy_enough_parts: {minimum: deux}}]", 20, "n'est pas de type int"),
    ("[toy_comment_written]", "[{toy_enough_parts: {minimum: true}}]", 20, "n'est pas de type int"),
    ("[toy_comment_written]", "[{toy_enough_parts: {minimum: 2, most: 3}}]", 20, "paramètre inconnu « most »"),
    ("[toy_comment_written]", "[{toy_enough_parts: 2}]", 20, "on attend un nom"),
    ("[toy_comment_written]", "[toy_comment_written, toy_comment_written]", 20, "donné deux fois"),
    ("allowed: sample:go", "allowed: sample:go\n    auto: true", 19, "« auto » et « allowed » s'excluent"),
    ("requires:", "unless:", 20, "« unless » ne va qu'avec « auto »"),
    ("    final: true\n", "", LAST, "impasse"),
    ("    to: last", "    to: first", LAST, "aucune transition n'y mène"),
    ("  last:\n", "  last:\n  first:\n", 10, "« first » est donné deux fois"),
    ("  go:", "  create:", GO, "réservé à la création"),
    ("  go:", "  Go-on:", GO, "un nom a 1 à 20 lettres"),
    ("    allowed:", "    ask: why\n    allowed:", 19, "« ask: why » ; valeurs : reason"),
    ("name: sample", "name: other", 1, "n'est pas le nom du fichier"),
    ("name: sample", "name: sample\nmodule: os.path", 2, "n'est pas un module de l'application"),
    ("from: first", "from: [first", 18, "YAML illisible"),
])  # fmt: skip
def test_each_fault_is_named_by_file_and_line(tmp_path: Path, old: str, new: str, line: int, words: str) -> None:
    assert old in GOOD
    found = faults(tmp_path, GOOD.replace(old, new, 1))
    assert [f for f in found if f.startswith(f"{line}: ") and words in f], found


def test_every_fault_of_a_file_is_shown_at_once(tmp_path: Path) -> None:
    found = faults(tmp_path, GOOD.replace("colour: grey", "colour: pink").replace("sample:go", "nobody"))
    assert [f.split(":")[0] for f in found] == ["8", "19"]


def test_a_final_state_has_no_way_out(tmp_path: Path) -> None:
    text = GOOD.replace("hidden}", "hidden}\n    final: true", 1)
    assert faults(tmp_path, text) == ["6: état « first » : dit final, mais « go » en sort."]


def test_a_loop_is_no_way_out(tmp_path: Path) -> None:
    text = GOOD.replace("    final: true\n", "") + """\
  again:
    label: {fr: Encore, en: Again}
    done: {fr: Refait, en: Redone}
    from: last
    to: last
    allowed: sample:go
"""
    assert [f.split(" :")[0] for f in faults(tmp_path, text)] == [f"{LAST}: état « last »"]


def test_automatic_moves_that_would_never_rest(tmp_path: Path) -> None:
    text = GOOD.replace("    final: true\n", "").replace("    allowed: sample:go\n", "    auto: true\n") + """\
  back:
    label: {fr: Retour, en: Back}
    done: {fr: Revenu, en: Returned}
    from: last
    to: first
    auto: true
    unless: [toy_no_open_note]
"""
    assert all("sans fin" in f for f in faults(tmp_path, text)) and len(faults(tmp_path, text)) == 2
    assert faults(tmp_path, text.replace("toy_no_open_note", "toy_comment_written")) == []
    assert "se ferait toujours" in faults(tmp_path, text.replace("    requires: [toy_comment_written]\n", ""))[0]


def test_a_file_that_is_no_mapping_or_no_text(tmp_path: Path) -> None:
    for text in ("- a\n- b\n", "", "sample"):
        assert faults(tmp_path, text) == ["1: workflow : un bloc « clé: valeur » est attendu."]
    (tmp_path / "sample.yaml").write_bytes("name: é".encode("latin-1"))
    assert "UTF-8" in catalogue.check_all(tmp_path)[0]


def test_a_condition_without_sql_form_cannot_be_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(toy.comment_written, "_clause", None)
    monkeypatch.setattr(toy.leave_mark, "many", None)
    found = faults(tmp_path, GOOD.replace("[toy_stamp]", "[toy_leave_mark]"))
    assert found == ["20: la condition « toy_comment_written » n'a pas de forme SQL.",
                     "21: l'effet « toy_leave_mark » n'a pas de forme d'ensemble."]  # fmt: skip


def test_the_error_is_one_line_per_fault_with_the_path(tmp_path: Path) -> None:
    path = tmp_path / "sample.yaml"
    path.write_text(GOOD.replace("sample:go", "nobody"), encoding="utf-8")
    with pytest.raises(DefinitionError) as caught:
        load(path)
    assert str(caught.value).startswith(f"{path}:19: transition « go » : « allowed: nobody »")


def test_a_file_names_the_module_of_its_functions(tmp_path: Path) -> None:
    path = tmp_path / "sample.yaml"
    path.write_text(GOOD.replace("initial:", "module: app.nowhere.workflow\ninitial:"), encoding="utf-8")
    with pytest.raises(DefinitionError, match=r"sample.yaml:4: module « app.nowhere.workflow » introuvable"):
        check_names(load(path))


def test_a_faulty_file_stops_the_program_at_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a model of this process follows is checked, functions included."""
    text = Path(toy.DEFINITION.path).read_text(encoding="utf-8")
    (tmp_path / "toy_sheet.yaml").write_text(text.replace("toy_no_open_note", "toy_gone"), encoding="utf-8")
    monkeypatch.setattr(catalogue, "_known", {"toy_sheet": load(tmp_path / "toy_sheet.yaml")})
    monkeypatch.setattr(catalogue, "_checked", set())
    with pytest.raises(DefinitionError, match=r"toy_sheet.yaml:\d+: condition inconnue « toy_gone »"):
        catalogue.check_used()
    monkeypatch.setattr(catalogue, "_known", {"toy_sheet": toy.DEFINITION})
    catalogue.check_used()


def test_unknown_workflow() -> None:
    with pytest.raises(NotFound, match="guardian_code"):
        catalogue.definition("nothing")
