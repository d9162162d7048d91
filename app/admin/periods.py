"""« Paramétrage des périodes » (M007–M010): the periodicities, their dates, and the classes that follow them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from flask import flash, request
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from app.admin.handmade import HandmadePage, actor, school_id
from app.admin.page import check_drawn_for
from app.booklets.periodicity import Move, associate, change_scheme, plan, target
from app.core.db import admin_db
from app.core.errors import BadInput, Conflict, LivretError, NotFound
from app.core.uow import unit_of_work
from app.jobs import services as jobs
from app.schools.period_dates import MOST_PERIODS, PRESETS, gap_sentence, read_day
from app.schools.period_queries import ClassRow, SchemeView, classes, current_year, schemes
from app.schools.period_services import delete_scheme

Days = list[tuple[str, str]]  # as typed: beginning and end of each period


class PeriodsPage(HandmadePage):
    """One's own periodicities, then the shipped ones; each with its classes."""

    route_base = "/periods"
    default_view = "index"
    class_permission_name = "period_scheme"
    category = "settings"
    title = _l("Period settings")
    needs_school = True

    @expose("/")
    @has_access
    @permission_name("list")
    def index(self) -> str:
        """Every periodicity with its dates and « Classes associées : … » (M010)."""
        school_id()
        found = schemes()
        return self.draw("setup/periods.html", own=[view for view in found if not view.preset],
                         shipped=[view for view in found if view.preset],
                         year=current_year(admin_db.session()))  # fmt: skip

    @expose("/add", methods=["GET", "POST"])
    @has_access
    @permission_name("add")
    def add(self) -> Any:
        """A periodicity of one's own (M008)."""
        school_id()
        if request.method == "GET":
            return self._form(None, "", [("", ""), ("", "")])
        return self._save(None)

    @expose("/edit/<int:pk>", methods=["GET", "POST"])
    @has_access
    @permission_name("edit")
    def edit(self, pk: int) -> Any:
        """Change its label or dates."""
        view = self._own(pk)
        if request.method == "GET":
            return self._form(view, view.label, [(str(term.starts_on), str(term.ends_on)) for term in view.terms])
        return self._save(view)

    @expose("/delete/<int:pk>", methods=["POST"])
    @has_access
    @permission_name("delete")
    def delete(self, pk: int) -> Any:
        """Remove it, once confirmed."""
        check_drawn_for()
        view = self._own(pk)
        if not request.form.get("confirmed"):
            return self.draw("setup/confirm.html", question=_("Delete the periodicity “%(name)s”?", name=view.label),
                             lines=[], kept=[], action=_("Delete"))  # fmt: skip
        delete_scheme(pk, actor=actor())
        flash(_("Deleted."), "success")
        return self.home()

    @expose("/classes/<int:pk>", methods=["GET", "POST"])
    @has_access
    @permission_name("edit")
    def classes(self, pk: int) -> Any:
        """The classes of a periodicity that exists."""
        return self._classes(self._one(pk))

    @expose("/preset/<preset>", methods=["GET", "POST"])
    @has_access
    @permission_name("edit")
    def preset(self, preset: str) -> Any:
        """The classes of a shipped periodicity, which is made at its first use (M007)."""
        school_id()
        if preset not in PRESETS:
            raise NotFound("Cette périodicité n'existe pas.")
        return self._classes(next(view for view in schemes() if view.preset == preset))

    # ---- one's own ---------------------------------------------------------------------------------------------

    def _one(self, pk: int) -> SchemeView:
        school_id()
        found = next((view for view in schemes() if view.id == pk), None)
        if found is None:
            raise NotFound("Cette périodicité n'existe pas.")
        return found

    def _own(self, pk: int) -> SchemeView:
        view = self._one(pk)
        if view.preset:
            raise Conflict("Une périodicité prédéfinie ne se modifie pas.", hint="Ajoutez une périodicité à vos dates.")
        return view

    def _save(self, view: SchemeView | None) -> Any:
        check_drawn_for()
        label, days = request.form.get("label", ""), _days(request.form)
        if request.form.get("more"):
            return self._form(view, label, [*days, ("", "")])
        try:
            scheme = change_scheme(view.id if view else None, label, _read(days), actor=actor())
        except LivretError as error:
            return self._form(view, label, days, error.sentence()), error.status
        flash(_("Periodicity stored."), "success")
        self._tell_gaps(scheme.id)
        return self.home()

    def _form(self, view: SchemeView | None, label: str, days: Days, problem: str | None = None) -> str:
        title = view.label if view else _("Add a periodicity")
        return self.draw("setup/period_form.html", title=title, crumbs=((title, None),), scheme=view, label=label,
                         days=days or [("", "")], problem=problem, most=MOST_PERIODS,
                         year=current_year(admin_db.session()))  # fmt: skip

    def _tell_gaps(self, pk: int) -> None:
        said = gap_sentence(self._one(pk).terms, current_year(admin_db.session()))
        if said:
            flash(said, "warning")

    # ---- classes -----------------------------------------------------------------------------------------------

    def _classes(self, view: SchemeView) -> Any:
        if view.problem:
            raise Conflict(view.problem)
        rows, problem = classes(), None
        if request.method == "POST":
            check_drawn_for()
            try:
                return self._associate(view, _chosen(rows))
            except (BadInput, Conflict) as error:
                problem = error
        page = self.draw("setup/period_classes.html", title=view.label, crumbs=((view.label, None),), scheme=view,
                         rows=rows, levels=_levels(rows), problem=problem and problem.sentence())  # fmt: skip
        return page if problem is None else (page, problem.status)

    def _associate(self, view: SchemeView, ids: Sequence[int]) -> Any:
        moves = plan(len(view.terms), view.id, ids)
        touched = [move for move in moves if not move.written and (move.drafts or move.redated)]
        if touched and not request.form.get("confirmed") and not any(move.written for move in moves):
            return self.draw("setup/confirm.html", lines=[_said(move) for move in touched],
                             question=_("Associate these classes with “%(name)s”?", name=view.label),
                             kept=[("division", str(pk)) for pk in ids], action=_("Associate"))  # fmt: skip
        with unit_of_work():
            scheme_id = view.id if view.id is not None else target(view.preset, actor=actor()).id
            done = associate(scheme_id, ids, actor=actor())
            if done.ids:
                jobs.submit("booklets.make", school_id(), {"divisions": list(done.ids)}, actor(),
                            str(_("Make the booklets: %(name)s", name=view.label)))  # fmt: skip
        if done.ids:
            flash(ngettext("%(num)d class is associated with “%(name)s”. Its booklets are being made.",
                           "%(num)d classes are associated with “%(name)s”. Their booklets are being made.",
                           len(done.ids), name=view.label), "success")  # fmt: skip
        return self.home()


