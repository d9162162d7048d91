"""The demo's files, read back: exact counts, the same bytes for the same seed, and nothing wrong in them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from app.exchange.demo import DemoFiles, write_demo
from app.exchange.identifiers import uai_is_valid
from app.exchange.readers import read_file
from app.exchange.records import (
    AssignmentRecord,
    DivisionRecord,
    GuardianRecord,
    Line,
    NamedGuardianRecord,
    PlacementRecord,
    PupilRecord,
    StaffRecord,
)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> DemoFiles:
    return write_demo(tmp_path_factory.mktemp("demo"), year=2026)


def test_college_has_exactly_the_people_promised(demo: DemoFiles) -> None:
    pupils, guardians, staff = (list(read_file(path)) for path in demo.college.files)
    assert sum(isinstance(item, PupilRecord) for item in pupils) == 815
    assert len({item.division for item in pupils if isinstance(item, PlacementRecord)}) == 32
    links = [link for item in guardians if isinstance(item, GuardianRecord) for link in item.links]
    assert sum(link.rank is not None for link in links) == 1552
    assert len({link.guardian_id for link in links if link.rank}) == 1487
    teachers = [item for item in staff if isinstance(item, StaffRecord) and item.function == "ENS"]
    assert (len(teachers), sum(isinstance(item, DivisionRecord) for item in staff)) == (50, 32)
    assert sum(isinstance(item, AssignmentRecord) and item.is_class_teacher for item in staff) == 32


def test_college_is_varied_like_a_real_one(demo: DemoFiles) -> None:
    people = [item for item in read_file(demo.college.files[1]) if isinstance(item, GuardianRecord)]
    legal = [person for person in people if any(link.rank for link in person.links)]
    assert 0.55 < sum(bool(person.email) for person in legal) / len(legal) < 0.65
    assert any(person.country for person in people)
    assert any(len(person.links) > 1 for person in legal)
    assert any(link.level == 3 for person in people for link in person.links)
    homes = Counter((p.address1, p.city) for p in legal)
    assert 200 < sum(n == 1 for n in homes.values()) < len(legal)  # couples together, and parents apart


def test_ecole_has_eleven_classes(demo: DemoFiles) -> None:
    pupils, guardians, staff = (list(read_file(path)) for path in demo.ecole.files)
    assert sum(isinstance(item, PupilRecord) for item in pupils) == demo.ecole.pupils
    assert sum(isinstance(item, DivisionRecord) for item in pupils) == 11
    assert sum(isinstance(item, NamedGuardianRecord) for item in guardians) > 400
    assert sum(isinstance(item, StaffRecord) for item in staff) == 11


def test_nothing_in_it_is_blocking(demo: DemoFiles) -> None:
    found = [item for path in demo.college.files + demo.ecole.files for item in read_file(path)]
    lines = [item for item in found if isinstance(item, Line)]
    assert {line.severity for line in lines} <= {"alert"}
    assert len(lines) < 20


def test_identifiers_and_addresses_are_of_nobody(demo: DemoFiles) -> None:
    assert uai_is_valid(demo.college.uai)
    assert uai_is_valid(demo.ecole.uai)
    people = [item for item in read_file(demo.college.files[1]) if isinstance(item, GuardianRecord)]
    assert all(person.email is None or person.email.endswith("@courriel.example.org") for person in people)


def test_same_seed_same_bytes_other_seed_other_people(demo: DemoFiles, tmp_path: Path) -> None:
    again = write_demo(tmp_path / "a", year=2026)
    other = write_demo(tmp_path / "b", year=2026, seed=2)
    for one, two, three in zip(demo.college.files, again.college.files, other.college.files, strict=True):
        assert one.read_bytes() == two.read_bytes() != three.read_bytes()


@pytest.mark.parametrize("pupils", [1, 30, 400, 1200])
def test_any_size_is_read_back_whole(pupils: int, tmp_path: Path) -> None:
    demo = write_demo(tmp_path, pupils=pupils, year=2026)
    found = list(read_file(demo.college.files[0]))
    assert sum(isinstance(item, PupilRecord) for item in found) == pupils
    links = [
        link for item in read_file(demo.college.files[1]) if isinstance(item, GuardianRecord) for link in item.links
    ]
    assert {link.pupil_id for link in links} == {item.source_id for item in found if isinstance(item, PupilRecord)}
