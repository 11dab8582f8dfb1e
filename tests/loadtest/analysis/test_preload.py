"""The statistics library is loaded ahead of its first use, and not by importing the load test."""

from __future__ import annotations

import subprocess
import sys

from toolchain import paths

SCRIPT = """
import sys
import loadtest.cli.post_up
from loadtest.analysis import preload
assert "scipy.stats" not in sys.modules
preload.start().join()
assert "scipy.stats" in sys.modules
"""


def test_it_is_loaded_once_asked_for() -> None:
    subprocess.run([sys.executable, "-c", SCRIPT], cwd=paths.ROOT, check=True)
