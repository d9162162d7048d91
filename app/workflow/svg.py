"""A definition drawn: states are columns, every transition is a row with its arrow.

Rows cannot cross, so the drawing stays legible whatever the number of transitions, and it needs no other program.
Presentation attributes only: the pages' content security policy allows no inline style.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from app.workflow.definition import Definition, State, Transition
from app.workflow.drawing import Who, who


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of a drawing: ink is also `currentColor` in it; `fills` are surface and ink of each state colour."""

    ink: str
    faint: str
    line: str
    stripe: str
    fills: Mapping[str, tuple[str, str]]


LIGHT = Palette("#1c2230", "#5a6275", "#c9ced8", "#f2f4f8", {
    "grey": ("#eef0f3", "#4a5160"), "blue": ("#e3edfd", "#0b4aa2"), "green": ("#e2f4e7", "#14662f"),
    "orange": ("#fdf0dc", "#8a4b00"), "red": ("#fce6e6", "#a1161c"),
})  # fmt: skip
DARK = Palette("#e9edf7", "#aab5cf", "#4a5878", "#1f2941", {
    "grey": ("#2a3449", "#c2cade"), "blue": ("#17304f", "#a4cbff"), "green": ("#143523", "#86dba8"),
    "orange": ("#3d2d0e", "#f4c877"), "red": ("#451a20", "#ffa6ab"),
})  # fmt: skip
INK = "currentColor"
LETTER, SMALL = 7.4, 6.2  # widths of an average letter at 13 and 11 px, a little generous
TOP, ROW, BOX = 16, 46, 34
CREATED = {"fr": "création", "en": "creation"}


def svg(definition: Definition, locale: str = "fr", *, people: Who = who, palette: Palette = LIGHT) -> str:
    """The drawing, with its title and a description for those who hear it. `people` says who takes a transition."""
    plan = _Plan(definition, locale, people, palette)
    parts = [_frame_line(plan, number) for number in range(1, len(definition.transitions), 2)]
    parts += [_lifeline(plan, name) for name in definition.states]
    parts += [_box(plan, state) for state in definition.states.values()]
    parts.append(_birth(plan))
    for number, transition in enumerate(definition.transitions.values()):
        parts.append(_row(plan, transition, plan.row(number)))
    name = definition.name
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" class="workflow-drawing" '
        f'aria-labelledby="{name}-title {name}-desc" viewBox="0 0 {plan.width:.0f} {plan.height:.0f}" '
        f'width="{plan.width:.0f}" height="{plan.height:.0f}" font-family="sans-serif" font-size="13" '
        f'color="{palette.ink}">'
    )
    title = f'<title id="{name}-title">{escape(definition.label.text(locale))}</title>'
    desc = f'<desc id="{name}-desc">{escape(" ".join(_sentences(plan)))}</desc>'
    return "\n".join([head, title, desc, *filter(None, parts), "</svg>"])


class _Plan:
    """Where things are: one column per state, one row per transition."""

    def __init__(self, definition: Definition, locale: str, people: Who, colours: Palette) -> None:
        self.definition, self.locale, self.colours = definition, locale, colours
        self.who = {t.name: people(t, locale) for t in definition.transitions.values()}
        words = [(t.label.text(locale), self.who[t.name]) for t in definition.transitions.values()]
        self.gutter = 24 + max([len(a) * LETTER for a, _ in words] + [len(b) * SMALL for _, b in words] + [70.0])
        self.centre: dict[str, float] = {}
        self.box_width: dict[str, float] = {}
        left = self.gutter
        for state in definition.states.values():
            width = max(84.0, len(state.label.text(locale)) * LETTER + 24)
            self.centre[state.name], self.box_width[state.name] = left + width / 2, width
            left += width + 36
        self.width = left
        self.height = TOP + BOX + 24 + ROW * len(definition.transitions)

    def row(self, number: int) -> float:
        """The height of a transition's arrow."""
        return TOP + BOX + 24 + ROW * number + ROW / 2

    def text(self, state: State) -> str:
        """The state's name in the drawing's language."""
        return state.label.text(self.locale)


def _frame_line(plan: _Plan, number: int) -> str:
    top = plan.row(number) - ROW / 2
    return f'<rect x="0" y="{top:.1f}" width="{plan.width:.0f}" height="{ROW}" fill="{plan.colours.stripe}"/>'


def _lifeline(plan: _Plan, name: str) -> str:
    x = plan.centre[name]
    ends = f'x1="{x:.1f}" y1="{TOP + BOX}" x2="{x:.1f}" y2="{plan.height - 6:.1f}"'
    return f'<line {ends} stroke="{plan.colours.line}" stroke-width="1.5"/>'


