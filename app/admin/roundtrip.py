"""What is edited in a spreadsheet program: export, bring back, look at the differences, apply. Pupils, guardians and
staff here; marks and absences in `app.admin.record_sheets`."""

from __future__ import annotations

from collections import Counter
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


class SheetPage(HandmadePage):
    """The road of one spreadsheet. A subclass says what it holds: `key`, `index_template`, `sheet_file`, `export_to`,
    `read`, `plan`, `write` and `figures`."""

    default_view = "index"
    category = "exchange"
    needs_school = True
    key: ClassVar[str]
    index_template: ClassVar[str]

    def about(self) -> dict[str, Any]:
        """What the first page is drawn with."""
        raise NotImplementedError

    def choice(self) -> dict[str, Any]:
        """What the sheet is about, where there is something to choose: kept beside the file, and in addresses."""
        return {}

    def sheet_file(self) -> str:
        """The end of the exported file's name."""
        return self.key

    def export_to(self, out: Any) -> None:
        """Write the spreadsheet to edit."""
        raise NotImplementedError

    def read(self, path: Path) -> ReadSheet:
        """The lines of the file. Raises `BadInput` for one that cannot be read."""
        raise NotImplementedError

    def plan(self, read: ReadSheet) -> Plan:
        """What applying it would change."""
        raise NotImplementedError

    def write(self, read: ReadSheet, seen: str) -> Any:
        """Write the plan whose fingerprint was `seen`; the sentence to tell. Raises `LivretError`."""
        raise NotImplementedError

    def figures(self, counts: Counter[str]) -> list[tuple[int, Any]]:
        """The first numbers of the preview, with their words."""
        raise NotImplementedError

    @expose("/")
    @has_access
    @permission_name("edit")
    def index(self) -> str:
        """What to do, the export and the field to bring the file back."""
        school_id()
        return self.draw(self.index_template, most=MOST_ROWS, waiting=self._kept() is not None, **self.about())

    @expose("/export.xlsx")
    @has_access
    @permission_name("edit")
    def export(self) -> Any:
        """The spreadsheet to edit."""
        school = admin_db.session.get_one(School, school_id())
        out = SpooledTemporaryFile(SPOOL)  # noqa: SIM115 - send_file closes it with the response
        self.export_to(out)
        out.seek(0)
        name = f"{school.uai}-{self.sheet_file()}-{clock.today():%Y-%m-%d}.xlsx"
        return send_file(out, mimetype=MIMETYPE, as_attachment=True, download_name=name)

    @expose("/bring", methods=["POST"])
    @has_access
    @permission_name("edit")
    def bring(self) -> Any:
        """Keep the file until it is applied or given up; the preview follows. A file that cannot be read goes."""
        check_drawn_for()
        upload, school, chosen = request.files.get("file"), school_id(), self.choice()
        if upload is None or not upload.filename:
            flash(_("Choose a file first."), "warning")
            return self.home(**chosen)
        self._forget()
        kept = keep_uploads(current_app.config["LIVRET"].files, [upload])[0]
        session[self._key] = [school, kept, chosen]
        try:
            self._read()
        except BadInput as error:
            self._forget()
            flash(error.sentence(), "danger")
            return self.home(**chosen)
        return redirect(url_for(f"{self.endpoint}.preview"))

    @expose("/preview")
    @has_access
    @permission_name("edit")
    def preview(self) -> Any:
        """Old and new, cell by cell, and what is left out."""
        school_id()
        if self._kept() is None:
            return self.home()
        return self._draw_plan(self.plan(self._read()))

    @expose("/apply", methods=["POST"])
    @has_access
    @permission_name("edit")
    def apply(self) -> Any:
        """Write what was looked at, or show the new differences when somebody was faster."""
        check_drawn_for()
        school_id()
        if self._kept() is None:
            flash(_("This file is no longer here: bring it again."), "warning")
            return self.home()
        try:
            told = self.write(self._read(), request.form.get("seen", ""))
        except LivretError as error:
            flash(error.sentence(), "danger")
            return redirect(url_for(f"{self.endpoint}.preview"))
        chosen = self.kept_choice()
        self._forget()
        flash(told, "success")
        return self.home(**chosen)

    @expose("/give-up", methods=["POST"])
    @has_access
    @permission_name("edit")
    def give_up(self) -> Any:
        """Throw the file away; nothing was written."""
        check_drawn_for()
        chosen = self.kept_choice()
        self._forget()
        flash(_("Nothing was written."), "info")
        return self.home(**chosen)

    def _draw_plan(self, plan: Plan) -> str:
        pages = asked_page(PAGE, len(plan.changes))
        changes = plan.changes[pages.page * PAGE : (pages.page + 1) * PAGE]
        blocking = [remark for remark in plan.remarks if remark.blocks]
        notes = [remark for remark in plan.remarks if not remark.blocks]
        return self.draw(
            "exchange/roundtrip_preview.html", crumbs=((_("Differences"), None),), plan=plan,
            counts=plan.counts, changes=changes, pages=pages, blocking=blocking[:MOST_REMARKS], notes=notes,
            untold=max(0, len(blocking) - MOST_REMARKS),
        )  # fmt: skip

    @property
    def _key(self) -> str:
        return f"sheet-{self.key}"

    def kept_choice(self) -> dict[str, Any]:
        """What the file that waits is about."""
        return dict((session.get(self._key) or (0, "", {}))[2])

    def _kept(self) -> Path | None:
        """The file brought for this school, if it is still there."""
        school, name, _chosen = session.get(self._key) or (0, "", {})
        path = current_app.config["LIVRET"].files / name
        return path if name and school == school_id() and path.is_file() else None

    def _read(self) -> ReadSheet:
        path = self._kept()
        if path is None:
            raise BadInput("Ce fichier n'est plus là.", hint="Déposez-le à nouveau.")
        return self.read(path)

    def _forget(self) -> None:
        """Take the file and its folder away: it holds people's data."""
        _school, name, _chosen = session.pop(self._key, None) or (0, "", {})
        if name:
            path = current_app.config["LIVRET"].files / name
            path.unlink(missing_ok=True)
            with suppress(OSError):
                path.parent.rmdir()


