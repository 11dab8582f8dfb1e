"""Saved experiments with their load runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from loadtest.analysis.summary import summarise
from loadtest.experiments import models
from loadtest.experiments import observations as observed
from loadtest.experiments.models import ExperimentRecord
from loadtest.experiments.observations import Observations
from loadtest.profiles import PROFILES
from loadtest.reporting import markdown
from loadtest.stack.outputs import StackOutputs


@pytest.fixture(autouse=True)
def no_job_summary(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests in a GitHub workflow must not write into its summary."""
    monkeypatch.delenv(markdown.VARIABLE, raising=False)


@pytest.fixture
def experiment(
    tmp_path: Path,
    make_users: Callable[..., Any],
    make_measurements: Callable[..., Any],
    make_outputs: Callable[..., StackOutputs],
    make_saved: Callable[..., Path],
) -> Callable[..., Path]:
    """Save an experiment with its load run and what was observed; None leaves that out."""

    def saved(record: ExperimentRecord, seen: Observations | None, timeouts: int = 0) -> Path:
        quick = PROFILES["quick"]
        exchanges = make_users(quick, index_timeouts=timeouts)
        outputs = make_outputs(topology=record.topology)
        measured = make_measurements(exchanges, quick, outputs=outputs, id=record.run)
        directory = make_saved(tmp_path, summarise(measured), exchanges, outputs)
        models.save(directory, record)
        if seen is not None:
            text = seen.model_dump_json()
            (directory / observed.FILE).write_text(text)
        return directory

    return saved
