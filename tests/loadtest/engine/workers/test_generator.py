"""Each worker gets its own rows and its own directory, and runs where its prefix says."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
import yaml

from loadtest.engine.generators import registry
from loadtest.engine.generators.base import Installation, Load, Turn
from loadtest.engine.workers.generator import Split, Workers, deal, split, words
from loadtest.errors import GeneratorError, LoadTestError
from loadtest.profiles import Phase, Profile
from loadtest.scenario import scenario
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


def test_each_worker_s_script_finds_its_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "names.csv").write_text("ann\nben\ncleo\n")
    (tmp_path / "words.csv").write_text("sun\nmoon\n")
    (tmp_path / "ours.yml").write_text(
        "config:\n  payload:\n"
        "    - {path: names.csv, fields: [name], order: sequence}\n"
        "    - {path: words.csv, fields: [word], order: random}\n"
        "scenarios: [{flow: [{get: {url: '/{{ name }}/{{ word }}'}}]}]\n"
    )
    run = Path("results") / "run"
    run.mkdir(parents=True)
    load = Load(
        run,
        "http://127.0.0.1",
        scenario.load("ours.yml"),
        Profile("one", (Phase("hold", 1, 3),)),
        Installation(("node", "artillery"), "2", 2, 2),
    )
    Workers(registry.named("artillery"), 2, portable=True).prepare(load)

    for worker, mine in ((1, ["ann", "cleo"]), (2, ["ben"])):
        directory = run / f"worker-{worker}"
        made = yaml.safe_load((directory / "scenario.yml").read_text())
        names, words = (one["path"] for one in made["config"]["payload"])
        # Artillery looks from where the script is.
        assert (directory / names).read_text().split() == mine
        assert (directory / words).read_text().split() == ["sun", "moon"]
