"""One error handler: a page for people, JSON for scripts, always what happened and what to do."""

from __future__ import annotations

import logging
from typing import Any

from flask import Flask, jsonify, request
from flask_babel import gettext as _
from werkzeug.exceptions import HTTPException

from app.admin.page import stop_page
from app.core.errors import LivretError

log = logging.getLogger(__name__)


def register_errors(app: Flask) -> None:
    """Answer every refusal and every failure in the same look."""

    @app.errorhandler(LivretError)
    def refused(error: LivretError) -> Any:
        return answer(error.status, error.message, error.hint)

    @app.errorhandler(HTTPException)
    def http(error: HTTPException) -> Any:
        if error.code is None or error.code < 400:
            return error
        return answer(error.code, *_words(error))

    @app.errorhandler(Exception)
    def failed(error: Exception) -> Any:
        if app.testing or app.debug:
            raise error
        log.exception("unexpected error on %s", request.path)
        return answer(500, _("Something went wrong on our side."), _("Nothing was changed. Try again in a moment."))


def answer(status: int, message: str, hint: str | None = None) -> Any:
    """The page that says why we stop here, or `{"error": …, "hint": …}` when JSON was asked for."""
    if wants_json():
        return jsonify(error=message, hint=hint), status
    titles = {403: _("Not allowed"), 404: _("Not found"), 409: _("Not possible now"), 422: _("Not understood")}
    return stop_page(status, titles.get(status, _("Error")), message, hint=hint)


def wants_json() -> bool:
    """Whether a script asks, not somebody who reads a page."""
    return request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json"


def _words(error: HTTPException) -> tuple[str, str | None]:
    gone = (_("This page does not exist, or is not yours to see."), _("Go back to the home page."))
    known = {
        400: (_("This form has expired."), _("Go back, reload the page and send it again.")),
        403: (_("Your role does not allow this page."), _("Ask the head of your school or your academy.")),
        404: gone,
        405: gone,
        413: (_("This file is too large."), _("The limit is 64 MB.")),
        429: (_("Too many attempts."), _("Wait a few minutes, then try again.")),
    }
    return known.get(error.code or 0, (error.description or error.name, None))
