"""The first line of the stack files, which points editors to the schema, survives Pulumi's edits."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

pytestmark = pytest.mark.engine

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ROOT / ".tools" / "bin"


def test_config_set_keeps_the_comments_and_writes_texts(tmp_path):
    for name in ("Pulumi.yaml", "Pulumi.ha.yaml"):
        shutil.copy(ROOT / name, tmp_path)
    environment = {
        "PATH": f"{TOOLS}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "PULUMI_HOME": str(tmp_path / "home"),
        "PULUMI_BACKEND_URL": f"file://{tmp_path}",
        "PULUMI_CONFIG_PASSPHRASE": "",
        "PULUMI_SKIP_UPDATE_CHECK": "1",
    }
    commands = (["stack", "init", "ha"], ["config", "set", "haproof:minSize", "5", "-s", "ha"])
    for command in commands:
        subprocess.run(
            [str(TOOLS / "pulumi"), *command, "--non-interactive"],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            check=True,
            timeout=60,
        )
    before = (ROOT / "Pulumi.ha.yaml").read_text(encoding="utf-8")
    after = (tmp_path / "Pulumi.ha.yaml").read_text(encoding="utf-8")
    assert [line for line in after.splitlines() if line.startswith("#")] == [
        line for line in before.splitlines() if line.startswith("#")
    ]
    # Strings, even for numbers: the editors' schema has to accept them.
    assert yaml.safe_load(after)["config"]["haproof:minSize"] == "5"
