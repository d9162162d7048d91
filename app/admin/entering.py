"""At the door of every request: is somebody there, in which place, and may the form they send still be sent?"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from flask import Flask, current_app, flash, g, redirect, request, session, url_for
from flask_babel import format_date, get_locale
from flask_babel import gettext as _
from flask_login import current_user

from app.admin.errors import answer, wants_json
from app.admin.page import PageContext, check_drawn_for, install_frame
from app.admin.reminders import period_reminder
from app.core.clock import PARIS
from app.core.db import admin_db
from app.core.scope import set_scope
from app.security.access import is_for_everyone, is_public
from app.security.manager import current_standing
from app.security.naming import shown_role
from app.security.queries import Place, Standing, places_of, standing

READING = ("GET", "HEAD", "OPTIONS")
RIGHT_TO_LEFT = ("ar", "fa", "he", "ur")


def install(manager: Any) -> None:
    """Called once by the security manager, inside the application's context."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    # First of all: a form sent after the session ended leads to the sign-in page, not to a complaint about tokens.
    app.before_request_funcs.setdefault(None, []).insert(0, ask_to_sign_in)
    app.context_processor(lambda: {"page_context": page_context()})
    install_frame(app)
    app.jinja_env.globals.update(shown_role=shown_role, period_reminder=period_reminder)
    app.add_template_filter(day)


def day(value: date) -> str:
    """A day, or the day of a moment in Paris, as people write it."""
    return str(format_date(value.astimezone(PARIS).date() if isinstance(value, datetime) else value, "short"))


def ask_to_sign_in() -> Any:
    """Nobody signed in → the sign-in page, from which one comes back here (DESIGN §6)."""
    if is_public(current_app, request.endpoint) or session.owner_id is not None:  # type: ignore[attr-defined]
        return None
    here = request.full_path.rstrip("?") if request.method in READING else None
    return _to_the_door(here if here != "/" else None)


def _to_the_door(following: str | None = None) -> Any:
    """The sign-in page; a script, which cannot fill it in, is told that the session has ended (401)."""
    if wants_json():
        return answer(401, _("Your session has ended."), _("Sign in again in another tab: nothing typed is lost."))
    return redirect(url_for("SignIn.login", next=following))


def enter() -> Any:
    """Take the person's place of this session, or the only one there is; refuse a form drawn for another place."""
    set_scope(None)
    g.standing = None
    if session.owner_id is None or request.endpoint is None or request.endpoint.endswith("static"):  # type: ignore[attr-defined]
        return None
    if not current_user.is_authenticated:  # the account was closed
        session.sign_out()  # type: ignore[attr-defined]
        return None if is_public(current_app, request.endpoint) else _to_the_door()
    g.standing = _standing()
    if g.standing is not None:
        set_scope(g.standing.place.scope)
    if is_for_everyone(current_app, request.endpoint):
        return None
    if g.standing is None:
        return redirect(url_for("ChangeSchool.index"))
    if request.method not in READING:
        check_drawn_for()
    return None


def _standing() -> Standing | None:
    user_id = current_user.id
    kept = session.get("place")
    if kept:
        here = standing(admin_db.session(), user_id, kept[0], kept[1])
        if here is not None:
            return here
        del session["place"]
        flash(_("You no longer have a role there."), "warning")
    places = places_of(admin_db.session(), user_id)
    return settle(places[0]) if len(places) == 1 else None


def settle(place: Place) -> Standing | None:
    """Make a place the session's own, if the person may still be there."""
    here = standing(admin_db.session(), current_user.id, place.kind, place.id)
    if here is not None:
        session["place"] = (place.kind, place.id)
    return here


def page_context() -> PageContext:
    """The header of every page (M001)."""
    locale = str(get_locale() or "fr")
    words = {"language": locale, "direction": "rtl" if locale.split("_")[0] in RIGHT_TO_LEFT else "ltr"}
    if not g.get("user") or not current_user.is_authenticated:
        return PageContext(**words)  # type: ignore[arg-type]
    here = current_standing()
    person = current_user.get_full_name()
    leave = url_for("SignIn.leave")
    change = url_for("ChangeSchool.index")
    if here is None:
        return PageContext(person, leave_url=leave, change_school_url=change, **words)  # type: ignore[arg-type]
    return PageContext(
        person=person,
        role_label=", ".join(shown_role(role.name) for role in here.roles),
        school=here.place if here.place.kind == "school" else None,  # type: ignore[arg-type]
        school_year=here.school_year,
        authority=here.authority,
        can_change_school=here.elsewhere,
        change_school_url=change,
        leave_url=leave,
        **words,  # type: ignore[arg-type]
    )
