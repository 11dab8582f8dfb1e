"""Replacing what moto answers.

moto resolves its response methods by name on every call and its model methods on the class, so
setting an attribute takes effect at once. Subclassing does not work: moto derives URLs and its
bookkeeping from a class's module name. Patches live as long as the process; each is made from
moto's own original, so installing twice is the same as installing once.
"""

from collections.abc import Callable
from typing import Any, TypeVar

Function = TypeVar("Function", bound=Callable[..., Any])

_originals: dict[tuple[int, str], tuple[object, Any]] = {}
_MISSING = object()


def original(owner: object, name: str) -> Any:
    """What `owner.name` was before the first patch, or None if it did not exist."""
    key = (id(owner), name)
    if key not in _originals:
        _originals[key] = (owner, getattr(owner, name, _MISSING))
    found = _originals[key][1]
    return None if found is _MISSING else found


def replace(owner: object, name: str, make: Callable[[Any], Any]) -> None:
    """Set `owner.name` to `make(original)`; `original` is None where moto has no such method."""
    setattr(owner, name, make(original(owner, name)))


def add(owner: object, *functions: Callable[..., Any]) -> None:
    """Set each function on `owner` under its own name, in place of what moto had."""
    for function in functions:
        replace(owner, function.__name__, lambda _original, new=function: new)


class Patches:
    """The patches of one module, written as decorated functions and installed together."""

    def __init__(self) -> None:
        """Start without patches."""
        self._pending: list[tuple[object, str, Callable[[Any], Any]]] = []

    def method(self, owner: object, name: str = "") -> Callable[[Function], Function]:
        """Put the function on `owner` in place of the method `name` (default: its own name)."""

        def decorate(function: Function) -> Function:
            self._pending.append((owner, name or function.__name__, lambda _original: function))
            return function

        return decorate

    def value(self, owner: object, name: str) -> Callable[[Function], Function]:
        """Make the function a property `name` of `owner`."""

        def decorate(function: Function) -> Function:
            self._pending.append((owner, name, lambda _original: property(function)))
            return function

        return decorate

    def around(self, owner: object, name: str) -> Callable[[Function], Function]:
        """Put the function around the method `name`, which it gets as its first argument."""

        def decorate(function: Function) -> Function:
            def make(moto: Any) -> Any:
                def patched(self: Any, *args: Any, **kwargs: Any) -> Any:
                    return function(moto, self, *args, **kwargs)

                patched.__name__ = name
                return patched

            self._pending.append((owner, name, make))
            return function

        return decorate

    def install(self) -> None:
        """Apply all patches. Idempotent."""
        for owner, name, make in self._pending:
            replace(owner, name, make)