class RoundTripPage(SheetPage):
    """The page of one kind of people; a subclass names the sheet, which is the permissions' resource too."""

    index_template = "exchange/roundtrip.html"

    @property
    def people(self) -> PeopleSheet:
        """What the sheet holds."""
        return SHEETS[self.key]

    @property
    def screen(self) -> Screen:
        """The generated screen of the same people: its validators and its narrowing hold here too."""
        return next(screen for screen in SCREENS if screen.resource == self.key)

    def about(self) -> dict[str, Any]:
        """The sheet, and whether new lines add people."""
        return {"sheet": self.people, "may_add": self._may_add()}

    def export_to(self, out: Any) -> None:
        """Everybody one may see."""
        write_people(out, self.people, self._narrow())

    def read(self, path: Path) -> ReadSheet:
        """By identifier."""
        return read_sheet(self.people, path, path.name)

    def plan(self, read: ReadSheet) -> Plan:
        """Compared with the school as it is."""
        return make_plan(self.people, read, judge_of(self.screen), narrow=self._narrow(), may_add=self._may_add())

    def write(self, read: ReadSheet, seen: str) -> Any:
        """All of it or nothing."""
        counts = apply_sheet(self.people, read, judge_of(self.screen), seen=seen, school_id=school_id(), actor=actor(),
                             narrow=self._narrow())  # fmt: skip
        number = counts["changed"] + counts["made"]
        return ngettext("%(num)d person was changed or added.", "%(num)d people were changed or added.", number)

    def figures(self, counts: Counter[str]) -> list[tuple[int, Any]]:
        """People changed and added."""
        return [(counts["changed"], ngettext("person changed", "people changed", counts["changed"])),
                (counts["made"], ngettext("person added", "people added", counts["made"]))]  # fmt: skip

    def _may_add(self) -> bool:
        return may_add(self.people, actor())

    def _narrow(self) -> Any:
        scope = current_scope()
        return self.screen.narrow(scope) if self.screen.narrow is not None and scope is not None else None


class PupilSheetPage(RoundTripPage):
    """Pupils in a spreadsheet."""

    route_base = "/spreadsheet/pupils"
    class_permission_name = key = "pupil"
    title = _l("Pupils in a spreadsheet")


class GuardianSheetPage(RoundTripPage):
    """Guardians in a spreadsheet."""

    route_base = "/spreadsheet/guardians"
    class_permission_name = key = "guardian"
    title = _l("Guardians in a spreadsheet")


class StaffSheetPage(RoundTripPage):
    """Staff in a spreadsheet."""

    route_base = "/spreadsheet/staff"
    class_permission_name = key = "staff"
    title = _l("Staff in a spreadsheet")
