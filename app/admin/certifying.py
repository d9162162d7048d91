"""The directeur of an école certifies who holds parental authority, class by class, before codes are made."""

from __future__ import annotations

from typing import Any

from flask import flash, request
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from app.access.certifying import Certified, ClassLine, certify_links, class_lines, links_of_class
from app.admin.form_values import id_of
from app.admin.group_forms import in_college
from app.admin.handmade import HandmadePage, actor, in_school, school_id
from app.admin.page import check_drawn_for
from app.exchange.spreadsheets import SheetColumn


def in_ecole() -> bool:
    """ONDE is the base of écoles: a collège has no entry for this page."""
    return in_school() and not in_college()


class CertifyPage(HandmadePage):
    """Classes with what waits, and the links of one class with a tick each."""

    route_base = "/codes/certify"
    default_view = "index"
    class_permission_name = "guardian_link"
    title = _l("Certify legal guardians")
    needs_school = True
    menu_cond = staticmethod(in_ecole)

    @expose("/")
    @has_access
    @permission_name("certify")
    def index(self) -> str:
        """The class asked for, else the first where something waits."""
        school_id()
        classes = class_lines()
        asked = request.args.get("division")
        chosen = _chosen(classes, id_of(asked) if asked else None)
        rows = links_of_class(chosen.id) if chosen else []
        return self.draw("codes/certify.html", classes=classes, chosen=chosen, rows=rows,
                         waiting=sum(line.waiting for line in classes))  # fmt: skip

    @expose("/save", methods=["POST"])
    @has_access
    @permission_name("certify")
    def save(self) -> Any:
        """Certify what is ticked, take back what is not, then the next class that waits."""
        check_drawn_for()
        school_id()
        shown, ticked = ({id_of(value) for value in request.form.getlist(name)} for name in ("shown", "link"))
        _tell(certify_links(shown, ticked, actor=actor()))
        return self.home(division=request.form.get("division") if request.form.get("stay") else None)

    @expose("/export.xlsx")
    @has_access
    @permission_name("certify")
    def export(self) -> Any:
        """Every link with what is said of it (C04)."""
        school_id()
        columns = [SheetColumn(_("Class")), SheetColumn(_("Pupil")), SheetColumn(_("Guardian")),
                   SheetColumn(_("Rank"), "number"), SheetColumn(_("Legal authority certified"), "tick")]  # fmt: skip
        cells = ((line.label, row.pupil.shown_name, row.guardian.shown_name, row.link.rank, row.link.certified)
                 for line in class_lines() for row in links_of_class(line.id))  # fmt: skip
        return self.sheet(str(_("Legal guardians")), str(_("Legal guardians")), columns, cells)


def _chosen(classes: list[ClassLine], asked: int | None) -> ClassLine | None:
    named = next((line for line in classes if line.id == asked), None)
    waits = next((line for line in classes if line.waiting), None)
    return named or waits or (classes[0] if classes else None)


def _tell(done: Certified) -> None:
    if done.certified or done.withdrawn:
        certified = ngettext("%(num)d link certified", "%(num)d links certified", done.certified)
        withdrawn = ngettext("%(num)d taken back", "%(num)d taken back", done.withdrawn)
        flash(f"{certified}, {withdrawn}.", "success")
    elif not done.refused:
        flash(_("Nothing was changed."), "info")
    if done.refused:
        names = ", ".join(done.refused)
        flash(_("More than two legal guardians are ticked: nothing was changed for %(names)s.", names=names), "danger")
