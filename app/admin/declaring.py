"""« Paramétrage des EPI » and « Paramétrage des accompagnements personnalisés » (M012)."""

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
from app.booklets.declaring import (
    LEAST,
    Declaration,
    Declared,
    declare,
    declared,
    find_declared,
    subjects_offered,
    withdraw,
)
from app.core.errors import BadInput, Conflict, NotFound
from app.curriculum.lists import epi_themes


class DeclaringPage(HandmadePage):
    """The list of what is declared this year, and its form."""

    kind = ""
    add_label: Any = ""
    default_view = "index"
    class_permission_name = "project"
    category = "settings"
    needs_school = True
    menu_cond = staticmethod(in_college)

    @expose("/")
    @has_access
    @permission_name("list")
    def index(self) -> str:
        """Title, theme, subjects, groups."""
        school_id()
        return self.draw("setup/declared.html", rows=declared(self.kind), themes=epi_themes(), kind=self.kind,
                         add_label=self.add_label)  # fmt: skip

    @expose("/add", methods=["GET", "POST"])
    @has_access
    @permission_name("add")
    def add(self) -> Any:
        """A new one."""
        school_id()
        return self._save(None) if request.method == "POST" else self._form(None, Declaration("", "", None, ()))

    @expose("/edit/<int:pk>", methods=["GET", "POST"])
    @has_access
    @permission_name("edit")
    def edit(self, pk: int) -> Any:
        """Change one."""
        school_id()
        row = find_declared(self.kind, pk)
        if request.method == "POST":
            return self._save(row)
        facts = row.project
        return self._form(row, Declaration(facts.title, facts.description or "", facts.theme, row.item_ids))

    @expose("/delete/<int:pk>", methods=["POST"])
    @has_access
    @permission_name("delete")
    def delete(self, pk: int) -> Any:
        """Remove one that no group does, once confirmed."""
        check_drawn_for()
        school_id()
        row = find_declared(self.kind, pk)
        if not row.groups and not request.form.get("confirmed"):
            return self.draw("setup/confirm.html", question=_("Delete “%(name)s”?", name=row.project.title), lines=[],
                             kept=[], action=_("Delete"))  # fmt: skip
        try:
            withdraw(self.kind, pk, actor=actor())
        except Conflict as error:
            flash(error.sentence(), "warning")
            return self.home()
        flash(_("Deleted."), "success")
        return self.home()

    def _save(self, row: Declared | None) -> Any:
        check_drawn_for()
        form = request.form
        said = Declaration(form.get("title", ""), form.get("description", ""), form.get("theme"),
                           _ids(form.getlist("item")))  # fmt: skip
        try:
            declare(self.kind, row.project.id if row else None, said, actor=actor())
        except (BadInput, Conflict) as error:
            return self._form(row, said, error.sentence()), error.status
        flash(_("Changes saved.") if row else _("Added."), "success")
        return self.home()

    def _form(self, row: Declared | None, said: Declaration, problem: str | None = None) -> str:
        title = row.project.title if row else self.add_label
        return self.draw("setup/declare_form.html", title=title, crumbs=((title, None),), row=row, said=said,
                         problem=problem, kind=self.kind, themes=epi_themes(), least=LEAST[self.kind],
                         items=subjects_offered(row.item_ids if row else ()))  # fmt: skip


class EpiSettingsPage(DeclaringPage):
    """EPI, each with its national theme and at least two subjects."""

    kind = "epi"
    route_base = "/settings/epi"
    title = _l("EPI settings")
    add_label = _l("Add an EPI")


class ApSettingsPage(DeclaringPage):
    """AP, each with at least one subject."""

    kind = "ap"
    route_base = "/settings/ap"
    title = _l("Personalised support settings")
    add_label = _l("Add an AP")


def _ids(sent: list[str]) -> set[int]:
    if not all(text.isascii() and text.isdigit() and len(text) < 10 for text in sent):
        raise NotFound("Une de ces disciplines n'existe pas dans cet établissement.")
    return {int(text) for text in sent}
