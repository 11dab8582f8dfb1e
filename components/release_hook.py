"""The release after `up`, as a resource hook. Not a component.

The hook only runs the command that anyone can run by hand, so there is one way to release. It is
never the only gate: the engine does not repeat a failed after-hook in an `up` without changes.
"""

from __future__ import annotations

import asyncio
import collections
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pulumi

from commandline.errors import ERROR_PREFIX, reported
from commandline.exit_codes import ExitCode
from components.service import ESTIMATE_KEY, OUTPUT_KEYS

POST_UP = (sys.executable, "-m", "loadtest", "post-up")
"""Releases the revision, waits for health and runs the stack's load profile."""

TAIL_LINES = 15
"""How many lines of a failed command's output go into the message if it reported no error itself."""

ERROR_LINES = 60
"""How many lines of the error that it reported: six instances, each with the end of its log."""

REPEAT = "pulumi stack output --json | python -m loadtest post-up"
"""What does again what the hook does."""

VERDICTS: Mapping[int, str] = {
    ExitCode.BROKEN_PROMISE: "the stack broke its promise under the load",
    ExitCode.NO_VERDICT: "the load test shows neither that the promise was kept nor that it was broken",
}
"""Exit codes of a command that did its work. Its reasons are among the lines that it printed."""

LINE_BYTES = 1024 * 1024
"""Longest line of output that can be read."""


class ReleaseFailedError(pulumi.RunError):
    """The command after `up` did not end well; the message says why, the cause first."""


def release_hook(command: Sequence[str] = POST_UP) -> pulumi.ResourceHook:
    """Return the hook to bind to the creation and update of a `Release`.

    Since engine 3.238 an exception in the hook fails the update. It does not run in a preview.
    """

    async def release(args: pulumi.ResourceHookArgs) -> None:
        await run_command(command, outputs_document(args.new_outputs or {}), pulumi.log.info)

    return pulumi.ResourceHook(
        "release", release, pulumi.ResourceHookOptions(on_dry_run=False, ignore_errors=False)
    )


def outputs_document(outputs: Mapping[str, Any]) -> str:
    """Return the stack's outputs as JSON, with null for each that the engine left out.

    The monthly cost is handed on with its items: the report names its table and its confidence.
    """
    document = {key: _integral(outputs.get(key)) for key in OUTPUT_KEYS}
    if outputs.get(ESTIMATE_KEY):
        document["monthlyCost"] = outputs[ESTIMATE_KEY]
    return json.dumps(document)


def _integral(value: Any) -> Any:
    """Turn a whole float back into an integer: the wire format has only floats."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


async def run_command(command: Sequence[str], document: str, log: Callable[[str], Any]) -> None:
    """Run `command` with `document` on stdin and pass each line of its output to `log`.

    Asynchronous because hooks share the event loop with the whole program: blocking for minutes
    would stall every other registration. Cancellation terminates the command.

    Raises:
        ReleaseFailedError: The command failed.
    """
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        limit=LINE_BYTES,
    )
    printed = _Printed(log)
    try:
        # Concurrently: a command that writes before it reads must not block on a full pipe.
        await asyncio.gather(_feed(process, document), _relay(process, printed))
        status = await process.wait()
    except BaseException:
        await _stop(process)
        raise
    if status in VERDICTS:
        printed.tell_rest()
        raise ReleaseFailedError(
            f"{VERDICTS[status]} (exit code {status}); the reasons are in its verdict above. The "
            "stack is up, and the revision is released"
        )
    if status != 0:
        raise ReleaseFailedError(
            f"{printed.cause()}\nThe stack itself is up. Fix this, then release and load it again: "
            f"{REPEAT} (it ended with exit code {status})"
        )
    printed.tell_rest()


class _Printed:
    """What a command printed: passed on line by line, except for the error with which it ends.

    The engine prints that with the exception. Passed on as well, it would be there twice.
    """

    def __init__(self, log: Callable[[str], Any]) -> None:
        self._log = log
        self._tail: collections.deque[str] = collections.deque(maxlen=TAIL_LINES)
        self._held: list[str] = []

    def add(self, line: str) -> None:
        if self._held or line.startswith(ERROR_PREFIX):
            self._held.append(line)
        else:
            self._tail.append(line)
            self._log(line)

    def tell_rest(self) -> None:
        """Pass on what was held back: it was no error that the command ended with."""
        for line in self._held:
            self._log(line)
        self._held.clear()

    def cause(self) -> str:
        found = reported(self._held)
        if len(found) > ERROR_LINES:
            left_out = f"  … ({len(found) - ERROR_LINES} more lines)"
            found = [*found[:ERROR_LINES], left_out]
        return "\n".join(found or self._tail) or "the release failed and printed nothing"


async def _feed(process: asyncio.subprocess.Process, document: str) -> None:
    stdin = process.stdin
    assert stdin is not None  # noqa: S101 - asked for above
    try:
        stdin.write(document.encode())
        await stdin.drain()
    except (BrokenPipeError, ConnectionResetError):
        return  # It ended without reading stdin; its exit code decides.
    finally:
        stdin.close()


async def _relay(process: asyncio.subprocess.Process, printed: _Printed) -> None:
    assert process.stdout is not None  # noqa: S101 - asked for above
    async for raw in process.stdout:
        line = raw.decode("utf-8", "replace").rstrip()
        if line:
            printed.add(line)


async def _stop(process: asyncio.subprocess.Process) -> None:
    """Terminate the command, then kill it: it may have child processes of its own to stop first."""
    if process.returncode is not None:
        return
    process.terminate()
    try:
        await asyncio.wait_for(process.wait(), timeout=10)
    except TimeoutError:
        process.kill()
        await process.wait()
