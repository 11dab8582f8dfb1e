"""The options of `python -m rehearsal run` that replace the sample service."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from commandline.exit_codes import ExitCode
from region import preflight, rootless
from rehearsal import cli, revision_check
from rehearsal.run import Rehearsal
from toolchain import paths


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, str]]:
    """What a rehearsal would have set on both stacks, instead of the rehearsal."""
    seen: list[dict[str, str]] = []

    def remember(self: Rehearsal) -> int:
        seen.append(self.testbed.settings())
        return 0

    monkeypatch.setattr(Rehearsal, "run", remember)
    return seen


def test_without_options_the_sample_service_is_rehearsed(settings: list[dict[str, str]]) -> None:
    assert cli.main(["run"]) == 0
    assert settings == [{"loadProfile": "quick", "appPath": str(paths.REVISION)}]


def test_a_revision_and_settings_reach_both_stacks(
    settings: list[dict[str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The program runs elsewhere, so a relative path has to become absolute.
    monkeypatch.chdir(tmp_path)
    options = ["-c", "instanceType=t4g.small", "--config", "haproof:healthPath=/up?a=b"]
    assert cli.main(["run", "--revision", "build/revision", *options]) == 0
    assert settings == [
        {
            "instanceType": "t4g.small",
            "healthPath": "/up?a=b",
            "loadProfile": "quick",
            "appPath": str(tmp_path / "build" / "revision"),
        }
    ]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("instanceType", "not KEY=VALUE"),
        ("=t4g.small", "not KEY=VALUE"),
        ("instanceType=", "not KEY=VALUE"),
        ("appPath=x", "use --revision"),
        ("haproof:loadProfile=seed", "use --profile or --ramp"),
    ],
)
def test_what_is_no_setting_is_wrong_usage(
    settings: list[dict[str, str]], capsys: Any, text: str, reason: str
) -> None:
    assert cli.main(["run", "-c", text]) == ExitCode.FAILURE
    assert settings == []
    assert reason in " ".join(capsys.readouterr().err.replace("│", " ").split())


SCRIPT = """
config:
  http: {timeout: 5}
  phases: [{duration: 10, arrivalCount: 30}]
scenarios:
  - flow: [{get: {url: /}}]
"""


@pytest.mark.parametrize(
    ("options", "load"),
    [
        (["--profile", "smoke"], "smoke"),
        (["--hold", "5:9s", "--ramp", "5:9:4s", "--pause=1m", "--hold", "2s"],
         "hold 5:9s, ramp 5:9:4s, pause 1m, hold 2s"),
        (["--scenario", "ours.yml"], "script"),
        (["--scenario", "ours.yml", "--hold", "5:9s"], "hold 5:9s"),
        (["--scenario", "ours.yml", "--profile", "quick"], "quick"),
        (["--scenario", "api"], "quick"),
    ],
)  # fmt: skip
def test_the_load_is_the_option_s_then_the_script_s_own(
    settings: list[dict[str, str]],
    options: list[str],
    load: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("ours.yml").write_text(SCRIPT)
    assert cli.main(["run", *options]) == 0
    assert [one["loadProfile"] for one in settings] == [load]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--profile", "huge"], "unknown load profile 'huge'; choose one of seed, quick, smoke"),
        (["--ramp", "5:x:9s"], "--ramp 5:x:9s: 'x' is not a number of arrivals a second"),
        (["--pause", "9s"], "nobody arrives: add a phase with arrivals, such as `--hold 50:60s`"),
        (["--profile", "seed", "--hold", "5:5s"], "--profile seed and --hold both describe a load"),
    ],
)
def test_a_load_that_cannot_be_run_is_refused_in_the_words_of_the_load_test(
    settings: list[dict[str, str]], options: list[str], said: str, capsys: Any
) -> None:
    assert cli.main(["run", *options]) == ExitCode.FAILURE
    assert said in capsys.readouterr().err
    assert settings == []


def test_a_load_with_too_few_visitors_is_refused_before_anything_starts(
    tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for check in ("require", "require_revision"):
        monkeypatch.setattr(preflight, check, lambda _: None)
    monkeypatch.setattr(revision_check, "require", lambda _: [])
    monkeypatch.setattr(rootless, "require_port", lambda _: None)
    monkeypatch.setattr("loadtest.cli.tools.generator", lambda _: ["artillery"])
    root = tmp_path / "region"
    command = ["run", "--root", str(root), "--results", str(tmp_path), "--ramp", "5:500:200s"]
    assert cli.main(command) == ExitCode.FAILURE
    said = " ".join(capsys.readouterr().err.split())
    assert "profile 'own' needs 50500 visitors, the stack seeds only 27000" in said
    assert "-c seedUsers=50500" in said
    assert not root.exists()


def test_a_directory_that_is_no_revision_is_named_before_anything_starts(
    tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preflight, "require", lambda _: None)
    root = tmp_path / "region"
    command = ["run", "--root", str(root), "--revision", str(tmp_path / "app")]
    assert cli.main(command) == ExitCode.FAILURE
    message = capsys.readouterr().err
    assert str(tmp_path / "app") in message
    assert "does not exist; build it first" in message
    assert "make revision" not in message
    assert not root.exists()


def test_a_proof_of_an_unknown_experiment_or_stack_is_refused_before_anything_is_built(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert cli.main(["prove", "--only", "nothing", "--root", str(tmp_path)]) == ExitCode.FAILURE
    assert "there is no experiment 'nothing'" in capsys.readouterr().err
    assert cli.main(["prove", "--stack", "both", "--root", str(tmp_path)]) == ExitCode.FAILURE
    assert "--stack 'both': choose ha or single" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_what_would_be_broken_is_told_without_building_anything(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    given = ["damage", "asg-processes-run", "--dry-run", "--root", str(tmp_path)]
    assert cli.main(given) == ExitCode.SUCCESS
    assert "instance-dies (An instance dies), on the intact stack" in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []


def test_a_rule_that_cannot_be_broken_is_refused_before_anything_is_built(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert cli.main(["damage", "nothing", "--root", str(tmp_path)]) == ExitCode.FAILURE
    assert "rule 'nothing' cannot be broken here" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_command_waits_for_nothing_that_only_others_need() -> None:
    """In a process of its own: here tests have imported all of it."""
    asked = "import sys, rehearsal.cli; print(*sys.modules)"
    imported = subprocess.run(
        [sys.executable, "-c", asked], cwd=paths.ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    heavy = {"boto3", "moto", "numpy", "psycopg", "pulumi", "pydantic", "region.machines.machine"}
    assert not heavy.intersection(imported)
