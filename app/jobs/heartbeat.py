"""A worker's sign of life, every 3 s: commands and pages know from it whether somebody will run a job."""

from __future__ import annotations

import logging
import threading
from datetime import timedelta

from sqlalchemy import delete, insert, update
from sqlalchemy.exc import DBAPIError

from app.core import clock
from app.core.db import admin_db
from app.core.process import new_owner
from app.core.uow import unit_of_work
from app.jobs.models import WorkerHeartbeat

log = logging.getLogger(__name__)

BEAT_SECONDS = 3.0
FORGET = timedelta(hours=1)


class Heartbeat(threading.Thread):
    """Writes a row of its own until told to stop, then removes it."""

    def __init__(self) -> None:
        super().__init__(name="heartbeat", daemon=True)
        self.owner = new_owner()
        self._ended = threading.Event()

    def run(self) -> None:
        """Beat; a database that is busy or away is no reason to stop."""
        while True:
            try:
                self.beat()
            except DBAPIError:
                log.warning("the heartbeat could not be written", exc_info=True)
            if self._ended.wait(BEAT_SECONDS):
                break
        admin_db.session.remove()

    def beat(self) -> None:
        """Write that this worker lives now; forget those silent for an hour."""
        now = clock.now()
        with unit_of_work() as session:
            own = update(WorkerHeartbeat).where(WorkerHeartbeat.name == self.owner).values(beat_at=now)
            if session.execute(own).rowcount == 0:  # type: ignore[attr-defined]
                session.execute(insert(WorkerHeartbeat).values(name=self.owner, started_at=now, beat_at=now))
                session.execute(delete(WorkerHeartbeat).where(WorkerHeartbeat.beat_at < now - FORGET))

    def stop(self) -> None:
        """End the thread; commands see at once that nobody is there."""
        self._ended.set()
        self.join()
        with unit_of_work() as session:
            session.execute(delete(WorkerHeartbeat).where(WorkerHeartbeat.name == self.owner))
