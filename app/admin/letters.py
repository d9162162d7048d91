"""The letters of notification runs, each alone, from the generated list of notifications."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from flask import Response, current_app, send_file, url_for
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from sqlalchemy import case

from app.access.models import Notification
from app.access.notifying import single_letter

STATUSES = {
    "planned": _l("On its way"),
    "done": _l("Sent"),
    "failed": _l("Not delivered"),
    "uncertain": _l("Uncertain"),
    "returned": _l("Came back"),
}


class OneLetter:
    """Adds the route of a single letter to the generated view."""

    @expose("/letter/<int:pk>.pdf")
    @has_access
    @permission_name("export")
    def letter(self, pk: int) -> Response:
        """One guardian's letter, cut out of the PDF of its run. It holds readable codes: not for who may only look."""
        name, document = single_letter(pk)
        return send_file(BytesIO(document), mimetype="application/pdf", download_name=name)


def letter_id() -> Any:
    """SQL: the notification's id when it has a letter."""
    return case((Notification.first_page.is_not(None), Notification.id))


def letter_link(value: int | None) -> Any:
    """A link to the letter, or nothing for an e-mail and for who may not open it."""
    appbuilder: Any = current_app.extensions["appbuilder"]
    if value is None or not appbuilder.sm.has_access("can_export", "notification"):
        return ""
    return Markup('<a href="{}">{}</a>').format(url_for("NotificationView.letter", pk=value), _("Open the PDF"))
