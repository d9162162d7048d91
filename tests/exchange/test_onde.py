"""ONDE extractions, one quirk at a time."""

from __future__ import annotations

from datetime import date

import pytest

from app.exchange.onde.matching import KnownPupil, PupilIndex
from app.exchange.onde.table import fold, separator_of
from app.exchange.records import (
    AssignmentRecord,
    ChildName,
    DivisionRecord,
    NamedGuardianRecord,
    PlacementRecord,
    PupilRecord,
    RejectedPupil,
    StaffRecord,
)
from tests.exchange.files import INE, lines, read, table

HEADER = (
    "Nom élève;Nom d'usage élève;Prénom élève;Date naissance;Sexe;INE; Cycle;Niveau;Libellé classe;Identifiant classe"
)
LEA = f"MARTIN;;Léa;05/03/2018;F;{INE};CYCLE II;CE1;CE1 - CE2;960107"


def pupils(*rows: str, header: str = HEADER, encoding: str = "cp1252") -> bytes:
    """A pupils' extraction."""
    return table(header, *rows, encoding=encoding)


WAYS = {
    "cp1252": pupils(LEA),
    "utf-8": pupils(LEA, encoding="utf-8"),
    "utf-8 with BOM": pupils(LEA, encoding="utf-8-sig"),
    "LF": pupils(LEA).replace(b"\r\n", b"\n"),
    "commas": pupils(LEA.replace(";", ","), header=HEADER.replace(";", ",")),
    "tabs": pupils(LEA.replace(";", "\t"), header=HEADER.replace(";", "\t")),
    "all quoted": pupils('"' + LEA.replace(";", '";"') + '"', header='"' + HEADER.replace(";", '";"') + '"'),
    "some quoted": pupils(LEA.replace("MARTIN", '"MARTIN"')),
    "one field more": pupils(LEA + ";"),
    "empty lines": pupils(LEA, "", ""),
    "another apostrophe": pupils(LEA, header=HEADER.replace("'", "’")),
    "ISO date": pupils(LEA.replace("05/03/2018", "2018-03-05")),
    "BE1D": pupils(LEA, header=HEADER.replace("élève", "Elève")),
}


@pytest.mark.parametrize("data", WAYS.values(), ids=WAYS)
def test_a_pupil_is_read_whatever_the_way_it_is_written(data: bytes) -> None:
    (found,) = read(data, PupilRecord)
    assert found[:9] == (INE, INE, "MARTIN", None, "Léa", None, None, date(2018, 3, 5), "F")
    assert (found.level, read(data, PlacementRecord)[0].division) == ("CE1", "960107")
    assert read(data, DivisionRecord)[0][:2] == ("960107", "CE1 - CE2")
    assert lines(data) == []


def test_without_class_identifier_the_label_is_the_class() -> None:
    data = pupils("MARTIN;Léa;05/03/2018;F;CP  bleu", header="Nom élève;Prénom élève;Date naissance;Sexe;Classe")
    assert read(data, DivisionRecord)[0][:2] == ("CP bleu", "CP bleu")


def test_boys_are_written_m_or_h() -> None:
    assert read(pupils(LEA.replace(";F;", ";H;")), PupilRecord)[0].sex == "M"


FAULTS = {
    "date 31/11": (LEA.replace("05/03/2018", "31/11/2018"), "31/11/2018"),
    "empty date": (LEA.replace("05/03/2018", ""), "vide"),
    "date turned into a number": (LEA.replace("05/03/2018", "43164"), "tableur"),
    "no name": (LEA.replace("MARTIN", ""), "Nom élève"),
    "no class": (LEA.replace("CE1 - CE2", ""), "Libellé classe"),
    "too many cells": (LEA + ";x;y", "colonnes"),
}


@pytest.mark.parametrize(("row", "said"), FAULTS.values(), ids=FAULTS)
def test_a_faulty_line_is_left_out_and_the_others_taken(row: str, said: str) -> None:
    data = pupils(row, "BLANC;;Tom;01/01/2018;M;;CYCLE II;CP;CP;960106")
    assert [record.last_name for record in read(data, PupilRecord)] == ["BLANC"]
    (line,) = lines(data, "blocking")
    assert (said in line.message, line.line) == (True, 2)
    assert RejectedPupil(INE) in read(data, RejectedPupil)


ALERTS = {
    "no INE": (LEA.replace(INE, ""), "non exportable vers LSU"),
    "wrong key": (LEA.replace(INE, "123456789AB"), "clé"),
    "cycle and level disagree": (LEA.replace("CYCLE II", "CYCLE III"), "le niveau est gardé"),
    "ULIS": (LEA.replace(";CE1;", ";ULIS;"), "niveau réel"),
    "unknown level": (LEA.replace(";CE1;", ";X;"), "inconnu"),
}


@pytest.mark.parametrize(("row", "said"), ALERTS.values(), ids=ALERTS)
def test_a_doubt_is_an_alert(row: str, said: str) -> None:
    assert len(read(pupils(row), PupilRecord)) == 1
    (line,) = lines(pupils(row))
    assert (line.severity, said in line.message) == ("alert", True)


def test_same_ine_twice_names_both_lines_and_takes_neither() -> None:
    data = pupils(LEA, LEA.replace("Léa", "Zoé"))
    assert read(data, PupilRecord) == []
    (line,) = lines(data, "blocking")
    assert all(part in line.message for part in ("MARTIN Léa, ligne 2", "MARTIN Zoé, ligne 3", INE))


