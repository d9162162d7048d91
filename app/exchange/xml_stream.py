"""XML in a stream: one pass, flat memory, no DOCTYPE, no entity, no network; faults as `BadInput` with their line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from lxml import etree

from app.core.errors import BadInput
from app.exchange.packaging import EXPORT_AGAIN, Package

CHUNK = 64 << 10
MAX_RECORD = 4 << 20  # a single pupil never takes 4 MB
MAX_PROLOG = 1 << 20
OnBytes = Callable[[int], None]
kinds = etree.ErrorTypes


def records(package: Package, names: tuple[str, ...], on_bytes: OnBytes | None = None) -> Iterator[Any]:
    """The elements called `names`, complete, in the order of the file. Use each one before asking for the next.

    What was read is dropped after each chunk, whatever its name, so memory does not grow with the file.
    """
    parser = _parser(("end",), (*names, "PARAMETRES"))
    root, since = None, 0
    with package.stream() as stream:
        while chunk := stream.read(CHUNK):
            _feed(parser, chunk, package)
            since += len(chunk)
            for _, element in parser.read_events():
                since = 0
                if element.tag == "PARAMETRES":
                    root = element.getroottree().getroot()
                else:
                    yield element
            if root is not None:
                _drop_what_was_read(root, names)
            if since > MAX_RECORD and _inside_record(root, names):
                raise BadInput("Un enregistrement est démesuré.", file=package.name, hint=EXPORT_AGAIN)
            if on_bytes:
                on_bytes(len(chunk))
        _close(parser, package)
        for _, element in parser.read_events():
            if element.tag != "PARAMETRES":
                yield element


def read_prolog(package: Package, stop: tuple[str, ...]) -> tuple[Any, Any | None]:
    """The root element and PARAMETRES (None when absent before `stop`); refuses a DOCTYPE."""
    parser, fed, root, parameters = _parser(("start", "end"), None), 0, None, None
    with package.stream() as stream:
        while fed < MAX_PROLOG and (chunk := stream.read(CHUNK)):
            if fed == 0 and b"<!DOCTYPE" in _before_root(chunk):
                raise _doctype(package.name)
            fed += len(chunk)
            failure = _feed_softly(parser, chunk)
            for event, element in parser.read_events():
                if root is None:
                    root = element
                    if element.getroottree().docinfo.internalDTD is not None:
                        raise _doctype(package.name)
                if element.tag == "PARAMETRES" and event == "end":
                    parameters = element
                if parameters is not None or (event == "start" and element.tag in stop):
                    return root, parameters
            if failure is not None:
                raise _ill_formed(failure, package.name)
        _close(parser, package)
    return root, parameters


def _parser(events: tuple[str, ...], tag: tuple[str, ...] | None) -> Any:
    return etree.XMLPullParser(
        events=events,
        tag=tag,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )


def _feed(parser: Any, chunk: bytes, package: Package) -> None:
    failure = _feed_softly(parser, chunk)
    if failure is not None:
        raise _ill_formed(failure, package.name)


def _feed_softly(parser: Any, chunk: bytes) -> etree.XMLSyntaxError | None:
    try:
        parser.feed(chunk)
    except etree.XMLSyntaxError as error:
        return error
    return None


def _close(parser: Any, package: Package) -> None:
    try:
        parser.close()
    except etree.XMLSyntaxError as error:
        last = error.error_log.last_error  # the log is shared by all parsers: only its end is about this file
        if error.code == kinds.ERR_INTERNAL_ERROR and last is not None and last.type == kinds.ERR_UNDECLARED_ENTITY:
            message = "Le fichier est mal formé (entité inconnue)."
            raise BadInput(message, file=package.name, line=last.line, hint=EXPORT_AGAIN) from error
        raise BadInput(
            "Le fichier est tronqué : sa fin manque.",
            file=package.name,
            line=_line_of(error),
            hint="Téléchargez-le à nouveau en entier, puis recommencez.",
        ) from error


def _drop_what_was_read(root: Any, names: tuple[str, ...]) -> None:
    """Forget every closed element; only the branch still being read stays."""
    node = root
    while len(node) and node.tag not in names:
        del node[:-1]
        node = node[-1]


def _inside_record(root: Any, names: tuple[str, ...]) -> bool:
    node = root
    while node is not None and node.tag not in names and len(node):
        node = node[-1]
    return node is None or node.tag in names


def _before_root(chunk: bytes) -> bytes:
    """The first bytes, without the zeros of UTF-16."""
    return chunk[: 16 << 10].replace(b"\x00", b"").upper()


def _doctype(name: str) -> BadInput:
    return BadInput(
        "Le fichier déclare un DOCTYPE, ce qu'aucun export de SIECLE ni de STS ne fait : il n'a pas été lu.",
        file=name,
        hint="Déposez le fichier tel que SIECLE ou STS l'a produit.",
    )


def _ill_formed(error: etree.XMLSyntaxError, name: str) -> BadInput:
    line = _line_of(error)
    if error.code in (kinds.ERR_UNKNOWN_ENCODING, kinds.ERR_UNSUPPORTED_ENCODING):
        return BadInput(
            "L'encodage annoncé en tête du fichier est inconnu.",
            file=name,
            line=line,
            hint="Les exports de SIECLE sont en ISO-8859-15 ; UTF-8 est accepté. Refaites l'export.",
        )
    if error.code == kinds.ERR_INVALID_ENCODING:
        return BadInput(
            "Le contenu ne correspond pas à l'encodage annoncé en tête du fichier.",
            file=name,
            line=line,
            hint="Le fichier a sans doute été enregistré à nouveau par un autre logiciel. " + EXPORT_AGAIN,
        )
    return BadInput(
        f"Le fichier est mal formé ({error.msg}).",
        file=name,
        line=line,
        hint="Le fichier a été modifié ou mal transmis. " + EXPORT_AGAIN,
    )


def _line_of(error: etree.XMLSyntaxError) -> int | None:
    return error.lineno or None