def _box(plan: _Plan, state: State) -> str:
    fill, ink = plan.colours.fills[state.colour]
    x, width = plan.centre[state.name] - plan.box_width[state.name] / 2, plan.box_width[state.name]
    shape = _rectangle(x, TOP, width, BOX, f'rx="8" fill="{fill}" stroke="{ink}" stroke-width="1.5"')
    if state.final:  # a second border, as finite automata are drawn
        shape += _rectangle(x + 3.5, TOP + 3.5, width - 7, BOX - 7, f'rx="5" fill="none" stroke="{ink}"')
    words = _text(plan.centre[state.name], TOP + 22, plan.text(state), ink)
    return f'<g class="state state-{state.name}">{shape}{words}</g>'


def _birth(plan: _Plan) -> str:
    """The dot and arrow into the initial state."""
    end = plan.centre[plan.definition.initial] - plan.box_width[plan.definition.initial] / 2
    y, start = TOP + BOX / 2, end - 34
    dot = f'<circle cx="{start:.1f}" cy="{y}" r="5" fill="{INK}"/>'
    word = _text(start - 12, y + 4, CREATED[plan.locale], plan.colours.faint, anchor="end", size=11)
    return f"<g>{dot}{word}{_line(start, end - 1, y)}{_head(end - 1, y, 1)}</g>"


def _row(plan: _Plan, transition: Transition, y: float) -> str:
    words = _text(12, y - 3, transition.label.text(plan.locale), INK, anchor="start", weight="bold")
    words += _text(12, y + 12, plan.who[transition.name], plan.colours.faint, anchor="start", size=11)
    dashed = transition.auto
    arrows = ""
    for target in transition.targets:
        sources = [s for s, t in transition.moves.items() if t == target]
        arrows += _arrows([plan.centre[s] for s in sources if s != target], plan.centre[target], y, dashed)
        if target in sources:
            arrows += _loop(plan.centre[target], y)
    return f'<g class="transition transition-{transition.name}">{words}{arrows}</g>'


def _arrows(sources: Iterable[float], target: float, y: float, dashed: bool) -> str:
    """Dots where it may start, one arrow from each side into the target."""
    drawn = ""
    for direction in (1, -1):
        side = [x for x in sources if (target - x) * direction > 0]
        if side:
            farthest = min(side) if direction == 1 else max(side)
            drawn += _line(farthest, target - 3 * direction, y, dashed) + _head(target - 1.5 * direction, y, direction)
            drawn += "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" fill="{INK}"/>' for x in side)
    return drawn


def _loop(x: float, y: float) -> str:
    """An arrow that comes back to the same state."""
    path = f"M {x:.1f} {y - 7:.1f} C {x + 30:.1f} {y - 20:.1f} {x + 30:.1f} {y + 20:.1f} {x + 5:.1f} {y + 8:.1f}"
    head = f"M {x + 1.5:.1f} {y + 6:.1f} l 10 -0.5 l -4 8 z"
    dot = f'<circle cx="{x:.1f}" cy="{y - 7:.1f}" r="4.5" fill="{INK}"/>'
    return f'{dot}<path d="{path}" fill="none" stroke="{INK}" stroke-width="1.6"/><path d="{head}" fill="{INK}"/>'


def _line(start: float, end: float, y: float, dashed: bool = False) -> str:
    dash = ' stroke-dasharray="6 4"' if dashed else ""
    ends = f'x1="{start:.1f}" y1="{y:.1f}" x2="{end:.1f}" y2="{y:.1f}"'
    return f'<line {ends} stroke="{INK}" stroke-width="1.6"{dash}/>'


def _head(x: float, y: float, direction: int) -> str:
    return f'<path d="M {x:.1f} {y:.1f} l {-10 * direction} -5 l 0 10 z" fill="{INK}"/>'


def _rectangle(x: float, y: float, width: float, height: float, paint: str) -> str:
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" {paint}/>'


def _text(
    x: float, y: float, words: str, ink: str, *, anchor: str = "middle", size: int = 13, weight: str = "normal"
) -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor={quoteattr(anchor)}'
    return f'<text {place} font-size="{size}" font-weight="{weight}" fill="{ink}">{escape(words)}</text>'


def _sentences(plan: _Plan) -> list[str]:
    """The drawing in words: one sentence per transition."""
    found = []
    for transition in plan.definition.transitions.values():
        moves = ", ".join(
            f"{plan.text(plan.definition.states[source])} → {plan.text(plan.definition.states[target])}"
            for source, target in transition.moves.items()
        )
        found.append(f"{transition.label.text(plan.locale)} ({plan.who[transition.name]}) : {moves}.")
    return found
