"""The command blocks of the documents, and which of them are run as they stand there."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
DOCUMENTS: Final = sorted(
    path
    for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("container/*.md")]
    if path.name not in ("CHANGELOG.md", "emulator-coverage.md", "conformance.md")
)
STARTS: Final = re.compile(
    r"^(?:\$ )?(?:[A-Z_]+=\S* )*(?:sudo )?(?:\.venv/bin/)?"
    r"(?:make|python|pulumi|eval|source|export|aws|docker|podman)\b"
)
_BLOCK: Final = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SHELLS: Final = ("", "sh", "bash", "console")
AN_INSTANCE: Final = "$(python -m rehearsal instances | grep -om1 'i-[0-9a-f]*')"
A_RUN: Final = "results/$(basename $(ls -d results/2*-ha-* | tail -1))"


def blocks(document: Path) -> list[str]:
    """The blocks of a document that are commands: of which a line begins like one."""
    found = _BLOCK.findall(document.read_text(encoding="utf-8"))
    return [
        text
        for language, text in found
        if language in _SHELLS and any(STARTS.match(line) for line in text.splitlines())
    ]


@dataclass(frozen=True)
class Run:
    """A block that is run in a clone in which both stacks are up on a local region."""

    document: str
    first_line: str
    """How the block begins."""

    edits: dict[str, str] = field(default_factory=dict[str, str])
    """What stands for something of the reader's (a regular expression) -> what it is here."""


@dataclass(frozen=True)
class Left:
    """A block that is not run, and why."""

    document: str
    first_line: str
    reason: str


_IDS = {r"i-0ab1…?": AN_INSTANCE}
_WEB = {r"(shell(?: --user ec2-user)?|logs) web": rf"\1 {AN_INSTANCE}"}
_UNTIL_INTERRUPTED = {
    r"^(python .*(?:--follow|music-note -f))\b": r"timeout --signal=INT 5 \1 || [ $? -le 130 ]"
}
_LOADS: Final = re.compile(
    r"^(python -m (?:loadtest (?:experiment run|run|gate|report|compare)|rehearsal run)\b"
    r"[^\n#]*?)( *#.*)?$",
    re.MULTILINE,
)
_WITHOUT_VERDICT: Final = r"\1 || [ $? -eq 3 ]"
"""A computer that is busy with other things may have no verdict. The block could be typed."""

BY_HAND: Final = Run("README.md", "source .venv/bin/activate")
"""The one that begins with nothing and leaves nothing."""

RUNS: Final = (
    Run("README.md", "python -m rehearsal instances", _IDS | _UNTIL_INTERRUPTED),
    Run(
        "README.md",
        "pulumi stack export",
        {r"--program \S+": "--program .", "stack export": "stack export --stack ha"},
    ),
    Run("docs/instances.md", "python -m rehearsal instances"),
    Run(
        "docs/instances.md",
        "python -m rehearsal shell",
        _IDS | _WEB | {"files.tar": "<(tar c README.md)"},
    ),
    Run("docs/instances.md", "python -m rehearsal logs", _WEB | _UNTIL_INTERRUPTED),
    Run(
        "docs/instances.md",
        "eval",
        _IDS
        | {
            "Key=tag:Name,Values=web": f"Key=InstanceIds,Values={AN_INSTANCE}",
            "--command-id ID": "--command-id $(aws ssm list-commands"
            " --query 'Commands[0].CommandId' --output text)",
        },
    ),
    Run("docs/cost.md", "python -m loadtest cost"),
    Run("docs/gate.md", "python -m loadtest run"),
    Run(
        "docs/report.md",
        "python -m loadtest report",
        {"--single RUN --ha RUN": "--single latest-single --ha latest-ha"},
    ),
    Run("docs/statistics.md", "python -m loadtest plan", {"RUN_A RUN_B": "latest-ha latest-ha"}),
    Run(
        "docs/scenarios.md",
        "python -m loadtest run --stack ha --profile smoke",
        {r"results/<the run's directory>": A_RUN},
    ),
    Run(
        "docs/scenarios.md",
        "python -m loadtest run --stack ha --scenario ours.yml",
        {"--revision build/revision": "--revision .tools/revision --profile smoke --keep"},
    ),
    Run(
        "docs/observability.md",
        'eval "$(python',
        {
            "--alarm-name …": "--alarm-name $(aws cloudwatch describe-alarms"
            " --query 'MetricAlarms[0].AlarmName' --output text)"
        },
    ),
    Run("docs/experiments.md", "python -m loadtest experiment list"),
    Run("docs/policies.md", "pulumi preview -s ha --policy-pack policies"),
    Run("docs/policies.md", "pulumi stack export"),
    Run("docs/ci.md", "make preview"),
    Run("docs/cost.md", "pulumi config set -s ha haproof:priceSource"),
    Run("docs/observability.md", "pulumi config set -s ha haproof:alarmEmail"),
    Run("docs/network.md", "pulumi config set -s ha --path"),
    Run("docs/scenarios.md", "pulumi config set -s ha haproof:searchIndex"),
)
"""In the order in which they are run."""

