"""How each entity is called on its screens; counts in the plural forms of the reader's language."""

from __future__ import annotations

from flask_babel import format_decimal, ngettext
from flask_babel import lazy_gettext as _l

from app.admin.declaration import Words


def shown(number: int) -> str:
    """« 1 487 », as the reader's language writes it."""
    return str(format_decimal(number))


AUTHORITY = Words(
    _l("Academy"), _l("Academies"), _l("Add an academy"),
    lambda n: ngettext("%(n)s academy", "%(n)s academies", n, n=shown(n)),
)
SCHOOL = Words(
    _l("School"), _l("Schools"), _l("Add a school"),
    lambda n: ngettext("%(n)s school", "%(n)s schools", n, n=shown(n)),
)
SCHOOL_YEAR = Words(
    _l("School year"), _l("School years"), _l("Add a school year"),
    lambda n: ngettext("%(n)s school year", "%(n)s school years", n, n=shown(n)),
)
GRADE_LEVEL = Words(
    _l("Level"), _l("Levels"), _l("Add a level"),
    lambda n: ngettext("%(n)s level", "%(n)s levels", n, n=shown(n)),
)
PROGRAMME = Words(
    _l("Programme (MEF)"), _l("Programmes (MEF)"), _l("Add a programme"),
    lambda n: ngettext("%(n)s programme", "%(n)s programmes", n, n=shown(n)),
)
DIVISION = Words(
    _l("Class"), _l("Classes"), _l("Add a class"),
    lambda n: ngettext("%(n)s class", "%(n)s classes", n, n=shown(n)),
)
ASSIGNMENT = Words(
    _l("Assignment"), _l("Assignments"), _l("Add an assignment"),
    lambda n: ngettext("%(n)s assignment", "%(n)s assignments", n, n=shown(n)),
)
PUPIL = Words(
    _l("Pupil"), _l("Pupils"), _l("Add a pupil"),
    lambda n: ngettext("%(n)s pupil", "%(n)s pupils", n, n=shown(n)),
)
ENROLMENT = Words(
    _l("Enrolment"), _l("Enrolments"), _l("Add an enrolment"),
    lambda n: ngettext("%(n)s enrolment", "%(n)s enrolments", n, n=shown(n)),
)
GUARDIAN = Words(
    _l("Guardian"), _l("Guardians"), _l("Add a guardian"),
    lambda n: ngettext("%(n)s guardian", "%(n)s guardians", n, n=shown(n)),
)
LINK = Words(
    _l("Guardian–pupil link"), _l("Guardian–pupil links"), _l("Add a link"),
    lambda n: ngettext("%(n)s link", "%(n)s links", n, n=shown(n)),
)
STAFF = Words(
    _l("Staff member"), _l("Staff"), _l("Add a staff member"),
    lambda n: ngettext("%(n)s person", "%(n)s people", n, n=shown(n)),
)
SERVICE = Words(
    _l("Online service"), _l("Online services"), _l("Add a service"),
    lambda n: ngettext("%(n)s service", "%(n)s services", n, n=shown(n)),
)
CODE = Words(
    _l("Activation code"), _l("Activation codes"), _l("Add a code"),
    lambda n: ngettext("%(n)s code", "%(n)s codes", n, n=shown(n)),
)
NOTIFICATION = Words(
    _l("Notification"), _l("Notifications"), _l("Add a notification"),
    lambda n: ngettext("%(n)s notification", "%(n)s notifications", n, n=shown(n)),
)
REFUSAL = Words(
    _l("Refusal"), _l("Refusals"), _l("Add a refusal"),
    lambda n: ngettext("%(n)s refusal", "%(n)s refusals", n, n=shown(n)),
)
ACCOUNT = Words(
    _l("Portal account"), _l("Portal accounts"), _l("Add an account"),
    lambda n: ngettext("%(n)s account", "%(n)s accounts", n, n=shown(n)),
)
AUDIT = Words(
    _l("Act"), _l("History of acts"), _l("Add an act"),
    lambda n: ngettext("%(n)s act", "%(n)s acts", n, n=shown(n)),
)
TEACHING_ITEM = Words(
    _l("Subject or area"), _l("Subjects and subject areas"), _l("Add a subject or an area"),
    lambda n: ngettext("%(n)s subject or area", "%(n)s subjects and areas", n, n=shown(n)),
)
TEACHING_SERVICE = Words(
    _l("Teaching service"), _l("Who teaches what"), _l("Add a teaching service"),
    lambda n: ngettext("%(n)s teaching service", "%(n)s teaching services", n, n=shown(n)),
)
SUPPORT_SCHEME = Words(
    _l("Support scheme"), _l("Support schemes"), _l("Add a support scheme"),
    lambda n: ngettext("%(n)s support scheme", "%(n)s support schemes", n, n=shown(n)),
)
PROPOSAL = Words(
    _l("Proposal"), _l("Proposals of programme elements"), _l("Add a proposal"),
    lambda n: ngettext("%(n)s proposal", "%(n)s proposals", n, n=shown(n)),
)
ACADEMIC_SERVICE = Words(
    _l("Service of the academy"), _l("Services of the academy"), _l("Add a service of the academy"),
    lambda n: ngettext("%(n)s service of the academy", "%(n)s services of the academy", n, n=shown(n)),
)
SERVICE_RULE = Words(
    _l("Rule on a service"), _l("Mandatory and barred services"), _l("Add a rule"),
    lambda n: ngettext("%(n)s rule", "%(n)s rules", n, n=shown(n)),
)
ENT = Words(
    _l("ENT"), _l("ENTs"), _l("Add an ENT"),
    lambda n: ngettext("%(n)s ENT", "%(n)s ENTs", n, n=shown(n)),
)
TEST_PAPER = Words(
    _l("Test"), _l("Tests"), _l("Add a test"),
    lambda n: ngettext("%(n)s test", "%(n)s tests", n, n=shown(n)),
)
MARK = Words(
    _l("Mark"), _l("Marks"), _l("Add a mark"),
    lambda n: ngettext("%(n)s mark", "%(n)s marks", n, n=shown(n)),
)
ABSENCE = Words(
    _l("Half-day of absence"), _l("Half-days of absence"), _l("Add a half-day of absence"),
    lambda n: ngettext("%(n)s half-day of absence", "%(n)s half-days of absence", n, n=shown(n)),
)
CONTACT_ADDRESS = Words(
    _l("School mailbox"), _l("School mailboxes"), _l("Add a mailbox"),
    lambda n: ngettext("%(n)s mailbox", "%(n)s mailboxes", n, n=shown(n)),
)
