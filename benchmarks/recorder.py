"""What recording every request costs the load generator: CPU time with and without the recorder.

    python -m benchmarks.recorder

Runs come in pairs, with the recorder and without, in alternating order, against a trivial server. What
counts is the generator's CPU time after its start-up, from the first request on. Prints the median of the
pairs' ratios; asserts nothing.
"""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import yaml

from benchmarks.command import Parser, run
from loadtest.engine.generators.artillery import generator as engine_artillery
from loadtest.engine.generators.artillery.generator import RECORDER_FILES
from loadtest.engine.generators.base import Installation
from loadtest.profiles import Phase, Profile
from loadtest.runs import paths
from loadtest.scenario import credentials, scenario
from loadtest.scenario.script import HOOKS
from toolchain import locate

PAIRS = 3
PROFILE = Profile("bench", (Phase("hold", 15, 125),))
"""The published peak: 125 visitors, 250 requests a second."""
REQUESTS = PROFILE.planned_users * 2
STEADY_CPU_S = 4.1
"""CPU seconds for 1,000 requests when the hold was a steady phase, in which Artillery's timer spins: the
earlier value of what `make bench` prints, on the same two cores."""
SERVER = """
import asyncio
import sys
DELAY_S = float(sys.argv[1])
ANSWER = (b"HTTP/1.1 200 OK\\r\\nContent-Type: text/html\\r\\nX-Instance-Id: i-0123456789abcdef0\\r\\n"
          b"X-Availability-Zone: ap-northeast-2a\\r\\nX-App-Version: aca6e59bbd8a\\r\\n"
          b"Content-Length: 600\\r\\n\\r\\n" + b"x" * 600)
first = True
async def serve(reader, writer):
    global first
    try:
        while True:
            head = await reader.readuntil(b"\\r\\n\\r\\n")
            if b"ontent-length" in head or b"ontent-Length" in head:
                await reader.read(4096)
            if DELAY_S:
                await asyncio.sleep(DELAY_S)
            writer.write(ANSWER)
            if first:
                first = False
                print("first", flush=True)
    except (asyncio.IncompleteReadError, OSError):
        writer.close()
async def main():
    server = await asyncio.start_server(serve, "127.79.0.40", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.Event().wait()
asyncio.run(main())
"""


@contextmanager
def serving(delay_s: float = 0) -> Iterator[tuple[str, Any]]:
    """Run a server in its own process: its URL, and a stream that gets a line at the first request.

    Each of its answers takes `delay_s`.
    """
    command = [sys.executable, "-c", SERVER, str(delay_s)]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        yield f"http://127.79.0.40:{server.stdout.readline().strip()}", server.stdout
    finally:
        server.kill()
        server.wait()


def cpu_seconds(installation: Installation, *, recorded: bool) -> float:
    """Return the generator's CPU time of one run, from the first request to the end."""
    with tempfile.TemporaryDirectory() as scratch, serving() as (url, first):
        directory = Path(scratch)
        script = scenario.load().artillery_script(url, PROFILE)
        if not recorded:
            del script["config"]["processor"]
            for flow in script["scenarios"]:
                for hook in HOOKS:
                    del flow[hook]
        (directory / paths.SCRIPT).write_text(yaml.safe_dump(script, sort_keys=False))
        for file in RECORDER_FILES:
            shutil.copyfile(file, directory / file.name)
        credentials.write(directory / paths.CREDENTIALS, PROFILE, installation.workers)
        artillery = engine_artillery.start(installation, directory)
        try:
            process = psutil.Process(artillery.pid)
            first.readline()
            before = last = _cpu(process)
            while artillery.poll() is None:
                last = max(last, _cpu(process, last))
                time.sleep(0.05)
        finally:
            artillery.stop()
        return last - before


def _cpu(process: psutil.Process, otherwise: float = 0.0) -> float:
    try:
        times = process.cpu_times()
    except psutil.Error:
        return otherwise
    return times.user + times.system


def measure(pairs: int = PAIRS) -> tuple[float, float, list[float]]:
    """Return the least CPU seconds with and without the recorder, and the ratio of every pair."""
    installation = engine_artillery.inspect(locate.artillery_command())
    with_it, without, ratios = list[float](), list[float](), list[float]()
    for number in range(pairs):
        order = (True, False) if number % 2 else (False, True)
        found = {recorded: cpu_seconds(installation, recorded=recorded) for recorded in order}
        with_it.append(found[True])
        without.append(found[False])
        ratios.append(found[True] / found[False])
        shown = f"{found[True]:.2f} s with, {found[False]:.2f} s without, {ratios[-1]:.2f}x"
        print(shown, file=sys.stderr, flush=True)
    return min(with_it), min(without), ratios


def main() -> None:
    """Measure and print."""
    Parser(__doc__).parse_args()
    least_with, least_without, found = measure()
    print(
        f"{REQUESTS:,} requests: {least_with:.2f} s of CPU with the recorder, "
        f"{least_without:.2f} s without; median ratio of {len(found)} pairs "
        f"{statistics.median(found):.2f}x"
    )


if __name__ == "__main__":
    run(main)
