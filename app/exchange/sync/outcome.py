"""What a synchronisation did."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from app.exchange.records import Line, Severity

COUNTS = ("created", "updated", "closed", "unchanged")
MAX_NAMED = 1000  # lines that name a change; beyond, they are counted


@dataclass
class Report:
    """Lines as they come; of each kind of change the first thousand are named, the rest counted."""

    lines: list[Line] = field(default_factory=list)
    _named: Counter[str] = field(default_factory=Counter)

    def add(self, line: Line) -> None:
        """One line."""
        self.lines.append(line)

    def say(self, severity: Severity, message: str, file: str | None = None) -> None:
        """One line, in pieces."""
        self.lines.append(Line(severity, message, file))

    def name(self, kind: str, message: str, severity: Severity = "info") -> None:
        """One change among many of its kind."""
        self._named[kind] += 1
        if self._named[kind] <= MAX_NAMED:
            self.lines.append(Line(severity, message))

    def close(self) -> None:
        """Count what was not named."""
        for kind, number in self._named.items():
            if number > MAX_NAMED:
                self.say("info", f"{kind} : {number - MAX_NAMED} autres ne sont pas listés.")


@dataclass(frozen=True, slots=True)
class SyncOutcome:
    """`counts` as DESIGN §8; a refused set of files raises BadInput and has no outcome."""

    status: str
    counts: dict[str, int]
    lines: list[Line]

    def as_dict(self) -> dict[str, Any]:
        """The object of `--json`."""
        return {"status": self.status, "counts": self.counts, "lines": [line._asdict() for line in self.lines]}

    @property
    def blocking(self) -> int:
        """How many records were left out."""
        return sum(line.severity == "blocking" for line in self.lines)


def summary(counts: dict[str, int]) -> str:
    """One sentence for the end of the job."""
    if not any(counts[key] for key in ("created", "updated", "closed")):
        return f"Aucun changement : {counts['unchanged']} fiches identiques à celles de l'établissement."
    return (
        f"{counts['created']} fiche(s) créée(s), {counts['updated']} modifiée(s), {counts['closed']} close(s), "
        f"{counts['unchanged']} inchangée(s) ; {counts['pupils']} élèves présents, {counts['guardians']} responsables "
        f"légaux, {counts['divisions']} divisions."
    )
