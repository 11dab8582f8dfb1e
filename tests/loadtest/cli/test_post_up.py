"""The command `post-up`: what it does, and what it records."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from loadtest.cli import main
from loadtest.cli import post_up as cli_post_up
from loadtest.errors import GeneratorError, ReleaseError
from loadtest.models import RunSummary
from loadtest.stack.release import Release


def post_up(
    raw: dict[str, Any], monkeypatch: pytest.MonkeyPatch, base: Path
) -> tuple[int, dict[str, Any]]:
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(raw)))
    code = main.main(["post-up"])
    return code, json.loads(cli_post_up.record_path(base, "ha").read_text())


def test_post_up_releases_and_loads(
    raw_outputs: dict[str, Any],
    golden: tuple[RunSummary, RunSummary],
    base: Path,
    loads: Callable[..., list[Any]],
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(
        cli_post_up.release, "release", lambda *_, **__: Release("d-1", "ab", ["i"])
    )
    loads(cli_post_up, golden[1])
    code, record = post_up(raw_outputs, monkeypatch, base)
    assert code == 0
    assert record["released"] is True
    assert record["verdict"]["outcome"] == "kept"
    assert record["run"] == golden[1].id


def test_post_up_without_load(
    raw_outputs: dict[str, Any], base: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(cli_post_up.release, "release", lambda *_, **__: Release(None, "ab", ["i"]))
    code, record = post_up({**raw_outputs, "loadProfile": "none"}, monkeypatch, base)
    assert (code, record["released"], record["verdict"]) == (0, True, None)


@pytest.mark.parametrize(
    ("error", "code"),
    [(ReleaseError("no"), 4), (GeneratorError("no"), 4), (KeyboardInterrupt(), 130)],
)
def test_post_up_records_a_failure(
    error: BaseException,
    code: int,
    raw_outputs: dict[str, Any],
    base: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(cli_post_up.release, "release", fail)
    found, record = post_up(raw_outputs, monkeypatch, base)
    assert found == code
    assert record["released"] is False
    assert record["error"] in {"no", "interrupted"}
