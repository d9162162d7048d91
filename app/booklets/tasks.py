"""The long work on booklets: its job kinds register when this module is imported."""

from __future__ import annotations

from app.booklets import (
    announce_tasks,  # noqa: F401
    edit_tasks,  # noqa: F401
    lock_tasks,  # noqa: F401
    making_tasks,  # noqa: F401
    parameters_job,  # noqa: F401
    refresh_job,  # noqa: F401
    remind_tasks,  # noqa: F401
)
