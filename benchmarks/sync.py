"""sync: 815 pupils and 1,487 guardians from SIECLE. First run against lxml iterparse + Core insert of the same rows; a
second run without change against the parse alone."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

from lxml import etree
from sqlalchemy import Table, insert, select

from app.core.actor import SYSTEM
from app.core.db import admin_db
from app.core.scope import school_scope, system_scope
from app.exchange.demo import REFERENCE_PUPILS, uai_of, write_demo
from app.exchange.sync.service import synchronise
from app.schools.models import Division, Programme, School
from app.schools.people import Enrolment, Guardian, GuardianLink, Pupil
from app.schools.services import create_school
from benchmarks.common import KINDS, databases, line, timed

TAGS = ("ELEVE", "STRUCTURES_ELEVE", "PERSONNE", "RESPONSABLE_ELEVE", "ADRESSE")
TABLES = (Programme, Division, Pupil, Enrolment, Guardian, GuardianLink)
Tables = list[tuple[Table, list[dict[str, Any]]]]
LOADED = 10  # schools already there in the third line


def bench_sync(pupils: int = REFERENCE_PUPILS) -> list[dict[str, Any]]:
    """Three lines per kind of database: first run, second run, first run beside other schools."""
    return [found for kind in KINDS for found in _on(kind, pupils)]


def _on(kind: str, pupils: int) -> list[dict[str, Any]]:
    with databases(kind) as folder:
        demo = write_demo(folder / "demo", pupils=pupils)
        files = demo.college.files[:2]
        warm = _school(_uai(2))
        _synchronise(warm, [_for(path, demo.college.uai, _uai(2), folder) for path in files])  # statements compiled
        school = _school(demo.college.uai)
        first = timed(lambda: _synchronise(school, files))
        second = timed(lambda: _synchronise(school, files))
        parse = timed(lambda: _parse(files))
        rows = _rows(school)
        plain = _moved(rows, _school(_uai(3)))
        insertion = timed(lambda: _insert(plain))
        for number in range(4, 4 + LOADED):
            _insert(_moved(rows, _school(_uai(number))))
        uai = _uai(4 + LOADED)
        beside, copies = _school(uai), [_for(path, demo.college.uai, uai, folder) for path in files]
        loaded = timed(lambda: _synchronise(beside, copies))
        what = f"{pupils} élèves et leurs responsables, {kind}"
        return [
            line("sync", f"{what}, première fois", first, parse + insertion),
            line("sync", f"{what}, sans changement (plancher : lecture seule)", second, parse),
            line("sync", f"{what}, à côté de {LOADED + 3} établissements", loaded, parse + insertion),
        ]


def _uai(number: int) -> str:
    return uai_of(960_000 + number)


def _school(uai: str) -> int:
    school = create_school(uai, name="Mesure", kind="college", actor=SYSTEM)
    with system_scope("its id"):
        return school.id


def _for(path: Path, uai: str, other: str, folder: Path) -> Path:
    """The same export under another school's UAI."""
    with zipfile.ZipFile(path) as archive:
        name = archive.namelist()[0]
        data = archive.read(name).replace(uai.encode(), other.encode())
    copy = folder / f"{other}-{path.name}"
    with zipfile.ZipFile(copy, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return copy


def _synchronise(school_id: int, files: Any) -> None:
    with school_scope(school_id):
        outcome = synchronise(files, admin_db.session.get_one(School, school_id), actor=SYSTEM)
    assert outcome.counts["pupils"] > 0


def _parse(files: Any) -> None:
    """What no reader can do without: unzip, iterparse, take each value."""
    for path in files:
        with zipfile.ZipFile(path) as archive:
            data = archive.read(archive.namelist()[0])
        for _, element in etree.iterparse(io.BytesIO(data), tag=TAGS, resolve_entities=False, no_network=True):
            _ = {child.tag: child.text for child in element.iter()}
            element.clear()


def _rows(school_id: int) -> Tables:
    """The rows the synchronisation wrote, as plain dictionaries."""
    with admin_db.engine.connect() as connection:
        return [
            (model.__table__, [dict(row._mapping) for row in connection.execute(_of(model, school_id))])
            for model in TABLES
        ]


def _of(model: Any, school_id: int) -> Any:
    table = model.__table__
    return select(table).where(table.c.school_id == school_id)


def _moved(rows: Tables, school_id: int) -> Tables:
    """The same rows for another school, keys renumbered: the floor has them for nothing."""
    shift, keys = school_id * 1_000_000, ("id", "pupil_id", "division_id", "programme_id", "guardian_id")

    def moved(row: dict[str, Any]) -> dict[str, Any]:
        return row | {key: row[key] % 1_000_000 + shift for key in keys if row.get(key)} | {"school_id": school_id}

    return [(table, [moved(row) for row in found]) for table, found in rows]


def _insert(rows: Tables) -> None:
    """Core inserts in one transaction."""
    with admin_db.engine.begin() as connection:
        for table, found in rows:
            connection.execute(insert(table), found)
