"""The parameters of the API call that a moto response answers."""

from __future__ import annotations

import json
from typing import Any, cast

from moto.core.responses import BaseResponse


def is_true(value: object) -> bool:
    """Return whether a value is true: a boolean, or `true` as query parameters write it."""
    return str(value).lower() == "true"


class Parameters:
    """Typed access to a call's parameters; moto's own readers are private and untyped."""

    def __init__(self, response: BaseResponse) -> None:
        self._read_all = response._get_params  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
        self._read = response._get_param  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]

    def as_text(self) -> str:
        """Return all parameters that are given, as a text that only the same call has."""
        return json.dumps(dict(self._read_all()), sort_keys=True, default=str)

    def get(self, name: str) -> Any:
        """Return a parameter of any type, None if it was not given."""
        return self._read(name)

    def text(self, name: str) -> str:
        """Return a string, empty if it was not given."""
        return str(self._read(name) or "")

    def integer(self, name: str) -> int | None:
        """Return an integer, None if it was not given."""
        value = self._read(name)
        return None if value is None else int(value)

    def flag(self, name: str) -> bool:
        """Return a boolean, false if it was not given."""
        return is_true(self._read(name))

    def texts(self, name: str) -> list[str]:
        """Return a list of strings, empty if it was not given."""
        return [str(value) for value in self._read(name) or []]

    def structure(self, name: str) -> dict[str, Any]:
        """Return a structure, empty if it was not given."""
        return cast("dict[str, Any]", self._read(name) or {})

    def structures(self, name: str) -> list[dict[str, Any]]:
        """Return a list of structures, empty if it was not given."""
        return cast("list[dict[str, Any]]", self._read(name) or [])
