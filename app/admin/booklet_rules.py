"""« Règles des bilans »: the workflow's parameters (C08), for an academy and for a school; who may lock."""

from __future__ import annotations

from typing import Any

from flask import flash, request
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.admin.handmade import HandmadePage, actor, in_school
from app.admin.listing import whole_number
from app.admin.page import check_drawn_for
from app.booklets.parameters import PARAMETERS, Given, resolve, rows_here, set_parameter
from app.booklets.settings import booklet_settings, let_teachers_lock
from app.core.db import admin_db
from app.core.errors import BadInput
from app.core.scope import current_scope
from app.core.uow import unit_of_work
from app.jobs import services as jobs

LABELS = {
    "areas_needed": _l("École: complete areas that a booklet needs"),
    "life_needed": _l("Collège: school life (absences, lateness) must be filled in"),
}
ORIGINS = {"file": _l("shipped value"), "academy": _l("set by the academy"), "school": _l("set by the school")}


class BookletRulesPage(HandmadePage):
    """Each parameter with the value in force and where it comes from; a form to say another."""

    route_base = "/booklet-rules"
    default_view = "index"
    class_permission_name = "workflow_parameter"
    category = "academy"
    school_category = "settings"
    title = _l("Rules of booklets")

    @expose("/")
    @has_access
    @permission_name("list")
    def index(self) -> str:
        """The values in force."""
        rows, here = rows_here(admin_db.session()), in_school()
        own = {row.name: row for row in rows if (row.school_id is not None) == here and row.grade_level_id is None}
        found = [(name, label, resolve(rows, name, None), own.get(name)) for name, label in LABELS.items()]
        return self.draw("setup/rules.html", found=found, origins=ORIGINS, in_school=here, bounds=PARAMETERS,
                         teachers_lock=booklet_settings().teachers_lock if here else None)  # fmt: skip

    @expose("/store/<name>", methods=["POST"])
    @has_access
    @permission_name("edit")
    def store(self, name: str) -> Any:
        """Say a value, or leave it to the next place (empty)."""
        check_drawn_for()
        sent = request.form.get("value", "").strip()
        if sent and not (sent.isascii() and sent.isdigit() and len(sent) < 4):
            raise BadInput("Cette valeur n'est pas un nombre.")
        given = Given(whole_number(sent) if sent else None, bool(request.form.get("locked")))
        scope = current_scope()
        with unit_of_work():
            set_parameter(name, None, given, actor=actor())
            if scope is not None and scope.kind == "academy":
                jobs.submit("booklets.parameters", None, {"authority": scope.id}, actor(), str(self.title))
        flash(_("Changes saved."), "success")
        return self.home()

    @expose("/lock", methods=["POST"])
    @has_access
    @permission_name("edit")
    def lock(self) -> Any:
        """Whether class teachers may lock the booklets of their class."""
        check_drawn_for()
        let_teachers_lock(bool(request.form.get("teachers_lock")), actor=actor())
        flash(_("Changes saved."), "success")
        return self.home()
