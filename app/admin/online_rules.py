"""What is special about the generated screens of online services: whose rows, which links, what follows a rule."""

from __future__ import annotations

from typing import Any

from sqlalchemy import case, func, or_, select
from wtforms import Field, ValidationError

from app.admin.rules import OfTheAcademy, authority_of
from app.core.scope import Scope
from app.online.models import SERVICES, AcademicService, Ent, OnlineService, ServiceRule
from app.online.rules import close_barred
from app.online.services import offer_to_schools
from app.online.welcome import is_web_address


class OfferedToSchools(OfTheAcademy):
    """A service that the academy adds: its schools get it, closed (M059)."""

    def post_add(self, item: Any) -> None:
        """A row for each school."""
        offer_to_schools(item)


class RuleOnService(OfTheAcademy):
    """A rule that bars a service closes it (M060)."""

    def post_add(self, item: Any) -> None:
        """At once, in the schools that had it open."""
        close_barred(item.code)

    def post_update(self, item: Any) -> None:
        """The same."""
        close_barred(item.code)

    def post_delete(self, item: Any) -> None:
        """Without its own rule a school follows the academy's."""
        close_barred(item.code)


def own_services(scope: Scope) -> Any:
    """Criterion: the services of the current scope's academy."""
    return AcademicService.authority_id == authority_of(scope)


def own_rules(scope: Scope) -> Any:
    """Criterion: the rules of the current scope's academy; in a school, those about it."""
    mine = ServiceRule.authority_id == authority_of(scope)
    if scope.kind == "school":
        return mine & or_(ServiceRule.school_id.is_(None), ServiceRule.school_id == scope.id)
    return mine


def own_ents(scope: Scope) -> Any:
    """Criterion: the ENTs of the current scope's academy."""
    return Ent.authority_id == authority_of(scope)


def service_label() -> Any:
    """SQL: the name of a service, national or of the academy."""
    own = select(AcademicService.label).where(AcademicService.id == OnlineService.academic_service_id)
    national = case(SERVICES, value=OnlineService.code, else_=OnlineService.code)
    return func.coalesce(own.correlate(OnlineService).scalar_subquery(), national)


PORTAL_SECRETS = {"passphrase": "Phrase de passe (12 caractères et plus)",
                  "keypad": "6 à 10 chiffres au clavier à l'écran, avec trois questions"}  # fmt: skip
LONGEST_MESSAGE = 1000


def short_message(_form: Any, field: Field) -> None:
    """What the sign-in page can hold (M121)."""
    if len(field.data or "") > LONGEST_MESSAGE:
        raise ValidationError(f"Le message compte {LONGEST_MESSAGE} caractères au plus.")


def check_link(_form: Any, field: Field) -> None:
    """A link that a browser follows, and nothing else."""
    if not is_web_address(field.data or ""):
        raise ValidationError("Écrivez une adresse complète, comme https://www.exemple.fr")
