"""Staging pupils: compare each with its digest, remember its division, and find who is no longer there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from app.core.clock import today
from app.curriculum.reference import programme_label
from app.exchange.models import CLOSE, PUT, StagedPlacement, StagedPupil
from app.exchange.records import DivisionRecord, PlacementRecord, PupilEvent, PupilRecord, RejectedPupil
from app.exchange.sync.known import KnownPupil
from app.exchange.sync.staging import Stage, digest

MANY, MANY_SHARE = 10, 0.3  # so many departures at once are worth a second look


class Taken(NamedTuple):
    """A pupil of the file: what is remembered until the end of the file."""

    name: str
    division: str | None  # the present one
    is_new: bool
    staged: bool
    level: str | None
    gone: bool


class PupilStage:
    """One file of pupils against the pupils known."""

    def __init__(self, stage: Stage, known: dict[str, KnownPupil]) -> None:
        self.stage = stage
        self.known = known
        self.before = frozenset(known)
        self.taken: dict[str, Taken] = {}
        self.divisions: dict[str, str | None] = {}
        self.keeps_everybody = False
        self._places: dict[str, str | None] = {}
        self._mefs: set[str] = set()
        self._day = today()

    def read(self, events: Iterator[PupilEvent]) -> None:
        """Take every event of the file, then stage placements and divisions."""
        for event in events:
            kind = type(event)
            if kind is PupilRecord:
                self.take(event)  # type: ignore[arg-type]
            elif kind is PlacementRecord:
                self._places[event.pupil_id] = event.division  # type: ignore[union-attr]
            elif kind is RejectedPupil:
                self.reject(event.source_id)  # type: ignore[union-attr]
            elif kind is DivisionRecord:
                self.divisions[event.code] = event.label  # type: ignore[union-attr]
            else:
                self.stage.report.add(event)  # type: ignore[arg-type]
        self._stage_placements()
        self._stage_divisions()
        self._report_unknown_programmes()

    def knows(self, pupil_id: str) -> bool:
        """Whether a guardian can be linked to this pupil."""
        return pupil_id in self.taken or pupil_id in self.before

    def take(self, record: PupilRecord) -> None:
        """A pupil of the file."""
        previous = self.known.pop(record.source_id, None)
        level = record.level or (programme_label(record.mef_code).level if record.mef_code else None)
        mark = digest(self.stage.school.school_year_id, level, *record[:13])
        changed = previous is None or previous.digest != mark
        gone = record.ends_on is not None and record.ends_on <= self._day
        if changed:
            self._put(record, mark, level, previous)
            leaves = gone and previous is not None and previous.active
            self.stage.counts["closed" if leaves else "created" if previous is None else "updated"] += 1
        else:
            self.stage.counts["unchanged"] += 1
        if record.mef_code:
            self._mefs.add(record.mef_code)
        division = previous.division if previous else None
        self.taken[record.source_id] = Taken(record.shown_name, division, previous is None, changed, level, gone)

    def reject(self, source_id: str) -> None:
        """A pupil left out: whoever is known under this identifier stays as is."""
        if not source_id:
            self.keeps_everybody = True
            return
        self.known.pop(source_id, None)
        taken = self.taken.pop(source_id, None)
        if taken is None:
            return
        if taken.staged:
            self.stage.take_back(StagedPupil, [source_id])
        self.stage.counts["unchanged" if not taken.staged else "created" if taken.is_new else "updated"] -= 1

    def close_missing(self) -> None:
        """Active pupils that a file of the whole school no longer names (never deleted)."""
        missing = [key for key, pupil in self.known.items() if pupil.active]
        if missing and self.keeps_everybody:
            self.stage.report.say(
                "alert",
                f"{len(missing)} élève(s) absent(s) du fichier restent inscrits : un enregistrement sans identifiant "
                "pourrait être l'un d'eux. Corrigez-le puis recommencez.",
            )
            return
        self.close(missing)
        if len(missing) > MANY and len(missing) > MANY_SHARE * len(self.before):
            self.stage.report.say(
                "alert", f"{len(missing)} scolarités sont closes d'un coup : vérifiez que l'export est complet."
            )

    def close(self, source_ids: list[str]) -> None:
        """End these enrolments."""
        for key in source_ids:
            self.stage.put(StagedPupil, action=CLOSE, source_id=key)
        self.stage.counts["closed"] += len(source_ids)

    def _put(self, record: PupilRecord, mark: str, level: str | None, previous: KnownPupil | None) -> None:
        row = dict(zip(PupilRecord._fields[:12], record[:12], strict=True))
        self.stage.put(StagedPupil, action=PUT, is_new=previous is None, digest=mark, level=level, **row)

    def _stage_placements(self) -> None:
        without = []
        for key, pupil in self.taken.items():
            division = self._places.get(key)
            if division is None and not pupil.gone:
                without.append(pupil.name)
            if pupil.is_new or division != pupil.division:
                self.stage.put(StagedPlacement, is_new=pupil.is_new, source_id=key, division_code=division)
                if not pupil.staged:
                    self.stage.counts.update(updated=1, unchanged=-1)
        for name in without:
            self.stage.report.name("Élèves sans division", f"Élève {name} : sans division.", "alert")

    def _stage_divisions(self) -> None:
        levels: dict[str, set[str | None]] = defaultdict(set)
        for key, pupil in self.taken.items():
            if division := self._places.get(key):
                levels[division].add(pupil.level)
        for code in sorted(self.divisions.keys() | levels.keys()):
            found = levels.get(code, set())
            level = next(iter(found)) if len(found) == 1 else None
            self.stage.division(code, self.divisions.get(code), level)

    def _report_unknown_programmes(self) -> None:
        for code in sorted(self._mefs):
            if not programme_label(code).known:
                message = f"Le MEF {code} n'est pas dans la liste fournie : créé comme « inconnu », sans niveau."
                self.stage.report.say("alert", message)
