"""A file that cannot be used: one French sentence with the file, the line where there is one, and what to do."""

from __future__ import annotations

import io
import zipfile
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import BadInput
from app.exchange import packaging
from app.exchange.readers import read_file
from tests.exchange.files import (
    PARAMETERS,
    eleves,
    link,
    person,
    pupil,
    responsables,
    structure,
    sts,
    table,
    xml,
    zipped,
)

GOOD = eleves(pupil(1), pupil(2), structures=[structure(1, "6A")])
BOMB = zipped(("bombe.xml", b"<BEE_ELEVES>" + b" " * (30 << 20)))
ENTITY = '<!DOCTYPE BEE_ELEVES [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'


def _encrypted() -> bytes:
    data = bytearray(zipped(("a.xml", GOOD)))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


def _corrupt() -> bytes:
    data = bytearray(zipped(("a.xml", GOOD)))
    at = 30 + len("a.xml") + 20
    data[at : at + 20] = b"\xff" * 20
    return bytes(data)


CASES = {
    "truncated": (GOOD[:-40], "tronqué", True),
    "truncated in a pupil": (GOOD[:300], "tronqué", True),
    "ill-formed": (GOOD.replace(b"</PRENOM>", b"</PRENON>", 1), "mal formé", True),
    "control character": (GOOD.replace(b"MARTIN1", b"MAR\x01TIN"), "mal formé", True),
    "wrong root": (xml("<bilans/>"), "pas un export attendu", False),
    "timetable root": (xml("<EDT_STS/>"), "emploi du temps", False),
    "timetable source": (sts("", parameters="<APPLICATION_SOURCE>X</APPLICATION_SOURCE>"), "emploi du temps", False),
    "nomenclature": (xml(f"<BEE_NOMENCLATURES>{PARAMETERS}</BEE_NOMENCLATURES>"), "pas utilisé", False),
    "no parameters": (xml("<BEE_ELEVES><DONNEES/></BEE_ELEVES>"), "PARAMETRES", False),
    "DOCTYPE": (GOOD.replace(b"<BEE_ELEVES", ENTITY.encode() + b"<BEE_ELEVES"), "DOCTYPE", False),
    "DOCTYPE in UTF-16": (
        f'<?xml version="1.0" encoding="UTF-16"?>{ENTITY}<BEE_ELEVES/>'.encode("utf-16"),
        "DOCTYPE",
        False,
    ),
    "DOCTYPE far away": (b"<!--" + b"x" * 40_000 + b"-->" + ENTITY.encode() + b"<BEE_ELEVES/>", "DOCTYPE", False),
    "unknown entity": (GOOD.replace(b"MARTIN1", b"&nom;"), "mal formé", True),
    "several xml": (zipped(("a.xml", GOOD), ("b.xml", GOOD)), "plusieurs fichiers xml (a.xml, b.xml)", False),
    "no xml": (zipped(("lisez-moi.txt", b"x")), "aucun fichier xml", False),
    "zip bomb": (BOMB, "démesuré", False),
    "too many entries": (zipped(*((f"{n:04d}" * 20, b"") for n in range(2500))), "trop de fichiers", False),
    "damaged zip": (zipped(("a.xml", GOOD))[:-10], "abîmé", False),
    "corrupt data": (_corrupt(), "abîmé", False),
    "encrypted zip": (_encrypted(), "protégé", False),
    "unknown encoding": (
        GOOD.replace(b"ISO-8859-15", b"KLINGON-1"),
        "encodage annoncé en tête du fichier est inconnu",
        True,
    ),
    "wrong encoding": (GOOD.replace(b"ISO-8859-15", b"UTF-8"), "ne correspond pas à l'encodage", True),
    "no pupil": (eleves(), "aucun élève", False),
    "no guardian": (responsables([], []), "aucun responsable", False),
    "no staff": (sts(""), "aucun personnel", False),
    "empty": (b"", "vide", False),
    "something else": (b"\x89PNG\r\n\x1a\n" + bytes(200), "", False),
    "group extraction": (table("Nom élève;Prénom élève;Groupe", "A;B;C"), "Groupe d'élèves", False),
    "csv without a column": (table("Nom élève;Sexe;Classe", "A;M;CP"), "Prénom élève, Date naissance", True),
    "csv in UTF-16": ("Nom élève;Sexe;Classe".encode("utf-16"), "UTF-16", False),
    "csv without a line": (table("Nom élève;Prénom élève;Date naissance;Sexe;Classe"), "aucune ligne", False),
    "csv cut in quotes": (table("Nom élève;Prénom élève;Date naissance;Sexe;Classe", '"A;B'), "tronqué", True),
}


