"""The home page and the list of hand-made pages with their place in the menu bar."""

from __future__ import annotations

from typing import Any

from flask import current_app, redirect, url_for
from flask_appbuilder import IndexView, expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from app.admin.absences import AbsencesPage
from app.admin.academy import GrantsPage, PeoplePage, SchoolsPage
from app.admin.account_acts import AccountActsPage
from app.admin.booklet_edit import BookletEditionPage, BookletEditPage
from app.admin.booklet_lock import BookletLockPage
from app.admin.booklet_page import BookletPage
from app.admin.booklet_rules import BookletRulesPage
from app.admin.booklets import BookletsPage
from app.admin.card_errors import CardErrorsPage
from app.admin.certifying import CertifyPage
from app.admin.codes import CodesCreatePage, CodesNotifyPage
from app.admin.council import CouncilPage
from app.admin.couples import CouplesPage
from app.admin.declaring import ApSettingsPage, EpiSettingsPage
from app.admin.entry_elements import ElementsPage
from app.admin.entry_lines import AchievementsPage, CommentsPage
from app.admin.entry_page import EntryCells
from app.admin.entry_texts import LifePage, OverallPage, PathwaysPage
from app.admin.exemptions import ExemptionsPage
from app.admin.first_steps import following, steps_in
from app.admin.groups import ProjectsPage, SupportPage
from app.admin.handmade import in_school
from app.admin.helping import ABOUT, HelpPage, help_address
from app.admin.import_mode import ImportModePage
from app.admin.jobs import JobsPage
from app.admin.marks import MarksPage
from app.admin.marks_dates import MarksDatesPage
from app.admin.online_settings import OnlineSettingsPage
from app.admin.period_desk import PeriodDeskPage
from app.admin.periods import PeriodsPage
from app.admin.phrases import PhrasesPage
from app.admin.positioning import PositioningPage
from app.admin.publication import PublicationPage
from app.admin.pupil_codes import PupilCodesNotifyPage, PupilCodesPage
from app.admin.record_sheets import AbsenceSheetPage, MarkSheetPage
from app.admin.refreshing import PupilBaseRefreshPage, RefreshPage
from app.admin.returns import ReturnsPage
from app.admin.review import ReviewPage
from app.admin.role_pages import RolesPage
from app.admin.roundtrip import GuardianSheetPage, PupilSheetPage, StaffSheetPage
from app.admin.services import ServicesPage, services_here
from app.admin.staff_accounts import StaffAccountsPage
from app.admin.statistics import GuardianStatisticsPage, PupilStatisticsPage
from app.admin.synchronisation import SynchronisationPage
from app.admin.unreached import UnreachedPage
from app.admin.watched_words import WatchedWordsPage
from app.admin.wordings import LetterWordingsPage
from app.admin.workflows import WorkflowsPage
from app.core.scope import current_scope


class Home(IndexView):
    """Where the title leads (M002): the next step first."""

    @expose("/")
    def index(self) -> Any:
        """Signed out → the sign-in page; in a school or on the whole academy → its steps."""
        if not current_user.is_authenticated:
            return redirect(url_for(f"{self.appbuilder.sm.auth_view.endpoint}.login"))
        scope = current_scope()
        steps = steps_in(scope, self._may) if scope is not None else []
        return self.render_template("home/index.html", title=_("Home"), steps=steps, following=following(steps),
                                    online=services_here())  # fmt: skip

    def _may(self, verb: str, resource: str) -> bool:
        return bool(self.appbuilder.sm.has_access(f"can_{verb}", resource))


