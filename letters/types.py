"""What a letter or a mail says, as frozen data: no database object ever reaches a template.

Every field is required, so a forgotten fact is a `TypeError` where the letter is made; a blank one is a
`LetterDataError`. What may truly be absent is typed `… | None` and still has to be said.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from datetime import date
from typing import Any, ClassVar
from urllib.parse import urlsplit

from .errors import LetterDataError

CODE = re.compile(r"[0-9A-Z]{4} - [0-9A-Z]{3} - [0-9A-Z]{3} - [0-9A-Z]{3}")
MAX_TEXT = 400
MAX_ADDRESS_LINES = 6
# Beyond this the symbol is too dense for a phone on 24 mm: the QR then holds the address alone.
MAX_CODES_IN_QR = 12


class Facts:
    """Base of everything below: refuses blank, oversized or mistyped text when the object is made. Texts are one line
    unless `keeps_lines`."""

    __slots__ = ()
    longest: ClassVar[int] = MAX_TEXT
    keeps_lines: ClassVar[bool] = False

    def __post_init__(self) -> None:
        for name in self.__dataclass_fields__:  # type: ignore[attr-defined]
            self._check(name, getattr(self, name))

    def _check(self, name: str, value: Any) -> None:
        if isinstance(value, tuple):
            for item in value:
                self._check(name, item)
        elif isinstance(value, str):
            if not value.strip():
                raise LetterDataError(f"{type(self).__name__}.{name} : texte vide.")
            if len(value) > self.longest:
                raise LetterDataError(f"{type(self).__name__}.{name} : plus de {self.longest} caractères.")
        elif value is None:
            if "None" not in str(self.__dataclass_fields__[name].type):  # type: ignore[attr-defined]
                raise LetterDataError(f"{type(self).__name__}.{name} : donnée manquante.")
        elif isinstance(value, int):
            if "int" not in str(self.__dataclass_fields__[name].type):  # type: ignore[attr-defined]
                raise LetterDataError(f"{type(self).__name__}.{name} : nombre inattendu.")
        elif not isinstance(value, (date, Facts)):
            raise LetterDataError(f"{type(self).__name__}.{name} : {type(value).__name__} inattendu.")


@dataclass(frozen=True, slots=True)
class SchoolBlock(Facts):
    """The sender (M137): academy, school, how to reach it, and who signs."""

    academy: str
    name: str
    uai: str
    address: tuple[str, ...]
    phone: str | None
    fax: str | None
    email: str | None
    head_title: str
    head_name: str | None

    @property
    def return_to(self) -> str:
        """Where a slip is sent back, on one line."""
        return ", ".join((self.name, *self.address))

    @property
    def contacts(self) -> tuple[str, ...]:
        """What is known among telephone and fax, labelled."""
        known = (("Tél.", self.phone), ("Télécopie", self.fax))
        return tuple(f"{label} {number}" for label, number in known if number)


@dataclass(frozen=True, slots=True)
class Recipient(Facts):
    """The guardian a letter goes to; `address` are the postal lines below the name."""

    title: str | None
    name: str
    address: tuple[str, ...]

    def __post_init__(self) -> None:
        Facts.__post_init__(self)
        if len(self.address) > MAX_ADDRESS_LINES:
            raise LetterDataError(f"Recipient.address : plus de {MAX_ADDRESS_LINES} lignes.")

    @property
    def full_name(self) -> str:
        return f"{self.title} {self.name}" if self.title else self.name

    @property
    def salutation(self) -> str:
        if self.title is None:
            return "Madame, Monsieur,"
        return {"Mme": "Madame", "M.": "Monsieur"}.get(self.title, self.title) + ","


@dataclass(frozen=True, slots=True)
class ChildRow(Facts):
    """One line of the table. `code` is None once it has served: used codes are never printed (M097). `refusals` are
    the short codes of the two slips: the guardian's own refusal, and the one for the pupil (M138)."""

    last_name: str
    first_name: str
    division: str
    code: str | None
    refusals: tuple[str, ...]

    def __post_init__(self) -> None:
        Facts.__post_init__(self)
        if self.code is not None and not CODE.fullmatch(self.code):
            raise LetterDataError("ChildRow.code : la forme attendue est « XXXX - XXX - XXX - XXX ».")

    @property
    def name(self) -> str:
        return f"{self.last_name} {self.first_name}"


