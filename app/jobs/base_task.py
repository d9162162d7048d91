"""The class of every Celery task here: our application's context around it, nothing left on the thread after it."""

from __future__ import annotations

import threading
from collections import defaultdict
from typing import Any, ClassVar

from celery import Task
from flask import Flask

from app.core.db import admin_db, portal_db
from app.core.scope import set_scope


class LivretTask(Task):
    """A task declares `alone=True` when a second call while the first still runs has nothing to add."""

    abstract = True
    alone = False
    web: ClassVar[Flask | None] = None  # the one admin application of this process
    _running: ClassVar[defaultdict[str, threading.Lock]] = defaultdict(threading.Lock)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run within the context; skip when it must be alone and is not."""
        lock = self._running[self.name]
        if self.alone and not lock.acquire(blocking=False):
            return None
        try:
            return self._in_context(*args, **kwargs)
        finally:
            if self.alone:
                lock.release()

    def _in_context(self, *args: Any, **kwargs: Any) -> Any:
        set_scope(None)
        try:
            if self.web is None:
                return super().__call__(*args, **kwargs)
            with self.web.app_context():
                return super().__call__(*args, **kwargs)
        finally:
            admin_db.session.remove()
            portal_db.session.remove()
            set_scope(None)
