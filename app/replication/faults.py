"""One faulty order or school never keeps the others waiting; the task is seen to fail all the same."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

log = logging.getLogger(__name__)


class Faults:
    """What failed in a run that went on: logged at once, raised together at the end."""

    def __init__(self) -> None:
        self.errors: list[Exception] = []

    @contextmanager
    def aside(self, what: str) -> Iterator[None]:
        """Put a failure of the block aside, under the name of what it was about, and go on after it."""
        try:
            yield
        except Exception as error:
            log.exception("%s", what)
            self.errors.append(error)

    def raise_all(self) -> None:
        """The end of the run: nothing when all went well."""
        if self.errors:
            raise ExceptionGroup("replication", self.errors)
