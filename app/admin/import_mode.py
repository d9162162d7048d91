"""« Paramétrage de l'import » (M004): where the booklets' data come from. The Bilans menu follows at once (M005)."""

from __future__ import annotations

from typing import Any

from flask import flash, request
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.admin.handmade import HandmadePage, actor, school_id
from app.admin.page import check_drawn_for
from app.booklets.settings import IMPORT_MODES, booklet_settings, set_import_mode

EXPLAINED = {
    "manual": _l("Teachers type in Livret: the collective-entry pages are in the Bilans menu."),
    "sconet": _l("Averages and comments come from Sconet_Notes; AP and EPI are typed in Livret."),
    "software": _l("Everything comes from the file of your marks software, and is only read here."),
}


class ImportModePage(HandmadePage):
    """One choice per school, read first, changed with the pencil, stored with the floppy."""

    route_base = "/import-mode"
    default_view = "index"
    class_permission_name = "booklet_setting"
    category = "settings"
    title = _l("Import settings")
    needs_school = True

    @expose("/")
    @has_access
    @permission_name("show")
    def index(self) -> str:
        """The present choice."""
        school_id()
        return self._page(changing=False)

    @expose("/edit")
    @has_access
    @permission_name("edit")
    def edit(self) -> str:
        """The three choices."""
        school_id()
        return self._page(changing=True)

    @expose("/store", methods=["POST"])
    @has_access
    @permission_name("edit")
    def store(self) -> Any:
        """Keep the choice."""
        check_drawn_for()
        school_id()
        set_import_mode(request.form.get("import_mode", ""), actor=actor())
        flash(_("Import mode stored. The menus follow it."), "success")
        return self.home()

    def _page(self, *, changing: bool) -> str:
        mode = booklet_settings().import_mode
        return self.draw("setup/import_mode.html", mode=mode, modes=IMPORT_MODES, explained=EXPLAINED,
                         changing=changing)  # fmt: skip
