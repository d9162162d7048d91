"""Guardians' codes in bulk: creating them (M077–M081) and notifying them (M084–M091)."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from flask import flash, g, redirect, request, send_file, url_for
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from app.access import campaign, services
from app.access.continuity import keeping
from app.access.planning import MODE_LABELS, NO_SERVICE, Message, NobodyToNotify, NotifyRequest, Plan, make_plan
from app.access.queries import Couple, Selection, choices, count_couples, count_uncertified, couples, open_services
from app.admin.handmade import HandmadePage, actor, asked_page, school_id
from app.admin.jobs import moment
from app.admin.page import check_drawn_for
from app.core.errors import BadInput, Conflict
from app.exchange.spreadsheets import SheetColumn
from app.jobs import services as jobs

PAGE = 50


def selection_from(values: Any) -> Selection:
    """The population a form or an address names: « all », « programme-3 », « division-12 »."""
    kind, _dash, number = values.get("population", "all").partition("-")
    if kind == "all":
        return Selection()
    if kind not in ("programme", "division") or not _is_id(number):
        raise BadInput("Choisissez une formation ou une division.", hint="Ou sélectionnez tous les élèves.")
    return Selection(kind, int(number))


class CodesCreatePage(HandmadePage):
    """The couples of a selection, and a code for those that have none."""

    route_base = "/codes/create"
    default_view = "index"
    class_permission_name = "guardian_code"
    title = _l("Create guardians' codes")

    @expose("/")
    @has_access
    @permission_name("create")
    def index(self) -> str:
        """The list, « Sans code valide » or « Tous » (M078, M079)."""
        school_id()
        selection, everyone = selection_from(request.args), request.args.get("show") == "all"
        counts = count_couples(selection)
        pages = asked_page(PAGE, counts.couples if everyone else counts.without)
        rows = couples(selection, only_without_code=not everyone, limit=PAGE, offset=pages.page * PAGE)
        return self.draw(
            "codes/create.html",
            rows=rows,
            keeping=keeping(rows),
            counts=counts,
            pages=pages,
            everyone=everyone,
            choices=choices(),
            population=request.args.get("population", "all"),
            services=open_services(),
            uncertified=count_uncertified(),
        )

    @expose("/export.xlsx")
    @has_access
    @permission_name("export")
    def export(self) -> Any:
        """The couples as shown, all pages (C04)."""
        school_id()
        everyone = request.args.get("show") == "all"
        rows = couples(selection_from(request.args), only_without_code=not everyone)
        columns = [*couple_columns(), SheetColumn(_("Address"), width=50), SheetColumn(_("Refused access"), "tick"),
                   SheetColumn(_("Valid code"), "tick"), SheetColumn(_("Notified on"), "date"),
                   SheetColumn(_("Access carried over on"), "date")]  # fmt: skip
        cells = ((*couple_cells(c), ", ".join(c.guardian.address_lines), c.refused, c.code is not None,
                  c.code and c.code.notified_on, c.code and c.code.carried_over_on) for c in rows)  # fmt: skip
        return self.sheet(str(_("Guardians' codes")), _("Guardians' codes"), columns, cells)

    @expose("/run", methods=["POST"])
    @has_access
    @permission_name("create")
    def run(self) -> Any:
        """Create for the whole selection as a job, or at once for the ticked couples of this page."""
        check_drawn_for()
        selection = selection_from(request.form)
        if request.form.get("scope") == "selection":
            if not open_services():
                raise services.NoServiceOpen()
            params = {"population": selection.population, "id": selection.id}
            job = jobs.submit("codes.create", school_id(), params, actor(), str(_("Create guardians' codes")))
            return self.to_job(job.id)
        ticked = [_couple(value) for value in request.form.getlist("rowid")]
        made = services.create_codes(selection, actor=actor(), only=ticked)
        flash(ngettext("%(num)d code was created.", "%(num)d codes were created.", made.created), "success")
        return self.home(population=request.form.get("population", "all"), show=request.form.get("show", ""))

    @expose("/withdraw/<int:pk>", methods=["POST"])
    @has_access
    @permission_name("invalidate")
    def withdraw(self, pk: int) -> Any:
        """Take back a code nobody was told of (M081)."""
        check_drawn_for()
        services.withdraw_unnotified(pk, actor=actor())
        flash(_("The code is invalidated."), "success")
        return self.home(population=request.form.get("population", "all"), show="all")


class CodesNotifyPage(HandmadePage):
    """The notification desk: filters, who gets what, then the letters and mails as a job."""

    route_base = "/codes/notify"
    default_view = "index"
    class_permission_name = "guardian_code"
    title = _l("Notify guardians' codes")

    @expose("/")
    @has_access
    @permission_name("notify")
    def index(self) -> str:
        """The preview: the list appears as soon as a mode is ticked (M085)."""
        school_id()
        wish, problem, plan = None, None, None
        if request.args.getlist("mode"):
            try:
                wish = request_from(request.args)
                plan = make_plan(wish)
            except (BadInput, NobodyToNotify) as error:
                problem = error.sentence()
        return self.draw("codes/notify.html", **_preview(plan), problem=problem, wish=wish, moment=moment,
                         waiting=campaign.waiting(), me=g.user.email, hold=campaign.HOLD)  # fmt: skip

    @expose("/export.xlsx")
    @has_access
    @permission_name("export")
    def export(self) -> Any:
        """Who gets what, as shown, all pages (C04)."""
        school_id()
        columns = [*couple_columns(), SheetColumn(_("Address or e-mail"), width=50),
                   SheetColumn(_("Notified on"), "date"), SheetColumn(_("Mode"))]  # fmt: skip
        try:
            plan = make_plan(request_from(request.args) if request.args else NotifyRequest())
        except NobodyToNotify:
            plan = Plan([])
        lines = ((m, c, c.code) for m in plan.messages for c in m.couples if c.code)
        cells = ((*couple_cells(c), _address(m), code.notified_on, MODE_LABELS.get(code.notified_mode or "", ""))
                 for m, c, code in lines)  # fmt: skip
        return self.sheet(str(_("Notifications")), _("Notifications"), columns, cells)

    @expose("/run", methods=["POST"])
    @has_access
    @permission_name("notify")
    def run(self) -> Any:
        """Start the notification as a job; its page has the PDF and each letter."""
        check_drawn_for()
        school_id()
        job = campaign.launch(request_from(request.form), actor=actor(), label=str(_("Notify guardians' codes")))
        return self.to_job(job.id)

    @expose("/rehearse/<int:pk>")
    @has_access
    @permission_name("notify")
    def rehearse(self, pk: int) -> Any:
        """The letter or the e-mail of one guardian of the selection, as it would leave."""
        school_id()
        campaign.check_guardian(pk)
        message = campaign.one_message(request_from(request.args), pk)
        if message.mode == "email":
            name = message.guardian.shown_name
            return self.draw("codes/rehearsed.html", title=name, crumbs=((name, None),), guardian=message.guardian,
                             body=campaign.rehearsed_mail(message), back=_desk(request.args))  # fmt: skip
        document = BytesIO(campaign.rehearsed_letter(message))
        return send_file(document, mimetype="application/pdf", download_name=f"repetition-{pk}.pdf")

    @expose("/copy/<int:pk>", methods=["POST"])
    @has_access
    @permission_name("notify")
    def copy(self, pk: int) -> Any:
        """The e-mail of one guardian to who prepares the campaign, without the codes."""
        check_drawn_for()
        school_id()
        campaign.check_guardian(pk)
        message = campaign.one_message(request_from(request.form), pk)
        if not g.user.email:
            raise Conflict("Votre compte n'a pas d'adresse électronique.", hint="Demandez à l'académie de l'ajouter.")
        campaign.copy_to_oneself(message, g.user.email, actor=actor())
        flash(_("A copy is on its way to %(address)s, with the codes left out.", address=g.user.email), "success")
        return redirect(_desk(request.form))


def _desk(values: Any) -> str:
    """The desk's address with its filters."""
    kept = {name: values.getlist(name) for name in ("population", "only", "rank", "mode")}
    return url_for("CodesNotifyPage.index", **kept)


