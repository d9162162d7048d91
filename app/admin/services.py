"""Opening and closing the online services (M058, M059)."""

from __future__ import annotations

from typing import Any

from flask import flash
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.admin.handmade import HandmadePage, actor, school_id
from app.admin.page import check_drawn_for
from app.online.models import OnlineService
from app.online.services import list_services, move_services
from app.workflow import engine
from app.workflow.catalogue import definition


class ServicesPage(HandmadePage):
    """Every service with its state and the buttons its workflow offers."""

    route_base = "/services"
    default_view = "index"
    class_permission_name = "service"
    title = _l("Opening and closing services")
    needs_school = True

    @expose("/")
    @has_access
    @permission_name("list")
    def index(self) -> str:
        """The list; a greyed button says why."""
        school_id()
        rows = [(service, engine.available(service, actor())) for service in list_services()]
        states = definition(OnlineService.__workflow__).states
        return self.draw("online/services.html", rows=rows, states=states)

    @expose("/<code>/open", methods=["POST"])
    @has_access
    @permission_name("open")
    def open(self, code: str) -> Any:
        """Open one service."""
        return self._move(code, "open", _("The service is open."))

    @expose("/<code>/close", methods=["POST"])
    @has_access
    @permission_name("close")
    def close(self, code: str) -> Any:
        """Close one service; its settings are kept (M071)."""
        return self._move(code, "close", _("The service is closed. Its settings are kept."))

    def _move(self, code: str, transition: str, done: str) -> Any:
        check_drawn_for()
        school_id()
        move_services([code], transition, actor=actor())
        flash(done, "success")
        return self.home()
