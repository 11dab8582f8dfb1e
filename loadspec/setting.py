"""The setting `haproof:loadProfile`: a profile's name, phases in words, the script's own, or no load."""

from __future__ import annotations

from loadspec import phases
from loadspec.phases import LoadSpecError

PROFILES = ("seed", "quick", "smoke")
"""The load profiles that have a name; `loadtest.profiles` has their phases."""
SCRIPT = "script"
"""The load is `config.phases` of the scenario that LOADTEST_SCENARIO names."""
NONE = "none"
"""Release only."""
_EXAMPLE = "`ramp 5:125:300s, hold 60s`"


def checked(text: str) -> str:
    """Return the setting in its one spelling.

    Raises:
        LoadSpecError: It is not a load; the message continues a sentence that begins with the setting.
    """
    if text in (*PROFILES, SCRIPT, NONE):
        return text
    first = text.replace(",", " ").split(maxsplit=1)[:1]
    if not first or first[0] not in phases.KINDS:
        names = ", ".join(PROFILES)
        raise LoadSpecError(
            f"is not a load: choose {names}, {SCRIPT} or {NONE}, or write phases such as {_EXAMPLE}"
        )
    try:
        words = phases.words_of(text)
        phases.read(words)
    except LoadSpecError as error:
        raise LoadSpecError(f"is not a load that can be run: {error}") from error
    return phases.text_of(words)
