"""Patches of moto: how they are written, which are applied, and how they are undone.

moto resolves its response methods by name on every call and its model methods on the class, so
setting an attribute takes effect at once. Subclassing does not work: moto derives URLs and its
bookkeeping from a class's module name.

A module writes its patches as decorated functions and installs them together:

    patches = Patches()

    @patches.method(Instance)
    def reboot(self: Instance) -> None: ...

    @patches.around(InstanceBackend, "run_instances")
    def _run_instances(moto: Original, self: InstanceBackend, *args: Any, **kwargs: Any) -> Any:
        return moto(self, *args, **kwargs)

Each patch is made from moto's own attribute, so installing twice is the same as installing once,
and a name has one patch: a second one from elsewhere is an error, not a silent replacement.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

Function = TypeVar("Function", bound=Callable[..., object])
Original = Callable[..., Any]
"""A function of moto's, as a patch around it receives it; moto's own signatures are untyped."""

_MISSING = object()


class PatchConflictError(RuntimeError):
    """Two patches of one attribute."""


@dataclass(frozen=True, slots=True)
class AppliedPatch:
    """A patch that is in effect.

    Attributes:
        owner: The class or module whose attribute is patched.
        name: The attribute.
        function: The patching function, as written in the region's code.
        original: What the attribute evaluated to before, or a marker if there was none.
        restore: The raw entry of the owner's own namespace, or a marker if it inherited the name.
        patched: What was set in its place.
    """

    owner: object
    name: str
    function: Callable[..., object]
    original: object
    restore: object
    patched: object

    @property
    def target(self) -> str:
        """The dotted name of the patched attribute."""
        module = getattr(self.owner, "__module__", "")
        owner = getattr(self.owner, "__qualname__", None) or getattr(self.owner, "__name__", "?")
        return ".".join(part for part in (module, owner, self.name) if part)

    @property
    def module(self) -> str:
        """The module that the patch is written in."""
        return self.function.__module__

    def __str__(self) -> str:
        return f"{self.target} <- {self.module}.{self.function.__qualname__}"


_applied: dict[tuple[int, str], AppliedPatch] = {}


def applied() -> tuple[AppliedPatch, ...]:
    """List the patches in effect, ordered by what they patch."""
    return tuple(sorted(_applied.values(), key=str))


def original(owner: object, name: str) -> Original:
    """Return moto's own `owner.name`, patched or not.

    Raises:
        AttributeError: If moto has no such attribute.
    """
    found = _original(owner, name)
    if found is _MISSING:
        raise AttributeError(f"moto has no {name} on {owner!r}.")
    return found


def uninstall_all() -> None:
    """Undo every patch: moto is as it was imported."""
    for patch in list(_applied.values()):
        _undo(patch)


@contextmanager
def unpatched() -> Generator[None]:
    """Run with moto as it was imported, and apply the present patches again afterwards."""
    before = list(_applied.values())
    uninstall_all()
    try:
        yield
    finally:
        uninstall_all()
        for patch in before:
            setattr(patch.owner, patch.name, patch.patched)
            _applied[id(patch.owner), patch.name] = patch


class Patches:
    """The patches of one module, written as decorated functions and installed together."""

    def __init__(self) -> None:
        self._written: list[
            tuple[object, str, Callable[..., object], Callable[[object], object]]
        ] = []

    def method(self, owner: object, name: str = "") -> Callable[[Function], Function]:
        """Put the function on `owner` in place of `name` (default: the function's own name).

        `owner` may be a module; the name need not exist.
        """

        def decorate(function: Function) -> Function:
            target = name or function.__name__
            # Python makes a `__new__` static only in a class's body.
            patched = staticmethod(function) if target == "__new__" else function
            self._written.append((owner, target, function, lambda _original: patched))
            return function

        return decorate

    def value(
        self, owner: object, name: str, write: Callable[[Any, Any], None] | None = None
    ) -> Callable[[Function], Function]:
        """Make the function a property `name` of `owner`; `write`, if given, sets it."""

        def decorate(function: Function) -> Function:
            made = property(function, write)
            self._written.append((owner, name, function, lambda _original: made))
            return function

        return decorate

    def around(self, owner: object, name: str) -> Callable[[Function], Function]:
        """Put the function around `name`, which it receives as its first argument.

        `owner` may be a module. One function may go around several names: stack the decorators,
        or call this in a loop with a function made for each name.
        """

        def decorate(function: Function) -> Function:
            def make(moto: object) -> object:
                if moto is _MISSING:
                    raise AttributeError(f"moto has no {name} on {owner!r} to put a patch around.")

                def patched(*args: object, **kwargs: object) -> object:
                    return function(moto, *args, **kwargs)

                patched.__name__ = name
                patched.__doc__ = function.__doc__
                return patched

            self._written.append((owner, name, function, make))
            return function

        return decorate

    def refuse(self, owner: object, reasons: Mapping[str, str]) -> None:
        """Refuse calls that `owner` would accept without effect: their names, and why."""
        for name, why in reasons.items():
            self.method(owner, name)(_refusing(why))

    def install(self) -> None:
        """Apply all patches. Idempotent.

        Raises:
            PatchConflictError: If another function patches one of the names already.
        """
        for owner, name, function, make in self._written:
            known = _applied.get((id(owner), name))
            if known is not None and known.function is not function:
                raise PatchConflictError(
                    f"{known}: {function.__module__}.{function.__qualname__} patches it too."
                )
            if known is None:
                _apply(owner, name, function, make)

    def uninstall(self) -> None:
        """Undo these patches; those that are not in effect are passed over."""
        for owner, name, _, _ in self._written:
            known = _applied.get((id(owner), name))
            if known is not None:
                _undo(known)

    @contextmanager
    def installed(self) -> Generator[None]:
        """Run with these patches, and undo them afterwards."""
        self.install()
        try:
            yield
        finally:
            self.uninstall()


def _refusing(why: str) -> Callable[[object], object]:
    def refuse(_response: object) -> object:
        raise NotImplementedError(why)

    return refuse


def _original(owner: object, name: str) -> Any:
    known = _applied.get((id(owner), name))
    return known.original if known is not None else getattr(owner, name, _MISSING)


def _apply(
    owner: object,
    name: str,
    function: Callable[..., object],
    make: Callable[[object], object],
) -> None:
    moto = _original(owner, name)
    patched = make(moto)
    restore = vars(owner).get(name, _MISSING)
    setattr(owner, name, patched)
    _applied[id(owner), name] = AppliedPatch(owner, name, function, moto, restore, patched)


def _undo(patch: AppliedPatch) -> None:
    if patch.restore is _MISSING:
        delattr(patch.owner, patch.name)
    else:
        setattr(patch.owner, patch.name, patch.restore)
    del _applied[id(patch.owner), patch.name]
