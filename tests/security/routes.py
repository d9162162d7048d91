"""Every address of both applications, classified. An address that is not here fails the tests.

`public`: whoever comes by. `everyone`: whoever is signed in. Otherwise the permission it asks for, and which object
of a school its number names: the tests then expect 403 without the permission, 404 for another school's object.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from app.admin.screens import SCREENS

PUBLIC, EVERYONE = "public", "everyone"


@dataclass(frozen=True)
class Route:
    """One endpoint. `object` names the entry of `objects()` that its `pk` takes; `values` are its other arguments."""

    access: str
    object: str | None = None
    values: dict[str, Any] = field(default_factory=dict)


def _generated() -> dict[str, Route]:
    found = {}
    for screen in SCREENS:
        for verb in screen.verbs:
            item = screen.resource if verb in ("show", "edit", "delete") else None
            found[f"{screen.name}.{verb}"] = Route(f"{screen.resource}:{verb}", item)
    return found


ADMIN: dict[str, Route] = _generated() | {
    "healthz": Route(PUBLIC),
    "accessibility": Route(PUBLIC),
    "static": Route(PUBLIC),
    "appbuilder.static": Route(PUBLIC),
    "LocaleView.index": Route(PUBLIC, values={"locale": "fr"}),
    "SignIn.login": Route(PUBLIC),
    "SignIn.forgotten": Route(PUBLIC),
    "Invitation.index": Route(PUBLIC),
    "SignIn.leave": Route(EVERYONE),
    "SignIn.logout": Route(EVERYONE),
    "ChangeSchool.index": Route(EVERYONE),
    "ChangeSchool.enter": Route(EVERYONE, "place", {"kind": "school"}),
    "OwnPassphrase.index": Route(EVERYONE),
    "Home.index": Route(EVERYONE),
    "UtilView.back": Route(EVERYONE),
    "ImportModePage.index": Route("booklet_setting:show"),
    "ImportModePage.edit": Route("booklet_setting:edit"),
    "ImportModePage.store": Route("booklet_setting:edit"),
    "PeriodsPage.index": Route("period_scheme:list"),
    "PeriodsPage.add": Route("period_scheme:add"),
    "PeriodsPage.edit": Route("period_scheme:edit", "period_scheme"),
    "PeriodsPage.delete": Route("period_scheme:delete", "period_scheme"),
    "PeriodsPage.classes": Route("period_scheme:edit", "period_scheme"),
    "PeriodsPage.preset": Route("period_scheme:edit", values={"preset": "semester"}),
    "EpiSettingsPage.index": Route("project:list"),
    "EpiSettingsPage.add": Route("project:add"),
    "EpiSettingsPage.edit": Route("project:edit", "epi"),
    "EpiSettingsPage.delete": Route("project:delete", "epi"),
    "ApSettingsPage.index": Route("project:list"),
    "ApSettingsPage.add": Route("project:add"),
    "ApSettingsPage.edit": Route("project:edit", "ap"),
    "ApSettingsPage.delete": Route("project:delete", "ap"),
    "PositioningPage.index": Route("positioning_type:list"),
    "PositioningPage.edit": Route("positioning_type:edit", "own_level"),
    "BookletRulesPage.index": Route("workflow_parameter:list"),
    "BookletRulesPage.store": Route("workflow_parameter:edit", values={"name": "areas_needed"}),
    "BookletRulesPage.lock": Route("workflow_parameter:edit"),
    "ServicesPage.index": Route("service:list"),
    "ServicesPage.open": Route("service:open", values={"code": "marks"}),
    "ServicesPage.close": Route("service:close", values={"code": "marks"}),
    "EntryCells.cells": Route("booklet:show"),
    "EntryCells.token": Route("booklet:show"),
    "AchievementsPage.index": Route("booklet:fill"),
    "AchievementsPage.save": Route("booklet:fill"),
    "AchievementsPage.fill": Route("booklet:fill"),
    "CommentsPage.index": Route("booklet:fill"),
    "CommentsPage.save": Route("booklet:fill"),
    "ElementsPage.index": Route("booklet:fill"),
    "ElementsPage.save": Route("booklet:fill"),
    "ElementsPage.pupil": Route("booklet:fill"),
    "ElementsPage.save_pupil": Route("booklet:fill"),
    "PathwaysPage.index": Route("booklet:fill"),
    "PathwaysPage.save": Route("booklet:fill"),
    "PathwaysPage.cells": Route("booklet:fill"),
    "LifePage.index": Route("booklet:show"),
    "LifePage.save": Route("booklet:show"),
    "OverallPage.index": Route("booklet:fill"),
    "OverallPage.save": Route("booklet:fill"),
    "CouncilPage.index": Route("booklet:show"),
    "CouncilPage.save": Route("booklet:fill"),
    "CouncilPage.date": Route("booklet:fill"),
    "PhrasesPage.index": Route("booklet:fill"),
    "PhrasesPage.save": Route("booklet:fill"),
    "PhrasesPage.delete": Route("booklet:fill"),
    "CodesCreatePage.index": Route("guardian_code:create"),
    "CodesCreatePage.run": Route("guardian_code:create"),
    "CodesCreatePage.withdraw": Route("guardian_code:invalidate", "guardian_code"),
    "CodesNotifyPage.index": Route("guardian_code:notify"),
    "CodesCreatePage.export": Route("guardian_code:export"),
    "CodesNotifyPage.export": Route("guardian_code:export"),
    "JobsPage.export_list": Route("job:export"),
    "CodesNotifyPage.run": Route("guardian_code:notify"),
    "NotificationView.letter": Route("notification:export", "notification"),
    "JobsPage.index": Route("job:list"),
    "JobsPage.show": Route("job:show", "job_page"),
    "JobsPage.status": Route("job:show", "job_page"),
    "JobsPage.export": Route("job:export", "job_page"),
    "JobsPage.file": Route("job:export", "artifact"),
    "JobsPage.cancel": Route("job:cancel", "job_page"),
    "JobsPage.resume": Route("job:resume", "job_page"),
    "RefreshPage.index": Route("synchronisation:list"),
    "RefreshPage.run": Route("synchronisation:run"),
    "RefreshPage.cycle": Route("synchronisation:run"),
    "PupilBaseRefreshPage.cycle": Route("synchronisation:run"),
    "PupilBaseRefreshPage.index": Route("synchronisation:list"),
    "PupilBaseRefreshPage.run": Route("synchronisation:run"),
    "SynchronisationPage.index": Route("synchronisation:list"),
    "SynchronisationPage.run": Route("synchronisation:run"),
    "PeoplePage.index": Route("person:list"),
    "PeoplePage.add": Route("person:add"),
    "PeoplePage.show": Route("person:show", "person"),
    "PeoplePage.edit": Route("person:edit", "person"),
    "PeoplePage.invite": Route("person:invite", "person"),
    "GrantsPage.index": Route("role_grant:list"),
    "GrantsPage.add": Route("role_grant:add"),
    "GrantsPage.end": Route("role_grant:edit", "role_grant"),
    "SchoolsPage.index": Route("school:enter"),
    "RolesPage.index": Route("role:list"),
    "RolesPage.show": Route("role:show", "role"),
    "RolesPage.edit": Route("role:edit", "role"),
    "RolesPage.reset": Route("role:edit", "role"),
    "RolesPage.add": Route("role:add"),
    "BookletsPage.index": Route("booklet:list"),
    "BookletsPage.export": Route("booklet:export"),
    "BookletsPage.lock": Route("booklet:fill"),
    "BookletsPage.unlock": Route("booklet:unlock"),
    "BookletsPage.edit": Route("booklet:edit_pdf"),
    "BookletPage.show": Route("booklet:show", "booklet"),
    "BookletPage.save": Route("booklet:fill", "booklet"),
    "PublicationPage.index": Route("booklet_publication:list"),
    "PublicationPage.store": Route("booklet_publication:edit"),
    "PublicationPage.tell": Route("booklet_publication:edit"),
    "PublicationPage.unread": Route("booklet_publication:list"),
    "PublicationPage.export": Route("booklet_publication:list"),
    "WorkflowsPage.index": Route("workflow:list"),
    "WorkflowsPage.show": Route("workflow:show", values={"name": "job"}),
    "WorkflowsPage.drawing": Route("workflow:show", values={"name": "job"}),
    "BookletEditPage.index": Route("booklet:edit_pdf"),
    "BookletEditPage.run": Route("booklet:edit_pdf"),
    "BookletEditPage.draft": Route("booklet:export", "booklet"),
    "BookletEditionPage.file": Route("booklet_edition:show", "booklet_edition"),
    "ReviewPage.index": Route("booklet:list"),
    "ReviewPage.export": Route("booklet:export"),
    "ReviewPage.waive": Route("booklet:fill"),
    "BookletLockPage.index": Route("booklet:lock"),
    "BookletLockPage.run": Route("booklet:lock"),
    "BookletLockPage.undo": Route("booklet:unlock"),
    "PeriodDeskPage.index": Route("period_desk:show"),
    "PeriodDeskPage.export": Route("period_desk:show"),
    "PeriodDeskPage.close": Route("period_desk:edit"),
    "PeriodDeskPage.reopen": Route("period_desk:edit"),
    "PeriodDeskPage.end": Route("period_desk:edit", "entry_reopening"),
    "PeriodDeskPage.preview": Route("period_desk:notify"),
    "PeriodDeskPage.remind": Route("period_desk:notify"),
    "ExemptionsPage.index": Route("period_desk:show"),
    "ExemptionsPage.save": Route("period_desk:edit"),
    "SupportPage.index": Route("booklet:list"),
    "SupportPage.export": Route("booklet:export"),
    "SupportPage.add": Route("booklet:fill"),
    "SupportPage.show": Route("booklet:list", "project_group"),
    "SupportPage.save": Route("booklet:fill", "project_group"),
    "SupportPage.delete": Route("booklet:fill", "project_group"),
    "ProjectsPage.index": Route("booklet:list"),
    "ProjectsPage.export": Route("booklet:export"),
    "ProjectsPage.add": Route("booklet:fill"),
    "ProjectsPage.show": Route("booklet:list", "project_group"),
    "ProjectsPage.save": Route("booklet:fill", "project_group"),
    "ProjectsPage.delete": Route("booklet:fill", "project_group"),
}

ACCOUNT = "account"

# The portal has no roles: a page is open, or asks for an account and shows only what its codes open.
PORTAL: dict[str, str] = {
    "static": PUBLIC,
    "entry.sign_in": PUBLIC,
    "entry.sign_in_post": PUBLIC,
    "entry.sign_out": PUBLIC,
    "entry.language": PUBLIC,
    "entry.help_page": PUBLIC,
    "entry.health": PUBLIC,
    "signup.form": PUBLIC,
    "signup.create": PUBLIC,
    "signup.created": PUBLIC,
    "signup.link": PUBLIC,
    "signup.follow": PUBLIC,
    "signup.renew": PUBLIC,
    "signup.to_confirm": PUBLIC,
    "signup.resend": PUBLIC,
    "home.home": ACCOUNT,
    "home.account": ACCOUNT,
    "home.language": ACCOUNT,
    "booklets.index": ACCOUNT,
    "booklets.show": ACCOUNT,
    "booklets.pdf": ACCOUNT,
    "booklets.verification": PUBLIC,
}
