"""The workflows: pinned, with minimal permissions, and no update that nobody has reviewed."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from toolchain import actionlint, paths
from toolchain.errors import ToolError

GITHUB = paths.ROOT / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))
FILES = [*WORKFLOWS, *sorted(GITHUB.glob("actions/*/action.yml"))]
USES = re.compile(r"^\s*(?:- )?uses: (\S+)(.*)$", re.MULTILINE)


def load(name):
    return yaml.safe_load((GITHUB / "workflows" / f"{name}.yml").read_text(encoding="utf-8"))


def runs(workflow):
    """Every command of a workflow, by job."""
    return {
        job: [step["run"] for step in content["steps"] if "run" in step]
        for job, content in workflow["jobs"].items()
    }


def test_both_workflows_exist():
    assert [path.stem for path in WORKFLOWS] == ["aws", "ci"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_action_is_pinned_by_a_full_commit_with_its_version(path):
    for action, comment in USES.findall(path.read_text(encoding="utf-8")):
        if not action.startswith("./"):
            assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", action), action
            assert re.fullmatch(r" # v\d+\.\d+\.\d+", comment), action


def test_one_action_has_one_pin():
    pins = {
        action.partition("@")
        for path in FILES
        for action, _ in USES.findall(path.read_text(encoding="utf-8"))
        if "@" in action
    }
    assert len({name for name, _, _ in pins}) == len(pins)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_permissions_are_minimal_and_per_job(path):
    workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert workflow["permissions"] in ({}, {"contents": "read"})
    for name, job in workflow["jobs"].items():
        given = set(job.get("permissions", {}).items())
        assert given <= {("contents", "read"), ("id-token", "write")}, name
        assert job["timeout-minutes"] <= 90, name
        checkouts = [s for s in job["steps"] if s.get("uses", "").startswith("actions/checkout@")]
        assert all(step["with"]["persist-credentials"] is False for step in checkouts), name


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_no_command_contains_text_that_others_control(path):
    for job, commands in runs(yaml.safe_load(path.read_text(encoding="utf-8"))).items():
        for command in commands:
            assert "${{" not in command, (job, command)


def test_ci_needs_neither_aws_nor_pulumi_accounts():
    text = (GITHUB / "workflows" / "ci.yml").read_text(encoding="utf-8")
    assert "id-token" not in text
    assert "secrets." not in text
    commands = [command for all_of in runs(load("ci")).values() for command in all_of]
    assert "make lint" in commands
    assert any("-m rehearsal preview --summary" in command for command in commands)
    assert any("GITHUB_STEP_SUMMARY" in command for command in commands)


def test_an_update_follows_an_approved_plan_under_the_pack():
    workflow = load("aws")
    found = {job: [c for c in cs if "pulumi" in c] for job, cs in runs(workflow).items()}
    (plan,), (update,) = found["plan"], found["up"]
    assert "preview" in plan
    assert "--save-plan" in plan
    assert " up " in update
    assert "--plan" in update
    up = workflow["jobs"]["up"]
    assert up["needs"] == "plan"
    assert up["environment"] == "aws-${{ inputs.stack }}"
    assert up["concurrency"]["cancel-in-progress"] is False
    for commands in found.values():
        assert all("--policy-pack policies" in command for command in commands)
    assert [job for job, cs in found.items() if any(" up " in c for c in cs)] == ["up"]


def test_a_fork_gets_no_preview_on_aws():
    condition = load("aws")["jobs"]["preview"]["if"]
    assert "head.repo.full_name == github.repository" in condition
    assert "vars.AWS_PREVIEW_ROLE != ''" in condition


@pytest.mark.parametrize(("code", "said"), [(0, "all is well"), (7, "it is not")])
def test_the_summary_shows_the_output_and_keeps_the_exit_code(tmp_path, code, said):
    pulumi = tmp_path / ".tools" / "bin" / "pulumi"
    pulumi.parent.mkdir(parents=True)
    pulumi.write_text(f'#!/bin/sh\necho "$@"; echo {said}; exit {code}\n')
    pulumi.chmod(0o755)
    summary = tmp_path / "summary.md"
    done = subprocess.run(
        [str(GITHUB / "scripts" / "pulumi-summary"), "preview", "--stack", "ha"],
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "GITHUB_STEP_SUMMARY": str(summary), "STACK": "ha"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stderr
    assert said in done.stdout
    assert "preview --stack ha --non-interactive" in done.stdout
    written = summary.read_text()
    assert written.startswith("### `pulumi preview --stack ha`")
    assert said in written


# --- actionlint ------------------------------------------------------------------------------------


def test_a_directory_without_workflows_is_an_error(tmp_path):
    with pytest.raises(ToolError, match="holds no workflow"):
        actionlint.check(tmp_path)


@pytest.mark.engine
def test_actionlint_has_no_findings():
    actionlint.ensure()
    assert actionlint.check() == "actionlint: 2 workflows without findings"


@pytest.mark.engine
def test_actionlint_finds_what_is_wrong(tmp_path: Path):
    actionlint.ensure()
    (tmp_path / "bad.yml").write_text(
        "on: push\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n      - run: echo ${{ nope }}\n"
    )
    with pytest.raises(ToolError, match="undefined variable"):
        actionlint.check(tmp_path)
