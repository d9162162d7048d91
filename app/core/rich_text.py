"""HTML that people wrote: text, paragraphs, line ends and links to http(s) addresses, nothing else (M063).

The side that publishes cleans, and the side that shows cleans again: neither trusts what lies between.
"""

from __future__ import annotations

import nh3
from markupsafe import Markup

TAGS = {"a", "br", "p"}


def clean_html(html: str) -> Markup:
    """What may go into a page as it is."""
    if not html:
        return Markup()
    kept = nh3.clean(html, tags=TAGS, attributes={"a": {"href"}}, url_schemes={"http", "https"},
                     link_rel="noopener noreferrer nofollow")  # fmt: skip
    return Markup(kept)  # noqa: S704 - cleaned just above
