"""Results are written completely or not at all, and broken ones are reported, not guessed."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from loadtest.errors import ResultsError
from loadtest.models import RunSummary
from loadtest.runs import paths


def save(base: Path, summary: RunSummary) -> Path:
    directory = base / summary.id
    directory.mkdir()
    paths.save_summary(directory, summary)
    return directory


def test_a_run_cut_short_is_saved_but_is_not_the_latest(
    tmp_path: Path, golden: tuple[RunSummary, RunSummary]
):
    save(tmp_path, golden[1].model_copy(update={"cut_short": True}))
    with pytest.raises(ResultsError, match=r"no finished run of 'ha'.*run `python -m loadtest run"):
        paths.latest(tmp_path, "ha")


def test_a_broken_pointer_is_reported(tmp_path: Path):
    (tmp_path / "latest-ha.json").write_text('{"ran": 1}')
    with pytest.raises(ResultsError, match="name the run's directory"):
        paths.latest(tmp_path, "ha")


def test_two_runs_in_a_second_get_two_directories(tmp_path: Path):
    made = {paths.new_directory(tmp_path / "deep", "ha", "quick") for _ in range(3)}
    assert len(made) == 3
    assert all("-ha-quick" in path.name for path in made)


def test_results_that_cannot_be_written(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ResultsError, match="cannot write results below"):
        paths.new_directory(tmp_path / "file", "ha", "quick")
    with pytest.raises(ResultsError, match="cannot write"):
        paths.write_json(tmp_path / "file" / "x.json", {})


def test_compressing_keeps_the_content(tmp_path: Path):
    file = tmp_path / "requests.ndjson"
    file.write_bytes(b"line\n" * 1000)
    compressed = paths.compress(file)
    assert not file.exists()
    assert gzip.decompress(compressed.read_bytes()) == b"line\n" * 1000


def test_the_base_directory_can_be_set(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("LOADTEST_RESULTS", raising=False)
    assert paths.base() == Path("results")
    monkeypatch.setenv("LOADTEST_RESULTS", "elsewhere")
    assert paths.base() == Path("elsewhere")


def test_json_is_read_by_other_tools(tmp_path: Path, golden: tuple[RunSummary, RunSummary]):
    raw = json.loads((save(tmp_path, golden[1]) / "run.json").read_text())
    assert raw["requests"]["outcomes"]["timeout"] == 0
    assert raw["verdict"]["outcome"] == "kept"
