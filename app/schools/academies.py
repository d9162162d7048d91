"""Creating an academy: the authority and its school year. Schools are added to it afterwards."""

from __future__ import annotations

from typing import Any

from app.audit.services import record
from app.core.actor import Actor
from app.core.clock import today
from app.core.errors import BadInput, Conflict
from app.core.scope import system_scope
from app.core.uow import unit_of_work
from app.schools.models import Authority
from app.schools.services import find_authority, school_year, year_of


def create_academy(code: str, *, name: str, actor: Actor, first_year: int | None = None, **facts: Any) -> Authority:
    """An empty academy with the school year in course. `facts` are columns of `Authority`.

    Raises `BadInput` (code, name) and `Conflict` when the code is taken: an academy is made once.
    """
    code, name = code.strip().upper(), " ".join(name.split())
    if not (code.isascii() and code.isalnum() and 0 < len(code) <= 2):
        raise BadInput(f"« {code[:20]} » n'est pas un code d'académie.", hint="Deux chiffres, par exemple 08.")
    if not name or len(name) > 100:
        raise BadInput("Il faut un nom d'académie, de 100 caractères au plus.")
    with system_scope("a new academy belongs to nobody yet"), unit_of_work() as session:
        if find_authority(session, code) is not None:
            raise Conflict(f"L'académie {code} existe déjà.")
        made = Authority(code=code, name=name, **facts)
        session.add(made)
        session.flush()
        school_year(session, made, first_year or year_of(today()))
        record(session, "academy.create", made, actor=actor, data={"code": code})
        return made
