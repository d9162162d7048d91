"""Marks on the portal (M126–M128): the child's list with its filters, and the teaching team."""

from __future__ import annotations

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue

from app.portal.calendar import class_of
from app.portal.marks import by_subject, marks_of
from app.portal.messages import special_words
from app.portal.pages import common

bp = Blueprint("marks", __name__)
SERVICE = "marks"
ALL = "toutes"


@bp.get("/notes/<int:pupil>")
@common.signed_in
def index(pupil: int) -> ResponseReturnValue:
    """The marks of the present period, of another one, of a month or of the year; of all subjects or of one."""
    child, children = common.child_of(pupil, SERVICE)
    school_class = class_of(child.id)
    stretch = school_class.named(request.args.get("periode"), school_class.period)
    rows = marks_of(child.id)
    subjects = list(dict.fromkeys(row.subject for row in rows))
    wanted = request.args.get("matiere", ALL)
    if wanted not in (ALL, *subjects):
        abort(404)
    found = [row for row in rows if row.within(stretch) and wanted in (ALL, row.subject)]
    teachers = {subject: [who for name, who, _principal in school_class.team if name == subject]
                for subject in subjects}  # fmt: skip
    return render_template("marks.html", child=child, children=children, calendar=school_class, stretch=stretch,
                           subjects=subjects, subject=wanted, everything=ALL, groups=by_subject(found),
                           teachers=teachers, specials=special_words())  # fmt: skip


@bp.get("/equipe/<int:pupil>")
@common.signed_in
def team(pupil: int) -> ResponseReturnValue:
    """« équipe pédagogique »: subject and teacher, * for the principal teacher."""
    child, children = common.child_of(pupil, SERVICE)
    return render_template("team.html", child=child, children=children, team=class_of(child.id).team)
