"""Other tools' names for what Artillery computes in braces, and what to write instead."""

from __future__ import annotations

import difflib
import re
from functools import cache
from pathlib import Path
from typing import Final

FUNCTIONS: Final = ("$randomNumber", "$randomString")
"""Functions that Artillery brings."""
_FAKE_DATA: Final = Path(__file__).with_name("fake_data.txt")
"""Names of the functions of Artillery's plugin `fake-data`, one per line."""
_UUID: Final = "did you mean `{{ $uuid }}`?"
_NUMBER: Final = "did you mean `{{ $randomNumber(1, 100) }}`?"
_TIME: Final = (
    "set it in a function of a `processor`, such as `context.vars.now = Date.now()`, and write "
    "`{{ now }}`"
)
_CHOICE: Final = "each user gets one value of a list below `config.variables`, as `{{ name }}`"
_FAKE: Final = "fake data is of the plugin fake-data, such as `{{ $randEmail() }}`"
_INSTEAD: Final = {
    **dict.fromkeys(("randomint", "randominteger", "randint", "random", "randomnumber"), _NUMBER),
    **dict.fromkeys(("randomuuid", "guid", "randomguid", "uuidv4", "guuid", "uuid4"), _UUID),
    **dict.fromkeys(("randomitem", "randomelement", "randomchoice", "randomfromarray"), _CHOICE),
    **dict.fromkeys(("pick", "sample", "oneof", "choose", "choice", "randompick"), _CHOICE),
    **dict.fromkeys(("faker", "chance", "casual"), _FAKE),
}
_OF_TIME: Final = re.compile(
    r"(iso)?(current|unix|local|utc)?(now|today|timestamp|date|time|datetime|epoch|millis)(ms|iso\w*|utc)?",
    re.IGNORECASE,
)
"""As `$timestamp` of Postman, `$isoTimestamp`, `$datetime` of REST clients, `$now`."""


@cache
def fake_data() -> frozenset[str]:
    """Return the functions of the plugin `fake-data`, by the names that templates use."""
    return frozenset(f"${name}" for name in _FAKE_DATA.read_text(encoding="ascii").split())


def instead(name: str) -> str | None:
    """Return what to write instead of a name with `$`, as a clause; None if nobody can know."""
    plain = name.removeprefix("$")
    if found := _INSTEAD.get(plain.lower()):
        return found
    if _OF_TIME.fullmatch(plain):
        return _TIME
    close = difflib.get_close_matches(name, sorted({*FUNCTIONS, *fake_data()}), n=1, cutoff=0.75)
    if not close:
        return None
    whose = " of the plugin fake-data" if close[0] in fake_data() else ""
    return f"did you mean `{{{{ {close[0]}() }}}}`{whose}?"
