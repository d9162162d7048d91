"""The real worker, knowing the toys: `celery -A tests.jobs.toy_worker worker`."""

import tests.jobs.toys  # noqa: F401
from app.jobs.celery import celery

__all__ = ["celery"]
