"""Choosing a new pass-phrase: by the link of a mail (M100, M122), or by a pupil's slip (M106)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.portal import keys
from app.portal.messages import question_text, wait_message
from app.portal.pages import common
from app.security.passwords import PassphraseRefused
from app.security.throttle import TooManyAttempts

bp = Blueprint("keys", __name__)


@bp.get("/nouvelle-phrase/<token>")
def link(token: str) -> ResponseReturnValue:
    """The form behind the link of a mail."""
    _count_link()
    found = keys.behind_link(token)
    return _form("link", behind=found) if found else (render_template("key_dead.html"), 404)


@bp.post("/nouvelle-phrase/<token>")
def follow(token: str) -> ResponseReturnValue:
    """Store the new pass-phrase, once the questions of the account are answered (M122)."""
    _count_link()
    found = keys.behind_link(token)
    if found is None:
        return render_template("key_dead.html"), 404
    answers = [request.form.get(f"answer{place}", "") for place in range(1, len(found.questions) + 1)]
    asks = common.visitor()
    return _chosen("link", lambda text: keys.follow_link(token, text, answers, visitor=asks), behind=found)


@bp.get("/fiche-acces")
def slip() -> ResponseReturnValue:
    """A pupil types the slip that the school gave."""
    return _form("slip")


@bp.post("/fiche-acces")
def follow_slip() -> ResponseReturnValue:
    """Store the new pass-phrase, if identifier and slip go together."""
    identifier, typed = (request.form.get(name, "").strip()[:300] for name in ("identifier", "slip"))
    asks = common.visitor()
    return _chosen("slip", lambda text: keys.follow_slip(identifier, typed, text, visitor=asks),
                   identifier=identifier, slip=typed)  # fmt: skip


def _chosen(by: str, store: Callable[[str], None], **typed: Any) -> ResponseReturnValue:
    passphrase = request.form.get("passphrase", "")[:1000]
    if passphrase != request.form.get("again", ""):
        return _form(by, {"again": _("The two pass-phrases are not the same.")}, 422, **typed)
    try:
        store(passphrase)
    except PassphraseRefused as error:
        return _form(by, {"passphrase": error.sentence()}, 422, **typed)
    except keys.AnswersRefused:
        wrong = _("These answers are not all right. For your safety, which one is not said.")
        return _form(by, {"answer1": wrong}, 422, **typed)
    except keys.KeyRefused:
        told = _("The identifier and the code of the slip do not go together, or the slip is too old. Ask the school for another one.")  # noqa: E501
        return _form(by, {"slip": told}, 422, **typed)
    except TooManyAttempts as error:
        return _form(by, {"slip" if by == "slip" else "answer1": wait_message(error)}, 429, **typed)
    return redirect(url_for("entry.sign_in", change="1"))


def _form(by: str, faults: dict[str, str] | None = None, status: int = 200, **typed: Any) -> ResponseReturnValue:
    behind = typed.get("behind")
    asked = [question_text(question) for question in behind.questions] if behind else []
    return render_template("new_passphrase.html", by=by, faults=faults or {}, typed=typed, questions=asked,
                           digits=bool(behind and behind.digits)), status  # fmt: skip


def _count_link() -> None:
    asks = common.visitor()
    asks.limits.count("link address", asks.address)