def test_two_labels_for_one_identifier_are_an_error() -> None:
    data = pupils(LEA, "BLANC;;Tom;01/01/2018;M;;CYCLE II;CE1;AUTRE;960107")
    assert len(read(data, PupilRecord)) == 1
    assert "deux libellés" in lines(data, "blocking")[0].message


def test_two_identifiers_with_one_label_are_two_classes() -> None:
    data = pupils(LEA, "BLANC;;Tom;01/01/2018;M;;CYCLE II;CE1;CE1 - CE2;960108")
    assert {d.label for d in read(data, DivisionRecord)} == {"CE1 - CE2 (960107)", "CE1 - CE2 (960108)"}


GUARDIANS = (
    "Civilité Responsable;Nom usage responsable;Nom responsable;Prénom responsable;Adresse responsable;CP responsable;"
    "Commune responsable;Pays;Courriel;Téléphone domicile;Téléphone travail;Téléphone portable"
    + ";Nom d'usage enfant;Nom de famille enfant;Prénom enfant;Classes enfants"
    * 3
)
ANNE = "MME;MARTIN;VIGNE;Anne;3 rue Basse;96000;MONTREVEL;FRANCE;a@courriel.example.org;;;0639980001;;MARTIN;Léa;CE1"


def guardians(*rows: str, header: str = GUARDIANS) -> list[NamedGuardianRecord]:
    """The guardians of an extraction."""
    return read(table(header, *rows), NamedGuardianRecord)


def test_a_guardian_and_the_names_of_the_children() -> None:
    (found,) = guardians(ANNE + ";;MARTIN;Tom;CP;;;;")
    record = found.guardian
    assert (record.title, record.last_name, record.usage_name) == ("MME", "VIGNE", "MARTIN")
    assert (record.address1, record.postal_code, record.city, record.country) == (
        "3 rue Basse",
        "96000",
        "MONTREVEL",
        None,
    )
    assert found.children == (ChildName("MARTIN", None, "Léa", "CE1"), ChildName("MARTIN", None, "Tom", "CP"))


def test_the_post_number_column_and_more_than_three_children() -> None:
    header = GUARDIANS.replace("Téléphone portable", "Numéro de poste;Téléphone portable")
    row = ANNE.replace(";;;0639980001;", ";;;12;0639980001;") + "".join(f";;MARTIN;E{n};CP" for n in range(3))
    (found,) = guardians(row, header=header)
    assert (len(found.children), found.guardian.phone_mobile) == (4, "0639980001")


def test_a_usage_name_that_repeats_the_name_is_none() -> None:
    assert guardians(ANNE.replace("MARTIN;VIGNE", "VIGNE;VIGNE"))[0].guardian.usage_name is None


def test_the_same_person_on_two_lines_is_merged_and_a_namesake_is_not() -> None:
    other_child, elsewhere = ANNE.replace("Léa", "Tom"), ANNE.replace("3 rue Basse", "9 quai").replace("a@", "b@")
    found = guardians(ANNE, other_child, elsewhere)
    assert [len(person.children) for person in found] == [2, 1]


def test_a_postal_code_gets_its_lost_zero_back() -> None:
    data = table(GUARDIANS, ANNE.replace("96000", "1000"))
    assert read(data, NamedGuardianRecord)[0].guardian.postal_code == "01000"
    assert lines(data)[0].severity == "alert"


POOL = [
    KnownPupil("1", "MARTIN", None, "Léa", "CE1"),
    KnownPupil("2", "N'DIAYE-LE GOFF", None, "Éloïse", "CP"),
    KnownPupil("3", "BLANC", "ROUX", "Tom", "CP"),
    KnownPupil("4", "BLANC", None, "Noé", "CP"),
    KnownPupil("5", "BLANC", None, "Noé", "CM2"),
]
CHILDREN = {
    "by name": (ChildName("MARTIN", None, "Léa", "un autre libellé"), ["1"]),
    "accents, dashes, spaces": (ChildName("n diaye  le goff", None, "ELOISE", None), ["2"]),
    "by usage name": (ChildName("ROUX", "ROUX", "Tom", None), ["3"]),
    "homonyms, the class decides": (ChildName("BLANC", None, "Noé", "CM2"), ["5"]),
    "homonyms, no class": (ChildName("BLANC", None, "Noé", None), ["4", "5"]),
    "nobody": (ChildName("MARTIN", None, "Zoé", "CE1"), []),
}


@pytest.mark.parametrize(("child", "expected"), CHILDREN.values(), ids=CHILDREN)
def test_a_child_is_found_by_name(child: ChildName, expected: list[str]) -> None:
    assert [pupil.source_id for pupil in PupilIndex(POOL).find(child)] == expected


TEACHERS = (
    "Civilité;Nom usage;Nom;Prénom;Adresse;CP;Commune;Pays;"
    "Courriel;Téléphone domicile;Téléphone portable;Directeur;Classe"
)


def test_teachers_and_their_classes() -> None:
    data = table(TEACHERS, "MME;;VIGNE;Anne;;;;;;;;non;CP;CE1", "M.;;BASTIDE;Luc;;;;;;;;oui;CM2")
    anne, luc = read(data, StaffRecord)
    assert (anne.function, luc.function) == ("ENS", "DIR")
    assert [(a.staff_id, a.division) for a in read(data, AssignmentRecord)] == [
        (anne.source_id, "CP"), (anne.source_id, "CE1"), (luc.source_id, "CM2"),
    ]  # fmt: skip


def test_folding_and_separators() -> None:
    assert fold("Nom d’usage  Elève") == fold("nomdusageÉLÈVE")
    assert separator_of('"a;b",c,d') == ","
