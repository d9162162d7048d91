"""Naming what changed, before it is applied: one line per pupil, guardian or member of staff that differs."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from typing import Any

from sqlalchemy import and_, select

from app.exchange.models import CLOSE, PUT, StagedGuardian, StagedLink, StagedPlacement, StagedPupil, StagedStaff
from app.exchange.sync.batch import Batch
from app.exchange.sync.outcome import Report
from app.schools.models import Division, Programme
from app.schools.people import Enrolment, Guardian, GuardianLink, Pupil, Staff

PUPIL_LABELS = {
    "last_name": "nom", "usage_name": "nom d'usage", "first_name": "prénom", "first_name2": "deuxième prénom",
    "first_name3": "troisième prénom", "birth_date": "date de naissance", "sex": "sexe", "ine": "INE",
}  # fmt: skip
GUARDIAN_LABELS = {
    "title": "civilité", "last_name": "nom", "usage_name": "nom d'usage", "first_name": "prénom", "email": "courriel",
    "phone_home": "téléphone", "phone_mobile": "téléphone portable", "phone_work": "téléphone professionnel",
    "address1": "adresse", "address2": "adresse", "address3": "adresse", "address4": "adresse",
    "postal_code": "code postal", "city": "commune", "country": "pays",
}  # fmt: skip
STAFF_LABELS = {
    "title": "civilité", "last_name": "nom", "usage_name": "nom d'usage", "first_name": "prénom",
    "birth_date": "date de naissance", "function": "fonction", "email": "courriel",
}  # fmt: skip


def name_changes(batch: Batch, report: Report, *, first: bool) -> None:
    """Add the lines. On a school's first synchronisation everything is new: only counts are said."""
    if not first:
        _created(batch, report)
    _pupils(batch, report)
    _people(batch, report, Guardian, StagedGuardian, GUARDIAN_LABELS, "Responsable", batch.source)
    _people(batch, report, Staff, StagedStaff, STAFF_LABELS, "Personnel", batch.staff_source)
    _links(batch, report)
    _closed(batch, report)


def _created(batch: Batch, report: Report) -> None:
    kinds = ((StagedPupil, "Élève créé"), (StagedGuardian, "Responsable créé"), (StagedStaff, "Personnel créé"))
    for staged, label in kinds:
        rows = batch.session.execute(
            select(staged.usage_name, staged.last_name, staged.first_name)
            .where(batch.of(staged, PUT), staged.is_new)
            .order_by(staged.id)
        )
        for usage, last, given in rows:
            report.name(label, f"{label} : {_name(usage, last, given)}.")


def _pupils(batch: Batch, report: Report) -> None:
    """Identity, division, programme and dates, old → new."""
    year = batch.school.school_year_id
    identity = (
        select(StagedPupil, Pupil, Enrolment.starts_on, Enrolment.ends_on, Programme.mef_code)
        .join(Pupil, batch.people(Pupil, StagedPupil.source_id))
        .outerjoin(Enrolment, and_(Enrolment.pupil_id == Pupil.id, Enrolment.school_year_id == year))
        .outerjoin(Programme, Programme.id == Enrolment.programme_id)
        .where(batch.of(StagedPupil, PUT))
    )
    changes: dict[str, list[str]] = defaultdict(list)
    names: dict[str, str] = {}
    for staged, pupil, starts, ends, mef in batch.session.execute(identity).all():
        names[staged.source_id] = staged_name(staged)
        found = differences(PUPIL_LABELS, pupil, staged)
        found += _changed("arrivée", starts, staged.starts_on) + _changed("sortie", ends, staged.ends_on)
        changes[staged.source_id] += found + _changed("MEF", mef, staged.mef_code)
    placement = (
        select(StagedPlacement.source_id, StagedPlacement.division_code, Division.code, Pupil)
        .join(Pupil, batch.people(Pupil, StagedPlacement.source_id))
        .outerjoin(Enrolment, and_(Enrolment.pupil_id == Pupil.id, Enrolment.school_year_id == year))
        .outerjoin(Division, Division.id == Enrolment.division_id)
        .where(batch.of(StagedPlacement))
    )
    for key, after, before, pupil in batch.session.execute(placement).all():
        names.setdefault(key, staged_name(pupil))
        changes[key] += _changed("division", before, after)
    for key, found in changes.items():
        if found:
            report.name("Élèves modifiés", f"Élève {names[key]} : {', '.join(found)}.")


