"""Finding a child by name: family name and first name, then usage name, then the class between homonyms."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from app.exchange.onde.table import fold
from app.exchange.records import ChildName


class KnownPupil(NamedTuple):
    """A pupil a guardian may be linked to."""

    source_id: str
    last_name: str
    usage_name: str | None
    first_name: str
    division: str | None


class PupilIndex:
    """Pupils by folded names."""

    def __init__(self, pupils: Iterable[KnownPupil]) -> None:
        self._by_family: dict[tuple[str, str], list[KnownPupil]] = defaultdict(list)
        self._by_usage: dict[tuple[str, str], list[KnownPupil]] = defaultdict(list)
        for pupil in pupils:
            self._by_family[fold(pupil.last_name), fold(pupil.first_name)].append(pupil)
            if pupil.usage_name:
                self._by_usage[fold(pupil.usage_name), fold(pupil.first_name)].append(pupil)

    def find(self, child: ChildName) -> list[KnownPupil]:
        """The pupils this may be: one = found, none or several = not linked. The class only separates homonyms."""
        first = fold(child.first_name)
        found = self._by_family.get((fold(child.last_name), first), [])
        if len(found) != 1 and child.usage_name:
            by_usage = self._by_usage.get((fold(child.usage_name), first), [])
            both = [pupil for pupil in found if pupil in by_usage]
            found = both or found or by_usage
        if len(found) > 1 and child.division:
            found = [pupil for pupil in found if fold(pupil.division or "") == fold(child.division)] or found
        return found
