"""Writing to the school (M135), and the record card with « report an error » (M141)."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.portal import family_words
from app.portal.accounts import ChangeRefused
from app.portal.cards import card
from app.portal.forms import ContactForm, ErrorForm
from app.portal.messages import wait_message
from app.portal.pages import common
from app.portal.pages.told import spread
from app.portal.queries import family
from app.security.throttle import TooManyAttempts

bp = Blueprint("words", __name__)


@bp.route("/ecrire/<int:pupil>", methods=["GET", "POST"])
@common.signed_in
def contact(pupil: int) -> ResponseReturnValue:
    """[Contacter l'établissement]: object and message."""
    account = common.account_id() or 0
    school = family_words.contact_of(account, pupil)
    form, status = ContactForm(request.form), 200
    told: list[tuple[str, str]] = []
    if request.method == "POST":
        told, status = _sent(form, lambda: family_words.write_to_school(
            account, pupil, form.subject.data or "", form.words.data or "", visitor=common.visitor()))  # fmt: skip
        if not told:
            flash(_("Your message is on its way to the school. A copy goes to the address of your account."), "success")
            return redirect(url_for("home.home", enfant=pupil))
    return render_template("contact_school.html", form=form, told=told, school=school.name, pupil_id=pupil), status


@bp.route("/fiche/<int:pupil>", methods=["GET", "POST"])
@common.signed_in
def record_card(pupil: int) -> ResponseReturnValue:
    """The card; when sent, an error is told to the school."""
    shown = card(pupil)
    form, status = ErrorForm(request.form), 200
    told: list[tuple[str, str]] = []
    form.offer(shown, _("the child"))
    if request.method == "POST":
        code, about = form.chosen(shown)
        told, status = _sent(form, lambda: family_words.point_out(
            common.account_id() or 0, code, about, form.words.data or "", visitor=common.visitor()))  # fmt: skip
        if not told:
            flash(_("The school's office is told. It corrects its records; this card follows."), "success")
            return redirect(url_for("words.record_card", pupil=pupil))
    return render_template("record_card.html", card=shown, form=form, told=told, children=family().children), status


def _sent(form: Any, act: Any) -> tuple[list[tuple[str, str]], int]:
    """What is wrong, and the status of the answer; nothing when the act is done."""
    try:
        act()
    except ChangeRefused as refused:
        return spread(form, refused.faults), 422
    except TooManyAttempts as error:
        form.words.errors = [wait_message(error)]
        return [(form.words.id, wait_message(error))], 429
    return [], 302
