"""The tables of booklets, a file for each of their sides."""

from app.booklets.models.booklet import MODELS, OPEN_STATES, SEALED_STATES, Booklet
from app.booklets.models.content import (
    Attainment,
    AttainmentElement,
    BaseMastery,
    BookletFault,
    BookletScheme,
    BookletWaiver,
    Pathway,
)
from app.booklets.models.editions import (
    BookletEdition,
    BookletPublication,
    BookletReading,
    NotificationEdition,
    in_force,
)
from app.booklets.models.memory import (
    ClassElement,
    ClassExemption,
    ClassPathway,
    EntryClosing,
    EntryReopening,
    Phrase,
)
from app.booklets.models.projects import GroupPupil, GroupTeacher, Project, ProjectGroup, ProjectItem
from app.booklets.models.settings import BookletSettings, PositioningType, WorkflowParameter
from app.booklets.models.watching import WATCHED, WatchedWord

__all__ = [
    "MODELS", "OPEN_STATES", "SEALED_STATES", "WATCHED", "Attainment", "AttainmentElement", "BaseMastery", "Booklet",
    "BookletEdition", "BookletFault", "BookletPublication", "BookletReading", "BookletScheme", "BookletSettings",
    "BookletWaiver", "ClassElement", "ClassExemption", "ClassPathway", "EntryClosing", "EntryReopening", "GroupPupil",
    "GroupTeacher", "NotificationEdition", "Pathway", "Phrase", "PositioningType", "Project", "ProjectGroup",
    "ProjectItem", "WatchedWord", "WorkflowParameter", "in_force",
]
