"""« Paramétrage du type de positionnement » (M011): one choice per level, before entry."""

from __future__ import annotations

from typing import Any

from flask import flash, request
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.admin.group_forms import in_college
from app.admin.handmade import HandmadePage, actor, school_id
from app.admin.page import check_drawn_for
from app.booklets.positioning import SCALES, LevelType, level_type, level_types, set_type
from app.core.errors import BadInput, Conflict
from app.curriculum.reference import OBJECTIVES


class PositioningPage(HandmadePage):
    """The levels with their type; the pencil opens the choice."""

    route_base = "/positioning"
    default_view = "index"
    class_permission_name = "positioning_type"
    category = "settings"
    title = _l("Positioning type settings")
    needs_school = True

    @expose("/")
    @has_access
    @permission_name("list")
    def index(self) -> str:
        """Every level; an école has the four objectives, whatever the level."""
        school_id()
        return self.draw("setup/positioning.html", rows=level_types(), objectives=OBJECTIVES, college=in_college())

    @expose("/edit/<int:pk>", methods=["GET", "POST"])
    @has_access
    @permission_name("edit")
    def edit(self, pk: int) -> Any:
        """Choose for one level."""
        school_id()
        found = level_type(pk)
        if request.method == "GET":
            return self._form(found)
        check_drawn_for()
        form = request.form
        try:
            set_type(pk, form.get("scale", ""), form.get("scale_max", ""), form.get("letters", ""), actor=actor())
        except (BadInput, Conflict) as error:
            return self._form(found, error.sentence()), error.status
        flash(_("Changes saved."), "success")
        return self.home()

    def _form(self, found: LevelType, problem: str | None = None) -> str:
        scales = SCALES if in_college() else {"objectives": SCALES["objectives"]}
        chosen = request.form.get("scale", found.scale)
        return self.draw("setup/positioning_form.html", title=found.level.label, crumbs=((found.level.label, None),),
                         found=found, problem=problem, scales=scales, chosen=chosen, objectives=OBJECTIVES,
                         scale_max=request.form.get("scale_max", found.scale_max),
                         letters=request.form.get("letters", found.letters))  # fmt: skip
