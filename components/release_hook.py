"""The release after `up`, as a resource hook. Not a component.

The hook only runs the command that anyone can run by hand, so there is one way to release. It is
never the only gate: the engine does not repeat a failed after-hook in an `up` without changes.
"""

from __future__ import annotations

import asyncio
import collections
import json
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pulumi

from components.service import OUTPUT_KEYS

POST_UP = (sys.executable, "-m", "loadtest", "post-up")
"""Releases the revision, waits for health and runs the stack's load profile."""

TAIL_LINES = 15
"""How many lines of a failed command's output go into the error message."""

LINE_BYTES = 1024 * 1024
"""Longest line of output that can be read."""


class ReleaseFailedError(pulumi.RunError):
    """The command after `up` failed; the message contains the end of its output."""


def release_hook(command: Sequence[str] = POST_UP) -> pulumi.ResourceHook:
    """Return the hook to bind to a service's creation and update.

    Since engine 3.238 an exception in the hook fails the update. It does not run in a preview.
    """

    async def release(args: pulumi.ResourceHookArgs) -> None:
        await run_command(command, outputs_document(args.new_outputs or {}), pulumi.log.info)

    return pulumi.ResourceHook(
        "release", release, pulumi.ResourceHookOptions(on_dry_run=False, ignore_errors=False)
    )


def outputs_document(outputs: Mapping[str, Any]) -> str:
    """Return the stack's outputs as JSON, with null for each that the engine left out."""
    return json.dumps({key: _integral(outputs.get(key)) for key in OUTPUT_KEYS})


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
    tail: collections.deque[str] = collections.deque(maxlen=TAIL_LINES)
    try:
        # Concurrently: a command that writes before it reads must not block on a full pipe.
        await asyncio.gather(_feed(process, document), _relay(process, tail, log))
        status = await process.wait()
    except BaseException:
        await _stop(process)
        raise
    if status != 0:
        shown = "\n".join(tail) or "(it printed nothing)"
        raise ReleaseFailedError(
            f"`{shlex.join(command[1:])}` ended with exit code {status}; the stack itself is up. "
            f"Fix what it reports and run it again:\n{shown}"
        )


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


async def _relay(
    process: asyncio.subprocess.Process,
    tail: collections.deque[str],
    log: Callable[[str], Any],
) -> None:
    assert process.stdout is not None  # noqa: S101 - asked for above
    async for raw in process.stdout:
        line = raw.decode("utf-8", "replace").rstrip()
        if line:
            tail.append(line)
            log(line)


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
