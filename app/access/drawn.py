"""One letter or one mail drawn with the words that are in force: the academy's own, else the product's (M137–M140)."""

from __future__ import annotations

from app.access.facts import LetterFacts
from app.core.errors import Conflict
from letters.errors import LettersError
from letters.mail import MailBody, render_mail
from letters.render import render
from letters.types import Facts, GuardianCodeMail

HINT = "Si le texte est celui de l'académie, signalez-le-lui ; sinon corrigez la fiche."


def drawn_letter(facts: LetterFacts, letter: Facts) -> bytes:
    """A letter as PDF. Raises `Conflict` with the reason when it cannot be."""
    try:
        return render(letter, own=facts.own_words)
    except LettersError as error:
        raise Conflict(str(error), hint=HINT) from error


def drawn_mail(facts: LetterFacts, mail: GuardianCodeMail) -> MailBody:
    """A mail's body. Raises `Conflict` with the reason when it cannot be: it does not leave with other words."""
    own = facts.words_for(mail)
    try:
        return render_mail(mail, own=own)
    except LettersError as error:
        blamed = "Texte adapté par l'académie" if own is not None else "Courriel"
        raise Conflict(f"{blamed} : {error}", hint=HINT) from error
