"""What the worker does for the trail: chaining the lines that wait, as often as `app.jobs.schedule` says."""

from __future__ import annotations

from celery import shared_task

from app.audit.sealer import seal_pending


@shared_task(name="audit.seal", alone=True)
def seal() -> None:
    """Give every line written since the last time its place in its school's chain (DESIGN §7: within 60 s)."""
    seal_pending()
