"""The Go code that k6 is built with has tests of its own."""

from __future__ import annotations

import os
import subprocess

import pytest

from toolchain import optional
from toolchain.engine import go_command
from toolchain.errors import ToolError

pytestmark = [pytest.mark.region, pytest.mark.slow]


def test_what_is_added_to_k6():
    try:
        optional.command("k6")
    except ToolError as error:
        pytest.skip(str(error))
    manifest = optional.named("k6").manifest
    done = subprocess.run(
        [str(go_command()), "test", "-trimpath", "./..."],
        cwd=manifest,
        # As it is built: then its modules are compiled already.
        env={**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly", "GOWORK": "off"},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    tested = {file.parent for file in manifest.rglob("*_test.go")}
    assert done.stdout.count("ok ") == len(tested) > 4
