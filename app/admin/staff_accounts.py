"""« Comptes des personnels »: the head says which sign-in is whose; classes and subjects follow."""

from __future__ import annotations

from typing import Any

from flask import flash, request
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from app.admin.form_values import id_of
from app.admin.handmade import HandmadePage, actor, school_id
from app.admin.page import check_drawn_for
from app.security.staff_accounts import StaffAccount, staff_accounts, tie_accounts

CHOICE = "account-"
SHOWN = {"": _l("All"), "without": _l("Without an account"), "with": _l("With an account")}


class StaffAccountsPage(HandmadePage):
    """A line for each member of staff in place."""

    route_base = "/staff-accounts"
    default_view = "index"
    class_permission_name = "staff_account"
    category = "settings"
    needs_school = True
    title = _l("Accounts of the staff")

    @expose("/")
    @has_access
    @permission_name("list")
    def index(self) -> str:
        """Who has an account, and what is proposed for the others."""
        school_id()
        rows, free = staff_accounts()
        show = request.args.get("show", "")
        return self.draw("setup/staff_accounts.html", rows=[row for row in rows if _shown(row, show)], free=free,
                         show=show, choices=SHOWN, proposed=sum(row.proposed is not None for row in rows),
                         without=sum(row.account is None for row in rows), count=len(rows), prefix=CHOICE)  # fmt: skip

    @expose("/save", methods=["POST"])
    @has_access
    @permission_name("edit")
    def save(self) -> Any:
        """Store what the form says of each of its lines."""
        check_drawn_for()
        school_id()
        wanted = {id_of(name.removeprefix(CHOICE)): id_of(value) if value else None
                  for name, value in request.form.items() if name.startswith(CHOICE)}  # fmt: skip
        self._told(tie_accounts(wanted, actor=actor()))
        return self.home(show=request.form.get("show") or None)

    @expose("/propose", methods=["POST"])
    @has_access
    @permission_name("edit")
    def accept(self) -> Any:
        """Tie everything that is proposed."""
        check_drawn_for()
        school_id()
        rows, _free = staff_accounts()
        self._told(tie_accounts({row.staff_id: row.proposed.user_id for row in rows if row.proposed}, actor=actor()))
        return self.home()

    @staticmethod
    def _told(count: int) -> None:
        if count:
            flash(ngettext("%(num)d account is stored.", "%(num)d accounts are stored.", count), "success")
        else:
            flash(_("Nothing had changed."), "info")


def _shown(row: StaffAccount, show: str) -> bool:
    return show not in ("with", "without") or (row.account is not None) == (show == "with")
