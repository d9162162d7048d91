"""« Mise en route »: from an empty school (or academy) to families who read, step by step, with what comes next.

Each step says where it stands, where it is done, and what it opens; whoever may not do it does not see it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from flask import url_for
from flask_babel import format_decimal
from flask_babel import gettext as _
from sqlalchemy import distinct, func, select

from app.access.certifying import class_lines
from app.access.models import VALID_STATES, ActivationCode
from app.access.queries import Selection, active_on, count_couples, open_services
from app.admin.certifying import in_ecole
from app.core import clock
from app.core.db import admin_db
from app.core.scope import Scope, current_scope
from app.schools.models import Authority, DivisionStaff, School, SchoolYear
from app.schools.people import Enrolment, Staff
from app.schools.period_queries import classes
from app.security.models import RoleGrant
from app.security.queries import current_grant

May = Callable[[str, str], bool]


@dataclass(frozen=True, slots=True)
class Step:
    """One step: what it is, where it stands, where it is done, and what it opens. `needs` is verb and resource."""

    needs: tuple[str, str]
    title: str
    figure: str
    text: str
    href: str
    done: bool
    then: str


def steps_in(scope: Scope, may: May) -> list[Step]:
    """The steps of the present place that this person may take; what they may not is not even counted."""
    makers = SCHOOL if scope.kind == "school" else ACADEMY
    found = (step for needs, make in makers if may(*needs) for step in make())
    return [step for step in found if may(*step.needs)]


def following(steps: list[Step]) -> Step | None:
    """The first that is not done."""
    return next((step for step in steps if not step.done), None)


def _identity() -> Iterator[Step]:
    school = admin_db.session.scalars(select(School)).one()
    filled = sum(bool(fact) for fact in (school.address1, school.postal_code, school.city, school.head_name))
    yield Step(("edit", "school"), _("Check the school's address and head"), f"{_n(filled)} / {_n(4)}",
                _("facts printed on letters"), url_for("SchoolView.edit", pk=school.id), filled == 4,
                _("Letters and booklets carry them."))  # fmt: skip


def _base() -> Iterator[Step]:
    statement = select(func.count(distinct(Enrolment.pupil_id))).join(School, School.id == Enrolment.school_id)
    pupils = admin_db.session.scalar(statement.where(active_on(clock.today()))) or 0
    yield Step(("run", "synchronisation"), _("Synchronise the pupil base"), _n(pupils), _("enrolled pupils"),
                url_for("SynchronisationPage.index"), pupils > 0,
                _("Classes, guardians and staff come with it."))  # fmt: skip


def _staff() -> Iterator[Step]:
    """Those who teach a class have a sign-in, tied to their record."""
    teaching = select(func.count(distinct(Staff.id)), func.count(distinct(Staff.id)).filter(Staff.user_id.is_not(None)))
    total, tied = admin_db.session.execute(
        teaching.join(DivisionStaff, DivisionStaff.staff_id == Staff.id).where(Staff.ended_on.is_(None))
    ).one()
    yield Step(("edit", "staff_account"), _("Tie the accounts of the staff"), f"{_n(tied)} / {_n(total)}",
                _("teachers with a class who have an account"), url_for("StaffAccountsPage.index"),
                total > 0 and tied == total, _("Then they can fill in booklets."))  # fmt: skip


def _periods() -> Iterator[Step]:
    rows = classes()
    followed = sum(row.scheme_id is not None for row in rows)
    yield Step(("edit", "period_scheme"), _("Set the periods"), f"{_n(followed)} / {_n(len(rows))}",
                _("classes with a periodicity"), url_for("PeriodsPage.index"), bool(rows) and followed == len(rows),
                _("Booklets are made from them."))  # fmt: skip


def _certification() -> Iterator[Step]:
    if not in_ecole():
        return
    lines = class_lines()
    links, waiting = sum(line.links for line in lines), sum(line.waiting for line in lines)
    yield Step(("certify", "guardian_link"), _("Certify legal guardians"), _n(waiting),
                _("links from ONDE that wait"), url_for("CertifyPage.index"), links > 0 and not waiting,
                _("Without certification no code is made for a guardian."))  # fmt: skip


def _families() -> Iterator[Step]:
    counts, opened = count_couples(Selection()), len(open_services())
    notified, used = _codes_by_progress()
    yield Step(("list", "service"), _("Open the online services"), _n(opened), _("open services"),
               url_for("ServicesPage.index"), opened > 0, _("Codes can be made once a service is open."))  # fmt: skip
    yield Step(("create", "guardian_code"), _("Create guardians' codes"),
               f"{_n(counts.valid)} / {_n(counts.couples - counts.refused)}",
               _("couples of guardian and pupil with a valid code"), url_for("CodesCreatePage.index"),
               counts.couples > 0 and counts.without == 0,
               _("They work from the next replication to the portal."))  # fmt: skip
    yield Step(("notify", "guardian_code"), _("Notify the families"), f"{_n(notified)} / {_n(counts.valid)}",
               _("codes notified"), url_for("CodesNotifyPage.index"), counts.valid > 0 and notified >= counts.valid,
               _("Letters to hand out or post, or e-mails."))  # fmt: skip
    yield Step(("list", "guardian_code"), _("Families make their accounts"), _n(used), _("codes in use on the portal"),
               url_for("ActivationCodeView.list"), used > 0,
               _("Whoever has no account yet can be notified again."))  # fmt: skip


def _codes_by_progress() -> tuple[int, int]:
    """Valid codes that were notified, and those an account holds."""
    statement = select(func.count(ActivationCode.notified_on), func.count(ActivationCode.account_id))
    row = admin_db.session.execute(statement.where(ActivationCode.state.in_(VALID_STATES))).one()
    return row[0], row[1]


def _academy() -> Iterator[Step]:
    """An academy that begins: its own facts, its year, its schools, their heads."""
    scope = current_scope()
    authority = admin_db.session.get_one(Authority, scope.id if scope else 0)
    filled = sum(bool(fact) for fact in (authority.portal_url, authority.dpo_email))
    yield Step(("edit", "authority"), _("Say where the portal is, and who protects the data"),
               f"{_n(filled)} / {_n(2)}",
               _("facts printed on letters"), url_for("AuthorityView.edit", pk=authority.id), filled == 2,
               _("Families type the portal's address from the letter."))  # fmt: skip
    years = admin_db.session.scalar(_of(SchoolYear, authority.id).where(SchoolYear.ends_on >= clock.today())) or 0
    yield Step(("list", "school_year"), _("Check the dates of the school year"), _n(years), _("years that go on"),
               url_for("SchoolYearView.list"), years > 0, _("Periods stay inside them."))  # fmt: skip
    schools = admin_db.session.scalar(_of(School, authority.id)) or 0
    yield Step(("add", "school"), _("Add the schools"), _n(schools), _("schools"), url_for("SchoolView.list"),
               schools > 0, _("Each begins empty, its services closed."))  # fmt: skip
    led = select(func.count(distinct(RoleGrant.school_id))).join(School, School.id == RoleGrant.school_id)
    held = admin_db.session.scalar(led.where(School.authority_id == authority.id, current_grant(clock.today()))) or 0
    yield Step(("add", "person"), _("Invite the heads"), f"{_n(held)} / {_n(schools)}",
               _("schools where somebody has a role"), url_for("PeoplePage.index"), schools > 0 and held >= schools,
               _("Their home page leads them through the rest."))  # fmt: skip


def _of(model: Any, authority_id: int) -> Any:
    return select(func.count(model.id)).where(model.authority_id == authority_id)


def _n(number: int) -> str:
    return str(format_decimal(number))


# Permission (verb, resource) without which the steps are not looked at → what makes them, in order.
SCHOOL: tuple[tuple[tuple[str, str], Callable[[], Iterator[Step]]], ...] = (
    (("edit", "school"), _identity),
    (("run", "synchronisation"), _base),
    (("edit", "staff_account"), _staff),
    (("edit", "period_scheme"), _periods),
    (("certify", "guardian_link"), _certification),
    (("list", "service"), _families),
)
ACADEMY = ((("edit", "authority"), _academy),)
