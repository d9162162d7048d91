"""Marks and absences edited in a spreadsheet program, on the road of `app.admin.roundtrip`."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from flask import request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from app.admin.handmade import actor, school_id
from app.admin.marks import chosen_marks
from app.admin.roundtrip import SheetPage
from app.core.errors import BadInput
from app.exchange.roundtrip.absence_sheet import SHEET, apply_absences, plan_absences, read_absences, write_absences
from app.exchange.roundtrip.comparing import Plan
from app.exchange.roundtrip.lines import ReadSheet
from app.exchange.roundtrip.mark_sheet import apply_marks, plan_marks, read_marks, write_marks
from app.online.absence_entry import classes
from app.online.gradebook import papers_of
from app.online.marking import MarksChosen, choose_marks, marker_of
from app.online.papers import TestPaper


class MarkSheetPage(SheetPage):
    """The tests of a class or group in a subject and a period: a line for each pupil, a column for each test."""

    route_base = "/spreadsheet/marks"
    class_permission_name = key = "mark"
    title = _l("Marks in a spreadsheet")
    index_template = "marks/sheet.html"

    def about(self) -> dict[str, Any]:
        """What there is to choose, and the tests."""
        chosen = chosen_marks(marker_of(actor()))
        return {"chosen": chosen, "papers": _papers(chosen)}

    def choice(self) -> dict[str, Any]:
        """Class or group, period, subject."""
        return chosen_marks(marker_of(actor())).address

    def sheet_file(self) -> str:
        """« notes »."""
        return "notes"

    def export_to(self, out: Any) -> None:
        """Every test of the choice."""
        write_marks(out, _papers(chosen_marks(marker_of(actor()))))

    def read(self, path: Path) -> ReadSheet:
        """By the pupils' identifiers."""
        return read_marks(self._kept_papers(), path)

    def plan(self, read: ReadSheet) -> Plan:
        """Compared with the marks as they are."""
        return plan_marks(self._kept_papers(), read)

    def write(self, read: ReadSheet, seen: str) -> Any:
        """All of it or nothing."""
        number = apply_marks(self._kept_papers(), read, seen=seen, school_id=school_id(), actor=actor())
        return ngettext("%(num)d mark was stored.", "%(num)d marks were stored.", number)

    def figures(self, counts: Counter[str]) -> list[tuple[int, Any]]:
        """Pupils."""
        return [(counts["changed"], ngettext("pupil changed", "pupils changed", counts["changed"]))]

    def _kept_papers(self) -> list[TestPaper]:
        """The tests the file was brought for."""
        asked = {name: str(value) for name, value in self.kept_choice().items()}
        return _papers(choose_marks(marker_of(actor()), asked))


def _papers(chosen: MarksChosen) -> list[TestPaper]:
    """The tests chosen, in the order of their days."""
    return [line.paper for line in reversed(papers_of(chosen))] if chosen.ready else []


class AbsenceSheetPage(SheetPage):
    """The half-days of a class in the school year; the file that comes back may be about the whole school."""

    route_base = "/spreadsheet/absences"
    class_permission_name = key = "absence"
    title = _l("Absences in a spreadsheet")
    index_template = "absences/sheet.html"

    def about(self) -> dict[str, Any]:
        """The classes."""
        return {"classes": classes(), "sheet": SHEET}

    def sheet_file(self) -> str:
        """« absences »."""
        return "absences"

    def export_to(self, out: Any) -> None:
        """The class asked for. Raises `BadInput` when it is none of this year."""
        asked = request.args.get("division", "")
        known = classes()
        division = next((id for id, _label in known if str(id) == asked), known[0][0] if known and not asked else None)
        if division is None:
            raise BadInput(_("Choose a class."))
        write_absences(out, division)

    def read(self, path: Path) -> ReadSheet:
        """By the pupils' identifiers."""
        return read_absences(path)

    def plan(self, read: ReadSheet) -> Plan:
        """Compared with the half-days as they are."""
        return plan_absences(read)

    def write(self, read: ReadSheet, seen: str) -> Any:
        """All of it or nothing."""
        number = apply_absences(read, seen=seen, school_id=school_id(), actor=actor())
        return ngettext("%(num)d half-day was changed or added.", "%(num)d half-days were changed or added.", number)

    def figures(self, counts: Counter[str]) -> list[tuple[int, Any]]:
        """Half-days changed and added."""
        return [(counts["changed"], ngettext("half-day changed", "half-days changed", counts["changed"])),
                (counts["made"], ngettext("half-day added", "half-days added", counts["made"]))]  # fmt: skip
