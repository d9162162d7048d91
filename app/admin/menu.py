"""The menu bar: titles, under some of them sub-headings (M062), and the pages one may open."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from flask import current_app, request, url_for
from flask_babel import lazy_gettext as _l

from app.core.scope import current_scope

# The order is fixed, an entry comes with its page (DESIGN §5).
CATEGORIES = {
    "booklets": _l("Booklets"),
    "settings": _l("Settings"),
    "exchange": _l("Data exchange"),
    "online": _l("Online services"),
    "academy": _l("Academy"),
}

OTHERS = _l("Others")

# Title of the menu bar → its sub-headings, in order, with the entries under each, in order. « Téléservices » follows
# M062, « Paramétrage » begins with M003. What a page that nobody placed here gets is the last one, « Autres ».
SECTIONS: dict[str, tuple[tuple[Any, tuple[str, ...]], ...]] = {
    "settings": (
        (_l("Booklets"), ("ImportModePage", "PeriodsPage", "PositioningPage", "EpiSettingsPage", "ApSettingsPage",
                          "RefreshPage", "BookletRulesPageInSchool")),
        (_l("Pupils and guardians"), ("PupilView", "EnrolmentView", "GuardianView", "GuardianLinkView",
                                      "SupportSchemeView")),
        (_l("Teaching"), ("StaffView", "DivisionView", "ProgrammeView", "GradeLevelView", "TeachingItemView",
                          "DivisionStaffView", "TeachingServiceView")),
        (_l("School and people"), ("SchoolView", "StaffAccountsPage", "GrantsPage", "AuditLineView",
                                   "WorkflowsPageInSchool")),
        (_l("Decided by the academy"), ("CurriculumProposalView", "AcademicServiceView", "ServiceRuleView", "EntView")),
    ),
    "online": (
        (_l("Managing the online services"), ("ServicesPage", "OnlineSettingsPage", "ContactAddressView",
                                              "LetterWordingsPageInSchool")),
        (_l("Marks and absences"), ("MarksPage", "AbsencesPage", "TestPaperView", "MarkView", "AbsenceView")),
        (_l("Guardians' access"), ("CertifyPage", "CodesCreatePage", "CodesNotifyPage", "CouplesPage", "ReturnsPage",
                                    "UnreachedPage")),
        (_l("Pupils' access"), ("PupilCodesNotifyPage", "PupilCodesPage")),
        (_l("Follow-up"), ("ActivationCodeView", "NotificationView", "AccessRefusalView", "PortalAccountView",
                           "CardErrorsPage")),
        (_l("Statistics"), ("PupilStatisticsPageInSchool", "GuardianStatisticsPageInSchool")),
    ),
    "academy": (
        (_l("Schools"), ("SchoolsPage", "SchoolView", "SchoolYearView", "AuthorityView")),
        (_l("People and rights"), ("PeoplePage", "GrantsPage", "RolesPage")),
        (_l("Booklets"), ("BookletRulesPage", "WatchedWordsPage", "CurriculumProposalView")),
        (_l("Online services"), ("AcademicServiceView", "ServiceRuleView", "EntView", "LetterWordingsPage")),
        (_l("Statistics"), ("PupilStatisticsPage", "GuardianStatisticsPage")),
        (_l("Operation"), ("WorkflowsPage", "AuditLineView")),
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class MenuEntry:
    """A page of the menu bar."""

    name: str
    label: str
    href: str
    current: bool


@dataclass(frozen=True, slots=True)
class MenuSection:
    """Pages under one sub-heading; without words for a title that has none."""

    label: str
    entries: tuple[MenuEntry, ...]


@dataclass(frozen=True, slots=True)
class MenuCategory:
    """One title of the menu bar with the pages this person may open."""

    name: str
    label: str
    sections: tuple[MenuSection, ...]

    @property
    def entries(self) -> tuple[MenuEntry, ...]:
        """Its pages, whatever their sub-heading."""
        return tuple(entry for section in self.sections for entry in section.entries)

    @property
    def current(self) -> bool:
        """Whether the present page is under this title."""
        return any(entry.current for entry in self.entries)


def admin_menu() -> list[MenuCategory]:
    """The menu bar for whoever is signed in: FAB's menu, each entry judged by the permission its page asks for."""
    found: dict[str, list[MenuEntry]] = {name: [] for name in CATEGORIES}
    appbuilder: Any = current_app.extensions["appbuilder"]
    for category in appbuilder.menu.get_list():
        title = category_here(category.name)
        found.setdefault(title, []).extend(_entry(item) for item in category.childs if _may_open(item))
    return [MenuCategory(name, str(CATEGORIES.get(name, name)), tuple(_sections(name, entries)))
            for name, entries in found.items() if entries]  # fmt: skip


def _sections(category: str, entries: list[MenuEntry]) -> Iterable[MenuSection]:
    """The entries under their sub-headings, those without any left out."""
    if category not in SECTIONS:
        yield MenuSection("", tuple(entries))
        return
    left = {entry.name: entry for entry in entries}
    for label, names in SECTIONS[category]:
        if under := tuple(left.pop(name) for name in names if name in left):
            yield MenuSection(str(label), under)
    if left:
        yield MenuSection(str(OTHERS), tuple(left.values()))


def category_here(name: str) -> str:
    """Where a page's entry stands: « Académie » is the administrator's; in a school its pages are settings."""
    scope = current_scope()
    return "settings" if name == "academy" and scope is not None and scope.kind == "school" else name


def _may_open(item: Any) -> bool:
    view = item.baseview
    if view is None or not item.should_render():
        return False
    permission = getattr(getattr(view, view.default_view), "_permission_name", None)
    scope = current_scope()
    if getattr(view, "needs_school", False) and (scope is None or scope.kind != "school"):
        return False
    if permission is None:
        return False  # a page without a permission is nobody's menu entry
    appbuilder: Any = current_app.extensions["appbuilder"]
    return bool(appbuilder.sm.has_access(f"can_{permission}", view.class_permission_name))


def _entry(item: Any) -> MenuEntry:
    own = item.baseview.endpoint
    return MenuEntry(item.name, str(item.label), item.get_url(), request.blueprint == own)


def search_box() -> str | None:
    """Where the search box of the frame leads: the couples found (M093), for who may manage the codes of a school."""
    scope = current_scope()
    appbuilder: Any = current_app.extensions["appbuilder"]
    if scope is None or scope.kind != "school" or not appbuilder.sm.has_access("can_list", "guardian_code"):
        return None
    return url_for("CouplesPage.index")
