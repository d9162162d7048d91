"""The guardians nobody told yet, by name, with what stands in the way of each."""

from __future__ import annotations

from typing import Any

from flask import request
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.access.queries import choices
from app.access.unreached import REASONS, Reason, Unreached, unreached
from app.admin.codes import selection_from
from app.admin.handmade import HandmadePage, asked_page, school_id
from app.exchange.spreadsheets import SheetColumn

PAGE = 50
LABELS: dict[str, Any] = {
    "no-address": _l("No address at all"),
    "letter-returned": _l("A letter came back"),
    "mail-refused": _l("The e-mail address was refused"),
    "not-yet": _l("Nothing sent yet"),
}


class UnreachedPage(HandmadePage):
    """Who never got a code, and why."""

    route_base = "/codes/unreached"
    default_view = "index"
    class_permission_name = "guardian_code"
    needs_school = True
    title = _l("Guardians never reached")

    @expose("/")
    @has_access
    @permission_name("list")
    def index(self) -> str:
        """The list; with a reason, only those."""
        school_id()
        everyone = unreached(selection_from(request.args))
        counts = {reason: sum(line.reason == reason for line in everyone) for reason in REASONS}
        reason = _asked()
        rows = [line for line in everyone if reason in (None, line.reason)]
        pages = asked_page(PAGE, len(rows))
        return self.draw("codes/unreached.html", rows=rows[pages.page * PAGE : (pages.page + 1) * PAGE], pages=pages,
                         labels=LABELS, counts=counts, reason=reason, choices=choices(),
                         population=request.args.get("population", "all"))  # fmt: skip

    @expose("/export.xlsx")
    @has_access
    @permission_name("export")
    def export(self) -> Any:
        """The list as filtered, all pages (C04)."""
        school_id()
        columns = [SheetColumn(_("Guardian"), width=36), SheetColumn(_("Pupils"), width=50),
                   SheetColumn(_("What stands in the way"), width=36), SheetColumn(_("E-mail"), width=36),
                   SheetColumn(_("Address"), width=50), SheetColumn(_("Phone"))]  # fmt: skip
        reason = _asked()
        rows = unreached(selection_from(request.args), REASONS if reason is None else (reason,))
        return self.sheet(str(self.title), str(self.title)[:31], columns, map(_cells, rows))


def _asked() -> Reason | None:
    return next((reason for reason in REASONS if reason == request.args.get("reason")), None)


def _cells(line: Unreached) -> tuple[Any, ...]:
    guardian = line.guardian
    pupils = ", ".join(f"{one.pupil.shown_name} ({one.division or '–'})" for one in line.couples)
    phone = guardian.phone_mobile or guardian.phone_home or guardian.phone_work
    return (guardian.shown_name, pupils, str(LABELS[line.reason]), guardian.email, ", ".join(guardian.address_lines),
            phone)  # fmt: skip
