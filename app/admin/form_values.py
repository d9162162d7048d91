"""Values of a form or an address as the services take them."""

from __future__ import annotations

from datetime import date

from app.core.errors import BadInput


def id_of(text: str) -> int:
    """An id as the database takes it. Raises `BadInput` for anything else."""
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise BadInput("Un choix manque ou n'est pas reconnu.", hint="Rechargez la page et recommencez.")
    return int(text)


def day_of(text: str) -> date | None:
    """A day as a date field sends it, None when it is empty. Raises `BadInput`: there is no 31 February."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise BadInput("Cette date n'existe pas.", hint="Écrivez par exemple 12/12/2026.") from error
