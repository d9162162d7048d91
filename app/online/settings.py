"""What a school chose about its online services (M063–M074). Nothing chosen yet = the defaults."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app.core.db import admin_db
from app.online.models import OnlineSetting


def settings_of_school() -> OnlineSetting:
    """The choices of the school of the scope; the defaults, in no session, as long as nothing was stored."""
    found = admin_db.session.scalar(select(OnlineSetting).options(joinedload(OnlineSetting.ent)))
    return found or OnlineSetting(letter_type="services", marks_publication="continuous", lpc_delay=8, welcome="",
                                  contact_active=False, contact_emails=[])  # fmt: skip
