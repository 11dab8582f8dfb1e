"""The Python language host of the Pulumi engine."""

from __future__ import annotations

import signal
import subprocess
import sys

import psutil
import pytest

from toolchain import paths

ENGINE = f"""
import subprocess, sys, time
host = subprocess.Popen(
    [sys.executable, "-P", "{paths.ROOT}/toolchain/language_host.py", "127.0.0.1:1"],
    stdout=subprocess.PIPE,
)
host.stdout.readline()
print(host.pid, flush=True)
time.sleep(600)
"""
"""Starts a host as an engine does, and says its process once it serves."""


def test_a_host_ends_with_an_engine_that_is_killed():
    engine = subprocess.Popen([sys.executable, "-c", ENGINE], stdout=subprocess.PIPE, text=True)
    assert engine.stdout is not None
    host = psutil.Process(int(engine.stdout.readline()))
    with pytest.raises(psutil.TimeoutExpired):
        host.wait(timeout=2.5)
    engine.send_signal(signal.SIGKILL)
    engine.wait()
    host.wait(timeout=60)
