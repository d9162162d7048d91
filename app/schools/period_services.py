"""Writing periodicities of the current school and year (M007, M008). Which class follows which, and what becomes of
its booklets, is in `app.booklets.periodicity`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import delete, func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.audit.services import record
from app.core.actor import Actor
from app.core.db import admin_db
from app.core.errors import BadInput, Conflict, Forbidden, NotFound
from app.core.texts import clean_text
from app.core.uow import unit_of_work
from app.schools.models import SchoolYear
from app.schools.period_dates import PRESETS, Term, check_terms, preset_terms
from app.schools.period_queries import current_year
from app.schools.periods import DivisionScheme, Period, PeriodScheme

LABEL_LENGTH = 60


def check_may(actor: Actor, verb: str) -> None:
    """Raises `Forbidden` unless the person holds the verb on periodicities."""
    if not actor.can(f"can_{verb}", "period_scheme"):
        raise Forbidden()


def scheme_of_year(session: Session, scheme_id: int) -> PeriodScheme:
    """A periodicity of the current school and year. Raises `NotFound`."""
    found = session.scalars(select(PeriodScheme).where(PeriodScheme.id == scheme_id)).one_or_none()
    if found is None or found.school_year_id != current_year(session).id:
        raise NotFound("Cette périodicité n'existe pas.")
    return found


@unit_of_work()
def ensure_preset(preset: str, *, actor: Actor) -> PeriodScheme:
    """The shipped periodicity of this year, made at its first use with dates from the school year (M007)."""
    session = admin_db.session()
    year = current_year(session)
    terms = preset_terms(preset, year)
    mine = (PeriodScheme.school_year_id == year.id, PeriodScheme.preset == preset)
    found = session.scalars(select(PeriodScheme).where(*mine)).one_or_none()
    return found or _add(session, year, PRESETS[preset][0], preset, terms, actor)


@unit_of_work()
def save_scheme(
    scheme_id: int | None, label: str, days: Sequence[tuple[date, date]], *, actor: Actor
) -> PeriodScheme:
    """Add or change one's own periodicity (M008). While classes follow it, the number of its periods stays.

    Raises `BadInput` about label or dates, `Conflict` for a label already there or a number that may not change.
    """
    check_may(actor, "add" if scheme_id is None else "edit")
    session = admin_db.session()
    year = current_year(session)
    name = clean_text(label, LABEL_LENGTH, "Libellé")
    if name is None or "\n" in name:
        raise BadInput("Donnez un libellé à la périodicité.")
    terms = check_terms(days, year)
    _check_label(session, year, name, scheme_id)
    if scheme_id is None:
        return _add(session, year, name, "", terms, actor)
    scheme = scheme_of_year(session, scheme_id)
    if scheme.preset:
        raise Conflict("Une périodicité prédéfinie ne se modifie pas.", hint="Ajoutez une périodicité à vos dates.")
    before = session.scalar(select(func.count(Period.id)).where(Period.scheme_id == scheme.id))
    if len(terms) != before and (names := follower_labels(session, scheme.id)):
        raise Conflict(f"Le nombre de périodes ne change plus : {', '.join(names)} en dépendent.",
                       hint="Associez d'abord ces classes à une autre périodicité.")  # fmt: skip
    scheme.label = name
    replace_terms(session, scheme, terms)
    record(session, "period_scheme.edit", scheme, actor=actor, data={"periods": _said(terms)})
    return scheme


@unit_of_work()
def delete_scheme(scheme_id: int, *, actor: Actor) -> None:
    """Remove one's own periodicity. Raises `Conflict` while classes follow it, or when it is a shipped one."""
    check_may(actor, "delete")
    session = admin_db.session()
    scheme = scheme_of_year(session, scheme_id)
    if scheme.preset:
        raise Conflict("Une périodicité prédéfinie ne se supprime pas.")
    if names := follower_labels(session, scheme.id):
        raise Conflict(f"Cette périodicité est celle de {', '.join(names)}.",
                       hint="Associez d'abord ces classes à une autre périodicité.")  # fmt: skip
    record(session, "period_scheme.delete", scheme, actor=actor, data={"label": scheme.label})
    session.flush()
    _write(session, delete(PeriodScheme).where(PeriodScheme.id == scheme.id), "Une classe vient d'y être associée.")


def follower_labels(session: Session, scheme_id: int) -> list[str]:
    """The classes that follow a periodicity."""
    links = session.scalars(select(DivisionScheme).where(DivisionScheme.scheme_id == scheme_id))
    return sorted(link.division.label for link in links)


def replace_terms(session: Session, scheme: PeriodScheme, terms: Sequence[Term]) -> None:
    """Write the periods of a periodicity anew."""
    quiet = {"synchronize_session": False}
    session.execute(delete(Period).where(Period.scheme_id == scheme.id), execution_options=quiet)
    rows = [{"school_id": scheme.school_id, "scheme_id": scheme.id, "position": position, **term._asdict()}
            for position, term in enumerate(terms, start=1)]  # fmt: skip
    session.execute(insert(Period), rows)
    session.expire_all()


def _add(
    session: Session, year: SchoolYear, label: str, preset: str, terms: Sequence[Term], actor: Actor
) -> PeriodScheme:
    scheme = PeriodScheme(school_year_id=year.id, label=label, preset=preset)
    session.add(scheme)
    _write(session, None, f"Une périodicité « {label} » existe déjà.")
    replace_terms(session, scheme, terms)
    record(session, "period_scheme.add", scheme, actor=actor, data={"label": label, "periods": _said(terms)})
    return scheme


def _check_label(session: Session, year: SchoolYear, label: str, scheme_id: int | None) -> None:
    taken = {name.lower() for name, _ in PRESETS.values()}
    rows = session.execute(select(PeriodScheme.id, PeriodScheme.label).where(PeriodScheme.school_year_id == year.id))
    taken |= {row.label.lower() for row in rows if row.id != scheme_id}
    if label.lower() in taken:
        raise Conflict(f"Une périodicité « {label} » existe déjà.", hint="Donnez-lui un autre libellé.")


def _write(session: Session, statement: Any, refused: str) -> None:
    """Flush or run; what another person's act made impossible meanwhile is said in words."""
    try:
        session.flush()
        if statement is not None:
            session.execute(statement, execution_options={"synchronize_session": False})
    except IntegrityError as error:
        raise Conflict(refused) from error


def _said(terms: Sequence[Term]) -> list[list[str]]:
    return [[f"{term.starts_on}", f"{term.ends_on}"] for term in terms]
