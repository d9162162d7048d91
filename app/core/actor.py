"""Who acts. Services take `actor` as a keyword, so a task or a test needs no request."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Actor:
    """A person (or the system) with the permissions held at this moment on the current school."""

    kind: str
    user_id: int | None
    name: str
    permissions: frozenset[tuple[str, str]] = field(default_factory=frozenset)

    def can(self, permission: str, resource: str) -> bool:
        """Whether `permission` (as `can_lock`) is held on `resource` (as `booklet`)."""
        return self.kind == "system" or (permission, resource) in self.permissions

    @classmethod
    def person(cls, user_id: int, name: str, permissions: Iterable[tuple[str, str]]) -> Actor:
        """A signed-in user of the admin application."""
        return cls("user", user_id, name, frozenset(permissions))


SYSTEM = Actor("system", None, "Livret")
