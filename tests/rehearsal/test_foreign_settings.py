"""Settings of somebody else's stack: secrets, environments and accounts that nobody here has."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import yaml

from rehearsal import other_program
from rehearsal.foreign_settings import PLACEHOLDER, portable
from rehearsal.pulumi_project import Project

SETTINGS: dict[str, Any] = {
    "secretsprovider": "awskms://alias/pulumi?region=us-east-1",
    "encryptedkey": "AQICAHh",
    "encryptionsalt": "v1:salt",
    "environment": ["acme/prod"],
    "config": {
        "aws:region": "us-east-1",
        "aws:profile": "acme-prod",
        "aws:allowedAccountIds": ["210987654321"],
        "aws:assumeRole.roleArn": "arn:aws:iam::1:role/x",
        "aws:defaultTags": {"tags": {"team": "web"}},
        "shop:password": {"secure": "v1:abc"},
        "shop:deep": {"users": [{"name": "ann", "key": {"secure": "v1:def"}}]},
        "shop:plain": {"secure": "no", "other": 1},
        "shop:count": 3,
    },
}


class Quiet(Project):
    """Runs no Pulumi."""

    def _run(self, arguments: Any, on_event: Any = None) -> str:
        del arguments, on_event
        return ""


def test_no_secret_is_needed_and_no_account_named():
    found = portable(SETTINGS, "Pulumi.prod.yaml")
    assert found.settings == {
        "config": {
            "aws:region": "us-east-1",
            "aws:defaultTags": {"tags": {"team": "web"}},
            "shop:password": PLACEHOLDER,
            "shop:deep": {"users": [{"name": "ann", "key": PLACEHOLDER}]},
            "shop:plain": {"secure": "no", "other": 1},
            "shop:count": 3,
        }
    }
    assert [note.partition(" and ")[0] for note in found.notes] == [
        "Pulumi.prod.yaml: shop:password, shop:deep: secret,",
        "Pulumi.prod.yaml: `environment` is in Pulumi Cloud",
    ]
    # Long enough for a password of RDS, and a number as well.
    assert len(PLACEHOLDER) >= 8
    assert int(PLACEHOLDER) > 0


def test_settings_without_secrets_are_taken_as_they_are():
    settings = {"config": {"aws:region": "eu-west-1", "a:b": "c"}}
    assert portable(settings, "x").settings == settings
    assert portable(settings, "x").notes == ()
    assert portable({}, "x").settings == {"config": {}}


def test_settings_may_lie_elsewhere_and_the_author_s_backend_is_left_out(tmp_path: Path):
    program = tmp_path / "shop"
    (program / "deploy").mkdir(parents=True)
    project = {
        "name": "shop",
        "runtime": "python",
        "main": "infra",
        "stackConfigDir": "deploy",
        "backend": {"url": "s3://acme-state"},
        "config": {
            "aws:region": {"value": "us-west-2"},
            "aws:profile": "acme",
            "password": {"type": "string", "secret": True},
        },
    }
    (program / "infra").mkdir()
    (program / "Pulumi.yml").write_text(yaml.safe_dump(project))
    (program / "deploy" / "Pulumi.live.yml").write_text(yaml.safe_dump(SETTINGS))
    found = other_program.find(program)
    assert (found.stacks, found.region) == (("live",), "us-east-1")
    assert [note.partition(":")[0] for note in found.notes()] == ["Pulumi.live.yml"] * 2

    session = cast("Any", SimpleNamespace(region="us-east-1"))
    made = Quiet(session, tmp_path / "root", program=found)
    made.directory.mkdir(parents=True)
    made.prepare("live", {})
    written = yaml.safe_load((made.directory / "Pulumi.yaml").read_text())
    assert {"backend", "stackConfigDir"}.isdisjoint(written)
    # Pulumi refuses a value of a secret setting that is not encrypted.
    assert written["config"] == {
        "aws:region": {"value": "us-west-2"},
        "password": {"type": "string"},
    }
    assert (made.directory / written["main"]).resolve() == program / "infra"
    settings = yaml.safe_load((made.directory / "Pulumi.live.yaml").read_text())
    assert settings["config"]["shop:password"] == PLACEHOLDER
    assert "aws:profile" not in settings["config"]

    (program / "deploy" / "Pulumi.live.yml").unlink()
    assert other_program.find(program).region == "us-west-2"
