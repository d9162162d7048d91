"""Staging staff and who teaches where. A digest covers the assignments too."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator

from app.curriculum.reference import programme_label
from app.exchange.models import CLOSE, PUT, StagedAssignment, StagedStaff
from app.exchange.records import AssignmentRecord, DivisionRecord, ServiceRecord, StaffEvent, StaffRecord
from app.exchange.sync.staging import Stage, digest
from app.exchange.sync.teaching import KnownServices, stage_services

COLUMNS = StaffRecord._fields[:8]
DivisionOf = Callable[[str], str | None]


def stage_staff(
    stage: Stage,
    events: Iterator[StaffEvent],
    known: dict[str, tuple[str | None, bool]],
    division_of: DivisionOf = lambda code: code,
    *,
    closes: bool = True,
    services: KnownServices | None = None,
) -> None:
    """Put what changed; with `closes`, end who is no longer there. `division_of` turns a label into a code (ONDE).
    `services` are those known, when the file tells what is taught."""
    taught: list[ServiceRecord] = []
    people: dict[str, StaffRecord] = {}
    teaches: dict[str, dict[str, bool]] = defaultdict(dict)
    for event in events:
        if isinstance(event, StaffRecord):
            people[event.source_id] = event
        elif isinstance(event, AssignmentRecord):
            _assign(stage, event, people, teaches, division_of)
        elif isinstance(event, ServiceRecord):
            taught.append(event)
        elif isinstance(event, DivisionRecord):
            levels = {programme_label(mef).level for mef in event.mef_codes}
            level = next(iter(levels)) if len(levels) == 1 else None
            stage.division(event.code, event.label, level)
        else:
            stage.report.add(event)
    for key, record in people.items():
        _put(stage, record, teaches[key], known.pop(key, None))
    for key, (_, in_place) in known.items() if closes else ():
        if in_place:
            stage.put(StagedStaff, action=CLOSE, source_id=key)
            stage.counts["closed"] += 1
    if services is not None:
        stage_services(stage, taught, services)


def _put(stage: Stage, record: StaffRecord, teaches: dict[str, bool], previous: tuple[str | None, bool] | None) -> None:
    mark = digest(stage.school.school_year_id, *record[:8], sorted(teaches.items()))
    if previous == (mark, True):
        stage.counts["unchanged"] += 1
        return
    stage.counts["created" if previous is None else "updated"] += 1
    row = dict(zip(COLUMNS, record[:8], strict=True))
    stage.put(StagedStaff, action=PUT, is_new=previous is None, digest=mark, **row)
    for division, leads in teaches.items():
        stage.put(StagedAssignment, staff_id=record.source_id, division_code=division, is_class_teacher=leads)


def _assign(
    stage: Stage,
    event: AssignmentRecord,
    people: dict[str, StaffRecord],
    teaches: dict[str, dict[str, bool]],
    division_of: DivisionOf,
) -> None:
    code = division_of(event.division)
    if code is None:
        who = people[event.staff_id].shown_name
        stage.report.say(
            "alert", f"La classe « {event.division} » de {who} n'est pas connue : affectation non reprise."
        )
        return
    teaches[event.staff_id][code] = event.is_class_teacher or teaches[event.staff_id].get(code, False)
