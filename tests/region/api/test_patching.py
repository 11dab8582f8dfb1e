from __future__ import annotations

import types
from collections.abc import Iterator
from typing import Self

import pytest

from region.api import patching
from region.api.patching import PatchConflictError, Patches, applied, original, unpatched


class Base:
    def inherited(self) -> str:
        return "base"


class Library(Base):
    """Stands for one of moto's classes."""

    def __init__(self, name: str) -> None:
        self.name = name

    def greet(self, whom: str) -> str:
        return f"{self.name} greets {whom}"

    @property
    def state(self) -> str:
        return "active"

    @staticmethod
    def version() -> str:
        return "1"


module = types.ModuleType("library")
patches = Patches()


def library_function(value: int) -> int:
    return value + 1


module.compute = library_function


@patches.method(Library)
def greet(self: Library, whom: str) -> str:
    return f"{self.name} waves at {whom}"


@patches.method(Library)
def added(self: Library) -> str:
    return f"new on {self.name}"


@patches.method(Library, "inherited")
def _inherited(self: Library) -> str:
    return "patched"


@patches.value(Library, "state")
@patches.value(Library, "status")
def _state(self: Library) -> str:
    return "provisioning"


@patches.around(Library, "__init__")
def _new(moto: patching.Original, self: Library, name: str) -> None:
    moto(self, name.upper())


@patches.around(module, "compute")
def _compute(moto: patching.Original, value: int) -> int:
    return 10 * moto(value)


@patches.method(Library)
def version() -> str:
    return "2"


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    yield
    patches.uninstall()


def attributes() -> dict[str, object]:
    return {**vars(Library), "compute": module.compute}


def ours() -> list[str]:
    return [patch.target for patch in applied() if patch.module == __name__]


def test_each_kind_of_patch_takes_effect():
    patches.install()
    library = Library("moto")

    assert library.greet("you") == "MOTO waves at you"
    assert library.added() == "new on MOTO"
    assert library.inherited() == "patched"
    assert library.state == library.status == "provisioning"
    assert module.compute(1) == 20


def test_undoing_restores_every_attribute_exactly():
    before = attributes()

    patches.install()
    assert attributes() != before
    patches.uninstall()

    assert attributes() == before
    assert Library("moto").inherited() == "base"
    assert Library.version() == "1"
    assert ours() == []


def test_installing_twice_is_installing_once():
    before = attributes()
    patches.install()
    once = attributes()

    patches.install()

    assert attributes() == once
    assert module.compute(1) == 20
    patches.uninstall()
    assert attributes() == before


def test_undoing_what_is_not_installed_changes_nothing():
    before = attributes()

    patches.uninstall()

    assert attributes() == before


def test_patches_can_be_limited_to_a_block():
    with patches.installed():
        assert module.compute(1) == 20

    assert module.compute(1) == 2


def test_a_block_can_run_unpatched():
    patches.install()

    with unpatched():
        assert module.compute(1) == 2
        assert Library("moto").name == "moto"
        assert applied() == ()

    assert module.compute(1) == 20
    assert Library("moto").name == "MOTO"
    patches.uninstall()
    assert module.compute(1) == 2


def test_patches_installed_inside_an_unpatched_block_end_with_it():
    with unpatched():
        patches.install()

    assert module.compute(1) == 2
    assert ours() == []


def test_the_original_is_known_before_and_after_patching():
    assert original(module, "compute") is library_function

    patches.install()

    assert original(module, "compute") is library_function
    assert original(Library, "inherited") is Base.inherited


def test_an_original_that_does_not_exist_is_an_error():
    patches.install()

    with pytest.raises(AttributeError, match="added"):
        original(Library, "added")


def test_a_patch_around_nothing_is_an_error():
    wrong = Patches()
    wrong.around(Library, "no_such_method")(lambda moto: moto())

    with pytest.raises(AttributeError, match="no_such_method"):
        wrong.install()


def test_the_registry_shows_what_is_patched_where_and_by_what():
    patches.install()

    assert ours() == sorted(
        [
            f"{__name__}.Library.__init__",
            f"{__name__}.Library.added",
            f"{__name__}.Library.greet",
            f"{__name__}.Library.inherited",
            f"{__name__}.Library.state",
            f"{__name__}.Library.status",
            f"{__name__}.Library.version",
            "library.compute",
        ]
    )
    found = next(patch for patch in applied() if patch.name == "compute")
    assert (found.owner, found.function) == (module, _compute)
    assert str(found) == f"library.compute <- {__name__}._compute"


def test_a_name_that_another_module_patches_is_refused():
    patches.install()
    other = Patches()
    other.method(Library, "greet")(lambda self, whom: "")

    with pytest.raises(PatchConflictError, match=r"Library\.greet <- .*\.greet"):
        other.install()

    assert Library("moto").greet("you") == "MOTO waves at you"


def test_a_patched_new_stays_static():
    class Tracked:
        made: int = 0

    class Child(Tracked):
        def __new__(cls, *args: object) -> Self:
            return super().__new__(cls, *args)

    static = Patches()

    @static.method(Tracked, "__new__")
    def new(cls: type[object], *args: object) -> object:
        Tracked.made += 1
        return object.__new__(cls)

    with static.installed():
        assert isinstance(Child("argument"), Child)
        assert Tracked.made == 1
