"""Which Python of an image the sample service can use."""

from __future__ import annotations

from pathlib import Path

import pytest

from region.machines.images import interpreter


@pytest.fixture(autouse=True)
def _running(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interpreter, "NAME", "python3.13")


@pytest.mark.parametrize(
    ("there", "found"),
    [
        (("python3.11", "python3.13"), "python3.11"),
        (("python3.12", "python3.13"), "python3.13"),
        (("python3.9", "python3.12", "python3.14"), None),
    ],
)
@pytest.mark.parametrize("directory", ["usr/bin", "usr/local/bin"])
def test_it_is_one_that_the_revision_has_libraries_for(
    tmp_path: Path, directory: str, there: tuple[str, ...], found: str | None
) -> None:
    (tmp_path / directory).mkdir(parents=True)
    for name in there:
        (tmp_path / directory / name).touch()
    assert interpreter.own_python(tmp_path) == found
