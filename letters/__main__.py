"""Preview for whoever writes a letter: `python -m letters guardian_code --out x.pdf`.

With `--mail` the subject and the text are printed and the HTML is written; `--children 3` repeats the sample child.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from . import codec
from .errors import LettersError
from .files import whole_file
from .kinds import KINDS
from .mail import FOLDERS, render_mail
from .render import render
from .samples import sample_letter, sample_mail


def main(arguments: list[str] | None = None) -> int:
    """Returns the exit code: 0 written, 2 not."""
    options = _parser().parse_args(arguments)
    try:
        written = _mail(options.name) if options.mail else _letter(options.name, options.children)
        with whole_file(options.out) as out:
            out.write(written)
    except (LettersError, OSError) as problem:
        print(problem, file=sys.stderr)
        return 2
    print(options.out, file=sys.stderr)
    return 0


def _parser() -> argparse.ArgumentParser:
    about = "Aperçu d'un courrier avec des personnes inventées."
    parser = argparse.ArgumentParser("python -m letters", description=about)
    parser.add_argument("name", choices=sorted({*KINDS, *FOLDERS.values()}), help="le dossier du courrier")
    parser.add_argument("--out", type=Path, required=True, help="le fichier à écrire (PDF, ou HTML avec --mail)")
    parser.add_argument("--mail", action="store_true", help="le courriel au lieu du courrier")
    parser.add_argument("--children", type=int, default=1, help="nombre d'enfants")
    return parser


def _letter(name: str, children: int) -> bytes:
    if name not in KINDS:
        raise LettersError(f"{name} n'existe qu'en courriel : ajoutez --mail.")
    one = codec.dump(sample_letter(name)).get("children")
    if one is None:
        return render(sample_letter(name))
    return render(sample_letter(name, children=one * children))


def _mail(name: str) -> bytes:
    body = render_mail(sample_mail(next(kind for kind, folder in FOLDERS.items() if folder == name)))
    print(f"{body.subject}\n\n{body.text}")
    return body.html.encode()


if __name__ == "__main__":
    sys.exit(main())
