"""Keeps language host and policy pack running, so that a preview costs the engine's time only.

The engine starts a stub of each, which prints the port of the process that is already there: CLI,
engine, language host and pack are the real ones, only their start-up is paid once.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.policies.preview.sandbox import PACK

STUB = "#!/bin/sh\necho {port}\nexec sleep 600\n"
_PACK_COMMAND = (sys.executable, "-u", "-m", "pulumi.policy", "127.0.0.1:0", str(PACK))
_HOST_COMMAND = (sys.executable, "-P", str(Path(__file__).with_name("standing_host.py")))


class Standing:
    """Two processes from construction to `stop`, and the stubs that lead to them."""

    def __init__(self, directory):
        self._processes = []
        self.path = Path(directory)
        self._stub("pulumi-language-python", self._start(_HOST_COMMAND, directory))
        self.pack = self._stub("pack", self._start(_PACK_COMMAND, PACK))

    def stop(self):
        for process in self._processes:
            process.terminate()
            process.wait(10)

    def _start(self, command, directory):
        """Start a server and return the port that it prints."""
        process = subprocess.Popen(
            command, cwd=directory, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
        )
        self._processes.append(process)
        return int(process.stdout.readline())

    def _stub(self, name, port):
        stub = self.path / name
        stub.write_text(STUB.format(port=port))
        stub.chmod(0o755)
        return stub
