"""Words in the languages of the screens, chosen when they are shown."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import get_locale

LANGUAGES = ("fr", "en")


@dataclass(frozen=True, slots=True)
class Label:
    """The same words in both languages; `str()` picks the reader's (French outside a request)."""

    fr: str
    en: str

    def text(self, locale: str | None = None) -> str:
        """The words in `locale`, or in the language of the request."""
        return self.en if (locale or reader_locale()) == "en" else self.fr

    def filled(self, **words: object) -> Label:
        """The same label with its `{blanks}` filled."""
        return Label(self.fr.format(**words), self.en.format(**words))

    def __str__(self) -> str:
        return self.text()


def reader_locale() -> str:
    """The language of whoever reads: the request's, else French."""
    locale = get_locale()
    return locale.language if locale and locale.language in LANGUAGES else "fr"
