"""What a school chose for its pages on the portal: its welcome message, its academy's services, the contact link."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.online.models import AcademicService, OnlineService
from app.online.queries import contact_emails
from app.online.settings import settings_of_school
from app.online.welcome import welcome_html


def chosen(session: Session) -> dict[str, Any]:
    """The last columns of a published school. Called in the school's scope."""
    setting = settings_of_school()
    return {"welcome": str(welcome_html(setting.welcome)), "other_services": _academic(session),
            "contact": bool(contact_emails(setting))}  # fmt: skip


def _academic(session: Session) -> list[dict[str, str]]:
    """The open services of the academy: the code is what an order to withdraw names (M071)."""
    rows = session.execute(
        select(OnlineService.code, AcademicService.label, AcademicService.url)
        .join(AcademicService, AcademicService.id == OnlineService.academic_service_id)
        .where(OnlineService.state == "open")
        .order_by(AcademicService.label)
    )
    return [{"code": code, "label": label, "url": url} for code, label, url in rows]
