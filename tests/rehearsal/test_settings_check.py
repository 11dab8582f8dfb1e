"""Settings of `--config` are checked by the program itself, before anything is built."""

from __future__ import annotations

from pathlib import Path

import pytest

from commandline.exit_codes import ExitCode
from region import preflight
from rehearsal import cli, revision_check, settings_check
from rehearsal.pulumi_project import STACKS


def test_what_the_program_accepts_passes() -> None:
    settings_check.require(STACKS, {"instanceType": "t4g.small", "loadProfile": "smoke"})


def test_each_problem_is_named_once_with_its_stacks_and_without_pulumis_remedy() -> None:
    with pytest.raises(settings_check.SettingsError) as raised:
        settings_check.require(STACKS, {"healthPath": "x", "minSize": "9", "maxSize": "8"})
    first, *rest = str(raised.value).splitlines()
    assert "nothing was built" in first
    assert 'haproof:healthPath "x" is not a plain path' in rest[0]
    assert rest[0].endswith("(single, ha)")
    assert "pulumi config" not in str(raised.value)


def test_a_wrong_setting_ends_a_rehearsal_before_it_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(preflight, "require", lambda _: None)
    monkeypatch.setattr(preflight, "require_revision", lambda _: None)
    monkeypatch.setattr(revision_check, "require", lambda _: [])
    root = tmp_path / "region"
    assert cli.main(["run", "--root", str(root), "-c", "foo=bar"]) == ExitCode.FAILURE
    assert '"haproof:foo" is not a setting of this project' in capsys.readouterr().err
    assert not root.exists()
