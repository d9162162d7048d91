"""Who may do what: the only table of rights (DESIGN §6). `app.security.seeding` writes it to the database.

A permission is a verb on a resource: `notify` on `guardian_code` is Flask-AppBuilder's `can_notify` on
`guardian_code`, and `guardian_code:notify` in a workflow file. Rules about single rows (whose class, which state) are
not here: they follow from assignments and workflows.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from flask_babel import lazy_gettext as _l

Permission = tuple[str, str]

HEAD, SECRETARY, TEACHER, CLASS_TEACHER = "head", "secretary", "teacher", "class_teacher"
CPE, LIBRARIAN, ACADEMY_ADMIN = "cpe", "librarian", "academy_admin"


@dataclass(frozen=True, slots=True)
class RoleKind:
    """A shipped role. `level` says where it is granted; `derived` roles follow from assignments."""

    key: str
    label: Any
    level: str = "school"
    derived: bool = False


ROLES: dict[str, RoleKind] = {
    kind.key: kind
    for kind in (
        RoleKind(HEAD, _l("Head of school")),
        RoleKind(SECRETARY, _l("Secretary")),
        RoleKind(TEACHER, _l("Teacher")),
        RoleKind(CLASS_TEACHER, _l("Class teacher"), derived=True),
        RoleKind(CPE, _l("CPE (senior education adviser)")),
        RoleKind(LIBRARIAN, _l("Librarian teacher")),
        RoleKind(ACADEMY_ADMIN, _l("Academy administrator"), level="academy"),
    )
}


@dataclass(frozen=True, slots=True)
class Resource:
    """A thing rights are given on. `rights` is role → verbs held; `academy` are the verbs that make sense for the
    whole academy at once, outside any school."""

    name: str
    label: Any
    rights: dict[str, frozenset[str]]
    academy: frozenset[str]

    @property
    def verbs(self) -> frozenset[str]:
        """Every verb somebody has."""
        return frozenset().union(*self.rights.values())


RESOURCES: dict[str, Resource] = {}
READING = frozenset({"can_list", "can_show", "can_read"})  # what an academy may do inside a school it enters


def _resource(name: str, label: Any, *, academy: str = "", **rights: str) -> None:
    """Declare one line of the table. Whatever a school role has, the academy administrator may hand on."""
    given = {role: frozenset(verbs.split()) for role, verbs in rights.items()}
    whole = frozenset(academy.split())
    RESOURCES[name] = Resource(name, label, given | {ACADEMY_ADMIN: whole.union(*given.values())}, whole)


ALL = "list show add edit delete export"
EVERYONE = (HEAD, SECRETARY, TEACHER, CLASS_TEACHER, CPE, LIBRARIAN)

# — the pupil base —
_resource("pupil", _l("Pupils"), head=ALL, secretary=ALL, teacher="list show", class_teacher="list show export",
          cpe="list show export", librarian="list show")
_resource("every_class", _l("Pupils of every class, not only one's own"), head="read", secretary="read", cpe="read",
          librarian="read")
_resource("enrolment", _l("Enrolments"), head=ALL, secretary=ALL, teacher="list show", class_teacher="list show",
          cpe="list show", librarian="list show")
_resource("guardian", _l("Guardians"), head=ALL, secretary=ALL, class_teacher="list show", cpe="list show export")
_resource("guardian_link", _l("Guardian–pupil links"), head=ALL + " certify", secretary=ALL, class_teacher="list show",
          cpe="list show")
_resource("division", _l("Classes"), head=ALL, secretary=ALL, teacher="list show", class_teacher="list show",
          cpe="list show", librarian="list show")
_resource("programme", _l("Programmes (MEF)"), head=ALL, secretary=ALL, cpe="list show")
_resource("staff", _l("Staff"), head=ALL, secretary=ALL, cpe="list show")
_resource("staff_account", _l("Accounts of the staff"), head="list edit", secretary="list")
_resource("assignment", _l("Assignments to classes"), head=ALL, secretary=ALL, cpe="list show")
_resource("grade_level", _l("Levels and cycles"), academy="list show export",
          **dict.fromkeys(EVERYONE, "list show export"))
_resource("synchronisation", _l("Synchronisation of the pupil base"), head="list run", secretary="list run")

# — booklets —
_resource("booklet", _l("Booklets"), head="list show export fill fill_all fill_life lock unlock edit_pdf",
          secretary="list show export fill_life edit_pdf", teacher="list show fill",
          class_teacher="list show export fill", cpe="list show export fill fill_life", librarian="list show fill")
_resource("booklet_setting", _l("Settings of booklets"), head="show edit", secretary="show")
_resource("workflow_parameter", _l("Rules of booklets"), academy="list show edit", head="list show edit")
_resource("period_scheme", _l("Periods"), head=ALL, secretary="list show", teacher="list show", cpe="list show",
          librarian="list show")
_resource("positioning_type", _l("Positioning types"), head=ALL, secretary="list show", teacher="list show add edit")
_resource("teaching_item", _l("Subjects and subject areas"), head=ALL, secretary=ALL, teacher="list show")
_resource("teaching_service", _l("Who teaches what"), head=ALL, secretary=ALL, teacher="list show")
_resource("project", _l("EPI and AP"), head=ALL, secretary="list show", teacher="list show", cpe="list show",
          librarian="list show")
_resource("support_scheme", _l("Support schemes"), head=ALL, secretary=ALL, teacher="list show", cpe="list show")
_resource("watched_word", _l("Words to read again"), academy="list edit")
_resource("curriculum_proposal", _l("Proposals of programme elements"), academy=ALL, head="list show",
          teacher="list show")
_resource("booklet_edition", _l("Editions of booklets"), head="list show export", secretary="list show export",
          class_teacher="list show")
_resource("booklet_publication", _l("Publication of booklets"), head="list show add edit delete", secretary="list show")
_resource("period_desk", _l("End of period"), head="show edit notify", secretary="show")

# — online services —
_resource("service", _l("Online services"), academy="list show export",
          head="list show export open close", secretary="list show export")
_resource("online_setting", _l("Settings of the online services"), head="show edit", secretary="show")
_resource("contact_address", _l("School mailboxes"), head=ALL, secretary=ALL)
_resource("academic_service", _l("Services of the academy"), academy=ALL, head="list show")
_resource("service_rule", _l("Mandatory and barred services"), academy=ALL, head="list show")
_resource("ent", _l("ENT"), academy=ALL, head="list show")
_resource("letter_wording", _l("Words of the letters"), academy="list edit", head="list", secretary="list")
_resource("guardian_code", _l("Guardians' activation codes"),
          head="list show export create notify invalidate refuse",
          secretary="list show export create notify invalidate refuse", cpe="list show")
_resource("pupil_code", _l("Pupils' activation codes"), head="list show export create notify refuse",
          secretary="list show export create notify refuse", cpe="list show")
_resource("code_statistics", _l("Statistics of codes"), academy="list export", head="list show export",
          secretary="list show export", cpe="list show")
_resource("notification", _l("Letters and mails to families"), head="list show export",
          secretary="list show export", cpe="list show")
_resource("access_refusal", _l("Refusals of access"), head="list show export", secretary="list show export")
_resource("test_paper", _l("Tests"), head="list show export", secretary="list show export", teacher="list show",
          class_teacher="list show export", cpe="list show")
_resource("mark", _l("Marks"), head="list show export edit", secretary="list show export", teacher="list show edit",
          class_teacher="list show export", cpe="list show")
_resource("absence", _l("Absences"), head="list show export edit", secretary="list show export",
          class_teacher="list show", cpe="list show export edit")
_resource("card_error", _l("Errors reported by families"), head="list edit", secretary="list edit")
_resource("account", _l("Portal accounts"), head="list show export resend close",
          secretary="list show export resend close")

# — how the instance works —
_resource("job", _l("Jobs"), academy="list show export cancel resume", head="list show export cancel resume",
          secretary="list show export cancel resume")
_resource("mail", _l("Outgoing mail"), academy="list show", head="list show", secretary="list show")
_resource("audit_line", _l("Trail"), academy="list show export", head="list show export")
_resource("workflow", _l("Workflows"), academy="list show", **dict.fromkeys(EVERYONE, "list show"))
_resource("replication", _l("Replication to the portal"), academy="show run", head="show run", secretary="show run")
_resource("home", _l("Home page"), academy="show", **dict.fromkeys(EVERYONE, "show"))

# — the school and the academy —
_resource("school", _l("Schools"), academy="list show add edit export enter", head="list show edit",
          secretary="list show edit", cpe="list show")
_resource("role_grant", _l("Roles on schools"), academy="list show add edit", head="list show")
_resource("person", _l("People"), academy="list show add edit invite")
_resource("role", _l("Roles"), academy="list show add edit")
_resource("authority", _l("Academy"), academy="list show edit export")
_resource("school_year", _l("School years"), academy=ALL)

VERB_LABELS: dict[str, Any] = {
    "add": _l("Add"), "cancel": _l("Cancel"), "close": _l("Close"),
    "certify": _l("Certify"), "create": _l("Create"), "delete": _l("Delete"), "edit": _l("Edit"),
    "edit_pdf": _l("Issue the PDF"),
    "enter": _l("Enter"), "export": _l("Export"), "fill": _l("Fill in"), "fill_all": _l("Fill in for anybody"),
    "fill_life": _l("Fill in school life"), "invalidate": _l("Invalidate"), "invite": _l("Invite"), "list": _l("List"),
    "lock": _l("Lock"), "notify": _l("Notify"), "open": _l("Open"), "read": _l("Read"), "refuse": _l("Refuse"),
    "resend": _l("Send again"), "resume": _l("Resume"), "run": _l("Run"), "show": _l("Show"),
    "unlock": _l("Unlock"),
}  # fmt: skip


def permission(resource: str, verb: str) -> Permission:
    """(`can_notify`, `guardian_code`), as Flask-AppBuilder names it."""
    return f"can_{verb}", resource


def shipped(role: str) -> frozenset[Permission]:
    """What the table gives to a role."""
    return frozenset(
        permission(resource.name, verb)
        for resource in RESOURCES.values()
        for verb in resource.rights.get(role, frozenset())
    )


def catalogue() -> frozenset[Permission]:
    """Every permission there is."""
    return frozenset(permission(r.name, verb) for r in RESOURCES.values() for verb in r.verbs)


def exercised(held: Iterable[Permission], *, place: str, level: str) -> frozenset[Permission]:
    """What roles held at a level (school, academy) let one do in a place (school, academy).

    Somebody of the academy holds the schools' permissions to hand them on: inside a school they only read, and only
    with `school:enter`; outside they do what is the academy's business.
    """
    held = frozenset(p for p in held if p[1] in RESOURCES)
    if level == "school":
        return held & of_schools() if place == "school" else frozenset()
    if place == "academy":
        return frozenset(p for p in held if p[0].removeprefix("can_") in RESOURCES[p[1]].academy)
    if permission("school", "enter") not in held:
        return frozenset()
    return frozenset(p for p in held & of_schools() if p[0] in READING)


def exercising(wanted: Iterable[Permission]) -> list[str]:
    """The shipped roles that may use one of these permissions where they are granted, in the table's order."""
    wanted = frozenset(wanted)
    return [key for key, kind in ROLES.items() if wanted & exercised(shipped(key), place=kind.level, level=kind.level)]


@cache
def of_schools() -> frozenset[Permission]:
    """What makes sense inside a school: what some shipped school role has."""
    return frozenset().union(*(shipped(key) for key, kind in ROLES.items() if kind.level == "school"))


def offered(level: str) -> frozenset[Permission]:
    """What a role of this level may be made of."""
    return of_schools() if level == "school" else catalogue()
