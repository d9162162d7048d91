"""One small family of errors; one handler turns them into a page, a flash, JSON or a line on the terminal.

Messages are French: what happened, then (`hint`) what to do next.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


class LivretError(Exception):
    """Something the person can understand and act on. `code` is stable, `status` is the HTTP answer."""

    code = "error"
    status = 400

    def __init__(self, message: str, *, hint: str | None = None, **data: Any) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.data = data

    def sentence(self) -> str:
        """The message and what to do, on one line."""
        return f"{self.message} {self.hint}" if self.hint else self.message


class BadInput(LivretError):
    """What was given cannot be used; names the file and the line where there is one."""

    code = "bad_input"
    status = 422

    def __init__(
        self, message: str, *, file: str | None = None, line: int | None = None, hint: str | None = None, **data: Any
    ) -> None:
        super().__init__(message, hint=hint, **data)
        self.file = file
        self.line = line

    def sentence(self) -> str:
        """« fichier, ligne n : message conseil »."""
        place = ", ".join([*([self.file] if self.file else []), *([f"ligne {self.line}"] if self.line else [])])
        return f"{place} : {super().sentence()}" if place else super().sentence()


class NotFound(LivretError):
    """The thing does not exist, or belongs to somebody else: the same answer for both."""

    code = "not_found"
    status = 404

    def __init__(self, message: str = "Cet élément n'existe pas.", **data: Any) -> None:
        super().__init__(message, **data)


class Forbidden(LivretError):
    """The person may not do this, whatever the object."""

    code = "forbidden"
    status = 403

    def __init__(self, message: str = "Votre rôle ne permet pas cette action.", **data: Any) -> None:
        super().__init__(message, **data)


class Conflict(LivretError):
    """Somebody else changed it meanwhile, or it already exists."""

    code = "conflict"
    status = 409


class TransitionRefused(Conflict):
    """A workflow refused a transition; `unmet` lists what stands against it."""

    code = "transition_refused"

    def __init__(self, transition: str, unmet: Sequence[Any], message: str | None = None) -> None:
        reasons = " ; ".join(str(u) for u in unmet)
        super().__init__(message or f"Action « {transition} » refusée : {reasons}")
        self.transition = transition
        self.unmet = list(unmet)
