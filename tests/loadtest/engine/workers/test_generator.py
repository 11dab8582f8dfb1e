"""Each worker gets its own rows and its own directory, and runs where its prefix says."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from loadtest.engine.generators import registry
from loadtest.engine.generators.base import Turn
from loadtest.engine.workers.generator import Split, deal, split, words
from loadtest.errors import GeneratorError, LoadTestError
from loadtest.scenario.schema import Payload


@pytest.mark.parametrize("header", [True, False])
def test_rows_are_dealt_like_cards(tmp_path: Path, *, header: bool):
    file = tmp_path / "ours.csv"
    rows = [[f"name {n}", "a,b"] for n in range(10)]
    with file.open("w", newline="") as text:
        csv.writer(text).writerows([["name", "x"]] * header + rows)
    payload = Payload(path="ours.csv", fields=["name", "x"], order="sequence", skipHeader=header)

    found = list[list[str]]()
    for worker in (1, 2, 3):
        turn = Turn(worker, tmp_path, tmp_path, {file: tmp_path / f"{worker}.csv"})
        deal(file, payload, turn, 3)
        with turn.dealt[file].open(newline="") as text:
            mine = list(csv.reader(text))
        assert mine[:1] == [["name", "x"]] if header else mine[0] == rows[worker - 1]
        found += mine[int(header) :]

    assert sorted(found) == sorted(rows)


def test_one_generator_stays_itself():
    artillery = registry.named("artillery")
    assert split(artillery, None) is artillery


def test_a_generator_that_cannot_wait_for_the_others_is_refused():
    with pytest.raises(LoadTestError, match=r"k6 cannot wait .* `--generator artillery`"):
        split(registry.named("k6"), Split(2))


def test_a_prefix_is_read_as_a_shell_reads_it():
    assert words("ip netns exec 'load {worker}'") == ["ip", "netns", "exec", "load {worker}"]
    with pytest.raises(GeneratorError, match="--worker-prefix"):
        words("sh -c '")
