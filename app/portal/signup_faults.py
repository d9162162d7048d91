"""What a form gets back when something must be corrected."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field as default


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing to correct: `field` is the form's, `line` the child's (from 0), `words` fill the message."""

    field: str
    reason: str
    line: int | None = None
    words: dict[str, object] = default(default_factory=dict)
