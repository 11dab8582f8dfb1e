"""What a rehearsal ends with: the verdict on the loads first, and both at the end."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from rich.text import Text

from loadtest.experiments import files
from loadtest.experiments.proof.models import Entry, Proof, sentence, verdict
from rehearsal import verdict as module
from rehearsal.experiments import Applicable, not_begun
from rehearsal.verdict import Verdict


@pytest.fixture
def loads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Verdict, list[Any]]:
    """The verdict on loads that kept their promise, and the experiments of each report."""
    written: list[Any] = []

    def write_report(*_: Any, experiments: Any) -> Any:
        written.append(experiments)
        headline = SimpleNamespace(exit_code=0)
        return SimpleNamespace(report=SimpleNamespace(headline=headline), html="report.html")

    monkeypatch.setattr(module, "_stack_run", lambda *_: None)
    monkeypatch.setattr(module.conditions, "conditions", lambda *_: [])
    monkeypatch.setattr(module.report, "write_report", write_report)
    monkeypatch.setattr(module.report, "render_terminal", lambda _: Text("figures, promise kept"))
    monkeypatch.setattr(module.report, "render_verdict", lambda _: Text("promise kept"))
    project: Any = SimpleNamespace(session=None)
    runs = {"single": tmp_path, "ha": tmp_path}
    return Verdict(tmp_path, project, runs, tmp_path / "report"), written


def proof_of(outcome: Any) -> Proof:
    record = not_begun(Applicable(files.find("instance-dies"), "ha"), "run", (0.0, 1.0), "why")
    entries = [Entry(record=record.model_copy(update={"outcome": outcome}))]
    return Proof(
        generated_at="2026-11-26T14:00:00+00:00",
        outcome=verdict(entries),
        sentence=sentence(entries),
        entries=entries,
    )


def test_the_verdict_on_the_loads_does_not_wait_for_experiments(
    loads: tuple[Verdict, list[Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    found, written = loads
    assert found.on_loads() == 0
    assert capsys.readouterr().out.splitlines() == ["figures, promise kept", "report: report.html"]
    assert written == [None]


@pytest.mark.parametrize(
    ("outcome", "code", "said"),
    [
        ("survived", 0, "The HA stack survived the experiment."),
        (
            "not survived",
            2,
            "The HA stack survived 0 of 1 experiments. Not survived: instance-dies.",
        ),
        ("not shown", 3, "The HA stack survived 0 of 1 experiments. Not shown: instance-dies."),
    ],
)
def test_both_verdicts_are_the_last_lines_and_the_exit_code(
    loads: tuple[Verdict, list[Any]],
    capsys: pytest.CaptureFixture[str],
    outcome: str,
    code: int,
    said: str,
) -> None:
    found, written = loads
    found.target.mkdir()
    assert found.on_all(proof_of(outcome)) == code
    printed = capsys.readouterr().out
    assert said in printed
    assert printed.splitlines()[-2:] == ["promise kept", "report: report.html"]
    ((row,),) = written
    assert (row.experiment, row.outcome) == ("instance-dies", outcome)
    assert (found.target / "proof.json").exists()
