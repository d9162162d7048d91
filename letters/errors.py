"""What can go wrong between data and paper. Messages are French: they reach the report of a job as they are."""

from __future__ import annotations

import errno


class LettersError(Exception):
    """Any failure of this package; the text is fit to be shown."""


class LetterDataError(LettersError):
    """A letter lacks a fact, or holds one that cannot be printed; names the field."""


class RenderFailed(LettersError):
    """A letter could not be turned into a page; `letter` is its reference, `cause` the technical reason."""

    def __init__(self, letter: str, cause: str) -> None:
        super().__init__(f"Le courrier {letter} n'a pas pu être mis en page : {cause}.")
        self.letter = letter
        self.cause = cause


class Fault(Exception):
    """What is wrong with an academy's wording, in one French sentence without its full stop; `line` counts from 1,
    None when no line is to blame. Stays in the rendering process."""

    def __init__(self, said: str, line: int | None = None) -> None:
        super().__init__(said)
        self.said = said
        self.line = line


class NoSpaceLeft(LettersError, OSError):
    """The disk is full: nothing was written, the earlier file (if any) is untouched."""

    def __init__(self, path: object) -> None:
        super().__init__(
            f"Le disque est plein : le fichier {path} n'a pas été écrit. Libérez de la place puis relancez."
        )
        self.errno = errno.ENOSPC  # whoever only knows system errors understands it too
