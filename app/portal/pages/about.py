"""What the portal tells of itself (M142): what's new, practical information, legal notice, credits, contact; and which
part of the help is about which page."""

from __future__ import annotations

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from app.portal.pages import common
from app.portal.queries import SchoolCard, family

bp = Blueprint("about", __name__)

TITLES = {
    "news": _l("What's new"),
    "practical": _l("Practical information"),
    "legal": _l("Legal notice"),
    "credits": _l("Credits"),
    "contact": _l("Contact"),
}
# Blueprint or endpoint → the part of the help page that is about it.
PARTS = {
    "entry.sign_in": "signing-in", "entry.sign_in_post": "signing-in", "signup": "creating", "signup.created": "link",
    "signup.to_confirm": "link", "signup.link": "link", "home": "home", "home.account": "account",
    "marks": "marks", "absences": "absences", "booklets": "booklets", "booklets.verification": "verification",
    "keys": "signing-in", "managing": "account", "recovery": "signing-in",
    "words": "writing",
}  # fmt: skip


def help_address() -> str:
    """Where « Aide » leads from the present page."""
    endpoint, blueprint = request.endpoint or "", request.blueprint or ""
    return url_for("entry.help_page", _anchor=PARTS.get(endpoint) or PARTS.get(blueprint))


@bp.get("/nouveautes", defaults={"page": "news"})
@bp.get("/informations-pratiques", defaults={"page": "practical"})
@bp.get("/mentions-legales", defaults={"page": "legal"})
@bp.get("/credits", defaults={"page": "credits"})
@bp.get("/contact", defaults={"page": "contact"})
def show(page: str) -> ResponseReturnValue:
    """One of the five. A signed-in family finds its schools under « Contact »."""
    schools: tuple[SchoolCard, ...] = ()
    if page == "contact" and common.account_id() is not None:
        schools = tuple(dict.fromkeys(child.school for child in family().children))
    return render_template(f"about/{page}.html", title=TITLES[page], schools=schools)
