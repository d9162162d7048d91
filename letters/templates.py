"""One sandboxed Jinja environment for letters and mails.

Wording will be editable by academies, so a template is not trusted: sandbox, autoescape in HTML, and an unknown
name is an error rather than a blank on paper.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import FileSystemLoader, StrictUndefined, select_autoescape
from jinja2.sandbox import ImmutableSandboxedEnvironment

from . import wording

ROOT = Path(__file__).resolve().parent
FONTS = ROOT / "fonts"


@lru_cache(maxsize=1)
def environment() -> ImmutableSandboxedEnvironment:
    """The only environment: text files are plain, everything else is escaped."""
    env = ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(ROOT),
        autoescape=select_autoescape(disabled_extensions=("txt", "css"), default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.filters.update(
        long_date=wording.long_date, listed=wording.listed, bare_address=wording.bare_address
    )
    return env


def fill(name: str, **facts: Any) -> str:
    """Render one template of this package."""
    return environment().get_template(name).render(**facts)
