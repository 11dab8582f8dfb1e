"""The AWS CLI that instances get from the region."""

from __future__ import annotations

from pathlib import Path

from region.machines.images import aws_cli


def test_it_is_compiled_before_instances_call_it_again_and_again(tmp_path: Path) -> None:
    for name in ("awscli/customizations/s3", "botocore", "botocore/data/ec2", "unrelated"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "x.py").write_text("1\n")
    for _ in range(2):
        aws_cli._compile(tmp_path)
        found = {path.relative_to(tmp_path).parts[0] for path in tmp_path.rglob("*.pyc")}
        assert found == {"awscli", "botocore"}
    assert not list(tmp_path.rglob("data/**/*.pyc")), "nobody looks for programs among the models"
