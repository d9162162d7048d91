"""The account behind a code: the confirmation link again, its cancelling, a slip at the counter (M099, M118)."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, request, url_for
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.access import accounts
from app.admin.handmade import HandmadePage, actor, school_id
from app.admin.page import check_drawn_for
from app.security.web import local_path


class AccountActsPage(HandmadePage):
    """What the panel « Compte du portail » offers."""

    route_base = "/account-acts"
    default_view = "resend"
    class_permission_name = "account"
    needs_school = True
    title = _l("Guardians' codes")

    def own_address(self) -> str:
        """The breadcrumb leads to the couples: accounts are reached from there."""
        return url_for("CouplesPage.index")

    @expose("/<int:pk>/resend", methods=["POST"])
    @has_access
    @permission_name("resend")
    def resend(self, pk: int) -> Any:
        """[Renvoyer le lien de confirmation]."""
        check_drawn_for()
        school_id()
        account = accounts.send_again(pk, actor=actor())
        flash(_("The confirmation link is sent again to %(address)s.", address=account.email), "success")
        return _back()

    @expose("/<int:pk>/close", methods=["POST"])
    @has_access
    @permission_name("close")
    def close(self, pk: int) -> Any:
        """[Annuler le compte provisoire]."""
        check_drawn_for()
        school_id()
        accounts.cancel(pk, actor=actor())
        flash(_("The provisional account is cancelled: its codes can be used again within a minute."), "success")
        return _back()

    @expose("/<int:pk>/slip", methods=["POST"])
    @has_access
    @permission_name("resend")
    def slip(self, pk: int) -> str:
        """[Fiche d'accès au guichet]: shown this once, to be printed."""
        check_drawn_for()
        school_id()
        account, slip = accounts.counter_slip(pk, actor=actor())
        return self.draw("codes/counter_slip.html", title=_("Access slip"), crumbs=((_("Access slip"), None),),
                         account=account, slip=slip, back=_where())  # fmt: skip


def _where() -> str:
    return local_path(request.form.get("back")) or url_for("CouplesPage.index")


def _back() -> Any:
    return redirect(_where())
