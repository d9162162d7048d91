"""Collective entry of personalised support (AP) and of interdisciplinary projects (EPI): M050–M056."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, request, url_for
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.admin.form_values import id_of
from app.admin.group_forms import changes_from, in_college
from app.admin.handmade import HandmadePage, actor, school_id
from app.admin.page import check_drawn_for
from app.booklets.models.content import COMMENT_LENGTH
from app.booklets.project_classes import all_divisions, classmates
from app.booklets.project_queries import (
    group_seen,
    groups_seen,
    members_of,
    projects_seen,
    subjects_by_project,
    subjects_of,
    term_label,
    terms,
)
from app.booklets.project_store import is_frozen
from app.booklets.projects import IMPORTED, GroupSaved, delete_group, make_group, save_group
from app.booklets.rights import writer_of
from app.booklets.selection import read_term
from app.booklets.settings import may_enter_projects
from app.core.errors import LivretError
from app.exchange.spreadsheets import SheetColumn


class GroupsPage(HandmadePage):
    """The groups one sees, and each of them on one screen: what is shared, its pupils and their comments (M051)."""

    default_view = "index"
    class_permission_name = "booklet"
    category = "booklets"
    needs_school = True
    kind = ""
    menu_cond = staticmethod(in_college)
    words: dict[str, Any] = {}

    @expose("/")
    @has_access
    @permission_name("list")
    def index(self) -> str:
        """The groups of the projects one sees (M053), and a form for a new one."""
        school_id()
        return self._list()

    def _list(self, problem: str | None = None) -> str:
        writer = writer_of(actor())
        projects = projects_seen(writer, self.kind)
        return self.draw(
            "groups/index.html", rows=groups_seen(writer, self.kind), projects=projects, terms=terms(),
            subjects=subjects_by_project(p.id for p in projects), problem=problem, typed=request.form,
            may_fill=writer.can("fill") and may_enter_projects(),
            imported=None if may_enter_projects() else IMPORTED, words=self.words,
        )  # fmt: skip

    @expose("/export.xlsx")
    @has_access
    @permission_name("export")
    def export(self) -> Any:
        """The list as a spreadsheet (C04)."""
        school_id()
        columns = [SheetColumn(str(self.words["one"]), width=40), SheetColumn(_("Group"), width=24),
                   SheetColumn(_("Period")), SheetColumn(_("Teachers"), width=40), SheetColumn(_("Pupils"), "number"),
                   SheetColumn(_("Individual comments"), "number"), SheetColumn(_("Collective comment"), "tick"),
                   SheetColumn(_("Locked booklets"), "number")]  # fmt: skip
        rows = ((row.project, row.title, row.period, ", ".join(row.teachers), row.pupils, row.commented,
                 row.has_comment, row.locked) for row in groups_seen(writer_of(actor()), self.kind))  # fmt: skip
        return self.sheet(self.words["file"], self.words["file"], columns, rows)

    @expose("/add", methods=["POST"])
    @has_access
    @permission_name("fill")
    def add(self) -> Any:
        """Make a group, then fill it."""
        check_drawn_for()
        try:
            position, count = read_term(request.form.get("term", ""))
            group = make_group(id_of(request.form.get("project", "")), request.form.get("title", ""), position, count,
                               actor=actor())  # fmt: skip
        except LivretError as error:
            if error.status not in (409, 422):
                raise
            return self._list(error.sentence()), error.status
        flash(_("The group is made. Add its pupils below."), "success")
        return redirect(url_for(f"{self.endpoint}.show", pk=group.id, _anchor="pupils"))

    @expose("/<int:pk>")
    @has_access
    @permission_name("list")
    def show(self, pk: int) -> str:
        """One group."""
        school_id()
        return self._group(pk)

    def _group(self, pk: int, saved: GroupSaved | None = None) -> str:
        writer = writer_of(actor())
        group, project = group_seen(writer, pk)
        wanted = request.values.get("division", "")
        divisions = all_divisions()
        division = next((d for d in divisions if str(d.id) == wanted), None)
        editable = writer.can("fill") and may_enter_projects()
        return self.draw(
            "groups/show.html", title=group.title, crumbs=((group.title, None),), group=group, project=project,
            projects=projects_seen(writer, self.kind), subjects=subjects_of(project.id, group.id),
            period=term_label(group), members=members_of(group.id), frozen=is_frozen(group.id), editable=editable,
            imported=None if may_enter_projects() else IMPORTED, divisions=divisions, division=division,
            classmates=classmates(group, division.id, writer) if division and editable else (),
            saved=saved, outcomes={o.cell.id: o for o in saved.outcomes} if saved else {},
            typed=request.form if saved else {}, limit=COMMENT_LENGTH, words=self.words,
        )  # fmt: skip

    @expose("/<int:pk>/save", methods=["POST"])
    @has_access
    @permission_name("fill")
    def save(self, pk: int) -> Any:
        """Store all that may be; what is refused stays on the screen with its reason."""
        check_drawn_for()
        saved = save_group(pk, changes_from(request.form), actor=actor())
        if not saved.complete:
            return self._group(pk, saved), 409
        flash(_("The group is saved."), "success")
        division = request.form.get("division", "") if "show" in request.form else ""
        anchor = "pupils" if "show" in request.form else None
        return redirect(url_for(f"{self.endpoint}.show", pk=pk, division=division or None, _anchor=anchor))

    @expose("/<int:pk>/delete", methods=["POST"])
    @has_access
    @permission_name("fill")
    def delete(self, pk: int) -> Any:
        """Remove the group; refused once a booklet is locked (M056)."""
        check_drawn_for()
        delete_group(pk, actor=actor())
        flash(_("The group is deleted."), "success")
        return self.home()


class SupportPage(GroupsPage):
    """« Saisie collective des accompagnements personnalisés »."""

    route_base = "/ap"
    kind = "ap"
    title = _l("Collective entry of personalised support (AP)")
    words = {"one": _l("Personalised support"), "file": "AP", "none": _l("No personalised support is declared yet"),
             "lead": _l("A group covers one period. Its comment is printed on the booklets of all its pupils.")}


class ProjectsPage(GroupsPage):
    """« Saisie collective des EPI »."""

    route_base = "/epi"
    kind = "epi"
    title = _l("Collective entry of interdisciplinary projects (EPI)")
    words = {"one": _l("EPI"), "file": "EPI", "none": _l("No EPI is declared yet"),
             "lead": _l("A group covers one period. Its comment is printed on the booklets of all its pupils.")}


