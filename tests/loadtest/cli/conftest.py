"""Every command's tests have a results directory of their own, and leave the signals alone."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from loadtest.cli import tools
from loadtest.engine.runner import LoadTest, RunResult
from loadtest.models import RunSummary
from loadtest.stack.outputs import StackOutputs


@pytest.fixture(autouse=True)
def quiet(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signal, "signal", lambda *_: None)


@pytest.fixture
def given(raw_outputs: dict[str, Any], tmp_path: Path) -> str:
    file = tmp_path / "outputs.json"
    file.write_text(json.dumps(raw_outputs))
    return str(file)


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any, RunSummary], list[LoadTest]]:
    """Replace the load that a command's module starts; return a list that every load is added to."""

    def replace(module: Any, summary: RunSummary) -> list[LoadTest]:
        calls: list[LoadTest] = []

        def fake(_outputs: StackOutputs, test: LoadTest, **_: Any) -> RunResult:
            calls.append(test)
            return RunResult(Path("results") / summary.id, summary)

        monkeypatch.setattr(module, "run_load", fake)
        monkeypatch.setattr(tools, "artillery", lambda: ["node", "artillery"])
        return calls

    return replace
