"""Whether a wording is the same for a whole school, so that its page is laid out once and filled (`../stencils.py`).

A stencil holds tokens where families differ. A wording that compares, changes or prints one of those facts itself, in
a line that then breaks elsewhere, is laid out letter by letter instead: slower and always right.
"""

from __future__ import annotations

from jinja2 import nodes

from .language import read
from .texts import Text

# What is part of a letter's shape, and so the same on its stencil and on the letter.
OF_SCHOOL = ("school", "portal", "protection", "place", "written_on", "starts_on", "services")
OF_GUARDIAN = ("title", "salutation")


def same_for_all(text: Text, source: str) -> bool:
    """False as soon as the wording says or asks more of a family than how many children there are and whether each
    has a code."""
    return _steady(read(source), {text.variable: text.variable})


def _steady(node: nodes.Node, names: dict[str, str]) -> bool:
    """`names` are what loops call things: « child » for one of the children, « fact » for what is the school's."""
    if isinstance(node, nodes.For):
        over = _path(node.iter)
        item = "child" if over[1:] == ("children",) and names.get(over[0]) == "letter" else "fact"
        if item == "fact" and not _steady(node.iter, names):
            return False
        target = node.target.name if isinstance(node.target, nodes.Name) else ""
        inside = names | {target: item}
        parts = [*node.body, *([node.test] if node.test is not None else [])]
        return all(_steady(part, inside) for part in parts) and all(_steady(part, names) for part in node.else_)
    if isinstance(node, (nodes.If, nodes.CondExpr)):
        if _has_code(node.test, names):
            rest = [child for child in node.iter_child_nodes() if child is not node.test]
            return all(_steady(child, names) for child in rest)
    elif isinstance(node, nodes.Filter) and node.node is not None and _of_children(node, names):
        return True
    elif isinstance(node, (nodes.Getattr, nodes.Getitem, nodes.Name)):
        return _of_shape(_path(node), names)
    return all(_steady(child, names) for child in node.iter_child_nodes())


def _has_code(node: nodes.Node, names: dict[str, str]) -> bool:
    """« if child.code »: a stencil has a token exactly where there is one."""
    if isinstance(node, nodes.Not):
        return _has_code(node.node, names)
    path = _path(node)
    if path[1:] == ("pupil", "code"):
        return names.get(path[0]) == "letter"
    return path[1:] == ("code",) and names.get(path[0]) == "child"


def _of_children(node: nodes.Filter, names: dict[str, str]) -> bool:
    """« letter.children | length », « … | selectattr("code") | list | length »."""
    inner: nodes.Node | None
    if node.name in ("length", "list"):
        inner = node.node
    elif node.name == "selectattr":
        given = [argument.value for argument in node.args if isinstance(argument, nodes.Const)]
        inner = node.node if given == ["code"] and len(node.args) == 1 else None
    else:
        inner = None
    if isinstance(inner, nodes.Filter):
        return _of_children(inner, names)
    if inner is None:
        return False
    path = _path(inner)
    return path[1:] == ("children",) and names.get(path[0]) == "letter"


def _of_shape(path: tuple[str, ...], names: dict[str, str]) -> bool:
    owner = names.get(path[0]) if path else None
    if owner == "letter":
        of_guardian = path[1:2] == ("guardian",) and path[2:3] and path[2] in OF_GUARDIAN
        return bool(of_guardian or (path[1:2] and path[1] in OF_SCHOOL))
    return bool(path) and owner != "child"


def _path(node: nodes.Node) -> tuple[str, ...]:
    """« letter.guardian.name » as its names; nothing for what is no plain path."""
    if isinstance(node, nodes.Name):
        return (node.name,)
    if isinstance(node, nodes.Getattr):
        before = _path(node.node)
        return (*before, node.attr) if before else ()
    if isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str):
        before = _path(node.node)
        return (*before, node.arg.value) if before else ()
    return ()
