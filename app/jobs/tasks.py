"""What the worker does when Celery knocks. Arguments: none; everything is in the tables."""

from __future__ import annotations

import threading

from celery import shared_task

from app.core.mail_transport import transport_for
from app.jobs.celery_app import prune_broker, wake_worker
from app.jobs.leases import free_abandoned
from app.jobs.mail import deliver_all
from app.jobs.services import run_waiting
from config import load

RUNNERS = 2  # the other threads stay free for mail, revocations and the trail
_places = threading.BoundedSemaphore(RUNNERS)


@shared_task(name="jobs.wake")
def wake() -> None:
    """Run the jobs that wait, one after another."""
    if not _places.acquire(blocking=False):
        return  # whoever runs now takes the next one
    try:
        run_waiting()
    finally:
        _places.release()


@shared_task(name="jobs.reap", alone=True)
def reap() -> None:
    """Free the jobs of dead workers, wake somebody when jobs wait, forget the bells already heard."""
    if free_abandoned():
        wake_worker()
    prune_broker()


@shared_task(name="mail.deliver", alone=True)
def deliver() -> None:
    """Send what the outboxes hold."""
    settings = load()
    transport = transport_for(settings.mail, settings.mail_sender)
    while any(outcome.sent + outcome.failed for outcome in deliver_all(transport).values()):
        pass
