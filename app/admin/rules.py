"""What is special about a few generated screens: hooks around saving, columns that are computed."""

from __future__ import annotations

import secrets
from typing import Any

from sqlalchemy import and_, func, or_, select, true
from sqlalchemy.orm import aliased
from sqlalchemy.sql.elements import True_
from wtforms import Field, ValidationError

from app.core.clock import today
from app.core.db import admin_db
from app.core.errors import BadInput
from app.core.scope import Scope, current_scope
from app.exchange.identifiers import ine_is_valid, uai_is_valid
from app.schools.models import Authority, Division, DivisionStaff, School, SchoolYear
from app.schools.people import Enrolment, Guardian, GuardianLink, Pupil
from app.schools.services import create_school
from app.security.manager import current_actor, current_standing

SCHOOL_FACTS = ("address1", "address2", "postal_code", "city", "phone", "fax", "email", "head_title", "head_name")
SEXES = {"F": "F", "M": "M"}
TITLES = {"MME": "Mme", "M.": "M."}


class TypedByHand:
    """A person typed on screen gets a source identifier of its own, so that no synchronisation takes it for another."""

    def pre_add(self, item: Any) -> None:
        """Source « manual », identifier drawn at random."""
        item.source = "manual"
        item.source_id = secrets.token_hex(8)


class NewSchool:
    """A school is made by its service: its UAI checked, its online services beside it."""

    def insert(self, item: Any) -> Any:
        """The school typed on screen, in the academy of whoever adds it."""
        scope = current_scope()
        if scope is None or scope.kind != "academy":
            raise BadInput("Seule l'académie peut ajouter un établissement.")
        authority = admin_db.session.get_one(Authority, scope.id)
        typed = {key: getattr(item, key) for key in SCHOOL_FACTS}
        return create_school(
            item.uai, name=item.name, kind=item.kind, actor=current_actor(),
            authority=(authority.code, authority.name), first_year=item.school_year.first_year, **typed,
        )  # fmt: skip


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
    return Authority.id == authority_of(scope)


def own_years(scope: Scope) -> Any:
    """Criterion: the school years of the current scope's authority."""
    return SchoolYear.authority_id == authority_of(scope)


def authority_of(scope: Scope) -> Any:
    """The authority of a scope: itself, or its school's."""
    if scope.kind == "academy":
        return scope.id
    return select(School.authority_id).where(School.id == scope.id).scalar_subquery()


def own_pupils(_scope: Scope) -> Any:
    """Criterion: every pupil, or those of one's classes of this year for who may not read every class (DESIGN §6)."""
    return within(Pupil.id)


def own_enrolments(_scope: Scope) -> Any:
    """Criterion: the enrolments of the pupils one may see."""
    return within(Enrolment.pupil_id)


def own_links(_scope: Scope) -> Any:
    """Criterion: the links of the pupils one may see."""
    return within(GuardianLink.pupil_id)


def own_guardians(_scope: Scope) -> Any:
    """Criterion: the guardians of the pupils one may see."""
    link = aliased(GuardianLink)
    seen = within(link.pupil_id)
    return true() if isinstance(seen, True_) else Guardian.id.in_(select(link.guardian_id).where(seen))


def within(pupil_id: Any) -> Any:
    """Criterion on a column of pupils: every pupil, or those of one's classes of this year."""
    here = current_standing()
    if here is None or ("can_read", "every_class") in here.permissions:
        return true()
    taught, enrolment = aliased(DivisionStaff), aliased(Enrolment)
    division, school = aliased(Division), aliased(School)
    return pupil_id.in_(
        select(enrolment.pupil_id)
        .join(taught, and_(taught.division_id == enrolment.division_id, taught.school_id == enrolment.school_id))
        .join(division, and_(division.id == taught.division_id, division.school_id == taught.school_id))
        .join(school, school.id == division.school_id)
        .where(
            taught.staff_id == (here.staff_id or 0),
            or_(enrolment.ends_on.is_(None), enrolment.ends_on > today()),
            enrolment.school_year_id == school.school_year_id,
            division.school_year_id == school.school_year_id,
        )
    )


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
