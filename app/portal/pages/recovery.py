"""[Identifiant oublié ?] and [Phrase de passe oubliée ?] (M122)."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_babel import gettext as _

from app.portal.messages import wait_message
from app.portal.pages import common
from app.portal.recovery import Forgotten, ask
from app.security.throttle import TooManyAttempts

bp = Blueprint("recovery", __name__)


@bp.route("/identifiant-oublie", methods=["GET", "POST"])
def identifier() -> ResponseReturnValue:
    """Ask for the identifiers of an address."""
    return _page("identifier")


@bp.route("/phrase-oubliee", methods=["GET", "POST"])
def passphrase() -> ResponseReturnValue:
    """Ask for a link to choose a new pass-phrase."""
    return _page("passphrase")


def _page(kind: Forgotten) -> ResponseReturnValue:
    """The form, and one answer whoever asks: nobody learns who has an account."""
    if request.method == "GET":
        return render_template("forgotten.html", kind=kind, sent="envoye" in request.args, typed="", fault=None)
    typed = request.form.get("typed", "").strip()[:300]
    fault, status = None, 422
    if not typed or (kind == "identifier" and "@" not in typed):
        fault = _("Fill this in.") if not typed else _("This is not an e-mail address. It looks like name@example.org.")
    else:
        try:
            ask(kind, typed, str(get_locale()), visitor=common.visitor())
        except TooManyAttempts as error:
            fault, status = wait_message(error), 429
    if fault:
        return render_template("forgotten.html", kind=kind, sent=False, typed=typed, fault=fault), status
    return redirect(url_for(f"recovery.{kind}", envoye="1"))
