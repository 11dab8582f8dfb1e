"""A real region measures its computer at its start, and keeps what it found."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from region import background, calibration, cli
from region.session import Session

pytestmark = pytest.mark.region


@pytest.fixture
def region(tmp_path: Path) -> Iterator[Session]:
    found = background.launch(tmp_path, ["--cpu-factor", "0.5"])
    yield found
    background.stop(found)


def test_it_measures_and_the_users_factor_holds(
    region: Session, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    assert region.alive()
    found = calibration.read(tmp_path)
    assert found is not None
    assert (found.factor, found.chosen_factor) == (0.5, 0.5)
    assert found.measured_rate > 100
    assert found.capacity_cores > 0
    assert "set by --cpu-factor" in background.log_file(tmp_path).read_text()
    assert cli.main(["status", "--root", str(tmp_path)]) == 0
    assert "0.50 CPUs here per vCPU" in capsys.readouterr().out


def test_a_region_that_lost_what_it_held_says_so_and_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    # As after an update of the checkout to another format of its state.
    (tmp_path / "lock").touch()
    (tmp_path / "state.pickle").write_bytes(b"of another format")
    root = ["--root", str(tmp_path)]
    try:
        assert cli.main(["start", *root]) == 0
        said = capsys.readouterr().err
        assert "warning: State file" in said
        assert "stop --remove" in said
    finally:
        cli.main(["stop", *root])
