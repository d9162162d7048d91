"""Synchronising a school: stage, then apply. The job runs the two halves as two steps; `synchronise` runs both."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import and_, distinct, func, select
from sqlalchemy.orm import Session

from app.access.pupil_codes import ensure_codes
from app.audit.services import record
from app.booklets.making import make_for_school
from app.core.actor import Actor
from app.core.db import admin_db
from app.core.scope import school_scope
from app.core.uow import unit_of_work
from app.curriculum.items import ensure_items
from app.curriculum.services import ensure_grade_levels
from app.exchange.onde.guardians import read_onde_guardians
from app.exchange.onde.pupils import read_onde_pupils
from app.exchange.onde.teachers import read_onde_teachers
from app.exchange.siecle.guardians import read_guardians
from app.exchange.siecle.pupils import read_pupils
from app.exchange.source_file import SourceFile
from app.exchange.sts import read_staff
from app.exchange.sync import known, onde
from app.exchange.sync.apply import apply_batch
from app.exchange.sync.batch import Batch
from app.exchange.sync.changes import name_changes
from app.exchange.sync.checks import FileSet, SchoolFacts, open_set
from app.exchange.sync.guardians import stage_guardians
from app.exchange.sync.known import is_active
from app.exchange.sync.outcome import COUNTS, Report, SyncOutcome, summary
from app.exchange.sync.pupils import PupilStage
from app.exchange.sync.staff import stage_staff
from app.exchange.sync.staging import Progress, Stage, clear
from app.exchange.sync.teaching import known_services
from app.schools.models import Division, School
from app.schools.people import Enrolment, GuardianLink

SIECLE, STS = "siecle", "sts"
BULK = 300  # so many rows at once make PostgreSQL's statistics worthless


@dataclass(frozen=True, slots=True)
class Options:
    """What the person asked for. `departures`: close the pupils an ONDE file no longer names."""

    dry_run: bool = False
    force_year: bool = False
    departures: bool = False


@dataclass(frozen=True, slots=True)
class Staged:
    """What the second half needs to know of the first; goes through JSON between two steps of a job."""

    batch: str
    source: str
    staff_source: str
    first: bool
    files: list[str]
    counts: dict[str, int]
    written: list[str]  # staging tables that hold something

    def as_dict(self) -> dict[str, Any]:
        """For a job's payload."""
        return asdict(self)


def synchronise(
    files: Sequence[Path],
    school: School,
    *,
    year: int | None = None,
    actor: Actor,
    progress: Progress | None = None,
    dry_run: bool = False,
    force_year: bool = False,
    departures: bool = False,
) -> SyncOutcome:
    """Bring a school in line with its files (SIECLE, STS, or ONDE). A faulty file raises BadInput and writes nothing;
    a faulty record is left out with a blocking line; the rest is applied in one transaction. Running it again
    changes nothing. The caller is in no unit of work, so that the lock is held only while applying."""
    options = Options(dry_run, force_year, departures)
    facts, report = SchoolFacts.of(school), Report()
    with school_scope(facts.id):
        staged = stage_files(
            files, facts, f"direct-{secrets.token_hex(8)}", options, report, progress, year=year, resumable=False
        )
        with unit_of_work():
            counts = apply_staged(staged, facts, options, report, actor=actor)
    return SyncOutcome("done", counts, report.lines)


def stage_files(
    files: Sequence[Path],
    school: SchoolFacts,
    batch: str,
    options: Options,
    report: Report,
    progress: Progress | None = None,
    *,
    year: int | None = None,
    resumable: bool = True,
) -> Staged:
    """Read and compare everything. May be repeated: what a run that was cut short had staged is dropped first."""
    found, lines = open_set(files, school, year or school.first_year, force_year=options.force_year)
    for line in lines:
        report.add(line)
    with unit_of_work() as session:
        if resumable:
            clear(session, school.id, batch)
        ensure_grade_levels()
    stage = Stage(school, batch, onde.SOURCE if found.is_onde else SIECLE, report, progress=progress)
    stage.total_bytes = found.size
    try:
        first = _stage_onde(found, stage, options) if found.is_onde else _stage_siecle(found, stage)
        stage.flush()
    except BaseException:
        with unit_of_work() as session:
            clear(session, school.id, batch)
        raise
    counts = {key: stage.counts[key] for key in COUNTS}
    staff_source = onde.SOURCE if found.is_onde else STS
    names = [source.name for source in found]
    return Staged(batch, stage.source, staff_source, first, names, counts, sorted(stage.written))


