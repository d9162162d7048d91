"""« Ouverture / fermeture » (M057–M061): activation, then one form with every service of the school."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import flash, request
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.admin.handmade import HandmadePage, actor, school_id
from app.admin.page import check_drawn_for
from app.core.errors import BadInput, LivretError, TransitionRefused
from app.core.scope import current_scope
from app.online.models import OnlineService
from app.online.services import ServiceLine, activate, service_lines, set_services
from app.online.settings import settings_of_school
from app.online.workflow import BARRED, MANDATORY
from app.security.manager import current_standing
from app.workflow.catalogue import definition


@dataclass(frozen=True, slots=True)
class ServicesHere:
    """What the home page says of the online services (M057, M058): activated or not, and each with its state."""

    activated: bool
    may_activate: bool
    lines: list[ServiceLine]
    states: Any


def services_here() -> ServicesHere | None:
    """For whoever sees the services of a school; None for everybody else."""
    here, scope = current_standing(), current_scope()
    if here is None or scope is None or scope.kind != "school" or ("can_list", "service") not in here.permissions:
        return None
    return ServicesHere(settings_of_school().activated_on is not None, ("can_open", "service") in here.permissions,
                        service_lines(), definition(OnlineService.__workflow__).states)  # fmt: skip


class ServicesPage(HandmadePage):
    """A choice « Fermé / Ouvert » for each service the school may use."""

    route_base = "/services"
    default_view = "index"
    class_permission_name = "service"
    title = _l("Opening and closing services")
    needs_school = True

    @expose("/")
    @has_access
    @permission_name("list")
    def index(self) -> str:
        """Before activation: what there is to do. Then the form."""
        school_id()
        if settings_of_school().activated_on is None:
            return self.draw("online/activate.html", may_activate=self.may("open"))
        return self._form(service_lines())

    @expose("/activate", methods=["POST"])
    @has_access
    @permission_name("open")
    def activate(self) -> Any:
        """« Activer les Téléservices »."""
        check_drawn_for()
        school_id()
        activate(actor=actor())
        flash(_("The online services are activated: choose those you open."), "success")
        return self.home()

    @expose("/store", methods=["POST"])
    @has_access
    @permission_name("open")
    def store(self) -> Any:
        """« Valider »: all the choices or none. Closing asks first; the settings are kept (M071)."""
        check_drawn_for()
        school_id()
        lines = service_lines()
        wanted = {code: state for line in lines if (state := request.form.get(code := line.service.code))}
        closing = [line.service.label for line in lines if (line.service.state, wanted.get(line.service.code))
                   == ("open", "closed") and line.rule != "mandatory"]  # fmt: skip
        if closing and not request.form.get("confirmed"):
            question = _("Close these services? Families will no longer see them.")
            return self.draw("setup/confirm.html", question=question, lines=closing,
                             kept=wanted.items(), action=_("Close"))  # fmt: skip
        try:
            moved = set_services(wanted, actor=actor())
        except (BadInput, TransitionRefused) as error:
            return self._form(service_lines(), wanted, error), error.status
        self._tell(moved)
        return self.home()

    def _form(self, lines: list[ServiceLine], wanted: dict[str, str] | None = None,
              problem: LivretError | None = None) -> str:  # fmt: skip
        national = [line for line in lines if line.service.academic_service_id is None]
        academic = [line for line in lines if line.service.academic_service_id is not None]
        return self.draw("online/services.html", national=national, academic=academic, wanted=wanted or {},
                         problem=problem and problem.sentence(), barred=BARRED, mandatory=MANDATORY,
                         states=definition(OnlineService.__workflow__).states)  # fmt: skip

    @staticmethod
    def _tell(moved: list[OnlineService]) -> None:
        opened = [service.label for service in moved if service.state == "open"]
        closed = [service.label for service in moved if service.state == "closed"]
        if opened:
            flash(_("Opened: %(names)s.", names=", ".join(opened)), "success")
        if closed:
            flash(_("Closed: %(names)s. The settings are kept.", names=", ".join(closed)), "success")
        if not moved:
            flash(_("Nothing has changed."), "info")
