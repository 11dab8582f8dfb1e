"""Which parts of a script k6 runs as Artillery does, and why not the others."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import cast

from loadtest.engine.generators.translation.parts import (
    EXPECTATIONS,
    FUNCTIONS,
    POOL,
    FoundPart,
)

REFUSED: Mapping[str, str] = {
    **FUNCTIONS,
    **EXPECTATIONS,
    "plugins.fake-data": "k6 has no such data: put it into a payload file",
    "http.cookieJarOptions": "k6 has its own rules for cookies: remove it",
    "http.distributedTracing": "k6 sends no `traceparent` here: write it below `headers`",
    "http.pool": POOL,
    "step.parallel": "a user of k6 does one thing after the other: write the steps below each other",
    "step.limit": "it belongs to `parallel`, which k6 does not run",
    "request.formData": "k6 sends no multipart forms here: use `form`, `json` or `body`",
    "request.setContentLengthHeader": "it belongs to `formData`, which k6 does not send",
}
"""Why k6 does not run a part, by its name; `test_parts.py` holds the names against the schema."""
_JSON_PATH = re.compile(r"""\$?(?:\.\.|\.?\*|\[\*\]|\.?[\w$-]+|\[\d+\]|\['[^']*'\]|\["[^"]*"\])*""")


def judge(part: FoundPart) -> str | None:
    """Return why k6 does not run a part with this value; None if it does."""
    match part.name, part.value:
        case (("capture.json" | "match.json"), str() as path) if not _JSON_PATH.fullmatch(path):
            return (
                f"of JSONPath, `{path}` has more than names, numbers, `*` and `..`: capture what is "
                "around it, or run it with `--generator artillery`"
            )
        case "config.tls", dict() as options:
            other = [
                key for key in cast("dict[str, object]", options) if key != "rejectUnauthorized"
            ]
            return f"k6 takes no `{other[0]}` here, only `rejectUnauthorized`" if other else None
        case _:
            return None
