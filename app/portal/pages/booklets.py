"""Booklets on the portal (C06): the child's list, one booklet as a page and as its PDF, the check of a printed one."""

from __future__ import annotations

from io import BytesIO

from flask import Blueprint, render_template, send_file
from flask.typing import ResponseReturnValue

from app.core.errors import NotFound
from app.portal.booklets import OpenBooklet, booklets_of, check_edition, open_booklet
from app.portal.pages import common
from letters.booklet_types import MASTERY, OBJECTIVES
from letters.render import render

bp = Blueprint("booklets", __name__)
SERVICE = "booklets"


@bp.get("/livrets/<int:pupil>")
@common.signed_in
def index(pupil: int) -> ResponseReturnValue:
    """The child's booklets, latest first; past years stay."""
    child, found = common.child_of(pupil, SERVICE)
    return render_template("booklets.html", child=child, children=found, booklets=booklets_of(child.id))


@bp.get("/livret/<int:booklet>")
@common.signed_in
def show(booklet: int) -> ResponseReturnValue:
    """One booklet as an accessible page; opening it is told to the school once."""
    return render_template("booklet.html", booklet=_opened(booklet), objectives=OBJECTIVES, mastery=MASTERY)


@bp.get("/livret/<int:booklet>.pdf")
@common.signed_in
def pdf(booklet: int) -> ResponseReturnValue:
    """The printed edition, laid out from what was printed: same words, number, date and fingerprint."""
    found = _opened(booklet)
    name = f"livret-{found.year}-{found.number}.pdf"
    return send_file(BytesIO(render(found.printed(common.settings().portal_url))), mimetype="application/pdf",
                     as_attachment=True, download_name=name)  # fmt: skip


def _opened(booklet: int) -> OpenBooklet:
    """Raises `NotFound` when the account's codes do not open it, or its school closed the service."""
    found = open_booklet(booklet)
    common.child_of(found.pupil_id, SERVICE)
    return found


@bp.get("/verification/<token>")
def verification(token: str) -> ResponseReturnValue:
    """Behind the QR of a printed booklet: its number, its date, whether it is in force. No word about the pupil."""
    try:
        edition = check_edition(token)
    except NotFound:
        return render_template("verification.html", edition=None), 404
    return render_template("verification.html", edition=edition)
