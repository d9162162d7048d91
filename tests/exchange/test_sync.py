"""Synchronising a collège: what is written, what is said, and that nothing happens twice."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import func, select

from app.core.db import admin_db
from app.core.errors import BadInput
from app.core.scope import school_scope, system_scope
from app.core.uow import unit_of_work
from app.exchange.demo import write_demo
from app.exchange.models import STAGED
from app.schools.models import Division, DivisionStaff, Programme
from app.schools.people import Enrolment, Guardian, GuardianLink, Pupil, Staff
from tests.exchange.conftest import Synced
from tests.exchange.files import INE, UAI, eleves, link, person, pupil, responsables, structure, sts

SIX_A = [structure(1, "6A"), structure(2, "6A")]
PUPILS = eleves(pupil(1, INE_RNIE=INE), pupil(2), structures=SIX_A)
GUARDIANS = responsables([person(1), person(2)], [link(1, 1), link(1, 2), link(2, 1)])
NOTHING = {"created": 0, "updated": 0, "closed": 0}


def said(outcome: object, severity: str | None = None) -> str:
    """The lines of a report."""
    return "\n".join(line.message for line in outcome.lines if severity in (None, line.severity))  # type: ignore[attr-defined]


def staged_rows() -> int:
    """What is left in staging."""
    with system_scope("test"):
        return sum(admin_db.session.scalar(select(func.count(model.id))) or 0 for model in STAGED)


def test_a_first_synchronisation_writes_everybody(college: Synced) -> None:
    outcome = college.run(PUPILS, GUARDIANS)
    assert (outcome.status, outcome.blocking) == ("done", 0)
    sizes = {"pupils": 2, "guardians": 2, "couples": 3, "divisions": 1}
    assert outcome.counts == sizes | {"created": 4, "updated": 0, "closed": 0, "unchanged": 0}
    assert college.all(Pupil, "source_id", "last_name", "sex", "ine") == {
        ("1", "MARTIN1", "F", INE), ("2", "MARTIN2", "F", None),
    }  # fmt: skip
    assert college.all(Programme, "mef_code", "label") == {("10010012110", "6EME")}
    assert college.all(Division, "code", "label") == {("6A", "6A")}
    shown = select(Pupil.source_id, Division.code, Programme.mef_code, Enrolment.ends_on).select_from(Enrolment)
    shown = shown.join(Enrolment.pupil).join(Enrolment.division).join(Enrolment.programme)
    assert set(college.rows(shown)) == {("1", "6A", "10010012110", None), ("2", "6A", "10010012110", None)}
    links = select(Guardian.source_id, Pupil.source_id, GuardianLink.rank).select_from(GuardianLink)
    links = links.join(GuardianLink.guardian).join(GuardianLink.pupil)
    assert set(college.rows(links)) == {("1", "1", 1), ("2", "1", 2), ("1", "2", 1)}
    assert staged_rows() == 0


def test_the_same_files_again_change_nothing_and_say_so(college: Synced) -> None:
    college.run(PUPILS, GUARDIANS)
    again = college.run(PUPILS, GUARDIANS)
    assert {key: again.counts[key] for key in NOTHING} == NOTHING
    assert again.counts["unchanged"] == 4
    assert "Aucun changement" in said(again)


CHANGES = {
    "name": (eleves(pupil(1, INE_RNIE=INE, PRENOM="Zoé"), pupil(2), structures=SIX_A), "prénom Léa → Zoé"),
    "division": (
        eleves(pupil(1, INE_RNIE=INE), pupil(2), structures=[structure(1, "6B"), SIX_A[1]]), "division 6A → 6B",
    ),
    "no division": (eleves(pupil(1, INE_RNIE=INE), pupil(2), structures=SIX_A[1:]), "division 6A → (vide)"),
    "birth date": (
        eleves(pupil(1, INE_RNIE=INE, DATE_NAISS="06/03/2014"), pupil(2), structures=SIX_A), "05/03/2014 → 06/03/2014",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("data", "words"), CHANGES.values(), ids=CHANGES)
def test_a_change_is_applied_and_named(college: Synced, data: bytes, words: str) -> None:
    college.run(PUPILS)
    outcome = college.run(data)
    assert {key: outcome.counts[key] for key in (*NOTHING, "unchanged")} == NOTHING | {"updated": 1, "unchanged": 1}
    assert words in said(outcome, "info")
    assert {key: college.run(data).counts[key] for key in NOTHING} == NOTHING


def test_a_pupil_who_left_is_closed_and_never_deleted_and_may_come_back(college: Synced) -> None:
    college.run(PUPILS, GUARDIANS)
    gone = college.run(eleves(pupil(1, INE_RNIE=INE), structures=SIX_A[:1]))
    assert (gone.counts["closed"], gone.counts["pupils"], gone.counts["couples"]) == (1, 1, 2)
    assert "MARTIN2 Léa ne figure plus" in said(gone)
    assert college.all(Enrolment, "ends_on") == {(None,), (date(2026, 9, 14),)}
    assert len(college.all(Pupil, "id")) == 2
    assert college.run(eleves(pupil(1, INE_RNIE=INE), structures=SIX_A[:1])).counts["closed"] == 0
    back = college.run(PUPILS)
    assert (back.counts["updated"], back.counts["pupils"], back.counts["couples"]) == (1, 2, 3)
    assert college.all(Enrolment, "ends_on") == {(None,)}


LEAVING = {"past": ("10/09/2026", 1, 1), "future": ("30/06/2027", 0, 2), "empty": ("", 0, 2)}


@pytest.mark.parametrize(("day", "closed", "active"), LEAVING.values(), ids=LEAVING)
def test_a_leaving_date(college: Synced, day: str, closed: int, active: int) -> None:
    college.run(PUPILS)
    outcome = college.run(eleves(pupil(1, INE_RNIE=INE, DATE_SORTIE=day), pupil(2), structures=SIX_A))
    assert (outcome.counts["closed"], outcome.counts["pupils"]) == (closed, active)


def test_links_end_swap_and_come_back(college: Synced) -> None:
    """Ranks exchanged between two people never collide; a link that is no longer said ends and keeps its row."""
    ranks = select(Guardian.source_id, GuardianLink.rank).select_from(GuardianLink).join(GuardianLink.guardian)
    ranks = ranks.where(GuardianLink.ended_on.is_(None))
    college.run(eleves(pupil(1)), responsables([person(1), person(2)], [link(1, 1), link(1, 2)]))
    swapped = college.run(eleves(pupil(1)), responsables([person(1), person(2)], [link(1, 2), link(1, 1)]))
    assert set(college.rows(ranks)) == {("1", 2), ("2", 1)}
    assert "responsable légal 1 → responsable légal 2" in said(swapped)
    alone = college.run(eleves(pupil(1)), responsables([person(1)], [link(1, 1)]))
    assert set(college.rows(ranks)) == {("1", 1)}
    assert (alone.counts["closed"], alone.counts["guardians"]) == (1, 1)
    assert "DUPONT2 Anne n'est plus responsable" in said(alone)
    assert college.all(GuardianLink, "ended_on") == {(None,), (date(2026, 9, 14),)}
    college.run(eleves(pupil(1)), responsables([person(1), person(2)], [link(1, 1), link(1, 2)]))
    assert set(college.rows(ranks)) == {("1", 1), ("2", 2)}


def test_a_guardian_moves(college: Synced) -> None:
    college.run(PUPILS, GUARDIANS)
    moved = GUARDIANS.replace(b"3 rue Basse", b"9 quai des Bateliers")
    outcome = college.run(PUPILS, moved)
    assert outcome.counts["updated"] == 2
    assert "adresse 3 rue Basse → 9 quai des Bateliers" in said(outcome)


def test_what_was_changed_on_screen_is_put_right_again(college: Synced) -> None:
    """The pupil base is the truth for the columns it holds."""
    college.run(PUPILS)
    with school_scope(college.id), unit_of_work() as session:
        session.scalars(select(Pupil).where(Pupil.source_id == "1")).one().first_name = "Autre"
    outcome = college.run(PUPILS)
    assert (outcome.counts["updated"], college.all(Pupil, "first_name")) == (1, {("Léa",)})
    assert "prénom Autre → Léa" in said(outcome)


def test_a_guardian_changed_on_screen_still_leaves_with_the_file(college: Synced) -> None:
    college.run(PUPILS, GUARDIANS)
    with school_scope(college.id), unit_of_work() as session:
        session.scalars(select(Guardian).where(Guardian.source_id == "2")).one().phone_mobile = "0639980000"
    alone = responsables([person(1)], [link(1, 1), link(2, 1)])
    assert (college.run(PUPILS, alone).counts["closed"], college.run(PUPILS, alone).counts["closed"]) == (1, 0)


def test_the_old_generation_then_the_new_one_is_no_change(college: Synced) -> None:
    college.run(eleves(pupil(1)), responsables([person(1)], [link(1, 1, RESP_LEGAL=1)]))
    assert college.run(eleves(pupil(1)), responsables([person(1)], [link(1, 1)])).counts["updated"] == 0


def test_guardians_alone_find_the_pupils_already_there(college: Synced) -> None:
    college.run(PUPILS)
    assert college.run(GUARDIANS).counts["couples"] == 3


def test_a_link_to_an_unknown_pupil_is_left_out_and_the_rest_applied(college: Synced) -> None:
    outcome = college.run(PUPILS, responsables([person(1)], [link(1, 1), link(999, 1)]))
    assert (outcome.status, outcome.blocking, outcome.counts["couples"]) == ("done", 1, 1)
    assert "999" in said(outcome, "blocking")


def test_twins_are_left_out_and_whoever_is_known_stays(college: Synced) -> None:
    college.run(PUPILS)
    twins = eleves(pupil(1, INE_RNIE=INE, PRENOM="Autre"), pupil(2, INE_RNIE=INE), pupil(3), structures=SIX_A)
    outcome = college.run(twins)
    assert (outcome.blocking, outcome.counts["closed"], outcome.counts["updated"], outcome.counts["created"]) == (
        1,
        0,
        0,
        1,
    )
    assert college.all(Pupil, "source_id", "first_name") == {("1", "Léa"), ("2", "Léa"), ("3", "Léa")}
    assert outcome.counts["pupils"] == 3


def test_a_record_without_identifier_closes_nobody(college: Synced) -> None:
    college.run(PUPILS)
    outcome = college.run(eleves(pupil(1, INE_RNIE=INE), pupil("x"), structures=SIX_A))
    assert outcome.counts["closed"] == 0
    assert "restent inscrits" in said(outcome, "alert")


def test_sans_division_is_listed(college: Synced) -> None:
    outcome = college.run(eleves(pupil(1), structures=[structure(1, "Inactifs")]))
    assert "MARTIN1 Léa : sans division" in said(outcome, "alert")
    assert college.all(Enrolment, "division_id") == {(None,)}


def test_an_unknown_programme_is_kept_as_unknown(college: Synced) -> None:
    outcome = college.run(eleves(pupil(1, CODE_MEF="99999999999")))
    assert college.all(Programme, "mef_code", "label") == {("99999999999", "MEF inconnu 99999999999")}
    assert "99999999999" in said(outcome, "alert")


REFUSED = {
    "another school": (PUPILS.replace(UAI.encode(), b"0960002F"), "0960002F"),
    "another year": (PUPILS.replace(b"<ANNEE_SCOLAIRE>2026", b"<ANNEE_SCOLAIRE>2025"), "2025-2026"),
    "no pupil": (eleves(), "aucun élève"),
    "truncated": (PUPILS[:-60], "tronqué"),
    "ONDE": ("Nom élève;Prénom élève;Date naissance;Sexe;Classe\nA;B;01/02/2015;M;CP\n".encode(), "mêlés"),
}


@pytest.mark.parametrize(("data", "words"), REFUSED.values(), ids=REFUSED)
def test_a_faulty_file_refuses_the_set_and_writes_nothing(college: Synced, data: bytes, words: str) -> None:
    college.run(PUPILS)
    with pytest.raises(BadInput, match=re.escape(words)) as refused:
        college.run(sts('<INDIVIDU ID="1" TYPE="epp"><NOM_USAGE>A</NOM_USAGE></INDIVIDU>'), data)
    assert (refused.value.hint, refused.value.file) != (None, None)
    assert college.all(Staff, "id") == set()
    assert len(college.all(Pupil, "id")) == 2
    assert staged_rows() == 0


def test_a_file_faulty_at_its_end_leaves_nothing_of_its_beginning(college: Synced) -> None:
    many = eleves(*(pupil(n) for n in range(1, 2600)))
    with pytest.raises(BadInput):
        college.run(many[:-30])
    assert (college.all(Pupil, "id"), staged_rows()) == (set(), 0)


def test_another_year_can_be_forced_and_is_said(college: Synced) -> None:
    outcome = college.run(PUPILS.replace(b"<ANNEE_SCOLAIRE>2026", b"<ANNEE_SCOLAIRE>2025"), force_year=True)
    assert outcome.counts["pupils"] == 2
    assert "2025-2026" in said(outcome, "alert")


def test_a_college_is_not_synchronised_from_onde(college: Synced) -> None:
    with pytest.raises(BadInput, match="se synchronise depuis SIECLE"):
        college.run("Nom élève;Prénom élève;Date naissance;Sexe;Classe\nA;B;01/02/2015;M;CP\n".encode())


def test_files_must_go_together(college: Synced) -> None:
    older = GUARDIANS.replace(b"<ANNEE_SCOLAIRE>2026", b"<ANNEE_SCOLAIRE>2025")
    with pytest.raises(BadInput, match="même année"):
        college.run(PUPILS, older, force_year=True)
    with pytest.raises(BadInput, match="Deux fichiers"):
        college.run(PUPILS, PUPILS)


def test_a_dry_run_says_everything_and_writes_nothing(college: Synced) -> None:
    outcome = college.run(PUPILS, GUARDIANS, dry_run=True)
    assert (outcome.counts["pupils"], outcome.counts["couples"], outcome.counts["created"]) == (2, 3, 4)
    assert (college.all(Pupil, "id"), college.all(Division, "id"), staged_rows()) == (set(), set(), 0)
    assert college.run(PUPILS, GUARDIANS).counts == outcome.counts


def test_staff_divisions_and_class_teachers(college: Synced) -> None:
    princ = "<PROFS_PRINC><PROF_PRINC><CODE_STRUCTURE>6A</CODE_STRUCTURE></PROF_PRINC></PROFS_PRINC>"
    anne = f'<INDIVIDU ID="1" TYPE="epp"><NOM_USAGE>VIGNE</NOM_USAGE><FONCTION>ENS</FONCTION>{princ}</INDIVIDU>'
    luc = '<INDIVIDU ID="1" TYPE="local"><NOM_USAGE>BASTIDE</NOM_USAGE></INDIVIDU>'
    six = '<DIVISION CODE="6A"><LIBELLE_LONG>SIXIEME A</LIBELLE_LONG></DIVISION>'
    first = college.run(PUPILS, sts(anne + luc, six))
    assert college.all(Staff, "source", "source_id") == {("sts", "epp:1"), ("sts", "local:1")}
    assert college.all(Division, "code", "label") == {("6A", "SIXIEME A")}
    assert college.all(DivisionStaff, "is_class_teacher") == {(True,)}
    assert first.counts["created"] == 4
    assert {key: college.run(PUPILS, sts(anne + luc, six)).counts[key] for key in NOTHING} == NOTHING
    left = college.run(sts(anne.replace(princ, ""), six))
    assert (left.counts["closed"], left.counts["updated"]) == (1, 1)
    assert college.all(Staff, "source_id", "ended_on") == {("epp:1", None), ("local:1", date(2026, 9, 14))}
    assert college.all(DivisionStaff, "id") == set()


def test_another_school_is_never_touched(college: Synced, tmp_path: Path) -> None:
    """The same identifiers live in two schools."""
    from tests.exchange.conftest import make

    other = make("0960002F", "college", tmp_path)
    college.run(PUPILS, GUARDIANS)
    other.run(PUPILS.replace(UAI.encode(), b"0960002F"), GUARDIANS.replace(UAI.encode(), b"0960002F"))
    other.run(eleves(pupil(1, NOM_DE_FAMILLE="AUTRE")).replace(UAI.encode(), b"0960002F"))
    assert college.all(Pupil, "last_name") == {("MARTIN1",), ("MARTIN2",)}
    assert college.all(Enrolment, "ends_on") == {(None,)}


def test_the_demo_college_is_the_size_promised(college: Synced, tmp_path: Path) -> None:
    demo = write_demo(tmp_path / "demo", year=2026)
    outcome = college.run(*demo.college.files)
    sizes = {key: outcome.counts[key] for key in ("pupils", "guardians", "couples", "divisions")}
    assert sizes == {"pupils": 815, "guardians": 1487, "couples": 1552, "divisions": 32}
    assert college.rows(select(func.count(DivisionStaff.id)).where(DivisionStaff.is_class_teacher)) == [(32,)]
    again = college.run(*demo.college.files)
    assert {key: again.counts[key] for key in NOTHING} == NOTHING
