"""The experiments after the loads go on for longer than a script's own load: rows are counted before it."""

from __future__ import annotations

from pathlib import Path

import pytest

from loadtest.errors import LoadTestError
from loadtest.scenario import scenario
from rehearsal import first_proof

SCRIPT = """\
config:
  http: {timeout: 5}
  payload: {path: users.csv, fields: [name], order: ORDER}
scenarios: [{flow: [{get: {url: "/{{ name }}"}}]}]
"""


def loaded(directory: Path, rows: int, order: str) -> scenario.Scenario:
    (directory / "users.csv").write_text("".join(f"user-{n}\n" for n in range(rows)))
    file = directory / "own.yml"
    file.write_text(SCRIPT.replace("ORDER", order))
    return scenario.load(str(file))


def test_too_few_rows_are_told_before_anything_is_built(tmp_path: Path):
    with pytest.raises(LoadTestError, match=r"--experiments: .* has 400 rows, .* needs 4870"):
        first_proof.require_visitors(loaded(tmp_path, 400, "sequence"), 10)


def test_enough_rows_or_shared_ones_are_no_matter(tmp_path: Path):
    first_proof.require_visitors(loaded(tmp_path, 5000, "sequence"), 10)
    first_proof.require_visitors(loaded(tmp_path, 1, "random"), 10)
    first_proof.require_visitors(scenario.load("login"), 125)
