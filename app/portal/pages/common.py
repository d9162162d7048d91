"""What every page needs: who is signed in, where they come from, the language they read."""

from __future__ import annotations

from functools import wraps
from typing import Any

from flask import current_app, redirect, request, session, url_for
from flask.typing import ResponseReturnValue

from app.core.errors import NotFound
from app.portal.queries import Child, family
from app.portal.visitors import Visitor
from app.security.web import client_address, local_path, throttles
from config import Config

LOCALE_COOKIE = "livret_langue"
LOCALE_SECONDS = 365 * 24 * 3600
PENDING = "pending_account"


def settings() -> Config:
    """The settings the portal was built with."""
    found: Config = current_app.config["LIVRET"]
    return found


def visitor() -> Visitor:
    """Whoever sent this request."""
    return Visitor(client_address(), throttles())


def account_id() -> int | None:
    """The account signed in, or None."""
    owner: int | None = session.owner_id  # type: ignore[attr-defined]
    return owner


def signed_in(view: Any) -> Any:
    """Only for a signed-in family: others go to the sign-in page."""

    @wraps(view)
    def guarded(**arguments: Any) -> ResponseReturnValue:
        if account_id() is None:
            return redirect(url_for("entry.sign_in"))
        answer: ResponseReturnValue = view(**arguments)
        return answer

    return guarded


def child_of(pupil: int, service: str) -> tuple[Child, tuple[Child, ...]]:
    """The child asked for, and the children whose school opened the service. Raises `NotFound` for any other."""
    found = tuple(child for child in family().children if service in child.school.services)
    for child in found:
        if child.id == pupil:
            return child, found
    raise NotFound()


def choose_locale() -> str:
    """The language chosen on the page, else the browser's, else French."""
    offered = settings().locales
    chosen = request.cookies.get(LOCALE_COOKIE)
    if chosen in offered:
        return str(chosen)
    return request.accept_languages.best_match(offered) or offered[0]


def own_path(target: str | None) -> str:
    """A path of this portal to go back to; anything else is the home page."""
    return local_path(target) or url_for("home.home")
