"""Every generated screen, one entry each (DESIGN §5). A new entity is a model and an entry here.

From an entry come the list, show, add and edit pages, the search, the spreadsheet and the permissions
`can_list`, `can_show`, `can_add`, `can_edit`, `can_delete`, `can_export` on its resource. Who holds them is said in
`app/security/roles.py` only; what a workflow moves is moved by pages of their own and is read-only here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask_babel import lazy_gettext as _l

from app.access.models import AccessRefusal, ActivationCode, Notification, PortalAccount
from app.admin import item_rules, letters, online_rules, online_screens, record_screens, rules, words
from app.admin.building import build_view
from app.admin.columns import States, yes_badge
from app.admin.declaration import READ_ONLY, Group, Related, Screen
from app.admin.menu import CATEGORIES
from app.admin.trail import action_words
from app.audit.models import AuditLine
from app.curriculum.models import CurriculumProposal, SupportScheme, TeachingItem, TeachingService
from app.online.models import SERVICES, OnlineService
from app.schools.models import Division, DivisionStaff, GradeLevel, Programme, School, SchoolYear
from app.schools.people import Enrolment, Guardian, GuardianLink, Pupil, Staff

if TYPE_CHECKING:
    from flask_appbuilder import AppBuilder

SOURCES = {"siecle": "SIECLE", "onde": "ONDE", "sts": "STS", "manual": _l("Typed here")}
KINDS = {"college": _l("Collège"), "ecole": _l("École")}
HOLDERS = {"guardian": _l("Guardian"), "pupil": _l("Pupil")}
MODES = {"email": _l("E-mail"), "paper": _l("Letter"), "unknown": _l("Unknown")}
RANKS = {1: _l("Legal guardian 1"), 2: _l("Legal guardian 2")}
IDENTITY, CONTACT, ORIGIN = _l("Identity"), _l("Contact"), _l("Origin")
ADDRESS = ("address1", "address2", "address3", "address4", "postal_code", "city", "country")
EDITABLE = frozenset({"list", "show", "edit", "export"})

SCREENS: tuple[Screen, ...] = (
    # ---- Paramétrage -----------------------------------------------------------------------------------------
    Screen(
        Pupil, "PupilView", "pupil", words.PUPIL, menu="settings", narrow=rules.own_pupils, mixin=rules.TypedByHand,
        sheet_page="PupilSheetPage",
        help=_l("The pupils known to this school. The synchronisation with SIECLE or ONDE keeps them up to date."),
        empty_hint=_l("Synchronise the pupil base first: Data exchange, then Synchronisation."),
        list_columns=("last_name", "first_name", "division", "birth_date", "sex", "ine"),
        search_columns=("last_name", "first_name", "division", "ine"),
        base_order=("last_name", "first_name"), computed={"division": rules.current_class},
        choices={"sex": rules.SEXES, "source": SOURCES}, validators={"ine": (rules.check_ine,)},
        groups=(
            Group(IDENTITY, ("last_name", "usage_name", "first_name", "first_name2", "first_name3", "birth_date",
                             "sex", "ine")),
            Group(ORIGIN, ("source", "source_id")),
        ),
        form_groups=(Group(IDENTITY, ("last_name", "usage_name", "first_name", "first_name2", "first_name3",
                                      "birth_date", "sex", "ine")),),
        related=(Related("EnrolmentView", "pupil"), Related("GuardianLinkView", "pupil")),
    ),
    Screen(
        Enrolment, "EnrolmentView", "enrolment", words.ENROLMENT, menu="settings", narrow=rules.own_enrolments,
        help=_l("One row for each pupil and year. A pupil who leaves keeps the row, with an end date."),
        named_by=("pupil", "school_year"),
        list_columns=("pupil.full_name", "division.label", "programme.label", "starts_on", "ends_on"),
        search_columns=("pupil.full_name", "division", "programme"), linked=("pupil",),
        base_order=("pupil.full_name",),
        groups=(
            Group(_l("Schooling"), ("pupil", "school_year", "division", "programme", "grade_level")),
            Group(_l("Dates"), ("starts_on", "ends_on")),
        ),
    ),
    Screen(
        Guardian, "GuardianView", "guardian", words.GUARDIAN, menu="settings", narrow=rules.own_guardians,
        mixin=rules.TypedByHand, sheet_page="GuardianSheetPage",
        help=_l("The people responsible for pupils. Letters go to this address, e-mails to this mailbox."),
        empty_hint=_l("Synchronise the guardians first: Data exchange, then Synchronisation."),
        list_columns=("last_name", "first_name", "email", "postal_code", "city", "phone_mobile"),
        search_columns=("last_name", "first_name", "email", "city"), base_order=("last_name", "first_name"),
        choices={"title": rules.TITLES, "source": SOURCES},
        groups=(
            Group(IDENTITY, ("title", "last_name", "usage_name", "first_name")),
            Group(CONTACT, ("email", "phone_mobile", "phone_home", "phone_work")),
            Group(_l("Postal address"), ADDRESS),
            Group(ORIGIN, ("source", "source_id")),
        ),
        form_groups=(
            Group(IDENTITY, ("title", "last_name", "usage_name", "first_name")),
            Group(CONTACT, ("email", "phone_mobile", "phone_home", "phone_work")),
            Group(_l("Postal address"), ADDRESS),
        ),
        related=(Related("GuardianLinkView", "guardian"),),
    ),
    Screen(
        GuardianLink, "GuardianLinkView", "guardian_link", words.LINK, menu="settings", narrow=rules.own_links,
        help=_l("Who is responsible for whom. Ranks 1 and 2 are the legal guardians; a link that ended is kept."),
        named_by=("guardian", "pupil"),
        list_columns=("guardian.full_name", "pupil.full_name", "rank", "certified", "ended_on"),
        search_columns=("guardian.full_name", "pupil.full_name", "rank", "certified"), linked=("pupil", "guardian"),
        base_order=("guardian.full_name",), choices={"rank": RANKS},
        groups=(Group(_l("Link"), ("guardian", "pupil", "rank", "certified", "ended_on")),),
        form_groups=(Group(_l("Link"), ("guardian", "pupil", "rank", "ended_on")),),
        hints={"rank": _l("Leave empty for a person in charge or a contact.")},
    ),
    Screen(
        Division, "DivisionView", "division", words.DIVISION, menu="settings",
        list_columns=("code", "label", "grade_level.label", "school_year.first_year", "pupils"),
        search_columns=("code", "label"), base_order=("code",), labels={"pupils": _l("Pupils")},
        computed={"pupils": rules.pupils_in_class},
        groups=(Group(_l("Class"), ("code", "label", "grade_level", "school_year")),),
        related=(Related("DivisionStaffView", "division"), Related("EnrolmentView", "division")),
    ),
    Screen(
        Programme, "ProgrammeView", "programme", words.PROGRAMME, menu="settings",
        list_columns=("mef_code", "label", "grade_level.label"), search_columns=("mef_code", "label"),
        base_order=("label",), groups=(Group(_l("Programme (MEF)"), ("mef_code", "label", "grade_level")),),
    ),
    Screen(
        Staff, "StaffView", "staff", words.STAFF, menu="settings", mixin=rules.TypedByHand,
        sheet_page="StaffSheetPage",
        list_columns=("last_name", "first_name", "function", "email", "ended_on"),
        search_columns=("last_name", "first_name", "function"), base_order=("last_name", "first_name"),
        choices={"title": rules.TITLES, "source": SOURCES},
        groups=(
            Group(IDENTITY, ("title", "last_name", "usage_name", "first_name", "birth_date")),
            Group(_l("In the school"), ("function", "email", "ended_on")),
        ),
        related=(Related("DivisionStaffView", "staff"),),
    ),
    Screen(
        DivisionStaff, "DivisionStaffView", "assignment", words.ASSIGNMENT, menu="settings",
        help=_l("Who teaches which class. The class teacher's rights follow from the tick."),
        named_by=("staff", "division"),
        list_columns=("staff.full_name", "division.label", "is_class_teacher"),
        search_columns=("staff.full_name", "division", "is_class_teacher"), linked=("staff",),
        base_order=("staff.full_name", "division.label"), formatters={"is_class_teacher": yes_badge},
        groups=(Group(_l("Assignment"), ("staff", "division", "is_class_teacher")),),
    ),
    Screen(
        GradeLevel, "GradeLevelView", "grade_level", words.GRADE_LEVEL, menu="settings", verbs=READ_ONLY,
        help=_l("The levels from CP to 3e and their cycles, as the ministry lists them."),
        list_columns=("label", "code", "cycle"), search_columns=("label", "cycle"), base_order=("rank",),
        groups=(Group("", ("label", "code", "cycle")),),
    ),
    Screen(
        TeachingItem, "TeachingItemView", "teaching_item", words.TEACHING_ITEM, menu="settings",
        mixin=item_rules.OwnItem,
        help=_l("What booklets have a line for: subjects of a collège, areas and sub-areas of an école. A retired one "
                "no longer appears on new booklets."),
        list_columns=("label", "code", "election", "cycle", "position", "retired"),
        search_columns=("label", "code", "retired"), base_order=("cycle", "position", "label"),
        choices={"election": item_rules.ELECTION_WORDS, "cycle": item_rules.ITEM_CYCLES},
        formatters={"retired": yes_badge},
        groups=(Group("", ("label", "short_label", "code", "election", "cycle", "parent", "position", "retired")),),
        hints={"short_label": _l("As printed on booklets."), "cycle": _l("For the areas of an école."),
               "parent": _l("For a sub-area: the area it is a part of."),
               "position": _l("Booklets follow this order.")},
    ),
    Screen(
        TeachingService, "TeachingServiceView", "teaching_service", words.TEACHING_SERVICE, menu="settings",
        help=_l("Who teaches what to which class. Open booklets follow at the next synchronisation of pupils and "
                "teachers."),
        named_by=("division", "item", "staff"),
        list_columns=("division.label", "item.label", "staff.full_name"),
        search_columns=("division", "item", "staff.full_name"), linked=("staff", "division"),
        base_order=("division.label", "item.label", "staff.full_name"),
        groups=(Group("", ("division", "item", "staff")),),
        hints={"staff": _l("Leave empty while nobody is named.")},
    ),
    Screen(
        SupportScheme, "SupportSchemeView", "support_scheme", words.SUPPORT_SCHEME, menu="settings",
        narrow=item_rules.own_schemes, named_by=("pupil", "code"),
        help=_l("The schemes of pupils, with their dates: a booklet shows those that share a day with its period."),
        list_columns=("pupil.full_name", "code", "starts_on", "ends_on"),
        search_columns=("pupil.full_name", "code", "starts_on"), linked=("pupil",), base_order=("pupil.full_name",),
        choices={"code": item_rules.SCHEMES}, labels={"code": _l("Scheme")},
        groups=(Group("", ("pupil", "code", "starts_on", "ends_on", "complement")),),
        hints={"complement": _l("For a PPRE or a contract: what it consists of.")},
    ),
    # ---- Téléservices ----------------------------------------------------------------------------------------
    Screen(
        OnlineService, "OnlineServiceView", "service", words.SERVICE, verbs=READ_ONLY,
        list_columns=("label", "state"), search_columns=("code", "state"), base_order=("label",),
        computed={"label": online_rules.service_label}, choices={"code": SERVICES},
        labels={"code": _l("National service"), "label": _l("Service")}, groups=(Group("", ("label", "state")),),
    ),
    *online_screens.OF_SCHOOLS,
    *record_screens.SCREENS,
    Screen(
        ActivationCode, "ActivationCodeView", "guardian_code", words.CODE, menu="online", verbs=READ_ONLY,
        help=_l("Every code that was created, with its life. A used or dead code only shows its beginning."),
        named_by=("pupil", "guardian"),
        list_columns=("pupil.full_name", "holder", "guardian.full_name", "hint", "state", "notified_on", "used_at"),
        search_columns=("pupil.full_name", "guardian.full_name", "holder", "state", "notified_on"),
        linked=("pupil", "guardian"), base_order=("pupil.full_name",),
        choices={"holder": HOLDERS, "notified_mode": MODES},
        groups=(
            Group(_l("Activation code"), ("pupil", "holder", "guardian", "masked", "state")),
            Group(_l("Dates"), ("created_at", "notified_on", "notified_mode", "used_at", "carried_over_on",
                                "changed_at")),
        ),
        labels={"masked": _l("Code")},
    ),
    Screen(
        Notification, "NotificationView", "notification", words.NOTIFICATION, menu="online", verbs=READ_ONLY,
        mixin=letters.OneLetter,
        help=_l("Every letter and e-mail by which codes were sent, and what became of it."),
        list_columns=("guardian.full_name", "mode", "status", "letter", "job.created_at", "error"),
        search_columns=("guardian.full_name", "mode", "status"), linked=("job", "guardian"),
        order_columns=("guardian.full_name", "mode", "status", "job.created_at"),
        base_order=("-job.created_at", "position"), choices={"mode": MODES, "status": letters.STATUSES},
        computed={"letter": letters.letter_id}, formatters={"letter": letters.letter_link},
        labels={"letter": _l("Letter"), "job": _l("Job"), "job.created_at": _l("Asked for on"),
                "error": _l("Remark")},
        groups=(Group("", ("guardian", "mode", "status", "job.created_at", "error")),),
    ),
    Screen(
        AccessRefusal, "AccessRefusalView", "access_refusal", words.REFUSAL, menu="online", verbs=READ_ONLY,
        help=_l("Guardians who refused the online services for a pupil, and since when."),
        named_by=("guardian", "pupil"),
        list_columns=("guardian.full_name", "pupil.full_name", "refused_on", "lifted_on"),
        search_columns=("guardian.full_name", "pupil.full_name", "refused_on"), linked=("pupil", "guardian"),
        base_order=("-refused_on",),
        groups=(Group("", ("guardian", "pupil", "refused_on", "lifted_on")),),
    ),
    Screen(
        PortalAccount, "PortalAccountView", "account", words.ACCOUNT, menu="online", verbs=READ_ONLY,
        help=_l("The accounts that families made with this school's codes, as last received from the portal."),
        list_columns=("identifier", "email", "state", "created_at", "confirmed_at"),
        search_columns=("identifier", "email", "state"), base_order=("-created_at",),
        choices={"state": States("account")},
        groups=(Group("", ("identifier", "email", "state", "created_at", "confirmed_at")),),
    ),
    # ---- Académie ----------------------------------------------------------------------------------------------
    Screen(
        School, "SchoolView", "school", words.SCHOOL, menu="academy", mixin=rules.NewSchool,
        verbs=EDITABLE | {"add"},
        help=_l("Name, address and head are printed on letters."),
        list_columns=("uai", "name", "kind", "city", "school_year.first_year"),
        search_columns=("uai", "name", "kind", "city"), base_order=("name",),
        choices={"kind": KINDS}, validators={"uai": (rules.check_uai,)},
        groups=(
            Group(_l("School"), ("uai", "name", "kind", "school_year")),
            Group(_l("Postal address"), ("address1", "address2", "postal_code", "city")),
            Group(CONTACT, ("phone", "fax", "email")),
            Group(_l("Head"), ("head_title", "head_name")),
        ),
        hints={"head_title": _l("As printed under letters: « La principale », « Le directeur ».")},
    ),
    Screen(
        SchoolYear, "SchoolYearView", "school_year", words.SCHOOL_YEAR, menu="academy", mixin=rules.OfTheAcademy,
        narrow=rules.own_years, list_columns=("first_year", "starts_on", "ends_on"), base_order=("-first_year",),
        groups=(Group("", ("first_year", "starts_on", "ends_on")),),
        hints={"first_year": _l("2026 for the year 2026-2027.")},
    ),
    Screen(
        CurriculumProposal, "CurriculumProposalView", "curriculum_proposal", words.PROPOSAL, menu="academy",
        mixin=rules.OfTheAcademy, narrow=item_rules.own_proposals, named_by=("text",),
        help=_l("What the academy adds to the shipped proposals of programme elements, "
                "offered while they are entered."),
        list_columns=("item_code", "level_code", "heading", "text"),
        search_columns=("item_code", "level_code", "heading", "text"),
        base_order=("item_code", "level_code", "heading"),
        choices={"item_code": item_rules.ITEM_CODES, "level_code": item_rules.LEVEL_CODES},
        groups=(Group("", ("item_code", "level_code", "heading", "text")),),
        hints={"heading": _l("The group of proposals, for instance « Compétences ».")},
    ),
    *online_screens.OF_ACADEMIES,
    Screen(
        AuditLine, "AuditLineView", "audit_line", words.AUDIT, menu="academy", verbs=READ_ONLY,
        help=_l("Who did what and when. A line cannot be changed nor removed."),
        named_by=("at", "action"),
        list_columns=("at", "actor_name", "action", "subject_type", "subject_id", "old_state", "new_state"),
        search_columns=("at", "actor_name", "action", "subject_type"), base_order=("-at",),
        formatters={"action": action_words},
        groups=(Group("", ("at", "actor_name", "action", "subject_type", "subject_id", "old_state", "new_state")),),
    ),
)  # fmt: skip


def register_screens(appbuilder: AppBuilder) -> None:
    """Make and register the view of every entry, in the menu bar's order (called once by the admin's assembly)."""
    for name, label in CATEGORIES.items():
        if appbuilder.menu.find(name) is None:
            appbuilder.menu.add_category(name, label=label)
    for screen in SCREENS:
        view = build_view(screen)
        if screen.menu is None:
            appbuilder.add_view_no_menu(view)
        else:
            appbuilder.add_view(view, screen.name, label=screen.words.many, category=screen.menu)
