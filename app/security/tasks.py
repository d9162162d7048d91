"""What the worker does for this package: the body of invitations, written when they leave."""

from __future__ import annotations

from app.jobs.mail import mail_kind
from app.security.invitations import KIND, compose

mail_kind(KIND, compose=compose)
