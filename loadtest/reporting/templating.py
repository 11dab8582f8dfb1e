"""Where the templates of a report come from, and what is done to each text in them."""

from __future__ import annotations

import functools
import re

import jinja2
from markupsafe import Markup


@functools.cache
def environment() -> jinja2.Environment:
    """Return where templates come from; what they print is escaped."""
    return jinja2.Environment(
        loader=jinja2.PackageLoader("loadtest.reporting"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
        finalize=_keep_units_together,
    )


_UNIT = re.compile(r"(?<=\d) (?=(?:%|ms|s|min|h)(?![A-Za-z]))")


def _keep_units_together(value: object) -> object:
    """Keep a number and its unit on one line. Pictures and style sheets are left as they are."""
    if isinstance(value, str) and not value.lstrip().startswith("<"):
        joined = _UNIT.sub("\u00a0", value)
        return Markup(joined) if isinstance(value, Markup) else joined  # noqa: S704
    return value
