"""Who would be notified, and how, before anything is sent (M084–M088, M091)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from app.access.models import ActivationCode
from app.access.queries import Couple, Selection, codes_on_their_way, couples, one_couple, year_start
from app.core.errors import BadInput, Conflict

Mode = Literal["email", "paper"]
Only = Literal["new", "no-account", "all"]
NO_SERVICE = (
    "Attention — Aucun téléservice n'est ouvert dans votre établissement, la liste des téléservices dans les "
    "courriers sera donc vide !!"
)
MODE_LABELS = {"email": "Mél", "paper": "Courrier", "unknown": "Inconnu"}


class NobodyToNotify(Conflict):
    """Nothing in the selection is left to notify (M088)."""

    code = "nobody_to_notify"

    def __init__(self) -> None:
        super().__init__("Attention — Aucun couple élève / responsable n'existe pour cette sélection")


@dataclass(frozen=True, slots=True)
class NotifyRequest:
    """The filters of the notification desk (M084, M085)."""

    selection: Selection = field(default_factory=Selection)
    ranks: tuple[int, ...] = (1, 2)
    modes: tuple[Mode, ...] = ("email", "paper")
    only: Only = "new"
    couple: tuple[int, int] | None = None  # this guardian and this pupil alone, whatever was sent before (M097)

    def __post_init__(self) -> None:
        if not self.modes or not set(self.modes) <= {"email", "paper"}:
            raise BadInput("Cochez au moins un mode de transmission : courrier électronique ou document papier.")
        if not self.ranks or not set(self.ranks) <= {1, 2}:
            raise BadInput("Cochez au moins une qualité : légal 1 ou légal 2.")
        if self.only not in ("new", "no-account", "all"):
            raise BadInput("Choisissez qui notifier : non notifiés, sans compte, ou tous.")

    def as_params(self) -> dict[str, Any]:
        """What a job keeps of it: choices and ids only."""
        return {
            "population": self.selection.population,
            "id": self.selection.id,
            "ranks": list(self.ranks),
            "modes": list(self.modes),
            "only": self.only,
            "couple": self.couple and list(self.couple),
        }

    @classmethod
    def from_params(cls, params: dict[str, Any]) -> NotifyRequest:
        """The request a job was given."""
        selection = Selection(params["population"], params["id"])
        couple = params.get("couple")
        return cls(selection, tuple(params["ranks"]), tuple(params["modes"]), params["only"],
                   tuple(couple) if couple else None)  # fmt: skip


@dataclass(slots=True)
class Message:
    """What one guardian gets: every child's code in a single letter or mail (M091). `mode` None = unreachable;
    `since` is the start of the school year."""

    mode: Mode | None
    couples: list[Couple]
    since: date

    @property
    def guardian(self) -> Any:
        """The addressee."""
        return self.couples[0].guardian

    @property
    def continuity(self) -> bool:
        """Whether it is the continuity letter: once, the year of the change of school, and only when all the children
        it names are carried over (M092)."""
        return all(first_continued(couple.code, self.since) for couple in self.couples)


@dataclass(slots=True)
class Plan:
    """The messages in the order of divisions, and how many go by each mode."""

    messages: list[Message]

    @property
    def counts(self) -> Counter[str]:
        """Messages by mode; `unreachable` for those with neither address."""
        return Counter(message.mode or "unreachable" for message in self.messages)

    @property
    def to_send(self) -> list[Message]:
        """The messages that have somewhere to go."""
        return [message for message in self.messages if message.mode]


def make_plan(request: NotifyRequest) -> Plan:
    """One message per guardian of the selection, with all their children's codes that the filter lets through.

    A guardian picked through one class gets one letter for the children of the other classes too; a code whose mail
    is still in the outbox is left out. Raises `NobodyToNotify` (M088) when the filter leaves nobody.
    """
    if request.couple is not None:
        return _of_one_couple(request)
    on_their_way = codes_on_their_way()

    def taken(couple: Couple) -> bool:
        return wanted(couple, request.only) and couple.code is not None and couple.code.id not in on_their_way

    chosen = [c for c in couples(request.selection) if c.rank in request.ranks and taken(c)]
    if not chosen:
        raise NobodyToNotify()
    whole_school = chosen if request.selection.population == "all" else couples(Selection())
    picked = {couple.guardian.id for couple in chosen}
    return Plan(_messages((c for c in whole_school if c.guardian.id in picked and taken(c)), request))


def _of_one_couple(request: NotifyRequest) -> Plan:
    found = one_couple(*request.couple) if request.couple else None
    if found is None or not wanted(found, "all"):
        raise NobodyToNotify()
    return Plan(_messages([found], request))


def continued(code: ActivationCode | None, since: date) -> bool:
    """A code that joined, this school year, an account made in another school (M082)."""
    return code is not None and code.carried_over_on is not None and code.carried_over_on >= since


def first_continued(code: ActivationCode | None, since: date) -> bool:
    """The same, while its letter has not gone yet."""
    return code is not None and continued(code, since) and code.notified_on is None


def wanted(couple: Couple, only: Only) -> bool:
    """Whether the filter lets a couple through: not notified; notified but no account; all valid codes (M084, M090)."""
    code = couple.code
    if code is None or couple.refused:
        return False
    if only == "new":
        return code.notified_on is None
    return only == "all" or (code.notified_on is not None and code.account_id is None)


def _messages(chosen: Iterable[Couple], request: NotifyRequest) -> list[Message]:
    by_guardian: dict[int, Message] = {}
    since = year_start()
    for couple in chosen:
        message = by_guardian.setdefault(couple.guardian.id, Message(mode_for(couple.guardian, request), [], since))
        message.couples.append(couple)
    return list(by_guardian.values())


def mode_for(guardian: Any, request: NotifyRequest) -> Mode | None:
    """E-mail first where ticked and known, else paper where ticked and a postal address is known (M086, M087). An
    address that was refused, or that a letter came back from, is none until it changes."""
    if "email" in request.modes and guardian.mailable:
        return "email"
    if "paper" in request.modes and guardian.postable:
        return "paper"
    return None
