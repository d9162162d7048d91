"""What is special about a few generated screens: hooks around saving, columns that are computed."""

from __future__ import annotations

import secrets
from typing import Any

from sqlalchemy import and_, func, select
from sqlalchemy.orm import aliased
from wtforms import Field, ValidationError

from app.core.errors import BadInput
from app.core.scope import Scope, current_scope
from app.exchange.identifiers import ine_is_valid, uai_is_valid
from app.schools.models import Authority, Division, School, SchoolYear
from app.schools.people import Enrolment, Pupil

SEXES = {"F": "F", "M": "M"}
TITLES = {"MME": "Mme", "M.": "M."}


class TypedByHand:
    """A person typed on screen gets a source identifier of its own, so that no synchronisation takes it for another."""

    def pre_add(self, item: Any) -> None:
        """Source « manual », identifier drawn at random."""
        item.source = "manual"
        item.source_id = secrets.token_hex(8)


class OfTheAcademy:
    """A row that belongs to the authority whose administrator adds it."""

    def pre_add(self, item: Any) -> None:
        """The authority is the current one and never comes from the form."""
        scope = current_scope()
        if scope is None or scope.kind != "academy":
            raise BadInput("Seule l'académie peut faire cet ajout.")
        item.authority_id = scope.id


def own_authority(scope: Scope) -> Any:
    """Criterion: the authority of the current scope."""
    return Authority.id == _authority_of(scope)


def own_years(scope: Scope) -> Any:
    """Criterion: the school years of the current scope's authority."""
    return SchoolYear.authority_id == _authority_of(scope)


def _authority_of(scope: Scope) -> Any:
    if scope.kind == "academy":
        return scope.id
    return select(School.authority_id).where(School.id == scope.id).scalar_subquery()


def check_uai(_form: Any, field: Field) -> None:
    """Seven digits and the letter that checks them."""
    field.data = (field.data or "").upper()
    if not uai_is_valid(field.data):
        raise ValidationError("Un UAI compte sept chiffres et une lettre de contrôle, comme 0990001D.")


def check_ine(_form: Any, field: Field) -> None:
    """Either generation of INE, with its key."""
    field.data = (field.data or "").upper() or None
    if field.data and not ine_is_valid(field.data):
        raise ValidationError("Cet INE n'a pas la bonne clé : vérifiez chaque caractère.")


def current_class() -> Any:
    """SQL: the class of a pupil in the school's current year."""
    enrolment, division, school = aliased(Enrolment), aliased(Division), aliased(School)
    return (
        select(division.label)
        .join(enrolment, and_(enrolment.division_id == division.id, enrolment.school_id == division.school_id))
        .join(school, and_(school.id == enrolment.school_id, school.school_year_id == enrolment.school_year_id))
        .where(enrolment.pupil_id == Pupil.id)
        .correlate(Pupil)
        .scalar_subquery()
    )


def pupils_in_class() -> Any:
    """SQL: how many enrolled pupils a class counts."""
    enrolment = aliased(Enrolment)
    counted = select(func.count(enrolment.id)).where(enrolment.division_id == Division.id)
    return counted.correlate(Division).scalar_subquery()
