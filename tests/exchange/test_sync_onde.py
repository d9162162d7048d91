"""Synchronising an école from ONDE."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from sqlalchemy import select, update

from app.core.scope import school_scope
from app.core.uow import unit_of_work
from app.exchange.demo import write_demo
from app.schools.models import Division, DivisionStaff
from app.schools.people import Enrolment, Guardian, GuardianLink, Pupil, Staff
from tests.exchange.conftest import Synced
from tests.exchange.files import INE, table
from tests.exchange.test_onde import ANNE, GUARDIANS, HEADER, TEACHERS
from tests.exchange.test_sync import NOTHING, said

LEA = f"MARTIN;;Léa;05/03/2018;F;{INE};CYCLE II;CE1;CE1;960107"
TOM = "MARTIN;;Tom;01/01/2019;M;;CYCLE II;CP;CP;960106"
PUPILS = table(HEADER, LEA, TOM)
PAUL = ANNE.replace("MME;MARTIN;VIGNE;Anne", "M.;;MARTIN;Paul").replace("a@", "p@")
PEOPLE = table(GUARDIANS, ANNE + ";;MARTIN;Tom;CP", PAUL)


def links(ecole: Synced) -> set[tuple[object, ...]]:
    """Guardian, pupil, rank, certified of the links that hold."""
    rows = select(Guardian.first_name, Pupil.first_name, GuardianLink.rank, GuardianLink.certified)
    rows = rows.select_from(GuardianLink).join(GuardianLink.guardian).join(GuardianLink.pupil)
    return set(ecole.rows(rows.where(GuardianLink.ended_on.is_(None))))


def test_pupils_classes_and_guardians_by_name(ecole: Synced) -> None:
    outcome = ecole.run(PUPILS, PEOPLE)
    assert outcome.counts["pupils"] == 2
    assert ecole.all(Division, "code", "label") == {("960107", "CE1"), ("960106", "CP")}
    assert links(ecole) == {("Anne", "Léa", 1, False), ("Anne", "Tom", 1, False), ("Paul", "Léa", 2, False)}
    again = ecole.run(PUPILS, PEOPLE)
    assert {key: again.counts[key] for key in NOTHING} == NOTHING


def test_a_file_of_one_class_closes_nobody(ecole: Synced) -> None:
    ecole.run(PUPILS)
    outcome = ecole.run(table(HEADER, LEA))
    assert (outcome.counts["closed"], outcome.counts["pupils"]) == (0, 2)
    assert "n'y figurent plus" not in said(outcome)


def test_an_absent_pupil_of_a_class_present_is_proposed_then_closed_when_asked(ecole: Synced) -> None:
    noe = "BLANC;;Noé;02/02/2018;M;;CYCLE II;CE1;CE1;960107"
    ecole.run(table(HEADER, LEA, noe, TOM))
    proposed = ecole.run(table(HEADER, LEA))
    assert (proposed.counts["closed"], proposed.counts["pupils"]) == (0, 3)
    assert "1 élève(s) des classes du fichier" in said(proposed, "alert")
    confirmed = ecole.run(table(HEADER, LEA), departures=True)
    assert (confirmed.counts["closed"], confirmed.counts["pupils"]) == (1, 2)
    assert ecole.all(Enrolment, "ends_on") == {(None,), (date(2026, 9, 14),)}


def test_a_pupil_who_gets_an_ine_is_the_same_pupil(ecole: Synced) -> None:
    ecole.run(table(HEADER, LEA.replace(INE, "")))
    ecole.run(table(HEADER, LEA))
    assert ecole.all(Pupil, "first_name", "ine") == {("Léa", INE)}


def test_an_extraction_without_class_identifiers_finds_the_classes(ecole: Synced) -> None:
    ecole.run(PUPILS)
    plain = table(
        "Nom élève;Prénom élève;Date naissance;Sexe;INE;Niveau;Classe", f"MARTIN;Léa;05/03/2018;F;{INE};CE1;CE1"
    )
    outcome = ecole.run(plain)
    assert ecole.all(Division, "code") == {("960107",), ("960106",)}
    assert outcome.counts["updated"] == 0


def test_a_renamed_class_keeps_its_identifier(ecole: Synced) -> None:
    ecole.run(PUPILS)
    ecole.run(table(HEADER, LEA.replace(";CE1;960107", ";CE1 bleu;960107"), TOM))
    assert ecole.all(Division, "code", "label") == {("960107", "CE1 bleu"), ("960106", "CP")}


def test_a_child_nobody_knows_is_reported_and_the_guardian_kept(ecole: Synced) -> None:
    outcome = ecole.run(PUPILS, table(GUARDIANS, ANNE.replace("Léa", "Zoé")))
    assert "n'est pas lié à MARTIN Zoé" in said(outcome, "alert")
    assert ecole.all(Guardian, "first_name") == {("Anne",)}
    assert links(ecole) == set()


def test_what_the_directeur_certified_stays(ecole: Synced) -> None:
    ecole.run(PUPILS, PEOPLE)
    with school_scope(ecole.id), unit_of_work() as session:
        session.execute(update(GuardianLink).values(certified=True), execution_options={"synchronize_session": False})
    again = ecole.run(PUPILS, PEOPLE.replace(b"3 rue Basse", b"9 quai"))
    assert {certified for *_, certified in links(ecole)} == {True}
    assert (again.counts["created"], again.counts["updated"]) == (0, 2)


def test_a_link_ends_when_the_child_is_there_without_this_guardian(ecole: Synced) -> None:
    ecole.run(PUPILS, PEOPLE)
    ecole.run(table(GUARDIANS, ANNE + ";;MARTIN;Tom;CP"))
    assert links(ecole) == {("Anne", "Léa", 1, False), ("Anne", "Tom", 1, False)}
    ecole.run(PUPILS, PEOPLE)
    assert ("Paul", "Léa", 2, False) in links(ecole)


def test_teachers_lead_their_classes(ecole: Synced) -> None:
    staff = table(TEACHERS, "MME;;VIGNE;Anne;;;;;;;;non;CP;CE1", "M.;;BASTIDE;Luc;;;;;;;;oui;Inconnue")
    outcome = ecole.run(PUPILS, staff)
    assert ecole.all(Staff, "last_name", "function") == {("VIGNE", "ENS"), ("BASTIDE", "DIR")}
    assert len(ecole.all(DivisionStaff, "id")) == 2
    assert "Inconnue" in said(outcome, "alert")
    assert {key: ecole.run(PUPILS, staff).counts[key] for key in NOTHING} == NOTHING


def test_the_demo_ecole(ecole: Synced, tmp_path: Path) -> None:
    demo = write_demo(tmp_path / "demo", year=2026)
    outcome = ecole.run(*demo.ecole.files)
    assert (outcome.counts["pupils"], outcome.counts["divisions"], outcome.blocking) == (demo.ecole.pupils, 11, 0)
    again = ecole.run(*demo.ecole.files)
    assert {key: again.counts[key] for key in NOTHING} == NOTHING
