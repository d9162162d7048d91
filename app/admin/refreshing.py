"""« Synchronisation élèves enseignants » (M014): open booklets brought in line with the pupil base, class by class."""

from __future__ import annotations

from typing import Any

from flask import flash, request
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from sqlalchemy import select

from app.admin.handmade import HandmadePage, actor, school_id
from app.admin.page import check_drawn_for
from app.booklets.making import make_cycle_booklets
from app.booklets.refreshing import ask_refresh, classes_to_refresh
from app.core.db import admin_db
from app.core.errors import BadInput
from app.schools.models import School


def _is_college() -> bool:
    from app.security.manager import current_standing

    here = current_standing()
    return here is not None and here.place.school_kind == "college"


class RefreshPage(HandmadePage):
    """The warning box, the classes, one button; the job's page is the report. A collège finds it in « Paramétrage »."""

    route_base = "/booklets/refresh"
    default_view = "index"
    class_permission_name = "synchronisation"
    category = "settings"
    title = _l("Refresh of pupils and teachers on booklets")
    needs_school = True
    menu_cond = staticmethod(_is_college)

    @expose("/")
    @has_access
    @permission_name("list")
    def index(self) -> str:
        """The classes of the year, each with its periodicity."""
        school_id()
        school = admin_db.session.scalars(select(School)).one()
        return self.draw("setup/refresh.html", classes=classes_to_refresh(), establishment=school)

    @expose("/run", methods=["POST"])
    @has_access
    @permission_name("run")
    def run(self) -> Any:
        """Start the job for the ticked classes."""
        check_drawn_for()
        job = ask_refresh(school_id(), None if "all" in request.form else ticked(), actor=actor())
        return self.to_job(job.id)

    @expose("/cycle", methods=["POST"])
    @has_access
    @permission_name("run")
    def cycle(self) -> Any:
        """Make the end-of-cycle booklets of the ticked classes."""
        check_drawn_for()
        school_id()
        made = make_cycle_booklets(ticked(), actor=actor()).booklets
        if made:
            flash(ngettext("%(num)s end-of-cycle booklet created.", "%(num)s end-of-cycle booklets created.", made),
                  "success")  # fmt: skip
        else:
            flash(
                _("No end-of-cycle booklet to create: they are for the pupils of CE2, 6e and 3e, once a year."), "info"
            )
        return self.home()


def ticked() -> list[int]:
    """The classes ticked on the page. Raises `BadInput` when there is none."""
    found = [int(key) for key in request.form.getlist("rowid") if key.isdecimal() and len(key) < 10]
    if not found:
        raise BadInput("Aucune classe n'est cochée.", hint="Cochez au moins une classe, puis recommencez.")
    return found


class PupilBaseRefreshPage(RefreshPage):
    """The same page where an école finds it: Échanges de données > Synchronisation Base Élèves."""

    route_base = "/booklets/pupil-base"
    category = "exchange"
    title = _l("Pupil base and booklets")
    menu_cond = staticmethod(lambda: not _is_college())
