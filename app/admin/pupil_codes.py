"""Pupils' codes: the paper run by class (M102), the list (M103) and the page of one pupil (M105, M106)."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, request, url_for
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.access import pupil_codes, refusals
from app.access.continuity import keeping_pupils
from app.access.planning import NO_SERVICE
from app.access.pupil_codes import PupilFilter, PupilLine
from app.access.queries import choices, open_services
from app.access.services import readable
from app.admin.code_lines import code_lines
from app.admin.codes import selection_from
from app.admin.columns import States
from app.admin.handmade import HandmadePage, actor, asked_page, school_id
from app.admin.page import check_drawn_for
from app.core.errors import Conflict
from app.exchange.spreadsheets import SheetColumn
from app.jobs import services as jobs

PAGE = 50
REFUSED = {"all": _l("All"), "yes": _l("Yes"), "no": _l("No")}
REMEMBER = "Pensez à enregistrer le fichier .pdf généré si nécessaire car l'élève sera considéré comme notifié."


def filter_from(values: Any, *, only_new: bool = False) -> PupilFilter:
    """The filters of both lists, from a form or an address."""
    asked = values.get("refused", "all")
    return PupilFilter(selection_from(values), values.get("q", "").strip()[:100], only_new,
                       asked if asked in REFUSED else "all")  # fmt: skip


class PupilCodesNotifyPage(HandmadePage):
    """Letters to hand out in class: who gets one, then the PDF as a job."""

    route_base = "/pupil-codes/notify"
    default_view = "index"
    class_permission_name = "pupil_code"
    needs_school = True
    title = _l("Notify pupils' codes")

    @expose("/")
    @has_access
    @permission_name("notify")
    def index(self) -> str:
        """The list appears once asked for; without « Tous » it has no date column (M102)."""
        school_id()
        asked = bool(request.args)
        wanted = filter_from(request.args, only_new=request.args.get("show") != "all")
        count = pupil_codes.count_pupils(wanted) if asked else 0
        pages = asked_page(PAGE, count)
        rows = pupil_codes.pupil_lines(wanted, limit=PAGE, offset=pages.page * PAGE) if asked else []
        return self.draw("codes/pupils_notify.html", rows=rows, pages=pages, asked=asked, wanted=wanted,
                         keeping=keeping_pupils(rows), choices=choices(), refused=REFUSED,
                         warning=None if open_services() else NO_SERVICE,
                         remember=REMEMBER, slips=request.args.get("slips") == "1")  # fmt: skip

    @expose("/run", methods=["POST"])
    @has_access
    @permission_name("notify")
    def run(self) -> Any:
        """One PDF, and the date stored once it exists."""
        check_drawn_for()
        wanted = filter_from(request.form, only_new=request.form.get("show") != "all")
        if not pupil_codes.count_pupils(wanted):
            raise Conflict("Aucun élève n'existe pour cette sélection.",
                           hint="Choisissez « Tous », ou une autre classe.")  # fmt: skip
        params = {"population": wanted.selection.population, "id": wanted.selection.id, "text": wanted.text,
                  "only_new": wanted.only_new, "refused": wanted.refused,
                  "slips": request.form.get("slips") == "1"}  # fmt: skip
        job = jobs.submit("codes.notify_pupils", school_id(), params, actor(), str(_("Notify pupils' codes")))
        return self.to_job(job.id)


class PupilCodesPage(HandmadePage):
    """The pupils with their code, and the page of one."""

    route_base = "/pupil-codes"
    default_view = "index"
    class_permission_name = "pupil_code"
    needs_school = True
    title = _l("Manage one pupil's code")

    @expose("/")
    @has_access
    @permission_name("list")
    def index(self) -> str:
        """The list (M103)."""
        school_id()
        wanted = filter_from(request.args)
        pages = asked_page(PAGE, pupil_codes.count_pupils(wanted))
        rows = pupil_codes.pupil_lines(wanted, limit=PAGE, offset=pages.page * PAGE)
        return self.draw("codes/pupils.html", pages=pages, wanted=wanted, choices=choices(), refused=REFUSED,
                         rows=rows, keeping=keeping_pupils(rows))  # fmt: skip

    @expose("/export.xlsx")
    @has_access
    @permission_name("export")
    def export(self) -> Any:
        """The pupils as filtered, all pages (C04)."""
        school_id()
        columns = [SheetColumn(_("Pupil"), width=36), SheetColumn(_("Division")), SheetColumn(_("Born on"), "date"),
                   SheetColumn(_("Refused access"), "tick"), SheetColumn(_("Notified on"), "date"),
                   SheetColumn(_("Used"), "tick"), SheetColumn(_("Access carried over on"), "date")]  # fmt: skip
        rows = map(_cells, pupil_codes.pupil_lines(filter_from(request.args)))
        return self.sheet(str(_("Pupils' codes")), _("Pupils' codes"), columns, rows)

    @expose("/<int:pk>")
    @has_access
    @permission_name("show")
    def show(self, pk: int) -> str:
        """The history of a pupil's codes, the account, the actions (M105, M106)."""
        school_id()
        return self._page(pk)

    def _page(self, pk: int, slip: str | None = None) -> str:
        facts = pupil_codes.pupil_facts(pk)
        clear = readable(facts.valid) if facts.valid is not None and self.may("notify") else None
        name = facts.pupil.shown_name
        return self.draw("codes/pupil.html", title=name, crumbs=((name, None),), facts=facts, clear=clear, slip=slip,
                         lines=code_lines(facts.codes, clear), account_states=States("account"),
                         remember=REMEMBER)  # fmt: skip

    @expose("/<int:pk>/new", methods=["POST"])
    @has_access
    @permission_name("create")
    def new(self, pk: int) -> Any:
        """[Nouveau code]: the valid one is invalidated before (M105)."""
        told = _("The new code is created; the one before is no longer valid.")
        return self._done(pk, pupil_codes.new_pupil_code, told)

    @expose("/<int:pk>/notify", methods=["POST"])
    @has_access
    @permission_name("notify")
    def notify(self, pk: int) -> Any:
        """[Notifier code]: a letter, as often as wanted (M105)."""
        check_drawn_for()
        pupil_codes.pupil_facts(pk)
        job = jobs.submit("codes.notify_pupils", school_id(), {"pupil": pk}, actor(), str(_("Notify one pupil's code")))
        return self.to_job(job.id)

    @expose("/<int:pk>/refuse", methods=["POST"])
    @has_access
    @permission_name("refuse")
    def refuse(self, pk: int) -> Any:
        """[Enlever l'accès]: the services are hidden, the code stays (M104)."""
        told = _("The national services are hidden from the pupil. The code stays valid.")
        return self._done(pk, refusals.refuse_pupil, told)

    @expose("/<int:pk>/allow", methods=["POST"])
    @has_access
    @permission_name("refuse")
    def allow(self, pk: int) -> Any:
        """[Autoriser l'accès]."""
        return self._done(pk, refusals.allow_pupil, _("The pupil sees the national services again."))

    @expose("/<int:pk>/slip", methods=["POST"])
    @has_access
    @permission_name("notify")
    def slip(self, pk: int) -> str:
        """[Réinitialiser le mot de passe]: a slip for one sign-in, shown this once (M106)."""
        check_drawn_for()
        school_id()
        return self._page(pk, pupil_codes.make_slip(pk, actor=actor()))

    def _done(self, pk: int, act: Any, told: str) -> Any:
        check_drawn_for()
        school_id()
        act(pk, actor=actor())
        flash(told, "success")
        return redirect(url_for("PupilCodesPage.show", pk=pk))


def _cells(line: PupilLine) -> tuple[Any, ...]:
    code = line.code
    return (line.pupil.shown_name, line.division, line.pupil.birth_date, line.refused, code and code.notified_on,
            bool(code and code.used_at), code and code.carried_over_on)  # fmt: skip
