"""Staging an école from ONDE: people without identifiers, files that may be limited to one class.

Nobody is closed because a file does not name them: absent pupils of the classes present are proposed as departures,
and closed only when asked (`departures`). Links are made by name and are not certified (FORMATS §7).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from app.exchange.models import END, StagedLink
from app.exchange.onde.guardians import is_same_person
from app.exchange.onde.matching import KnownPupil as Candidate
from app.exchange.onde.matching import PupilIndex
from app.exchange.onde.pupils import name_key
from app.exchange.onde.table import fold
from app.exchange.records import (
    DivisionRecord,
    GuardianEvent,
    GuardianLinkRecord,
    GuardianRecord,
    Line,
    NamedGuardianRecord,
    PlacementRecord,
    PupilEvent,
    PupilRecord,
    RejectedPupil,
)
from app.exchange.sync.checks import SchoolFacts
from app.exchange.sync.guardians import put_guardian
from app.exchange.sync.known import is_active
from app.exchange.sync.staging import Stage
from app.schools.models import Division
from app.schools.people import Enrolment, Guardian, GuardianLink, Pupil

SOURCE = "onde"


@dataclass
class Registry:
    """Pupils of the école by what ONDE knows of them, and classes by label."""

    labels: dict[str, str]  # division code → label
    by_ine: dict[str, str] = field(default_factory=dict)
    by_name: dict[str, list[tuple[str, str | None]]] = field(default_factory=lambda: defaultdict(list))
    candidates: dict[str, Candidate] = field(default_factory=dict)

    def pupil_id(self, record: PupilRecord) -> str:
        """The source identifier this pupil is known under: by INE, else by names and birth date when one of the
        two has no INE, else a new one."""
        if record.ine and record.ine in self.by_ine:
            return self.by_ine[record.ine]
        same = self.by_name.get(name_key(record.last_name, record.first_name, record.birth_date), [])
        found = [key for key, ine in same if ine is None or record.ine is None]
        return found[0] if len(found) == 1 else record.source_id

    def division_code(self, code: str) -> str:
        """A label for an identifier: an extraction without class identifiers finds the classes known by one."""
        return code if code in self.labels else self.code_of_label(code) or code

    def code_of_label(self, label: str) -> str | None:
        """The only division with that label."""
        found = [code for code, known in self.labels.items() if fold(known) == fold(label)]
        return found[0] if len(found) == 1 else None


def registry(session: Session, school: SchoolFacts, labels: dict[str, str]) -> Registry:
    """Read the école's pupils once; only the active ones can get a guardian."""
    found = Registry(labels)
    rows = session.execute(
        select(Pupil, Division.label, Enrolment.id)
        .outerjoin(
            Enrolment,
            and_(Enrolment.pupil_id == Pupil.id, Enrolment.school_year_id == school.school_year_id, is_active()),
        )
        .outerjoin(Division, Division.id == Enrolment.division_id)
        .where(Pupil.school_id == school.id, Pupil.source == SOURCE)
    )
    for pupil, label, enrolment in rows:
        if pupil.ine:
            found.by_ine[pupil.ine] = pupil.source_id
        key = name_key(pupil.last_name, pupil.first_name, pupil.birth_date)
        found.by_name[key].append((pupil.source_id, pupil.ine))
        if enrolment:
            found.candidates[pupil.source_id] = Candidate(
                pupil.source_id, pupil.last_name, pupil.usage_name, pupil.first_name, label
            )
    return found


def resolved(events: Iterator[PupilEvent], known: Registry) -> Iterator[PupilEvent]:
    """The same events under the identifiers already known; the pupils met become candidates for guardians."""
    names: dict[str, str] = {}
    for event in events:
        if isinstance(event, DivisionRecord):
            code = known.division_code(event.code)
            known.labels[code] = event.label
            yield event._replace(code=code)
        elif isinstance(event, PupilRecord):
            key = names[event.source_id] = known.pupil_id(event)
            known.candidates[key] = Candidate(key, event.last_name, event.usage_name, event.first_name, None)
            yield event._replace(source_id=key)
        elif isinstance(event, PlacementRecord):
            key, code = names[event.pupil_id], known.division_code(event.division or "")
            known.candidates[key] = known.candidates[key]._replace(division=known.labels.get(code))
            yield event._replace(pupil_id=key, division=code)
        elif isinstance(event, RejectedPupil):
            yield RejectedPupil(known.by_ine.get(event.source_id, event.source_id))
        else:
            yield event


class KnownLink(NamedTuple):
    """A link that holds today."""

    guardian_id: str
    pupil_id: str
    rank: int | None
    certified: bool


