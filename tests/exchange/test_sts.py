"""sts_emp: staff, divisions, class teachers, groups."""

from __future__ import annotations

from app.exchange.records import AssignmentRecord, DivisionRecord, ServiceRecord, StaffRecord
from app.exchange.source_file import open_source
from tests.exchange.files import UAI, lines, read, sts

PRINC = "<PROFS_PRINC><PROF_PRINC><CODE_STRUCTURE>6A</CODE_STRUCTURE></PROF_PRINC></PROFS_PRINC>"
ANNE = (
    '<INDIVIDU ID="7" TYPE="epp"><SEXE>2</SEXE><CIVILITE>3</CIVILITE><NOM_USAGE>LORMONT</NOM_USAGE>'
    "<NOM_PATRONYMIQUE>VIGNE</NOM_PATRONYMIQUE><PRENOM>Anne</PRENOM><DATE_NAISSANCE>1980-05-02</DATE_NAISSANCE>"
    f"<FONCTION>ENS</FONCTION>{PRINC}</INDIVIDU>"
)
LOCAL = '<INDIVIDU ID="7" TYPE="local"><SEXE/><NOM_USAGE>BASTIDE</NOM_USAGE><PRENOM>Luc</PRENOM></INDIVIDU>'


def service(*teachers: str) -> str:
    """A SERVICES block."""
    inner = "".join(f'<ENSEIGNANT ID="{key}" TYPE="{kind}"/>' for kind, key in (t.split(":") for t in teachers))
    return f'<SERVICES><SERVICE CODE_MATIERE="020700"><ENSEIGNANTS>{inner}</ENSEIGNANTS></SERVICE></SERVICES>'


def division(code: str, *teachers: str) -> str:
    """One DIVISION."""
    return (
        f'<DIVISION CODE="{code}"><LIBELLE_LONG>SIXIEME A</LIBELLE_LONG><MEFS_APPARTENANCE>'
        f'<MEF_APPARTENANCE CODE="10010012110"/></MEFS_APPARTENANCE>{service(*teachers)}</DIVISION>'
    )


def test_header_is_in_attributes() -> None:
    assert open_source(sts(ANNE), "sts.xml").header[:2] == (UAI, 2026)


def test_an_identifier_is_unique_with_its_type() -> None:
    anne, luc = read(sts(ANNE + LOCAL), StaffRecord)
    assert (anne.source_id, luc.source_id) == ("epp:7", "local:7")
    assert (anne.title, anne.last_name, anne.usage_name, anne.function) == ("MME", "VIGNE", "LORMONT", "ENS")
    assert (luc.last_name, luc.usage_name, luc.birth_date) == ("BASTIDE", None, None)


def test_divisions_carry_their_label_and_programmes() -> None:
    assert read(sts(ANNE, division("6A")), DivisionRecord)[0][:3] == ("6A", "SIXIEME A", ("10010012110",))


def test_class_teachers_and_teachers() -> None:
    group = (
        '<GROUPE CODE="G1"><DIVISIONS_APPARTENANCE><DIVISION_APPARTENANCE CODE="6B"/></DIVISIONS_APPARTENANCE>'
        f"{service('local:7')}</GROUPE>"
    )
    data = sts(ANNE + LOCAL, division("6A", "epp:7", "local:7") + division("6B"), group)
    found = {item[:3] for item in read(data, AssignmentRecord)}
    assert found == {("epp:7", "6A", True), ("local:7", "6A", False), ("local:7", "6B", False)}


def test_an_unknown_teacher_or_class_is_an_alert() -> None:
    data = sts(ANNE, division("5B", "epp:99"))
    assert ["6A" in line.message or "epp:99" in line.message for line in lines(data, "alert")] == [True, True]


def test_a_repeated_or_nameless_person_is_left_out() -> None:
    data = sts(ANNE + ANNE + '<INDIVIDU ID="8" TYPE="epp"/>', division("6A"))
    assert len(read(data, StaffRecord)) == 1
    assert len(lines(data, "blocking")) == 2


def test_services_say_the_subject_the_teachers_and_how_it_is_chosen() -> None:
    two = ('<SERVICES><SERVICE CODE_MATIERE="020300" CODE_MOD_COURS="CG"><ENSEIGNANTS><ENSEIGNANT ID="7" TYPE="epp"/>'
           '</ENSEIGNANTS></SERVICE><SERVICE CODE_MATIERE="020300" CODE_MOD_COURS="TP"><ENSEIGNANTS>'
           '<ENSEIGNANT ID="7" TYPE="epp"/><ENSEIGNANT ID="7" TYPE="local"/></ENSEIGNANTS></SERVICE>'
           '<SERVICE CODE_MATIERE="070800"/></SERVICES>')  # fmt: skip
    drawn = '<DIVISIONS_APPARTENANCE><DIVISION_APPARTENANCE CODE="6A"/></DIVISIONS_APPARTENANCE>'
    group = f'<GROUPE CODE="G1">{drawn}{two}</GROUPE>'
    programme = ("<PROGRAMMES><PROGRAMME><CODE_MEF>10010012110</CODE_MEF><CODE_MATIERE>020300</CODE_MATIERE>"
                 "<CODE_MODALITE_ELECT>F</CODE_MODALITE_ELECT></PROGRAMME></PROGRAMMES>")  # fmt: skip
    data = sts(ANNE + LOCAL, division("6A", "epp:7", "epp:99"), group).replace(
        b"<DONNEES>", f"<NOMENCLATURES>{programme}</NOMENCLATURES><DONNEES>".encode())  # fmt: skip
    assert {item[:4] for item in read(data, ServiceRecord)} == {
        ("6A", "020700", "S", "epp:7"), ("6A", "020300", "F", "epp:7"), ("6A", "020300", "F", "local:7"),
        ("6A", "070800", "S", None),
    }  # fmt: skip


def test_a_service_of_an_unknown_teacher_is_nobodys() -> None:
    data = sts(ANNE, division("6A", "epp:99"))
    assert [item[:4] for item in read(data, ServiceRecord)] == [("6A", "020700", "S", None)]
