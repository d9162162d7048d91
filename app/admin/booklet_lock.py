"""« Verrouiller » a class, a level or the school (M044, M045): what would happen first, then the job. And unlocking."""

from __future__ import annotations

from collections import Counter
from typing import Any

from flask import request
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import and_, func, select

from app.admin.handmade import HandmadePage, actor, school_id
from app.admin.page import check_drawn_for
from app.admin.picking import picked_from, population_of
from app.booklets.checks import warnings_for
from app.booklets.editing import edit_choices
from app.booklets.locking import foreseen
from app.booklets.models import OPEN_STATES, SEALED_STATES, Booklet
from app.booklets.selection import Picked
from app.core.db import admin_db
from app.core.errors import BadInput
from app.jobs import services as jobs

MOST_SHOWN = 100


class BookletLockPage(HandmadePage):
    """The choice, what stands against it, then the job. `?division=12&period=2-3`, `?level=4` open it on a choice."""

    route_base = "/booklet-lock"
    default_view = "index"
    class_permission_name = "booklet"
    category = "booklets"
    title = _l("Lock booklets")
    needs_school = True

    @expose("/")
    @has_access
    @permission_name("lock")
    def index(self) -> str:
        """How many would be locked, which would not and why, what the proofreading has to say."""
        school_id()
        choices = edit_choices()
        picked = picked_from(request.args, choices.present)
        outcome = foreseen(picked, actor=actor())
        return self.draw("booklets/lock.html", choices=choices, population=population_of(picked), picked=picked,
                         period=f"{picked.position}-{picked.period_count}", outcome=outcome, most=MOST_SHOWN,
                         sealed=_sealed(picked), warnings=_warnings(picked))  # fmt: skip

    @expose("/run", methods=["POST"])
    @has_access
    @permission_name("lock")
    def run(self) -> Any:
        """Start the job: its report names each booklet that stays open."""
        check_drawn_for()
        return self._start("booklets.lock", picked_from(request.form).as_params(), str(_("Lock booklets")))

    @expose("/undo", methods=["POST"])
    @has_access
    @permission_name("unlock")
    def undo(self) -> Any:
        """Unlock them all, for a reason (M048)."""
        check_drawn_for()
        reason = request.form.get("reason", "").strip()
        if not reason:
            raise BadInput("Dites pourquoi ces bilans sont déverrouillés.", hint="Le motif reste dans l'historique.")
        params = picked_from(request.form).as_params() | {"reason": reason}
        return self._start("booklets.unlock", params, str(_("Unlock booklets")))

    def _start(self, kind: str, params: dict[str, Any], label: str) -> Any:
        return self.to_job(jobs.submit(kind, school_id(), params, actor(), label).id)


def _sealed(picked: Picked) -> int:
    statement = select(func.count(Booklet.id)).where(and_(picked.where, Booklet.state.in_(SEALED_STATES)))
    return admin_db.session.scalar(statement) or 0


def _warnings(picked: Picked) -> list[tuple[int | None, str, int]]:
    """Class (id and name) → how many warnings of the check its open booklets have; they stand against nothing."""
    open_ids = admin_db.session.scalars(select(Booklet.id).where(and_(picked.where, Booklet.state.in_(OPEN_STATES))))
    found = (warning for several in warnings_for(list(open_ids)).values() for warning in several)
    counts = Counter((warning.term[0], warning.division) for warning in found)
    return sorted(((key, name, count) for (key, name), count in counts.items()), key=lambda row: (row[1], row[0] or 0))