def request_from(values: Any) -> NotifyRequest:
    """The desk's filters, from its form or its address."""
    ranks = tuple(int(rank) for rank in values.getlist("rank") if rank in ("1", "2"))
    return NotifyRequest(selection_from(values), ranks, tuple(values.getlist("mode")), values.get("only", "new"))


def _preview(plan: Plan | None) -> dict[str, Any]:
    messages = plan.messages if plan else []
    hidden = request.args.get("show") == "unreachable"
    lines = [(message, couple) for message in messages for couple in message.couples if not (hidden and message.mode)]
    pages = asked_page(PAGE, len(lines))
    shown = lines[pages.page * PAGE : (pages.page + 1) * PAGE]
    return {
        "plan": plan,
        "merged": sum(len(message.couples) > 1 for message in messages if message.mode),
        "lines": shown,
        "keeping": keeping([couple for _message, couple in shown]),
        "pages": pages,
        "choices": choices(),
        "warning": None if open_services() else NO_SERVICE,
        "modes": MODE_LABELS,
    }


def couple_columns() -> list[SheetColumn]:
    return [SheetColumn(_("Pupil"), width=36), SheetColumn(_("Division")), SheetColumn(_("Guardian"), width=36),
            SheetColumn(_("Legal rank"), "number")]  # fmt: skip


def couple_cells(couple: Couple) -> tuple[Any, ...]:
    return couple.pupil.shown_name, couple.division, couple.guardian.shown_name, couple.rank


def _address(message: Message) -> str:
    if message.mode == "email":
        return str(message.guardian.email)
    return ", ".join(message.guardian.address_lines) if message.mode == "paper" else ""


def _couple(value: str) -> tuple[int, int]:
    guardian, _dash, pupil = value.partition("-")
    if not (_is_id(guardian) and _is_id(pupil)):
        raise BadInput("Cette ligne n'est pas reconnue.", hint="Rechargez la liste et recommencez.")
    return int(guardian), int(pupil)


def _is_id(text: str) -> bool:
    """What the database can take for an id: « ² » is a digit too, and a number may be too long for a column."""
    return text.isascii() and text.isdigit() and int(text[:20]) < 2**31
