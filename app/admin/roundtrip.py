"""Pupils, guardians and staff edited in a spreadsheet program: export, bring back, look at the differences, apply."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import Any, ClassVar

from flask import current_app, flash, redirect, request, send_file, session, url_for
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from app.admin.declaration import Screen
from app.admin.handmade import HandmadePage, actor, asked_page, school_id
from app.admin.page import check_drawn_for
from app.admin.screens import SCREENS
from app.admin.sheet_forms import judge_of
from app.admin.synchronisation import keep_uploads
from app.core import clock
from app.core.db import admin_db
from app.core.errors import BadInput, LivretError
from app.core.scope import current_scope
from app.exchange.roundtrip.applying import apply_sheet, may_add
from app.exchange.roundtrip.columns import SHEETS, PeopleSheet
from app.exchange.roundtrip.comparing import Plan, make_plan
from app.exchange.roundtrip.lines import ReadSheet, read_sheet
from app.exchange.roundtrip.workbook import MOST_ROWS
from app.exchange.roundtrip.writing import write_people
from app.exchange.spreadsheets import MIMETYPE
from app.schools.models import School

SPOOL = 4_000_000
PAGE = 50
MOST_REMARKS = 200


class RoundTripPage(HandmadePage):
    """The page of one kind of people; a subclass names the sheet and the permissions' resource."""

    default_view = "index"
    category = "exchange"
    needs_school = True
    sheet_name: ClassVar[str]

    @property
    def people(self) -> PeopleSheet:
        """What the sheet holds."""
        return SHEETS[self.sheet_name]

    @property
    def screen(self) -> Screen:
        """The generated screen of the same people: its validators and its narrowing hold here too."""
        return next(screen for screen in SCREENS if screen.resource == self.sheet_name)

    @expose("/")
    @has_access
    @permission_name("edit")
    def index(self) -> str:
        """What to do, the export and the field to bring the file back."""
        school_id()
        return self.draw("exchange/roundtrip.html", sheet=self.people, most=MOST_ROWS, may_add=self._may_add(),
                         waiting=self._kept() is not None)  # fmt: skip

    @expose("/export.xlsx")
    @has_access
    @permission_name("edit")
    def export(self) -> Any:
        """The spreadsheet to edit."""
        school = admin_db.session.get_one(School, school_id())
        out = SpooledTemporaryFile(SPOOL)  # noqa: SIM115 - send_file closes it with the response
        write_people(out, self.people, self._narrow())
        out.seek(0)
        name = f"{school.uai}-{self.sheet_name}-{clock.today():%Y-%m-%d}.xlsx"
        return send_file(out, mimetype=MIMETYPE, as_attachment=True, download_name=name)

    @expose("/bring", methods=["POST"])
    @has_access
    @permission_name("edit")
    def bring(self) -> Any:
        """Keep the file until it is applied or given up; the preview follows. A file that cannot be read goes."""
        check_drawn_for()
        upload, school = request.files.get("file"), school_id()
        if upload is None or not upload.filename:
            flash(_("Choose a file first."), "warning")
            return self.home()
        self._forget()
        session[self._key] = [school, keep_uploads(current_app.config["LIVRET"].files, [upload])[0]]
        try:
            self._read()
        except BadInput as error:
            self._forget()
            flash(error.sentence(), "danger")
            return self.home()
        return redirect(url_for(f"{self.endpoint}.preview"))

    @expose("/preview")
    @has_access
    @permission_name("edit")
    def preview(self) -> Any:
        """Old and new, cell by cell, and what is left out."""
        school_id()
        if self._kept() is None:
            return self.home()
        plan = make_plan(self.people, self._read(), judge_of(self.screen), narrow=self._narrow(),
                         may_add=self._may_add())  # fmt: skip
        return self._draw_plan(plan)

    @expose("/apply", methods=["POST"])
    @has_access
    @permission_name("edit")
    def apply(self) -> Any:
        """Write what was looked at, or show the new differences when somebody was faster."""
        check_drawn_for()
        school = school_id()
        if self._kept() is None:
            flash(_("This file is no longer here: bring it again."), "warning")
            return self.home()
        try:
            counts = apply_sheet(self.people, self._read(), judge_of(self.screen), seen=request.form.get("seen", ""),
                                 school_id=school, actor=actor(), narrow=self._narrow())  # fmt: skip
        except LivretError as error:
            flash(error.sentence(), "danger")
            return redirect(url_for(f"{self.endpoint}.preview"))
        self._forget()
        number = counts["changed"] + counts["made"]
        flash(ngettext("%(num)d person was changed or added.", "%(num)d people were changed or added.", number),
              "success")  # fmt: skip
        return self.home()

    @expose("/give-up", methods=["POST"])
    @has_access
    @permission_name("edit")
    def give_up(self) -> Any:
        """Throw the file away; nothing was written."""
        check_drawn_for()
        self._forget()
        flash(_("Nothing was written."), "info")
        return self.home()

    def _draw_plan(self, plan: Plan) -> str:
        pages = asked_page(PAGE, len(plan.changes))
        changes = plan.changes[pages.page * PAGE : (pages.page + 1) * PAGE]
        blocking = [remark for remark in plan.remarks if remark.blocks]
        notes = [remark for remark in plan.remarks if not remark.blocks]
        return self.draw(
            "exchange/roundtrip_preview.html", crumbs=((_("Differences"), None),), sheet=self.people, plan=plan,
            counts=plan.counts, changes=changes, pages=pages, blocking=blocking[:MOST_REMARKS], notes=notes,
            untold=max(0, len(blocking) - MOST_REMARKS),
        )  # fmt: skip

    def _may_add(self) -> bool:
        return may_add(self.people, actor())

    def _narrow(self) -> Any:
        scope = current_scope()
        return self.screen.narrow(scope) if self.screen.narrow is not None and scope is not None else None

    @property
    def _key(self) -> str:
        return f"spreadsheet-{self.sheet_name}"

    def _kept(self) -> Path | None:
        """The file brought for this school, if it is still there."""
        school, name = session.get(self._key) or (0, "")
        path = current_app.config["LIVRET"].files / name
        return path if name and school == school_id() and path.is_file() else None

    def _read(self) -> ReadSheet:
        path = self._kept()
        if path is None:
            raise BadInput("Ce fichier n'est plus là.", hint="Déposez-le à nouveau.")
        return read_sheet(self.people, path, path.name)

    def _forget(self) -> None:
        """Take the file and its folder away: it holds people's data."""
        _school, name = session.pop(self._key, None) or (0, "")
        if name:
            path = current_app.config["LIVRET"].files / name
            path.unlink(missing_ok=True)
            with suppress(OSError):
                path.parent.rmdir()


class PupilSheetPage(RoundTripPage):
    """Pupils in a spreadsheet."""

    route_base = "/spreadsheet/pupils"
    class_permission_name = sheet_name = "pupil"
    title = _l("Pupils in a spreadsheet")


class GuardianSheetPage(RoundTripPage):
    """Guardians in a spreadsheet."""

    route_base = "/spreadsheet/guardians"
    class_permission_name = sheet_name = "guardian"
    title = _l("Guardians in a spreadsheet")


class StaffSheetPage(RoundTripPage):
    """Staff in a spreadsheet."""

    route_base = "/spreadsheet/staff"
    class_permission_name = sheet_name = "staff"
    title = _l("Staff in a spreadsheet")
