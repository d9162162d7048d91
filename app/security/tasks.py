"""What the worker does for this package: the body of invitations, written when they leave."""

from __future__ import annotations

from app.core.mail_kinds import each_written
from app.jobs.mail import mail_kind
from app.security.invitations import KIND, compose

mail_kind(KIND, compose=each_written(compose))