def _said(move: Move) -> str:
    before = move.row.scheme or _("Not defined")
    if move.drafts:
        return ngettext("%(label)s (%(before)s): %(num)d empty booklet will be replaced.",
                        "%(label)s (%(before)s): %(num)d empty booklets will be replaced.",
                        move.drafts, label=move.row.label, before=before)  # fmt: skip
    return ngettext("%(label)s (%(before)s): the dates of %(num)d open booklet change.",
                    "%(label)s (%(before)s): the dates of %(num)d open booklets change.",
                    move.redated, label=move.row.label, before=before)  # fmt: skip


def _levels(rows: Sequence[ClassRow]) -> list[tuple[int, str, int]]:
    """Each level with its number of classes, in order."""
    found: dict[tuple[int, str], int] = {}
    for row in rows:
        if row.level_id is not None:
            found[row.level_id, row.level] = found.get((row.level_id, row.level), 0) + 1
    return [(level_id, label, count) for (level_id, label), count in found.items()]


def _chosen(rows: Sequence[ClassRow]) -> list[int]:
    """The classes ticked one by one, by level, or all of them (M009)."""
    form = request.form
    if form.get("everything"):
        return [row.id for row in rows]
    levels = set(form.getlist("level"))
    ticked = set(form.getlist("division"))
    ids = [row.id for row in rows if str(row.id) in ticked or str(row.level_id) in levels]
    if unknown := ticked - {str(row.id) for row in rows}:
        raise NotFound(f"Une de ces classes n'existe pas cette année ({len(unknown)}).")
    return ids


def _days(form: Any) -> Days:
    """The rows as typed; empty ones are left out."""
    pairs = zip(form.getlist("starts_on"), form.getlist("ends_on"), strict=False)
    return [(start.strip()[:20], end.strip()[:20]) for start, end in pairs if start.strip() or end.strip()]


def _read(days: Days) -> list[tuple[date, date]]:
    read = []
    for position, pair in enumerate(days, start=1):
        if not all(pair):
            raise BadInput(f"Période {position} : il manque une de ses deux dates.")
        read.append((read_day(pair[0]), read_day(pair[1])))
    return read


