"""Opening an instance from the command line: its settings, folders, keys and databases, and what they must hold."""

from __future__ import annotations

import fcntl
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path

from sqlalchemy import select

import config
from app import migrations
from app.core.crypto import ADMIN_KEYS, PORTAL_KEYS, KeyMissing, KeyRing, make_keys, use_keys
from app.core.db import admin_db, portal_db
from app.core.errors import NotFound
from app.core.scope import school_scope, system_scope
from app.core.uow import unit_of_work
from app.schools.models import School
from app.security.seeding import write_roles
from config import Config


def open_instance() -> Config:
    """The settings, checked; both databases bound and brought up to date. Every command that touches data starts so.

    `run.py` is the only writer of schema, roles and (demo) keys: web processes and the worker write nothing at start.
    Raises `ConfigError`, `KeyMissing`.
    """
    settings = config.load()
    make_home(settings)
    log_to(settings.home / "logs" / "commands.log")
    with one_at_a_time(settings.home):
        load_keys(settings)
        admin_db.bind(settings.admin_db)
        portal_db.bind(settings.portal_db)
        migrations.upgrade(admin_db)
        migrations.upgrade(portal_db)
        with unit_of_work() as session:
            write_roles(session)
    return settings


@contextmanager
def one_at_a_time(folder: Path) -> Iterator[None]:
    """Wait for any other command that is bringing this instance up to date. The lock dies with its process."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def make_home(settings: Config) -> None:
    """The instance's folders; only their owner may look inside."""
    for name in (".", "files", "logs", "portal", "beat"):
        folder = settings.home / name
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)


def log_to(path: Path) -> None:
    """Warnings and traces of the code below go to a file: the terminal is for what a person can use."""
    handler = logging.FileHandler(path, encoding="utf-8", delay=True)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(handlers=[handler], level=logging.WARNING)


def load_keys(settings: Config) -> None:
    """Read the keys of both sides: made here for a demonstration, required in production."""
    if not settings.is_production:
        make_keys(settings.home / "keys")
    portal = portal_keys(settings)
    KeyRing(portal, PORTAL_KEYS)
    if (portal / "seal.key").exists():
        raise KeyMissing(f"{portal / 'seal.key'} : le portail ne doit pas tenir la clé qui ouvre les codes")
    use_keys(KeyRing(settings.key_folder("admin"), ADMIN_KEYS))


def portal_keys(settings: Config) -> Path:
    """The portal's own key folder: `portal`, beside the admin's."""
    return settings.keys.parent / "portal" if settings.keys else settings.key_folder("portal")


@dataclass(frozen=True, slots=True)
class Place:
    """A school as a command knows it: plain facts, which outlive transactions and scopes."""

    id: int
    uai: str
    name: str
    kind: str
    authority_id: int
    school_year_id: int


def school_of(uai: str) -> Place:
    """The school of that UAI. Raises `NotFound` with the UAIs there are, when they are few."""
    with system_scope("a command names a school by its UAI"):
        school = admin_db.session.scalar(select(School).where(School.uai == uai.strip().upper()))
        found = Place(**{f.name: getattr(school, f.name) for f in fields(Place)}) if school else None
        known = list(admin_db.session.scalars(select(School.uai).order_by(School.uai).limit(20)))
    if found is None:
        hint = f"Connus : {', '.join(known)}." if known else "Créez-le : run.py school create UAI --name NOM"
        raise NotFound(f"Aucun établissement {uai} dans cette instance.", hint=hint)
    return found


@contextmanager
def inside(uai: str) -> Iterator[tuple[Config, Place]]:
    """Open the instance and enter a school: only its rows exist within."""
    settings = open_instance()
    school = school_of(uai)
    with school_scope(school.id):
        yield settings, school
