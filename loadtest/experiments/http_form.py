"""HTTP requests of third-party actions and probes: invalid ones are reported before anything runs."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from loadtest.errors import ExperimentError

SCHEMES: Final = frozenset({"http", "https"})


def check(
    activity: Mapping[str, Any],
    provider: Mapping[str, Any],
    substituted: Callable[[Any], Any] | None,
) -> None:
    """Check address and headers of a request.

    Args:
        activity: The action or probe.
        provider: Its provider, of type http.
        substituted: As for `file_form.check_calls`.

    Raises:
        ExperimentError: It could not be sent; the message says what is wrong, and how it is written.
    """
    name = activity.get("name")
    url, known = _value(provider.get("url"), substituted)
    if known:
        _check_address(str(url), f"the URL of {name!r}")
    headers = provider.get("headers")
    for key, given in (headers if isinstance(headers, Mapping) else {}).items():
        value, known = _value(given, substituted)
        if known and not isinstance(value, str):
            raise ExperimentError(
                f"the header {key!r} of {name!r} is {value!r}, which is not a string; put it in quotes"
            )


def _value(given: Any, substituted: Callable[[Any], Any] | None) -> tuple[Any, bool]:
    """Return a value with the configuration's in it, and whether it is all known."""
    if not (isinstance(given, str) and "${" in given):
        return given, True
    return (given, False) if substituted is None else (substituted(given), True)


def _check_address(url: str, what: str) -> None:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise ExperimentError(f"{what} is {url!r}: {error}") from error
    if parts.scheme in SCHEMES and host:
        return
    meant = url.removeprefix("//")
    hint = f"write it with its scheme, such as http://{meant}"
    if parts.scheme in SCHEMES or "://" in url or re.match("/(?!/)", url):
        hint = "write it as http://HOST/PATH or https://HOST/PATH"
    raise ExperimentError(f"{what} is {url!r}; {hint}")
