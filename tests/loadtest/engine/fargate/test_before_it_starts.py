"""Price, quota and agreement come before anything is started, on the command line."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from botocore.exceptions import ClientError

from loadtest.cli import tools
from loadtest.cli.main import main
from loadtest.engine.fargate import aws as aws_calls
from loadtest.errors import LoadTestError
from tests.loadtest.engine.fargate.account import SETTINGS
from tests.loadtest.engine.fargate.played_aws import PlayedAws
from tests.loadtest.engine.stack_outputs import OUTPUTS

pytestmark = pytest.mark.moto
STARTING = ("RegisterTaskDefinition", "RunTask", "PUT ")


@pytest.fixture
def aws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PlayedAws]:
    monkeypatch.chdir(tmp_path)
    # Whether Artillery is installed does not matter: nothing is started.
    monkeypatch.setattr(tools, "generator", lambda name: [name])
    monkeypatch.setenv("LOADTEST_RESULTS", str(tmp_path / "results"))
    (tmp_path / "outputs.json").write_text(json.dumps({**OUTPUTS, "url": "http://127.0.0.1:9"}))
    (tmp_path / "fargate.yml").write_text(yaml.safe_dump(SETTINGS))
    with PlayedAws(tmp_path) as played:
        for name, value in played.environment().items():
            monkeypatch.setenv(name, value)
        yield played


def run(*words: str) -> int:
    common = ["run", "--outputs", "outputs.json", "--workers-on", "fargate"]
    return main([*common, "--profile", "seed", *words])


def nothing_started(aws: PlayedAws) -> bool:
    return not any(call.startswith(STARTING) for call in aws.calls) and not aws.tasks


def test_a_dry_run_says_all_and_starts_nothing(aws: PlayedAws, capsys: pytest.CaptureFixture[str]):
    assert run("--workers", "4", "--dry-run") == 0
    said = capsys.readouterr().out
    assert "4 workers in us-east-1 (ECS on Fargate, arm64)" in said
    assert "each: 1 vCPU and 2 GB" in said
    assert "quota: 64 vCPUs of Fargate at a time (L-3032A538), unknown how many in use" in said
    assert "price: about 0.0" in said
    assert nothing_started(aws)


@pytest.mark.parametrize("most", ["0.01", "0", "nan"])
def test_more_than_it_may_cost_is_refused(
    aws: PlayedAws, capsys: pytest.CaptureFixture[str], most: str
):
    assert run("--workers", "4", "--yes", "--max-cost", most) == 4
    said = capsys.readouterr().err
    assert f"more than `--max-cost {most}` allows" in said
    assert nothing_started(aws)


def test_several_runs_cost_several_times_as_much(
    aws: PlayedAws, capsys: pytest.CaptureFixture[str]
):
    def highest(*words: str) -> float:
        assert run("--workers", "16", "--dry-run", *words) == 0
        said = capsys.readouterr().out
        return float(said.partition("at most ")[2].partition(" USD")[0])

    assert highest("--repeat", "3", "--max-cost", "9") == pytest.approx(3 * highest(), abs=0.02)


def test_more_than_the_quota_is_refused(aws: PlayedAws, capsys: pytest.CaptureFixture[str]):
    aws.quota = 3
    assert run("--workers", "4", "--yes") == 4
    said = capsys.readouterr().err
    assert "need 4 vCPUs, and the account's quota of Fargate in this region is 3" in said
    assert nothing_started(aws)


def test_nothing_starts_without_agreement(aws: PlayedAws, capsys: pytest.CaptureFixture[str]):
    assert run("--workers", "4") == 4
    assert "confirm with `--yes`" in capsys.readouterr().err
    assert nothing_started(aws)


@pytest.mark.parametrize(
    ("changes", "said", "remedy"),
    [
        ({"bucket": "not-ours"}, "cannot use the bucket not-ours", "make the bucket"),
        ({"cluster": "other"}, "cannot use the cluster other", "aws ecs create-cluster"),
    ],
)
def test_what_is_not_there_is_told_before_anything_starts(
    aws: PlayedAws,
    capsys: pytest.CaptureFixture[str],
    changes: dict[str, str],
    said: str,
    remedy: str,
):
    Path("fargate.yml").write_text(yaml.safe_dump({**SETTINGS, **changes}))
    for option in ("--dry-run", "--yes"):
        assert run("--workers", "4", option) == 4
        told = capsys.readouterr().err
        assert said in told
        assert remedy in told
    assert nothing_started(aws)


def test_without_a_default_vpc_subnets_are_asked_for(
    aws: PlayedAws, capsys: pytest.CaptureFixture[str]
):
    ec2 = aws.client("ec2")
    for one in ec2.describe_subnets()["Subnets"]:
        ec2.delete_subnet(SubnetId=one["SubnetId"])
    without = {name: value for name, value in SETTINGS.items() if name != "subnets"}
    Path("fargate.yml").write_text(yaml.safe_dump(without))
    assert run("--workers", "4", "--dry-run") == 4
    assert "there is no default VPC for the workers: name `subnets`" in capsys.readouterr().err


def test_only_zones_with_fargate_are_chosen():
    found = [
        {"SubnetId": f"subnet-{number}", "AvailabilityZoneId": zone}
        for number, zone in enumerate(("usw1-az1", "usw1-az2", "usw1-az3", "euw1-az2"))
    ]
    clients: Any = {"ec2": SimpleNamespace(describe_subnets=lambda **_: {"Subnets": found})}
    assert aws_calls.default_subnets(clients) == ["subnet-0", "subnet-2", "subnet-3"]


@pytest.mark.parametrize(
    ("code", "message", "remedy"),
    [
        ("AccessDeniedException", "no identity-based policy allows it", "`coordinator`"),
        ("AccessDenied", "Access Denied", "`coordinator`"),
        ("ClusterNotFoundException", "Cluster not found.", "aws ecs create-cluster"),
        ("ExpiredToken", "The provided token has expired.", "log in to AWS again"),
        ("InvalidParameterException", "The subnet ID 'subnet-9' does not exist", "`subnets`"),
        (
            "InvalidParameterException",
            "Unable to assume the service linked role. Please verify that it exists.",
            "create-service-linked-role",
        ),
        (
            "ClientException",
            "ECS was unable to assume the role 'arn:aws:iam::1:role/x' that was provided for this task.",
            "`trust`",
        ),
        (
            "ClientException",
            "You've reached the limit on the number of vCPUs you can run concurrently",
            "take fewer workers",
        ),
    ],
)
def test_what_aws_refuses_is_told_with_what_helps(code: str, message: str, remedy: str):
    def refuse() -> dict[str, Any]:
        raise ClientError({"Error": {"Code": code, "Message": message}}, "RunTask")

    with pytest.raises(LoadTestError) as found:
        aws_calls.call("start worker-1", refuse)
    assert message in str(found.value)
    assert remedy in str(found.value)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "needs `--workers N`"),
        (["--workers", "2", "--worker-prefix", "nice"], "no `--worker-prefix`"),
        (["--workers", "2", "--generator", "k6"], "k6 cannot wait"),
        (["--workers", "2", "--fargate", "other.yml"], "other.yml"),
    ],
)
def test_what_does_not_go_together(
    aws: PlayedAws, capsys: pytest.CaptureFixture[str], words: list[str], said: str
):
    assert run(*words, "--yes") == 4
    assert said in capsys.readouterr().err
    assert nothing_started(aws)


def test_a_damaged_ledger_is_told_and_the_others_are_looked_at(
    aws: PlayedAws, capsys: pytest.CaptureFixture[str]
):
    run_of = Path("results/20261122T000001Z-ha-quick")
    run_of.mkdir(parents=True)
    (run_of / "fargate.json").write_text("{}")
    assert main(["workers", "stop"]) == 4
    assert "cannot read" in capsys.readouterr().out


def test_options_of_fargate_without_it(aws: PlayedAws, capsys: pytest.CaptureFixture[str]):
    for option in ("--yes", "--dry-run"):
        assert main(["run", "--outputs", "outputs.json", "--workers", "2", option]) == 4
        assert "add `--workers-on fargate`" in capsys.readouterr().err


def test_an_address_of_this_computer_is_not_loaded_from_aws(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    for url in ("http://127.3.0.1:8080", "http://localhost", "http://[::1]:80"):
        with pytest.raises(LoadTestError, match="an address of this computer"):
            aws_calls.require_reachable(url)
    aws_calls.require_reachable("http://haproof-1.elb.amazonaws.com")


def test_what_is_printed_needs_neither_aws_nor_a_stack(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "fargate.yml").write_text(yaml.safe_dump(SETTINGS))
    assert main(["workers", "task-definition", "--workers", "4", "--hold", "1200:60s"]) == 0
    assert json.loads(capsys.readouterr().out)["cpu"] == "4096"
    assert main(["workers", "policy"]) == 0
    assert set(json.loads(capsys.readouterr().out)) == {
        "taskRole",
        "executionRole",
        "trust",
        "coordinator",
    }
    without = {name: value for name, value in SETTINGS.items() if name != "region"}
    (tmp_path / "fargate.yml").write_text(yaml.safe_dump(without))
    assert main(["workers", "policy"]) == 4
    assert "no region: name it" in capsys.readouterr().err
    shutil.rmtree(tmp_path / "results", ignore_errors=True)
