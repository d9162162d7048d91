"""The generated screens of tests, marks and absences. They are entries of `screens.py`; what is entered comes through
the pages of entry, so these are only read."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import or_, select, true

from app.admin import rules, words
from app.admin.columns import yes_badge
from app.admin.declaration import READ_ONLY, Group, Related, Screen
from app.booklets.models import GroupTeacher
from app.core.scope import Scope
from app.online.absences import HALVES, Absence
from app.online.papers import SPECIALS, Mark, TestPaper
from app.schools.models import DivisionStaff


def own_papers(_scope: Scope) -> Any:
    """Criterion: every test, or those of one's classes and groups."""
    here = rules.current_standing()
    if here is None or ("can_read", "every_class") in here.permissions:
        return true()
    staff = here.staff_id or 0
    return or_(TestPaper.division_id.in_(select(DivisionStaff.division_id).where(DivisionStaff.staff_id == staff)),
               TestPaper.group_id.in_(select(GroupTeacher.group_id).where(GroupTeacher.staff_id == staff)))


def own_marks(_scope: Scope) -> Any:
    """Criterion: the marks of the pupils one may see."""
    return rules.within(Mark.pupil_id)


def own_absences(_scope: Scope) -> Any:
    """Criterion: the absences of the pupils one may see."""
    return rules.within(Absence.pupil_id)


SCREENS: tuple[Screen, ...] = (
    Screen(
        TestPaper, "TestPaperView", "test_paper", words.TEST_PAPER, menu="online", verbs=READ_ONLY, narrow=own_papers,
        help=_l("Every test with its day of publication. Tests are made and marked on the page “Entry of marks”."),
        empty_hint=_l("Teachers add their tests on the page “Entry of marks”."),
        list_columns=("title", "taken_on", "division.label", "group.title", "item.label", "out_of", "coefficient",
                      "publish_on"),
        search_columns=("title", "division", "item", "taken_on", "publish_on"),
        base_order=("-taken_on", "title"), labels={"title": _l("Test")},
        groups=(
            Group(_l("Test"), ("title", "taken_on", "division", "group", "item", "school_year")),
            Group(_l("Marks"), ("out_of", "coefficient", "publish_on")),
        ),
        related=(Related("MarkView", "test"),),
    ),
    Screen(
        Mark, "MarkView", "mark", words.MARK, menu="online", verbs=READ_ONLY, narrow=own_marks,
        named_by=("pupil", "test"), help=_l("Every mark that was entered, published or not."),
        list_columns=("pupil.full_name", "test.title", "test.taken_on", "value", "special"),
        search_columns=("pupil.full_name", "test.title", "special"), linked=("pupil", "test"),
        base_order=("pupil.full_name", "-test.taken_on"), choices={"special": SPECIALS},
        labels={"test.taken_on": _l("Taken on")}, groups=(Group("", ("pupil", "test", "value", "special")),),
    ),
    Screen(
        Absence, "AbsenceView", "absence", words.ABSENCE, menu="online", verbs=READ_ONLY, narrow=own_absences,
        named_by=("pupil", "day"),
        help=_l("Every half-day of absence. Families see those that are noted, filed and legitimate."),
        list_columns=("pupil.full_name", "day", "half", "noted", "filed", "legitimate", "reason"),
        search_columns=("pupil.full_name", "day", "filed", "legitimate"), linked=("pupil",),
        base_order=("-day", "pupil.full_name"), choices={"half": HALVES},
        formatters=dict.fromkeys(("noted", "filed", "legitimate"), yes_badge),
        groups=(Group("", ("pupil", "day", "half", "noted", "filed", "legitimate", "reason")),),
    ),
)  # fmt: skip
