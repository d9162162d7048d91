"""A definition as a text table and as Mermaid, for the terminal and the documentation."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from app.workflow.definition import HOLDER, SYSTEM, Definition, Transition, Use

Who = Callable[[Transition, str], str]  # who takes a transition, in words of a language

HEADINGS = {
    "fr": ("Transition", "De", "Vers", "Qui", "Conditions", "Effets"),
    "en": ("Transition", "From", "To", "Who", "Conditions", "Effects"),
}
WHO = {
    "fr": {SYSTEM: "l'application", HOLDER: "le titulaire du compte", "auto": "suit les données"},
    "en": {SYSTEM: "the application", HOLDER: "the account's holder", "auto": "follows the data"},
}
UNLESS = {"fr": "sauf si", "en": "unless"}
ASKS = {"fr": "motif demandé", "en": "reason asked"}


def who(transition: Transition, locale: str = "fr") -> str:
    """Who takes a transition: the permissions it asks for, as the file names them."""
    words = WHO[locale]
    return words["auto"] if transition.auto else ", ".join(words.get(entry, entry) for entry in transition.allowed)


def who_by(holders: Callable[[Transition], list[str]]) -> Who:
    """`who` for people: instead of permissions, those who hold one of them, as `holders` calls them."""

    def named(transition: Transition, locale: str = "fr") -> str:
        words = WHO[locale]
        if transition.auto:
            return words["auto"]
        return ", ".join([*holders(transition), *(words[entry] for entry in transition.allowed if entry in words)])

    return named


def table(definition: Definition, locale: str = "fr", people: Who = who) -> str:
    """One line per transition: readable as text and as Markdown."""
    return grid([HEADINGS[locale], *(_row(definition, t, locale, people) for t in definition.transitions.values())])


def grid(rows: Sequence[Sequence[str]]) -> str:
    """Columns aligned between `|`; the first row is the heading."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [" | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    rule = " | ".join("-" * width for width in widths)
    return "\n".join(f"| {line} |" for line in (lines[0], rule, *lines[1:]))


def mermaid(definition: Definition, locale: str = "fr") -> str:
    """A Mermaid state diagram."""
    lines = ["stateDiagram-v2"]
    for state in definition.states.values():
        lines.append(f'    state "{state.label.text(locale)}" as {state.name}')
    lines.append(f"    [*] --> {definition.initial}")
    for transition in definition.transitions.values():
        for source, target in transition.moves.items():
            lines.append(f"    {source} --> {target}: {transition.label.text(locale)}")
    lines += [f"    {state.name} --> [*]" for state in definition.states.values() if state.final]
    return "\n".join(lines)


def _row(definition: Definition, transition: Transition, locale: str, people: Who) -> tuple[str, ...]:
    sources, targets = (
        ", ".join(definition.states[name].label.text(locale) for name in names)
        for names in (transition.sources, transition.targets)
    )
    hurdles = [*_named(transition.requires), *(f"{UNLESS[locale]} {name}" for name in _named(transition.unless))]
    hurdles += [ASKS[locale]] if transition.ask else []
    effects = _named(transition.then)
    label = transition.label.text(locale)
    return (label, sources, targets, people(transition, locale), ", ".join(hurdles), ", ".join(effects))


def _named(uses: tuple[Use, ...]) -> list[str]:
    """`areas_complete(minimum=3)`."""
    parameters = (", ".join(f"{key}={value}" for key, value in use.parameters.items()) for use in uses)
    return [f"{use.name}({given})" if given else use.name for use, given in zip(uses, parameters, strict=True)]