class OndeGuardians:
    """Guardians by name: find who they are, find their children, keep the ranks already given."""

    def __init__(self, session: Session, stage: Stage, known: Registry) -> None:
        self.stage = stage
        self.index = PupilIndex(known.candidates.values())
        self.digests, self.people = _guardians(session, stage.school)
        self.links = _links(session, stage.school)
        self.taken: set[str] = set()

    def read(self, events: Iterable[GuardianEvent], file: str) -> None:
        """Stage everything; a link that held and whose child is in the file without this guardian ends."""
        read: list[NamedGuardianRecord] = []
        for event in events:
            if isinstance(event, NamedGuardianRecord):
                read.append(event)
            else:
                self.stage.report.add(event)  # type: ignore[arg-type]
        records = self._identified([event.guardian for event in read])
        found = [(record, self._children(event, file)) for record, event in zip(records, read, strict=True)]
        self._end_links({(record.source_id, pupil) for record, children in found for pupil in children})
        for record, children in found:
            links = tuple(self._link(record.source_id, pupil) for pupil in children)
            previous, is_new = self.digests.get(record.source_id), record.source_id not in self.digests
            put_guardian(self.stage, record, links, previous, is_new=is_new, marks=sorted(children))

    def _identified(self, records: list[GuardianRecord]) -> list[GuardianRecord]:
        """Under the identifiers already known: same names with the same e-mail or address first; then, when one
        known person and one read person of these names are left, they are the same who moved."""
        keys: dict[int, str] = {}
        left: dict[tuple[str, str], list[int]] = defaultdict(list)
        for at, record in enumerate(records):
            names = fold(record.last_name), fold(record.first_name or "")
            near = [known for known in self.people.get(names, ()) if is_same_person(known, record)]
            if len(near) == 1 and near[0].source_id not in self.taken:
                keys[at] = near[0].source_id
                self.taken.add(near[0].source_id)
            else:
                left[names].append(at)
        for names, positions in left.items():
            free = [known.source_id for known in self.people.get(names, ()) if known.source_id not in self.taken]
            if len(free) == len(positions) == 1:
                keys[positions[0]] = free[0]
        return [record._replace(source_id=keys.get(at, record.source_id)) for at, record in enumerate(records)]

    def _children(self, event: NamedGuardianRecord, file: str) -> list[str]:
        children: list[str] = []
        for child in event.children:
            found = self.index.find(child)
            if len(found) == 1:
                children.append(found[0].source_id)
                continue
            why = "plusieurs élèves portent ce nom" if found else "aucun élève ne porte ce nom"
            message = f"{event.guardian.shown_name} n'est pas lié à {child.last_name} {child.first_name} : {why}."
            self.stage.report.add(Line("alert", message, file, event.guardian.line))
        return list(dict.fromkeys(children))

    def _end_links(self, wanted: set[tuple[str, str]]) -> None:
        named, present = {pupil for _, pupil in wanted}, {guardian for guardian, _ in wanted}
        for pair, link in list(self.links.items()):
            if link.pupil_id in named and pair not in wanted:
                del self.links[pair]
                self.stage.put(StagedLink, action=END, guardian_id=pair[0], pupil_id=pair[1])
                self.stage.counts["updated"] += pair[0] not in present

    def _link(self, guardian_id: str, pupil_id: str) -> GuardianLinkRecord:
        """The link as it is, or a new one with the first free rank, not certified."""
        held = self.links.get((guardian_id, pupil_id))
        if held is None:
            taken = {link.rank for link in self.links.values() if link.pupil_id == pupil_id}
            rank = next((rank for rank in (1, 2) if rank not in taken), None)
            held = KnownLink(guardian_id, pupil_id, rank, False)
            self.links[guardian_id, pupil_id] = held
        return GuardianLinkRecord(guardian_id, pupil_id, held.rank, 1, None, held.certified)


def _guardians(
    session: Session, school: SchoolFacts
) -> tuple[dict[str, str | None], dict[tuple[str, str], list[GuardianRecord]]]:
    digests, people = {}, defaultdict(list)
    rows = session.scalars(select(Guardian).where(Guardian.school_id == school.id, Guardian.source == SOURCE))
    for row in rows:
        record = GuardianRecord._make([getattr(row, name) for name in GuardianRecord._fields[:16]] + [(), None])
        digests[row.source_id] = row.digest
        people[fold(row.last_name), fold(row.first_name or "")].append(record)
    return digests, people


def _links(session: Session, school: SchoolFacts) -> dict[tuple[str, str], KnownLink]:
    rows = session.execute(
        select(Guardian.source_id, Pupil.source_id, GuardianLink.rank, GuardianLink.certified)
        .select_from(GuardianLink)
        .join(Guardian, Guardian.id == GuardianLink.guardian_id)
        .join(Pupil, Pupil.id == GuardianLink.pupil_id)
        .where(GuardianLink.school_id == school.id, GuardianLink.ended_on.is_(None), Guardian.source == SOURCE)
    )
    return {(guardian, pupil): KnownLink(guardian, pupil, rank, certified) for guardian, pupil, rank, certified in rows}