# Page, category of the menu bar, label: in the order of the menu.
PAGES: tuple[tuple[type, str, Any], ...] = (
    (BookletsPage, "booklets", BookletsPage.title),
    (ElementsPage, "booklets", ElementsPage.title),
    (AchievementsPage, "booklets", AchievementsPage.title),
    (CommentsPage, "booklets", CommentsPage.title),
    (PathwaysPage, "booklets", PathwaysPage.title),
    (LifePage, "booklets", LifePage.title),
    (OverallPage, "booklets", OverallPage.title),
    (CouncilPage, "booklets", CouncilPage.title),
    (PhrasesPage, "booklets", PhrasesPage.title),
    (SupportPage, "booklets", SupportPage.title),
    (ProjectsPage, "booklets", ProjectsPage.title),
    (BookletLockPage, "booklets", BookletLockPage.title),
    (BookletEditPage, "booklets", BookletEditPage.title),
    (PublicationPage, "booklets", PublicationPage.title),
    (PeriodDeskPage, "booklets", PeriodDeskPage.title),
    (ExemptionsPage, "booklets", ExemptionsPage.title),
    (ReviewPage, "booklets", ReviewPage.title),
    (ImportModePage, "settings", ImportModePage.title),
    (PeriodsPage, "settings", PeriodsPage.title),
    (PositioningPage, "settings", PositioningPage.title),
    (EpiSettingsPage, "settings", EpiSettingsPage.title),
    (ApSettingsPage, "settings", ApSettingsPage.title),
    (RefreshPage, "settings", RefreshPage.title),
    (StaffAccountsPage, "settings", StaffAccountsPage.title),
    (PupilBaseRefreshPage, "exchange", PupilBaseRefreshPage.title),
    (SynchronisationPage, "exchange", SynchronisationPage.title),
    (PupilSheetPage, "exchange", PupilSheetPage.title),
    (GuardianSheetPage, "exchange", GuardianSheetPage.title),
    (StaffSheetPage, "exchange", StaffSheetPage.title),
    (MarkSheetPage, "exchange", MarkSheetPage.title),
    (AbsenceSheetPage, "exchange", AbsenceSheetPage.title),
    (BookletRulesPage, "academy", BookletRulesPage.title),
    (WatchedWordsPage, "academy", WatchedWordsPage.title),
    (LetterWordingsPage, "academy", LetterWordingsPage.title),
    (JobsPage, "exchange", _l("Jobs and reports")),
    (ServicesPage, "online", ServicesPage.title),
    (OnlineSettingsPage, "online", OnlineSettingsPage.title),
    (MarksPage, "online", MarksPage.title),
    (AbsencesPage, "online", AbsencesPage.title),
    (CertifyPage, "online", CertifyPage.title),
    (CodesCreatePage, "online", CodesCreatePage.title),
    (CodesNotifyPage, "online", CodesNotifyPage.title),
    (CouplesPage, "online", CouplesPage.title),
    (ReturnsPage, "online", ReturnsPage.title),
    (UnreachedPage, "online", UnreachedPage.title),
    (PupilCodesNotifyPage, "online", PupilCodesNotifyPage.title),
    (PupilCodesPage, "online", PupilCodesPage.title),
    (PupilStatisticsPage, "academy", PupilStatisticsPage.title),
    (GuardianStatisticsPage, "academy", GuardianStatisticsPage.title),
    (CardErrorsPage, "online", CardErrorsPage.title),
    (SchoolsPage, "academy", SchoolsPage.title),
    (PeoplePage, "academy", PeoplePage.title),
    (GrantsPage, "academy", GrantsPage.title),
    (RolesPage, "academy", RolesPage.title),
    (WorkflowsPage, "academy", WorkflowsPage.title),
)


def register(appbuilder: Any) -> None:
    """Add every hand-made page, with its entry in the menu bar."""
    for page, category, label in PAGES:
        name, elsewhere = page.__name__, getattr(page, "school_category", None)
        cond = (lambda: not in_school()) if elsewhere else getattr(page, "menu_cond", None)
        view = appbuilder.add_view(page, name, label=label, category=category, menu_cond=cond)
        if elsewhere:
            appbuilder.menu.add_link(f"{name}InSchool", label=label, category=elsewhere, baseview=view, cond=in_school)
    for page in (EntryCells, BookletEditionPage, BookletPage, HelpPage, MarksDatesPage, AccountActsPage):
        appbuilder.add_view_no_menu(page)
    _settings_first(appbuilder.menu)
    current_app.jinja_env.globals.update(help_address=help_address, about_pages=ABOUT)


def _settings_first(menu: Any) -> None:
    """In « Paramétrage » the pages of booklets come first, in the order of M003; the generated lists follow."""
    first = [page.__name__ for page, category, _label in PAGES if category == "settings"]
    entries = menu.find("settings").childs
    entries.sort(key=lambda entry: first.index(entry.name) if entry.name in first else len(first))