def _people(
    batch: Batch, report: Report, model: Any, staged: Any, labels: dict[str, str], what: str, source: str
) -> None:
    rows = batch.session.execute(
        select(staged, model).join(model, batch.people(model, staged.source_id, source)).where(batch.of(staged, PUT))
    )
    for new, old in rows.all():
        found = differences(labels, old, new)
        if found:
            report.name(f"{what} modifié", f"{what} {staged_name(new)} : {', '.join(found)}.")


def _links(batch: Batch, report: Report) -> None:
    """Ranks that changed and links that are new, for guardians already known."""
    rows = batch.session.execute(
        select(
            StagedLink.rank,
            StagedLink.level,
            Guardian,
            Pupil,
            GuardianLink.rank,
            GuardianLink.ended_on,
            GuardianLink.id,
        )
        .select_from(StagedLink)
        .join(Guardian, batch.people(Guardian, StagedLink.guardian_id))
        .join(Pupil, batch.people(Pupil, StagedLink.pupil_id))
        .outerjoin(
            GuardianLink,
            and_(
                GuardianLink.school_id == batch.school.id,
                GuardianLink.guardian_id == Guardian.id,
                GuardianLink.pupil_id == Pupil.id,
            ),
        )
        .where(batch.of(StagedLink, PUT))
    )
    for rank, level, guardian, pupil, before, ended_on, known in rows.all():
        pair = f"{staged_name(guardian)} et {staged_name(pupil)}"
        if known is None or ended_on is not None:
            report.name("Liens créés", f"Lien créé entre {pair} : {role(rank, level)}.")
        elif before != rank:
            report.name("Liens modifiés", f"Lien entre {pair} : {role(before, level)} → {role(rank, level)}.")


def _closed(batch: Batch, report: Report) -> None:
    kinds = (
        (Pupil, StagedPupil, batch.source, "Scolarité close", "ne figure plus dans le fichier"),
        (Guardian, StagedGuardian, batch.source, "Responsable retiré", "n'est plus responsable d'aucun élève"),
        (Staff, StagedStaff, batch.staff_source, "Personnel parti", "ne figure plus dans le fichier"),
    )
    for model, staged, source, label, why in kinds:
        rows = batch.session.scalars(
            select(model).join(staged, batch.people(model, staged.source_id, source)).where(batch.of(staged, CLOSE))
        )
        for person in rows.all():
            report.name(label, f"{label} : {staged_name(person)} {why}.")


def differences(labels: dict[str, str], old: Any, new: Any) -> list[str]:
    """« courriel a@x → b@x » for each column that differs."""
    return [text for name, label in labels.items() for text in _changed(label, getattr(old, name), getattr(new, name))]


def staged_name(person: Any) -> str:
    """« NOM Prénom », the usage name when there is one."""
    return _name(person.usage_name, person.last_name, person.first_name)


def role(rank: int | None, level: int | None) -> str:
    """What a link makes of a guardian."""
    if rank:
        return f"responsable légal {rank}"
    return {1: "représentant légal sans rang", 2: "personne en charge"}.get(level or 3, "contact")


def _changed(label: str, before: Any, after: Any) -> list[str]:
    return [] if before == after else [f"{label} {_shown(before)} → {_shown(after)}"]


def _shown(value: Any) -> str:
    if value is None:
        return "(vide)"
    return value.strftime("%d/%m/%Y") if isinstance(value, date) else str(value)


def _name(usage: str | None, last: str | None, first: str | None) -> str:
    return " ".join(part for part in (usage or last, first) if part)
