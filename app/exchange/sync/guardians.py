"""Staging the guardians of SIECLE: the file says them all, with all their links."""

from __future__ import annotations

from collections.abc import Iterator

from app.exchange.models import CLOSE, PUT, StagedGuardian, StagedLink
from app.exchange.records import GuardianEvent, GuardianLinkRecord, GuardianRecord, RejectedGuardian
from app.exchange.sync.staging import Stage, digest

COLUMNS = GuardianRecord._fields[:16]


def stage_guardians(stage: Stage, events: Iterator[GuardianEvent], known: dict[str, str | None]) -> None:
    """Put what changed, and close who is nobody's guardian any more. A digest covers the links too."""
    keeps_everybody = False
    for event in events:
        if type(event) is GuardianRecord:
            is_new = event.source_id not in known
            put_guardian(stage, event, event.links, known.pop(event.source_id, None), is_new=is_new)
        elif isinstance(event, RejectedGuardian):
            known.pop(event.source_id, None)
            keeps_everybody |= not event.source_id
        else:
            stage.report.add(event)  # type: ignore[arg-type]
    if not keeps_everybody:
        for key, mark in known.items():
            if mark is not None:  # otherwise closed already
                stage.put(StagedGuardian, action=CLOSE, source_id=key)
                stage.counts["closed"] += 1


def put_guardian(
    stage: Stage,
    record: GuardianRecord,
    links: tuple[GuardianLinkRecord, ...],
    previous: str | None,
    *,
    is_new: bool,
    marks: list[str] | None = None,
) -> None:
    """Stage a guardian unless nothing changed. `marks` stand for the links where people may change them on screen."""
    mark = digest(*record[:16], sorted(marks or links))
    if mark == previous:
        stage.counts["unchanged"] += 1
        return
    stage.counts["created" if is_new else "updated"] += 1
    row = dict(zip(COLUMNS, record[:16], strict=True))
    stage.put(StagedGuardian, action=PUT, is_new=is_new, digest=mark, **row)
    for link in links:
        stage.put(StagedLink, action=PUT, **link._asdict())