@pytest.mark.parametrize(("data", "said", "has_line"), CASES.values(), ids=CASES)
def test_is_refused_with_what_to_do(data: bytes, said: str, has_line: bool) -> None:
    with pytest.raises(BadInput) as refused:
        list(read_file(data, "export.xml"))
    assert said in refused.value.message
    assert refused.value.file == "export.xml"
    assert refused.value.hint
    assert (refused.value.line is not None) is has_line


def test_a_fault_is_not_put_down_to_the_next_file() -> None:
    """libxml2's log is shared: what one file did wrong must not be said of another."""
    for data, said in ((CASES["unknown entity"][0], "entité inconnue"), (GOOD[:-40], "tronqué")):
        with pytest.raises(BadInput, match=said):
            list(read_file(data, "export.xml"))


def test_the_line_is_that_of_the_fault() -> None:
    body = GOOD.replace(b"</PARAMETRES>", b"</PARAMETRES>\n\n\n").replace(b"</PRENOM>", b"</PRENON>", 1)
    with pytest.raises(BadInput) as refused:
        list(read_file(body, "export.xml"))
    assert refused.value.line == 6


def test_a_zip_that_announces_less_than_it_holds_is_refused() -> None:
    data = bytearray(zipped(("a.xml", GOOD)))
    small = (10).to_bytes(4, "little")
    data[22:26] = small
    at = data.index(b"PK\x01\x02") + 24
    data[at : at + 4] = small
    with pytest.raises(BadInput):
        list(read_file(bytes(data), "a.zip"))


def test_a_single_xml_among_hidden_files_is_taken() -> None:
    data = zipped(("__MACOSX/a.xml", b"x"), (".a.xml", b"x"), ("dossier/", b""), ("dossier/a.xml", GOOD))
    assert len(list(read_file(data, "a.zip"))) > 0


def test_memory_stays_flat_whatever_is_in_between() -> None:
    """Sections nobody reads are dropped as they come; a record without end is refused."""
    junk = "<AUTRE><X>" + "<Y/>" * 300_000 + "</X></AUTRE>"
    data = eleves(pupil(1)).replace(b"<DONNEES>", b"<DONNEES>" + junk.encode())
    assert len(list(read_file(data, "a.xml"))) == 2
    endless = eleves(pupil(1)).replace(b"</PRENOM>", b"</PRENOM>" + b"<Z/>" * 1_200_000)
    with pytest.raises(BadInput, match="démesuré"):
        list(read_file(endless, "a.xml"))


def test_caps_are_checked_before_unpacking(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packaging, "MAX_UNPACKED", 100)
    for data in (GOOD, zipped(("a.xml", GOOD))):
        with pytest.raises(BadInput, match="dépasse"):
            list(read_file(data, "a.xml"))


FULL = [
    GOOD,
    responsables([person(1), person(2)], [link(1, 1), link(1, 2, RESP_LEGAL=1)]),
    sts('<INDIVIDU ID="1" TYPE="epp"><NOM_USAGE>A</NOM_USAGE></INDIVIDU>', '<DIVISION CODE="6A"/>'),
    table("Nom élève;Prénom élève;Date naissance;Sexe;Classe", "A;B;01/02/2015;M;CP"),
    zipped(("a.xml", GOOD)),
]


@given(st.sampled_from(FULL), st.data())
def test_a_mutated_file_gives_records_or_bad_input_and_nothing_else(data: bytes, draw: st.DataObject) -> None:
    mutated = bytearray(data)
    for _ in range(draw.draw(st.integers(1, 6))):
        at = draw.draw(st.integers(0, len(mutated)))
        what = draw.draw(st.sampled_from(("cut", "byte", "insert", "repeat")))
        if what == "cut":
            del mutated[at : at + draw.draw(st.integers(1, 60))]
        elif what == "byte" and at < len(mutated):
            mutated[at] = draw.draw(st.integers(0, 255))
        elif what == "insert":
            mutated[at:at] = draw.draw(
                st.sampled_from((b"<", b">", b"&x;", b"\x00", b"</ELEVE>", b"<!--", b"]]>", b"\xff\xfe", b'"'))
            )
        else:
            mutated[at:at] = mutated[max(0, at - 80) : at]
    try:
        list(read_file(bytes(mutated), "essai"))
    except BadInput as refused:
        assert refused.sentence()


def test_zlib_is_what_zips_use() -> None:
    """The corrupt case above really reaches the decompressor."""
    with zipfile.ZipFile(io.BytesIO(_corrupt())) as archive, pytest.raises((zlib.error, zipfile.BadZipFile)):
        archive.read("a.xml")
