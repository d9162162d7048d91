"""Légal 1, légal 2: the two generations of guardian links, brought to one (FORMATS §3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from app.exchange.records import GuardianLinkRecord

LEGAL, CONTACT = 1, 3
LEVELS = {"1": 1, "2": 2, "3": 3}
OLD_RANKS = {"1": 1, "2": 2}


class RawLink(NamedTuple):
    """RESPONSABLE_ELEVE as read; `level` is NIVEAU_RESPONSABILITE, `legal` the older RESP_LEGAL."""

    guardian_id: str
    pupil_id: str
    kinship: str | None
    level: str | None
    legal: str | None
    pays: bool
    line: int | None


class Doubt(NamedTuple):
    """A legal guardian who gets no rank, and why."""

    link: RawLink
    reason: str


def is_readable(link: RawLink) -> bool:
    """Whether the link says, in one generation or the other, what the guardian is."""
    return link.level in LEVELS or (link.level is None and link.legal in ("0", "1", "2"))


def rank_links(links: Sequence[RawLink]) -> tuple[list[GuardianLinkRecord], list[Doubt]]:
    """The links of one pupil with their ranks.

    New generation: among level 1, the one who pays school fees is légal 1, else the first met; the next is
    légal 2; a third stays level 1 without rank. Old generation: RESP_LEGAL; of two equal ones the first is kept.
    """
    ranks = _ranks_of_levels(links) | _ranks_of_legal(links)
    doubts = [Doubt(link, _reason(link)) for link in links if _is_legal(link) and ranks.get(link.guardian_id) is None]
    made = [
        GuardianLinkRecord(link.guardian_id, link.pupil_id, ranks.get(link.guardian_id), _level(link), link.kinship)
        for link in links
    ]
    return made, doubts


def _ranks_of_levels(links: Sequence[RawLink]) -> dict[str, int]:
    legal = [link for link in links if link.level == "1"]
    payer = next((link for link in legal if link.pays), None)
    ordered = sorted(legal, key=lambda link: link is not payer)  # stable: the order of the file otherwise
    return {link.guardian_id: rank for rank, link in enumerate(ordered[:2], start=1)}


def _ranks_of_legal(links: Sequence[RawLink]) -> dict[str, int]:
    taken: dict[int, str] = {}
    for link in links:
        rank = OLD_RANKS.get(link.legal or "") if link.level is None else None
        if rank:
            taken.setdefault(rank, link.guardian_id)
    return {guardian: rank for rank, guardian in taken.items()}


def _is_legal(link: RawLink) -> bool:
    return _level(link) == LEGAL


def _level(link: RawLink) -> int:
    if link.level is not None:
        return LEVELS[link.level]
    return LEGAL if link.legal in OLD_RANKS else CONTACT


def _reason(link: RawLink) -> str:
    if link.level is None:
        return f"l'élève a déjà un responsable légal {link.legal}"
    return "l'élève a déjà deux représentants légaux"
