"""Facts are checked where the letter is made, and survive the trip to the rendering process."""

from __future__ import annotations

import ast
import json
from dataclasses import FrozenInstanceError, replace
from pathlib import Path

import pytest

from letters import __main__ as preview
from letters import codec
from letters.errors import LetterDataError
from letters.kinds import KINDS
from letters.mail import FOLDERS
from letters.render import render_batch
from letters.samples import sample_letter, sample_mail
from letters.templates import ROOT
from letters.types import ChildRow, GuardianCodeLetter, PortalFacts, Recipient, field_names
from letters.wording import bare_address, listed
from tests.letters.people import ANA, letter, text_of


def test_a_forgotten_fact_is_an_error() -> None:
    with pytest.raises(TypeError, match="starts_on"):
        GuardianCodeLetter(  # type: ignore[call-arg]
            **{name: getattr(letter(), name) for name in field_names(GuardianCodeLetter) if name != "starts_on"}
        )


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"place": " "}, "place"),
        ({"place": None}, "place"),
        ({"place": "x" * 401}, "place"),
        ({"services": ("",)}, "services"),
        ({"children": ()}, "children"),
        ({"written_on": 3}, "written_on"),
    ],
)
def test_a_blank_or_odd_fact_is_named(changes: dict[str, object], named: str) -> None:
    with pytest.raises(LetterDataError, match=named):
        replace(letter(), **changes)


def test_addresses_codes_and_links_have_a_form() -> None:
    for made in (
        lambda: Recipient("Madame", "X", tuple("1234567")),
        lambda: ChildRow("X", "Y", "Z", "0MQUXR43E7KNC", ()),
        lambda: PortalFacts("javascript:alert(1)", "https://x.example", None),
        lambda: PortalFacts("https://x.example", "https://x.example/#x", None),
        lambda: letter(guardian=replace(letter().guardian, address=())),
    ):
        with pytest.raises(LetterDataError):
            made()


def test_facts_are_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        letter().place = "ailleurs"  # type: ignore[misc]


@pytest.mark.parametrize("facts", [letter(ANA), *(sample_mail(kind) for kind in FOLDERS)])
def test_facts_survive_the_pipe(facts) -> None:  # noqa: ANN001
    assert codec.load(type(facts), json.loads(json.dumps(codec.dump(facts)))) == facts


def test_unknown_and_missing_fields_are_refused() -> None:
    for wrong in (codec.dump(letter()) | {"birth_date": "2014-01-01"}, {"reference": "x"}):
        with pytest.raises(LetterDataError, match="birth_date|school"):
            codec.load(GuardianCodeLetter, wrong)


def test_an_empty_batch_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LetterDataError):
        render_batch([], tmp_path / "x.pdf")


def test_every_letter_has_its_folder_sample_and_template() -> None:
    for kind in KINDS.values():
        drawn = {f"{(kind.drawn or '').split('.')[-1]}.py"}
        expected = drawn if kind.drawn else {"template.html", "body.html", "sample.json", "fields.py"}
        assert expected <= {file.name for file in (ROOT / kind.folder).iterdir()}
        assert isinstance(sample_letter(kind.name), kind.facts)


def test_this_package_imports_nothing_of_the_application() -> None:
    for file in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and not node.level:
                names.append(node.module or "")
            assert not [n for n in names if n.split(".")[0] in {"app", "config", "run", "flask", "sqlalchemy"}], file


def test_the_preview_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert preview.main(["guardian_code", "--children", "2", "--out", str(tmp_path / "x.pdf")]) == 0
    assert text_of((tmp_path / "x.pdf").read_bytes()).count("LEFÈVRE Maëlys") == 6
    assert preview.main(["invitation", "--mail", "--out", str(tmp_path / "x.html")]) == 0
    assert "Votre accès à Livret" in capsys.readouterr().out
    assert preview.main(["invitation", "--out", str(tmp_path / "no.pdf")]) == 2
    assert "qu'en courriel" in capsys.readouterr().err
    assert preview.main(["guardian_code", "--out", str(tmp_path / "nowhere" / "x.pdf")]) == 2


def test_french_lists_and_addresses() -> None:
    assert [listed(x) for x in (["a"], ["a", "b"], ["a", "b", "c"])] == ["a", "a et b", "a, b et c"]
    assert bare_address("https://portail.example/") == "portail.example"
