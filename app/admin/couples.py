"""« Gérer le code pour un (responsable, élève) »: the search, and the page with every action (M093–M100)."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, request, url_for
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.access import managing, refusals
from app.access.accounts import takes_slip
from app.access.continuity import keeping
from app.access.planning import MODE_LABELS, Mode, NotifyRequest, make_plan
from app.access.queries import Couple, choices
from app.access.services import readable
from app.admin.code_lines import code_lines
from app.admin.codes import couple_cells, couple_columns, selection_from
from app.admin.columns import States
from app.admin.handmade import HandmadePage, actor, asked_page, school_id
from app.admin.page import check_drawn_for
from app.core.actor import Actor
from app.core.db import admin_db
from app.core.errors import Conflict
from app.exchange.spreadsheets import SheetColumn
from app.jobs import services as jobs
from app.jobs.queries import artifacts_of, read_view
from app.schools.people import GuardianLink

PAGE = 50
REMEMBER = "Pensez à enregistrer le fichier .pdf généré si nécessaire car la personne sera considérée comme notifiée."
SENT = "Le courrier électronique a bien été envoyé"
ASK = "Voulez-vous notifier le responsable par E-Mail ou par Lettre ?"


class CouplesPage(HandmadePage):
    """Find a couple by a name or by the beginning of a code, then act on it."""

    route_base = "/couples"
    default_view = "index"
    class_permission_name = "guardian_code"
    needs_school = True
    title = _l("Manage one guardian's code")

    @expose("/")
    @has_access
    @permission_name("list")
    def index(self) -> Any:
        """The list (M093). One single couple found by a search leads to its page at once."""
        school_id()
        text, selection = request.args.get("q", "").strip()[:100], selection_from(request.args)
        found = managing.search_couples(text, selection, limit=PAGE, offset=asked_page(PAGE, 10**6).page * PAGE)
        if text and found.count == 1 and "population" not in request.args:
            only = found.rows[0]
            return redirect(url_for("CouplesPage.show", pk=only.link_id))
        return self.draw("codes/couples.html", rows=found.rows, pages=asked_page(PAGE, found.count), q=text,
                         choices=choices(), population=request.args.get("population"), modes=MODE_LABELS,
                         keeping=keeping(found.rows))  # fmt: skip

    @expose("/export.xlsx")
    @has_access
    @permission_name("export")
    def export(self) -> Any:
        """The couples found, all pages (C04)."""
        school_id()
        found = managing.search_couples(request.args.get("q", "").strip()[:100], selection_from(request.args))
        columns = [*couple_columns(), SheetColumn(_("Born on"), "date"), SheetColumn(_("Refused access"), "tick"),
                   SheetColumn(_("Valid code"), "tick"), SheetColumn(_("Notified on"), "date"),
                   SheetColumn(_("Mode")), SheetColumn(_("Used"), "tick"),
                   SheetColumn(_("Access carried over on"), "date")]  # fmt: skip
        return self.sheet(str(_("Guardians' codes")), _("Guardians' codes"), columns, map(_cells, found.rows))

    @expose("/<int:pk>")
    @has_access
    @permission_name("show")
    def show(self, pk: int) -> str:
        """Everything about a couple (M094, M099)."""
        school_id()
        facts = managing.couple_facts(pk)
        valid = facts.valid
        clear = readable(valid) if valid is not None and self.may("notify") else None
        name = f"{facts.link.guardian.shown_name} · {facts.link.pupil.shown_name}"
        return self.draw(
            "codes/couple.html", title=name, crumbs=((name, None),), facts=facts, clear=clear,
            lines=code_lines(facts.codes, clear), modes=MODE_LABELS, account_states=States("account"),
            slip=facts.account is not None and takes_slip(facts.account), sent=self._sent(facts.link),
            remember=REMEMBER, done=SENT, ask=ASK)  # fmt: skip

    def _sent(self, link: GuardianLink) -> dict[str, Any] | None:
        """What became of the notification that was just asked for."""
        asked = request.args.get("job", "")
        if not (asked.isascii() and asked.isdigit() and len(asked) < 10):
            return None
        job = read_view(int(asked))
        message = managing.last_message(link, job.id)
        return {"job": job, "message": message, "files": artifacts_of(admin_db.session(), job.id)}

    @expose("/<int:pk>/new", methods=["POST"])
    @has_access
    @permission_name("create")
    def new(self, pk: int) -> Any:
        """[Nouveau code] (M096)."""
        told = _("The new code is created; the one before is no longer valid.")
        return self._done(pk, managing.new_code, told)

    @expose("/<int:pk>/invalidate", methods=["POST"])
    @has_access
    @permission_name("invalidate")
    def invalidate(self, pk: int) -> Any:
        """[Invalider code] (M098)."""
        told = _("The code is invalidated: the access it opened has ended.")
        return self._done(pk, managing.invalidate, told)

    @expose("/<int:pk>/refuse", methods=["POST"])
    @has_access
    @permission_name("refuse")
    def refuse(self, pk: int) -> Any:
        """[Enlever l'accès] (M095)."""
        told = _("The refusal is stored: this guardian's code opens nothing any more.")
        return self._done(pk, _of_the_couple(refusals.refuse), told)

    @expose("/<int:pk>/allow", methods=["POST"])
    @has_access
    @permission_name("refuse")
    def allow(self, pk: int) -> Any:
        """[Autoriser l'accès] (M095)."""
        return self._done(pk, _of_the_couple(refusals.allow), _("Access is allowed again, with a new code to notify."))

    @expose("/<int:pk>/notify", methods=["POST"])
    @has_access
    @permission_name("notify")
    def notify(self, pk: int) -> Any:
        """[Notifier code], by e-mail or by letter (M097)."""
        check_drawn_for()
        link = managing.couple_facts(pk).link
        mode: Mode = "email" if request.form.get("mode") == "email" else "paper"
        wish = NotifyRequest(modes=(mode,), only="all", couple=(link.guardian_id, link.pupil_id))
        if not make_plan(wish).to_send:
            raise Conflict("Cette personne n'a pas d'adresse pour ce mode d'envoi.",
                           hint="Complétez sa fiche, ou choisissez l'autre mode.")  # fmt: skip
        job = jobs.submit("codes.notify", school_id(), wish.as_params(), actor(), str(_("Notify one guardian")))
        return redirect(url_for("CouplesPage.show", pk=pk, job=job.id))

    @expose("/<int:pk>/reset", methods=["POST"])
    @has_access
    @permission_name("notify")
    def reset(self, pk: int) -> Any:
        """[Réinitialiser le mot de passe]: a link for one use goes to the account's address (M100)."""
        check_drawn_for()
        account = managing.couple_facts(pk).account
        if account is None:
            raise Conflict("Ce couple n'a pas de compte.")
        managing.send_reset_link(account, actor=actor())
        flash(_("A link to choose a new pass-phrase is sent to %(address)s. It serves once, for 24 hours.",
                address=account.email), "success")  # fmt: skip
        return redirect(url_for("CouplesPage.show", pk=pk))

    def _done(self, pk: int, act: Any, told: str) -> Any:
        check_drawn_for()
        school_id()
        act(pk, actor=actor())
        flash(told, "success")
        return redirect(url_for("CouplesPage.show", pk=pk))


def _of_the_couple(act: Any) -> Any:
    """An act on guardian and pupil, for who names their link."""

    def acted(link_id: int, *, actor: Actor) -> Any:
        link = managing.couple_facts(link_id).link
        return act(link.guardian_id, link.pupil_id, actor=actor)

    return acted


def _cells(couple: Couple) -> tuple[Any, ...]:
    code = couple.code
    return (*couple_cells(couple), couple.pupil.birth_date, couple.refused, code is not None,
            code and code.notified_on, MODE_LABELS.get((code and code.notified_mode) or "", ""),
            bool(code and code.used_at), code and code.carried_over_on)  # fmt: skip