@dataclass(frozen=True, slots=True)
class PortalFacts(Facts):
    """`url` is what people type; `activation_url` is the page that takes a code, with no fragment. When the way in is
    an ENT (M065), `ent` is its name, both addresses are its own, and no code goes into them."""

    url: str
    activation_url: str
    ent: str | None

    def __post_init__(self) -> None:
        Facts.__post_init__(self)
        for name in ("url", "activation_url"):
            parts = urlsplit(getattr(self, name))
            if parts.scheme not in {"http", "https"} or not parts.netloc or parts.fragment:
                raise LetterDataError(f"PortalFacts.{name} : adresse http(s) complète et sans fragment attendue.")


@dataclass(frozen=True, slots=True)
class DataProtection(Facts):
    """The facts the GDPR clause needs: who is responsible, whom to write to, how long data is kept."""

    controller: str
    officer: str
    retention: str


@dataclass(frozen=True, slots=True)
class GuardianCodeLetter(Facts):
    """The letter that brings a guardian the activation codes of all their children (M091, M112, M137, M138)."""

    reference: str
    school: SchoolBlock
    guardian: Recipient
    children: tuple[ChildRow, ...]
    place: str
    written_on: date
    starts_on: date
    portal: PortalFacts
    services: tuple[str, ...]
    protection: DataProtection

    def __post_init__(self) -> None:
        Facts.__post_init__(self)
        if not self.children:
            raise LetterDataError("GuardianCodeLetter.children : aucun enfant.")
        if not self.guardian.address:
            raise LetterDataError("GuardianCodeLetter.guardian : aucune adresse postale.")

    @property
    def activation_link(self) -> str:
        return activation_link(self.portal, self.children)


@dataclass(frozen=True, slots=True)
class GuardianContinuityLetter(GuardianCodeLetter):
    """The letter of who keeps the account made in another school of the academy (M139): the code joins it by itself."""


@dataclass(frozen=True, slots=True)
class PupilCodeLetter(Facts):
    """The letter that brings a pupil their own code: handed out in class, without address nor slip (M140)."""

    reference: str
    school: SchoolBlock
    pupil: ChildRow
    place: str
    written_on: date
    starts_on: date
    portal: PortalFacts
    services: tuple[str, ...]
    protection: DataProtection

    @property
    def children(self) -> tuple[ChildRow, ...]:
        """The one line of the table."""
        return (self.pupil,)

    @property
    def activation_link(self) -> str:
        return activation_link(self.portal, self.children, "eleve")


@dataclass(frozen=True, slots=True)
class PupilContinuityLetter(PupilCodeLetter):
    """The same for a pupil who keeps an account (M105, M139)."""


@dataclass(frozen=True, slots=True)
class PupilSlip(Facts):
    """One pupil's code on a page of slips."""

    name: str
    division: str
    code: str | None


SLIPS_ON_A_PAGE = 8


@dataclass(frozen=True, slots=True)
class PupilSlips(Facts):
    """A page of slips to cut, fold and hand out, when whole letters are too much paper (M102)."""

    reference: str
    school: SchoolBlock
    slips: tuple[PupilSlip, ...]
    starts_on: date
    portal: PortalFacts

    def __post_init__(self) -> None:
        Facts.__post_init__(self)
        if not 1 <= len(self.slips) <= SLIPS_ON_A_PAGE:
            raise LetterDataError(f"PupilSlips.slips : de 1 à {SLIPS_ON_A_PAGE} coupons par page.")


@dataclass(frozen=True, slots=True)
class GuardianCodeMail(Facts):
    """The same news by e-mail: the guardian's postal address is not needed."""

    reference: str
    school: SchoolBlock
    guardian: Recipient
    children: tuple[ChildRow, ...]
    written_on: date
    starts_on: date
    portal: PortalFacts
    services: tuple[str, ...]
    protection: DataProtection

    @property
    def activation_link(self) -> str:
        return activation_link(self.portal, self.children)


@dataclass(frozen=True, slots=True)
class GuardianContinuityMail(GuardianCodeMail):
    """The continuity letter by e-mail (M139)."""


@dataclass(frozen=True, slots=True)
class ConfirmAccountMail(Facts):
    """Sent by the portal once an account is made: the link is good for one week (M118)."""

    name: str
    school_names: tuple[str, ...]
    confirm_url: str
    expires_on: date
    portal_url: str