_DOCKER = "needs Docker or Podman; tests/e2e/test_container.py holds the Containerfile"
_PAIRS = (
    "minutes of loads; tests/loadtest/cli do it with saved runs, test_compare.py and its neighbors"
)
_EXAMPLES = "needs Maven; `make examples` builds it and rehearses with it"
_DOMAIN = "needs a domain; the region refuses it, tests/e2e/test_options.py shows how"
LEFT: Final = (
    Left("CONTRIBUTING.md", "make setup", "what CI does, and what this test needs itself"),
    Left("README.md", "make rehearse", "what CI does, and what this test needs itself"),
    Left("README.md", "examples/spring-boot/build.sh", _EXAMPLES),
    Left("docs/your-own-application.md", "examples/spring-boot/build.sh", _EXAMPLES),
    Left(
        "docs/your-own-application.md",
        "python -m loadtest plan",
        "needs an application of the reader's; tests/e2e/test_example_rehearsal.py has one",
    ),
    Left("docs/your-own-application.md", "pulumi config set -s ha haproof:appPath", _EXAMPLES),
    Left("container/README.md", "make image", _DOCKER),
    Left("container/README.md", "podman build", _DOCKER),
    Left("container/README.md", "docker run", _DOCKER),
    Left("docs/statistics.md", "python -m loadtest run --stack old", _PAIRS),
    Left("docs/statistics.md", "python -m loadtest aa", _PAIRS),
    Left("docs/statistics.md", "python -m loadtest baseline set", _PAIRS),
    Left(
        "docs/statistics.md",
        "python -m toolchain tool otava",
        "needs the internet and six loads; tests/loadtest/cli/test_real_otava.py has saved runs",
    ),
    Left("docs/cost.md", "python -m rehearsal run --profile seed", "two more rehearsals"),
    Left("docs/images.md", "docker run", _DOCKER),
    Left("docs/images.md", "python -m rehearsal start --image", "needs the internet"),
    Left(
        "docs/capacity.md",
        "python -m loadtest capacity",
        "needs runs with a ramp of minutes; tests/loadtest/analysis/test_sizing.py simulates them",
    ),
    Left(
        "docs/capacity.md",
        "pulumi config set haproof:minSize",
        "six minutes of load; tests/conformance/test_scaling_experiment.py scales out under one",
    ),
    Left(
        "docs/scenarios.md",
        "python -m loadtest run --stack ha --profile seed",
        "a quarter of an hour of load; tests/loadtest/cli/test_load_options.py plans the same",
    ),
    Left(
        "docs/generators.md",
        "python -m toolchain tool k6",
        "builds k6 for minutes; tests/loadtest/engine/generators/test_k6.py runs it where it is there",
    ),
    Left("docs/calibration.md", "python3 -m venv", "needs the internet and a t4g instance"),
    Left("docs/network.md", "pulumi config set -s ha haproof:domainName", _DOMAIN),
    Left("docs/observability.md", "aws deploy create-deployment", "an excerpt of a command"),
    Left(
        "docs/policies.md",
        "pulumi preview -s ha --policy-pack policies --policy-pack-config",
        "the default HA stack does not pass `production`: exit code 255",
    ),
    Left("docs/policies.md", "export PULUMI_BACKEND_URL", "the same: what a pipeline stops at"),
    Left(
        "docs/proof.md",
        "make prove",
        "many minutes; tests/e2e/test_experiments.py runs one of them",
    ),
    Left("docs/proof.md", "python -m rehearsal damage", "minutes; tests/rehearsal/test_damage.py"),
    Left("docs/report.md", "python -m docgen --write", "what CI does"),
    Left(
        "docs/measurement.md",
        "python -m loadtest run --stack ha --workers",
        "tests/loadtest/engine/workers runs four, each in a namespace",
    ),
    Left(
        "docs/workers.md",
        "python -m loadtest run --stack ha --ramp",
        "needs AWS; tests/loadtest/engine/fargate plays as much of it as workers use",
    ),
    Left("docs/sample-service.md", "python -m benchmarks.overload", "shows what it prints"),
)


def text_of(run: Run) -> str:
    """Return a block as it is run: as it stands in its document, but for its edits."""
    [block] = [one for one in blocks(ROOT / run.document) if plan_of(run.document, one) == run]
    for old, new in run.edits.items():
        edited = re.sub(old, new, block, flags=re.MULTILINE)
        if edited == block:
            raise AssertionError(f"{run.document}: {old!r} is not in\n{block}")
        block = edited
    return _LOADS.sub(_WITHOUT_VERDICT, block)


def begins(block: str, first_line: str) -> bool:
    """Whether a block is the one that begins so."""
    return block.lstrip("$ ").startswith(first_line)


def plan_of(document: str, block: str) -> Run | Left | None:
    """What is said about a block: the longest beginning that fits."""
    said = [
        one
        for one in (BY_HAND, *RUNS, *LEFT)
        if one.document == document and begins(block, one.first_line)
    ]
    return max(said, key=lambda one: len(one.first_line), default=None)
