"""BEE_ELEVES, one quirk of the field at a time."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from app.exchange.identifiers import key_letter
from app.exchange.records import PlacementRecord, PupilRecord, RejectedPupil
from app.exchange.source_file import open_source
from tests.exchange.files import INE, UAI, eleves, lines, pupil, read, structure


def only(data: bytes) -> PupilRecord:
    """The single pupil of a file."""
    (found,) = read(data, PupilRecord)
    return found


def test_the_header_says_school_year_and_day() -> None:
    header = open_source(eleves(pupil(1)), "a.xml").header
    assert header == (UAI, 2026, date(2026, 9, 14))


FIELDS: dict[str, tuple[dict[str, Any], str, object]] = {
    "RNIE wins": ({"INE_RNIE": INE, "ID_NATIONAL": "1", "INE_BEA": "2"}, "ine", INE),
    "then ID_NATIONAL": ({"INE_RNIE": "", "ID_NATIONAL": INE.lower(), "INE_BEA": "2"}, "ine", INE),
    "then BEA": ({"INE_BEA": INE}, "ine", INE),
    "no INE": ({}, "ine", None),
    "INE too long": ({"ID_NATIONAL": "123456789012"}, "ine", None),
    "old NOM": ({"NOM_DE_FAMILLE": None, "NOM": "ANCIEN"}, "last_name", "ANCIEN"),
    "usage name": ({"NOM_USAGE": "USAGE"}, "usage_name", "USAGE"),
    "empty usage name": ({"NOM_USAGE": " "}, "usage_name", None),
    "boy": ({"CODE_SEXE": 1}, "sex", "M"),
    "girl": ({"CODE_SEXE": 2}, "sex", "F"),
    "no sex": ({"CODE_SEXE": None}, "sex", None),
    "left": ({"DATE_SORTIE": "01/10/2026"}, "ends_on", date(2026, 10, 1)),
    "left, the specification's name": ({"DATE_SORTIE_ETAB": "01/10/2026"}, "ends_on", date(2026, 10, 1)),
    "empty leaving date": ({"DATE_SORTIE": ""}, "ends_on", None),
    "came": ({"DATE_ENTREE": "02/09/2026"}, "starts_on", date(2026, 9, 2)),
    "came, the specification's name": ({"DATE_ENTREE_ELE": "02/09/2026"}, "starts_on", date(2026, 9, 2)),
    "latin-9": ({"PRENOM": "Cœur Šàé€"}, "first_name", "Cœur Šàé€"),
    "last year's MEF is not this year's": (
        {"CODE_MEF": None, "SCOLARITE_AN_DERNIER": "<CODE_MEF>10110001110</CODE_MEF>"}, "mef_code", None,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("fields", "name", "value"), FIELDS.values(), ids=FIELDS)
def test_a_field(fields: dict[str, Any], name: str, value: object) -> None:
    assert getattr(only(eleves(pupil(1, **fields))), name) == value


def test_the_usage_name_is_shown_and_the_family_name_kept() -> None:
    found = only(eleves(pupil(1, NOM_DE_FAMILLE="NAISSANCE", NOM_USAGE="USAGE")))
    assert (found.shown_name, found.last_name) == ("USAGE Léa", "NAISSANCE")


def test_the_identifier_may_be_a_child() -> None:
    assert only(eleves(pupil(77, attribute=False))).source_id == "77"


@pytest.mark.parametrize("first", [False, True])
def test_structures_come_before_or_after_pupils(first: bool) -> None:
    data = eleves(pupil(1), structures=[structure(1, "6A")], first=first)
    assert {type(item) for item in read(data)} >= {PupilRecord, PlacementRecord}
    assert [item[:2] for item in read(data, PlacementRecord)] == [("1", "6A")]


PLACES = {
    "division": (structure(1, "4 D"), "4 D"),
    "groups only": (structure(1, "6AGL1", kind="G"), None),
    "inactive": (structure(1, "Inactifs"), None),
    "division and groups": (structure(1, "6AGL1/G", "6A", "6ALAT/G"), "6A"),
}


@pytest.mark.parametrize(("element", "division"), PLACES.values(), ids=PLACES)
def test_a_placement(element: str, division: str | None) -> None:
    (found,) = read(eleves(pupil(1), structures=[element]), PlacementRecord)
    assert found.division == division


def test_two_divisions_keep_the_first_and_say_so() -> None:
    data = eleves(pupil(1), structures=[structure(1, "6A", "6B")])
    (found,) = read(data, PlacementRecord)
    assert found.division == "6A"
    assert any("6A, 6B" in line.message for line in lines(data, "alert"))


ALERTS: dict[str, tuple[dict[str, Any], str]] = {
    "no INE": ({}, "pas d'INE"),
    "wrong key": ({"INE_RNIE": "123456789AB"}, "clé de l'INE"),
    "no sex": ({"INE_RNIE": INE, "CODE_SEXE": None}, "sexe"),
    "born in France nowhere": ({"INE_RNIE": INE, "CODE_COMMUNE_INSEE_NAISS": None}, "commune"),
    "unreadable MEF": ({"INE_RNIE": INE, "CODE_MEF": "1" * 12}, "MEF"),
    "unreadable leaving date": ({"INE_RNIE": INE, "DATE_SORTIE": "31/11/2026"}, "31/11/2026"),
}


@pytest.mark.row("M027")
@pytest.mark.parametrize(("fields", "said"), ALERTS.values(), ids=ALERTS)
def test_a_doubt_is_an_alert_and_the_pupil_is_taken(fields: dict[str, Any], said: str) -> None:
    data = eleves(pupil(1, **fields))
    assert only(data)
    (line,) = lines(data)
    assert line.severity == "alert"
    assert said in line.message
    assert "SIECLE (BEE)" in line.message
    assert "MARTIN1 Léa" in line.message


def test_a_sound_pupil_raises_no_line() -> None:
    assert lines(eleves(pupil(1, INE_RNIE=INE))) == []


FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "no name": ({"NOM_DE_FAMILLE": None}, "nom de famille"),
    "no first name": ({"PRENOM": ""}, "prénom"),
    "no birth date": ({"DATE_NAISS": None}, "naissance est absente"),
    "impossible date": ({"DATE_NAISS": "31/02/2014"}, "31/02/2014"),
    "name too long": ({"PRENOM": "x" * 101}, "100 caractères"),
}


@pytest.mark.parametrize(("fields", "said"), FAULTS.values(), ids=FAULTS)
def test_a_fault_leaves_the_pupil_out_with_a_blocking_line(fields: dict[str, Any], said: str) -> None:
    data = eleves(pupil(1, **fields), pupil(2, INE_RNIE=INE))
    assert [record.source_id for record in read(data, PupilRecord)] == ["2"]
    assert read(data, RejectedPupil) == [RejectedPupil("1")]
    (line,) = lines(data)
    assert (line.severity, line.line is not None) == ("blocking", True)
    assert said in line.message


def test_a_pupil_without_identifier_is_left_out() -> None:
    data = eleves(pupil("").replace(' ELEVE_ID=""', ""), pupil(2))
    assert read(data, RejectedPupil) == [RejectedPupil("")]
    assert "ELEVE_ID" in lines(data, "blocking")[0].message


TWINS = {
    "same INE": (eleves(pupil(1, INE_RNIE=INE), pupil(2, INE_RNIE=INE)), {"1", "2"}, "Même INE"),
    "same ELEVE_ID": (eleves(pupil(1), pupil(1, NOM_DE_FAMILLE="AUTRE")), {"1"}, "Même ELEVE_ID"),
}


@pytest.mark.parametrize(("data", "rejected", "said"), TWINS.values(), ids=TWINS)
def test_twins_are_both_named_and_neither_is_applied(data: bytes, rejected: set[str], said: str) -> None:
    assert {item.source_id for item in read(data, RejectedPupil)} == rejected
    (line,) = lines(data, "blocking")
    assert said in line.message
    names = ("MARTIN1", "MARTIN2") if "INE" in said else ("MARTIN1", "AUTRE")
    assert all(name in line.message for name in names)


def test_an_ine_of_the_old_generation_is_checked_by_its_own_key() -> None:
    assert lines(eleves(pupil(1, INE_BEA=f"1234567890{key_letter(1234567890)}"))) == []
