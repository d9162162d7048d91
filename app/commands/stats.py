"""`run.py stats`: the statistics of codes of one school, or of several, and the same as a spreadsheet."""

from __future__ import annotations

import gettext
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from app.access.statistics import Figures, SchoolStatistics, school_statistics
from app.access.statistics_rows import Holder
from app.access.statistics_sheets import TITLES, school_columns, school_rows, table_columns, table_rows
from app.commands.base import Result, speaks_json
from app.commands.instance import open_instance, school_of
from app.core.errors import BadInput
from app.core.scope import school_scope
from app.exchange.spreadsheets import SheetColumn, write_book
from config import ROOT

HOLDERS: tuple[Holder, ...] = ("pupil", "guardian")
SAID: dict[Holder, str] = {"pupil": "élèves", "guardian": "responsables"}
Found = dict[Holder, list[SchoolStatistics]]
Sheet = tuple[str, Sequence[SheetColumn], Iterable[tuple[Any, ...]]]


@click.command()
@click.argument("uai", nargs=-1, required=True)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), metavar="XLSX",
              help="Où écrire le classeur : les tableaux d'un établissement, ou une ligne pour chacun.")
@speaks_json
def stats(uai: tuple[str, ...], out: Path | None) -> Result:
    """Compte les codes d'activation : élèves, responsables, refus, codes notifiés, comptes créés."""
    if out is not None and not out.resolve().parent.is_dir():
        raise BadInput(f"Le dossier de {out} n'existe pas.", hint="Créez-le, ou donnez un autre chemin à --out.")
    open_instance()
    found: Found = {holder: [] for holder in HOLDERS}
    for place in [school_of(one) for one in dict.fromkeys(code.strip().upper() for code in uai)]:
        with school_scope(place.id):
            for holder in HOLDERS:
                counted = school_statistics(holder, place.id)
                assert counted is not None, "the school was found a moment ago"
                found[holder].append(counted)
    if out is not None:
        with out.open("wb") as file:
            write_book(file, [_sheet(holder, found[holder]) for holder in HOLDERS])
    schools = [_as_json(*pair) for pair in zip(*(found[holder] for holder in HOLDERS), strict=True)]
    told = [f"Classeur : {out}"] if out else []
    return Result({"schools": schools, "out": str(out) if out else None}, [*_in_words(found), *told])


def _sheet(holder: Holder, found: list[SchoolStatistics]) -> Sheet:
    """The tables of one school; of several, a line for each."""
    title = french(TITLES[holder])
    if len(found) == 1:
        return title, table_columns(holder, french), table_rows(holder, found[0], french)
    lines = [one.school for one in found]
    return title, school_columns(holder, french), school_rows(holder, lines, french)


def french(label: Any) -> str:
    """A label of the screens in French: a command has no reader's language."""
    catalogue = gettext.translation("messages", str(ROOT / "translations"), languages=["fr"])
    return catalogue.gettext(label._args[0])  # the message id of a lazy string


def _as_json(pupils: SchoolStatistics, guardians: SchoolStatistics) -> dict[str, Any]:
    school = pupils.school
    return {"uai": school.uai, "name": school.name, "kind": school.kind, "pupils": _figures(pupils.school.figures),
            "guardians": _figures(guardians.school.figures)}  # fmt: skip


def _figures(line: Figures) -> dict[str, Any]:
    shares = {name: getattr(line, name) for name in ("accounts_share", "accounts_year_share", "reached_share")}
    return asdict(line) | {name: None if share is None else float(share) for name, share in shares.items()}


def _in_words(found: Found) -> list[str]:
    lines = []
    for holder in HOLDERS:
        for one in found[holder]:
            line = one.school.figures
            share = "" if line.accounts_share is None else f" ({line.accounts_share.normalize():f} %)".replace(".", ",")
            lines.append(f"{one.school.uai} : {line.people} {SAID[holder]}, {line.refused} refus, {line.notified} "
                         f"codes notifiés, {line.accounts} comptes créés{share}.")  # fmt: skip
    return lines