def apply_staged(
    staged: Staged, school: SchoolFacts, options: Options, report: Report, *, actor: Actor
) -> dict[str, int]:
    """Name the changes, bring them in, count. Joins the caller's transaction; a dry run undoes its part of it."""
    session = admin_db.session()
    bulk = staged.counts["created"] + staged.counts["updated"] > BULK
    batch = Batch(session, school, staged.batch, staged.source, staged.staff_source, frozenset(staged.written), bulk)
    trial = session.begin_nested()
    if staged.written:
        name_changes(batch, report, first=staged.first)
    apply_batch(batch)
    ensure_items()
    if staged.written:
        if made := make_for_school(actor=actor).booklets:
            report.say("info", f"{made} bilan(s) créé(s) pour les élèves arrivés.")
        ensure_codes(actor=actor)
    counts = state_of(session, school) | staged.counts
    if options.dry_run:
        trial.rollback()
    else:
        row = session.get(School, school.id)
        record(session, "school.synchronise", row, actor=actor, school_id=school.id, data={"counts": counts})
        trial.commit()
    if staged.written:
        clear(session, school.id, staged.batch)
    report.close()
    report.say("info", ("À blanc, rien n'est écrit. " if options.dry_run else "") + summary(counts))
    session.expire_all()
    return counts


def state_of(session: Session, school: SchoolFacts) -> dict[str, int]:
    """Active pupils, legal guardians, couples of both, divisions of the year (DESIGN §8)."""
    year = Enrolment.school_year_id == school.school_year_id
    pupils = select(func.count(Enrolment.id)).where(Enrolment.school_id == school.id, year, is_active())
    legal = (
        select(func.count(distinct(GuardianLink.guardian_id)), func.count(GuardianLink.id))
        .join(
            Enrolment,
            and_(Enrolment.pupil_id == GuardianLink.pupil_id, Enrolment.school_id == GuardianLink.school_id, year),
        )
        .where(
            GuardianLink.school_id == school.id,
            GuardianLink.rank.is_not(None),
            GuardianLink.ended_on.is_(None),
            is_active(),
        )
    )
    divisions = select(func.count(Division.id)).where(
        Division.school_id == school.id, Division.school_year_id == school.school_year_id
    )
    guardians, couples = session.execute(legal).one()
    return {
        "pupils": session.scalar(pupils) or 0,
        "guardians": guardians,
        "couples": couples,
        "divisions": session.scalar(divisions) or 0,
    }


def _stage_siecle(found: FileSet, stage: Stage) -> bool:
    """Pupils, then guardians (who name pupils), then staff. Returns whether the school had no pupil before."""
    session, school = admin_db.session(), stage.school
    before = known.pupils(session, school, SIECLE)
    stage.labels = known.division_labels(session, school)
    session.rollback()  # no reading transaction stays open while files are read
    first, pupils = not before, PupilStage(stage, before)
    if source := found.get("siecle_pupils"):
        pupils.read(read_pupils(source, stage.on_bytes))
        pupils.close_missing()
    if source := found.get("siecle_guardians"):
        guardians = known.guardians(session, school, SIECLE)
        session.rollback()
        stage_guardians(stage, read_guardians(source, pupils.knows, stage.on_bytes), guardians)
    if source := found.get("sts"):
        people, taught = known.staff(session, school, STS), known_services(session, school)
        session.rollback()
        stage_staff(stage, read_staff(source, stage.on_bytes), people, services=taught)
    return first


def _stage_onde(found: FileSet, stage: Stage, options: Options) -> bool:
    """The same for an école; nobody is closed unless asked."""
    session, school = admin_db.session(), stage.school
    before = known.pupils(session, school, onde.SOURCE)
    stage.labels = known.division_labels(session, school)
    registry = onde.registry(session, school, dict(stage.labels))
    first, pupils = not before, PupilStage(stage, before)
    if source := found.get("onde_pupils"):
        pupils.read(onde.resolved(_reported(source, stage, read_onde_pupils), registry))
        _departures(pupils, options)
    if source := found.get("onde_guardians"):
        people = onde.OndeGuardians(session, stage, registry)
        people.read(_reported(source, stage, read_onde_guardians), source.name)
    if source := found.get("onde_teachers"):
        staff = known.staff(session, school, onde.SOURCE)
        events = _reported(source, stage, read_onde_teachers)
        stage_staff(stage, events, staff, registry.code_of_label, closes=options.departures)
    return first


def _reported(source: SourceFile, stage: Stage, read: Callable[[SourceFile], Any]) -> Any:
    yield from read(source)
    stage.on_bytes(source.package.size)


def _departures(pupils: PupilStage, options: Options) -> None:
    """Pupils of the classes present that the file does not name: proposed, closed only when asked."""
    absent = [key for key, pupil in pupils.known.items() if pupil.active and pupil.division in pupils.divisions]
    if options.departures:
        pupils.close(absent)
    elif absent:
        pupils.stage.report.say(
            "alert",
            f"{len(absent)} élève(s) des classes du fichier n'y figurent plus. Rien n'est clos : s'ils sont partis, "
            "synchronisez en confirmant les départs.",
        )
