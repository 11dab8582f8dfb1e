"""Where the report's templates are loaded from, and how their texts are escaped."""

from __future__ import annotations

import functools
import re

import jinja2
from markupsafe import Markup

from commandline.text import xml_text


@functools.cache
def environment() -> jinja2.Environment:
    """Return where templates come from; what they print is escaped."""
    return jinja2.Environment(
        loader=jinja2.PackageLoader("loadtest.reporting"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
        finalize=_printed,
    )


_UNIT = re.compile(r"(?<=\d) (?=(?:%|ms|s|min|h)(?![A-Za-z]))")


def _printed(value: object) -> object:
    """Make text fit for a page or a picture, which may not contain control characters.

    A number and its unit are kept on one line, but for pictures and style sheets.
    """
    if not isinstance(value, str):
        return value
    text = xml_text(value)
    if not value.lstrip().startswith("<"):
        text = _UNIT.sub("\u00a0", text)
    return Markup(text) if isinstance(value, Markup) else text  # noqa: S704
