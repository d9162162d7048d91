"""The processes of an instance and the environment each is given. The portal's names nothing of the admin's."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from socket import socket

from app.commands.instance import portal_keys
from app.serve import Child
from config import ROOT, Config

CELERY_APP = "app.jobs.celery"
WEB_WORKERS = 2  # of one thread each: generated views are singletons (DESIGN §7)
# What every process keeps of the environment `serve` was started from.
COMMON = ("PATH", "LANG", "LC_ALL", "TZ", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR")


def with_addresses(settings: Config, host: str, admin: socket, portal: socket) -> Config:
    """The settings once the ports are known: addresses and host names that nobody chose follow from them."""
    shown = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104 - compared, not bound
    changes: dict[str, object] = {}
    for side, listening in (("admin", admin), ("portal", portal)):
        if f"LIVRET_{side.upper()}_URL" not in os.environ:
            changes[f"{side}_url"] = f"http://{shown}:{listening.getsockname()[1]}"
        if f"LIVRET_{side.upper()}_HOSTS" not in os.environ:
            changes[f"{side}_hosts"] = tuple(dict.fromkeys((*getattr(settings, f"{side}_hosts"), shown)))
    return replace(settings, **changes)  # type: ignore[arg-type]


def common_environment() -> dict[str, str]:
    """What concerns no side."""
    kept = {name: os.environ[name] for name in COMMON if name in os.environ}
    return kept | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}


def admin_environment(settings: Config) -> dict[str, str]:
    """Of the admin application, the worker and the scheduler: every setting, said once for all."""
    said = {
        "LIVRET_ENV": settings.env,
        "LIVRET_HOME": str(settings.home),
        "LIVRET_ADMIN_DB": settings.admin_db,
        "LIVRET_PORTAL_DB": settings.portal_db,
        "LIVRET_BROKER": settings.broker,
        "LIVRET_MAIL": settings.mail,
        "LIVRET_MAIL_SENDER": settings.mail_sender,
        "LIVRET_ADMIN_URL": settings.admin_url,
        "LIVRET_PORTAL_URL": settings.portal_url,
        "LIVRET_ADMIN_HOSTS": ",".join(settings.admin_hosts),
        "LIVRET_PORTAL_HOSTS": ",".join(settings.portal_hosts),
        "LIVRET_KEYS": str(settings.key_folder("admin")),
        "LIVRET_PROXIES": str(settings.proxies),
        "LIVRET_REPLICATE": settings.replicate,
    }
    return common_environment() | said


def portal_environment(settings: Config) -> dict[str, str]:
    """Of the portal: its own folder, keys and database. Neither the admin's database, nor its keys, nor the broker,
    nor the mail server: the worker takes the portal's mails from its outbox."""
    said = {
        "LIVRET_SIDE": "portal",
        "LIVRET_ENV": settings.env,
        "LIVRET_HOME": str(settings.home / "portal"),
        "LIVRET_PORTAL_DB": settings.portal_db,
        "LIVRET_PORTAL_URL": settings.portal_url,
        "LIVRET_PORTAL_HOSTS": ",".join(settings.portal_hosts),
        "LIVRET_KEYS": str(portal_keys(settings)),
        "LIVRET_PROXIES": str(settings.proxies),
    }
    return common_environment() | said


def children(settings: Config, admin: socket, portal: socket) -> list[Child]:
    """The four processes, in the order they are started."""
    logs = settings.home / "logs"
    inside = admin_environment(settings)
    return [
        Child("worker", worker_command(), inside, logs / "worker.log"),
        Child("scheduler", scheduler_command(), inside, logs / "scheduler.log"),
        Child("admin", web_command("admin", admin), inside, logs / "admin.log", (admin,)),
        Child("portal", web_command("portal", portal), portal_environment(settings), logs / "portal.log", (portal,)),
    ]


def web_command(side: str, listening: socket) -> list[str]:
    """gunicorn on the socket we opened. No access log: addresses carry single-use tokens."""
    return [sys.executable, "-m", "gunicorn", "--bind", f"fd://{listening.fileno()}", "--workers", str(WEB_WORKERS),
            "--threads", "1", "--timeout", "60", "--graceful-timeout", "8", "--no-control-socket",
            "--name", f"livret-{side}", f"app.wsgi:{side}()"]


def worker_command() -> list[str]:
    """One Celery worker with threads: PDF rendering runs in processes of its own (DESIGN §7)."""
    return [sys.executable, "-m", "celery", "-A", CELERY_APP, "worker", "--pool", "threads", "--concurrency", "4",
            "--loglevel", "WARNING", "--without-gossip", "--without-mingle"]


def scheduler_command() -> list[str]:
    """Celery beat: what happens by itself (`app/jobs/schedule.py`)."""
    return [sys.executable, "-m", "celery", "-A", CELERY_APP, "beat", "--loglevel", "WARNING", "--pidfile", ""]
