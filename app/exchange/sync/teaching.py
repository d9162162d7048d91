"""What each class is taught, and by whom, as STS says it. Services entered on screen are left alone."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import and_, delete, literal, select
from sqlalchemy.orm import Session

from app.curriculum.items import add_subjects
from app.curriculum.lists import subject_label
from app.curriculum.models import TeachingItem, TeachingService
from app.exchange.models import END, PUT, StagedService
from app.exchange.records import ServiceRecord
from app.exchange.sync.batch import Batch
from app.exchange.sync.checks import SchoolFacts
from app.exchange.sync.staging import Stage
from app.schools.models import Division
from app.schools.people import Staff

STS = "sts"
# (division, subject, election, staff) → the service
KnownServices = dict[tuple[str, str, str, str | None], int]


def known_services(session: Session, school: SchoolFacts) -> KnownServices:
    """The services of the year that came from STS."""
    rows = session.execute(
        select(Division.code, TeachingItem.code, TeachingItem.election, Staff.source_id, TeachingService.id)
        .select_from(TeachingService)
        .join(TeachingService.division)
        .join(TeachingService.item)
        .outerjoin(Staff, and_(Staff.id == TeachingService.staff_id, Staff.school_id == TeachingService.school_id))
        .where(TeachingService.school_id == school.id, TeachingService.source == STS,
               Division.school_year_id == school.school_year_id)
    )  # fmt: skip
    return {(division, subject, election, staff): key for division, subject, election, staff, key in rows}


def stage_services(stage: Stage, taught: Iterable[ServiceRecord], known: KnownServices) -> None:
    """Put what is new, end what the file no longer holds. A subject that has no line on booklets is passed over; one
    that the shipped list does not know is kept with its code as its label, and said."""
    unknown: dict[str, int | None] = {}
    new = 0
    for division, subject, election, staff_id, line in taught:
        label = subject_label(subject)
        if label.use == "none":
            continue
        if not label.known:
            unknown.setdefault(subject, line)
        if known.pop((division, subject, election, staff_id), None) is None:
            stage.put(StagedService, action=PUT, division_code=division, subject_code=subject, election=election,
                      staff_id=staff_id, service_id=None)  # fmt: skip
            new += 1
    for service_id in known.values():
        stage.put(StagedService, action=END, division_code=None, subject_code=None, election=None, staff_id=None,
                  service_id=service_id)  # fmt: skip
    for code in unknown:
        stage.report.say(
            "alert",
            f"La matière {code} n'est pas dans la liste fournie : reprise avec son code comme libellé, à corriger "
            "dans les disciplines de l'établissement.",
        )
    if new or known:
        stage.report.say("info", f"Services d'enseignement : {new} repris, {len(known)} retiré(s).")


def apply_services(batch: Batch) -> None:
    """The subjects that are missing, then who teaches them where; what ended goes."""
    school = batch.school
    staged = select(StagedService.subject_code, StagedService.election).where(batch.of(StagedService, PUT)).distinct()
    add_subjects(batch.session, school.id, [(row.subject_code, row.election) for row in batch.session.execute(staged)])
    ended = select(StagedService.service_id).where(batch.of(StagedService, END))
    batch.run(delete(TeachingService).where(TeachingService.school_id == school.id, TeachingService.id.in_(ended)))
    columns = {"school_id": StagedService.school_id, "division_id": Division.id, "item_id": TeachingItem.id,
               "staff_id": Staff.id, "source": literal(STS)}  # fmt: skip
    rows = (
        select(*columns.values())
        .select_from(StagedService)
        .join(Division, and_(Division.school_id == school.id, Division.school_year_id == school.school_year_id,
                             Division.code == StagedService.division_code))
        .join(TeachingItem, and_(TeachingItem.school_id == school.id, TeachingItem.kind == "subject",
                                 TeachingItem.code == StagedService.subject_code,
                                 TeachingItem.election == StagedService.election))
        .outerjoin(Staff, batch.people(Staff, StagedService.staff_id, batch.staff_source))
        .where(batch.of(StagedService, PUT))
    )  # fmt: skip
    batch.upsert(TeachingService, columns, rows, ("school_id", "division_id", "item_id", "staff_id"), ("source",))
