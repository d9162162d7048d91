"""What happens by itself, and how often: the only table of it. Tasks are found by name (`app/<package>/tasks.py`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Beat:
    """A task run every so many seconds."""

    task: str
    seconds: float
    why: str


BEATS = (
    Beat("jobs.reap", 5, "a job whose worker died goes on within seconds, and a lost bell costs no more"),
    Beat("mail.deliver", 5, "mails leave soon after the commit that decided them"),
    Beat("audit.seal", 30, "a line of the trail is chained within 60 s (DESIGN §7)"),
    Beat("replication.commands", 20, "a revocation reaches the portal within 60 s (DESIGN §7)"),
)


def every(seconds: float) -> dict[str, Any]:
    """A rhythm in Celery's words. Beats nobody heard are soon dropped (later ones will do), yet not so soon that a busy
    machine hears none."""
    return {"schedule": seconds, "options": {"expires": max(2 * seconds, 30.0)}}