@dataclass(frozen=True, slots=True)
class ResetPassphraseMail(Facts):
    """Sent when a new pass-phrase is asked for: a link for one use, never a pass-phrase (M100, M122)."""

    name: str
    reset_url: str
    expires_on: date
    expires_at: str
    portal_url: str


@dataclass(frozen=True, slots=True)
class AccountChangedMail(Facts):
    """Sent when an account was changed, to the address it had before (M120). `what`: identifier, passphrase, email,
    attached, detached, questions; `detail` is the new identifier, the new address or the child."""

    name: str
    what: str
    detail: str | None
    changed_on: date
    changed_at: str
    portal_url: str


@dataclass(frozen=True, slots=True)
class NewAddressMail(Facts):
    """Sent to the address that is to be the account's from now on: a link for one use (M120)."""

    name: str
    confirm_url: str
    expires_on: date
    expires_at: str
    portal_url: str


@dataclass(frozen=True, slots=True)
class ForgottenIdentifierMail(Facts):
    """Sent to who forgot the identifier: those of the confirmed accounts with this address (M122)."""

    identifiers: tuple[str, ...]
    portal_url: str


class LongFacts(Facts):
    """Facts with what somebody wrote, line by line."""

    __slots__ = ()
    longest = 5000
    keeps_lines = True


@dataclass(frozen=True, slots=True)
class ContactMail(LongFacts):
    """What a family wrote to its school on the portal (M136): `form` is « message », or « copy » for the family, in
    which no address of the school stands, or « undelivered » when the school no longer receives messages. `answer_to`
    is the family's address."""

    subject: str
    senders: tuple[str, ...]
    pupils: tuple[str, ...]
    message: str
    school_name: str
    sent_on: date
    form: str
    answer_to: str | None
    portal_url: str


@dataclass(frozen=True, slots=True)
class InvitationMail(Facts):
    """Sent when the academy gives a colleague an account: a link for one use, own password, never one in the mail."""

    name: str
    username: str
    invited_by: str
    roles: tuple[str, ...]
    accept_url: str
    expires_on: date


@dataclass(frozen=True, slots=True)
class ReadableBooklet(Facts):
    """One booklet that a mail speaks of: whose, and which period."""

    pupil: str
    title: str


@dataclass(frozen=True, slots=True)
class BookletAvailableMail(Facts):
    """Sent to a guardian with an account once booklets can be read on the portal (C03). It carries no result."""

    school: SchoolBlock
    guardian: Recipient
    booklets: tuple[ReadableBooklet, ...]
    portal_url: str


@dataclass(frozen=True, slots=True)
class ToFillIn(Facts):
    """One thing left: class, what, on how many booklets, the page to fill it in, the last day of entry."""

    division: str
    what: str
    booklets: int
    url: str
    closes_on: date | None


@dataclass(frozen=True, slots=True)
class TeacherReminderMail(Facts):
    """Sent to a teacher at the end of a period: what stands against the lock of the booklets. It names no pupil."""

    school: SchoolBlock
    teacher: str
    period: str
    left: tuple[ToFillIn, ...]
    admin_url: str


Mail = (
    GuardianCodeMail | GuardianContinuityMail | ConfirmAccountMail | ResetPassphraseMail | InvitationMail
    | BookletAvailableMail | TeacherReminderMail | AccountChangedMail | NewAddressMail | ForgottenIdentifierMail
    | ContactMail
)  # fmt: skip


def compact(code: str) -> str:
    """« 0MQU - XR4 - 3E7 - KNC » → « 0MQUXR43E7KNC »."""
    return re.sub(r"[^0-9A-Z]", "", code)


def activation_link(portal: PortalFacts, children: tuple[ChildRow, ...], path: str = "") -> str:
    """The address a QR or a button opens. Codes go in the fragment, which no server log holds; nothing else does, and
    none go to an ENT. `path` names the form of pupils."""
    codes = [compact(child.code) for child in children if child.code]
    if not codes or portal.ent:
        return portal.url
    page = f"{portal.activation_url}/{path}" if path else portal.activation_url
    if len(codes) > MAX_CODES_IN_QR:
        return page
    return f"{page}#{'code' if len(codes) == 1 else 'codes'}={','.join(codes)}"


def field_names(kind: type) -> tuple[str, ...]:
    """The facts one of these classes asks for, in order."""
    return tuple(field.name for field in fields(kind))
