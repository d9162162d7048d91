"""campaign: 1,487 mails to an SMTP server of its own process, against one smtplib connection sending the same bytes."""

from __future__ import annotations

import os
import smtplib
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from typing import Any

from app.access import campaign
from app.access.models import Notification
from app.access.planning import NotifyRequest, make_plan
from app.access.queries import Selection
from app.access.services import create_codes
from app.core.actor import SYSTEM
from app.core.db import admin_db, refresh_statistics
from app.core.mail_transport import transport_for
from app.core.scope import school_scope, system_scope
from app.core.uow import unit_of_work
from app.jobs.mail import deliver_all
from app.jobs.services import run_here, submit
from app.jobs.storage import Storage, use_storage
from app.online.services import move_services
from app.schools.models import School
from app.schools.people import Enrolment, Guardian, GuardianLink, Pupil
from benchmarks.common import KINDS, databases, line, timed
from tests.factories import build_world, make_guardian, make_pupil
from tests.servers import free_port

MAILS = 1487


def bench_campaign() -> list[dict[str, Any]]:
    """One line per kind of database: from the plan to the last mail handed over, date and mode stored."""
    with smtp() as port:
        return [_on(kind, port) for kind in KINDS]


def _on(kind: str, port: int) -> dict[str, Any]:
    with databases(kind) as folder:
        os.environ["LIVRET_HOME"] = str(folder)
        use_storage(Storage(folder))
        school = _fill()
        with school_scope(school):
            body = campaign.rehearsed_mail(make_plan(NotifyRequest()).to_send[0])
            job = submit("codes.notify", school, NotifyRequest(modes=("email",)).as_params(), SYSTEM, "bench").id
        admin_db.session.remove()
        transport = transport_for(f"smtp://127.0.0.1:{port}", "Livret <livret@example.org>")

        def whole() -> None:
            run_here(job)
            while any(done.sent for done in deliver_all(transport).values()):  # a batch at each beat of the worker
                pass

        seconds = timed(whole)
        with school_scope(school):
            sent = sum(1 for one in admin_db.session.query(Notification.status) if one[0] == "done")
        use_storage(None)
        assert sent == MAILS, sent
        floor = timed(lambda: _floor(port, body.subject, body.text, body.html))
        return line("campaign", f"{MAILS} courriels remis à un serveur SMTP local, états enregistrés, {kind}", seconds,
                    floor)  # fmt: skip


def _fill() -> int:
    world = build_world()
    with system_scope("bench"), unit_of_work() as session:
        school = session.get_one(School, world.ecole)
        for number in range(MAILS):
            make_guardian(school, make_pupil(school), email=f"parent{number}@example.org")
        refresh_statistics(session, Pupil, Enrolment, Guardian, GuardianLink)
    with school_scope(world.ecole):
        move_services(["booklets"], "open", actor=SYSTEM)
        create_codes(Selection(), actor=SYSTEM)
    return world.ecole


def _floor(port: int, subject: str, text: str, html: str) -> None:
    with smtplib.SMTP("127.0.0.1", port) as line_:
        for number in range(MAILS):
            mail = EmailMessage()
            mail["From"], mail["To"], mail["Subject"] = "livret@example.org", f"parent{number}@example.org", subject
            mail.set_content(text)
            mail.add_alternative(html, subtype="html")
            line_.send_message(mail)


@contextmanager
def smtp() -> Iterator[int]:
    """A server that takes everything, in a process of its own; its port."""
    port = free_port()
    command = [sys.executable, "-m", "aiosmtpd", "-n", "-l", f"127.0.0.1:{port}", "-c", "aiosmtpd.handlers.Sink"]
    process = subprocess.Popen(command)
    try:
        for _attempt in range(100):
            try:
                smtplib.SMTP("127.0.0.1", port).close()
                break
            except OSError:
                time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait()
