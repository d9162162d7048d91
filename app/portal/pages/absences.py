"""Absences on the portal (M129, M130): the half-days of each week, and how to reach the school life office."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from app.portal.calendar import class_of, weeks_of
from app.portal.half_days import absent_days, school_life_of
from app.portal.pages import common

bp = Blueprint("absences", __name__)
SERVICE = "absences"


@bp.get("/absences/<int:pupil>")
@common.signed_in
def index(pupil: int) -> ResponseReturnValue:
    """The weeks of the present month, of another one, of a teaching period or of the year; latest first."""
    child, children = common.child_of(pupil, SERVICE)
    school_class = class_of(child.id)
    stretch = school_class.named(request.args.get("periode"), school_class.month)
    weeks = weeks_of(stretch, absent_days(child.id))
    return render_template("absences.html", child=child, children=children, calendar=school_class, stretch=stretch,
                           weeks=weeks, total=sum(week.half_days for week in weeks),
                           office=school_life_of(child.id))  # fmt: skip
