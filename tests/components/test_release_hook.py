"""The hook's command: fed, relayed line by line, and its failure told in full."""

import asyncio
import json
import os
import sys
import time

import pytest

from components.release_hook import (
    POST_UP,
    ReleaseFailedError,
    outputs_document,
    run_command,
)
from components.service import OUTPUT_KEYS


def run(code, document="{}"):
    lines = []
    asyncio.run(run_command([sys.executable, "-c", code], document, lines.append))
    return lines


def test_the_command_reads_the_outputs_on_stdin():
    lines = run("import json, sys; print(json.load(sys.stdin)['url'])", '{"url": "http://x"}')
    assert lines == ["http://x"]


def test_stderr_is_relayed_too_and_empty_lines_are_not():
    assert run("import sys; print(); print('careful', file=sys.stderr)") == ["careful"]


def test_a_failure_ends_with_the_exit_code_and_the_last_lines():
    with pytest.raises(ReleaseFailedError) as raised:
        run("[print('line', n) for n in range(40)]; raise SystemExit(3)")
    message = str(raised.value)
    assert "exit code 3" in message
    assert "line 39" in message
    assert "line 25" in message
    assert "line 24" not in message


def test_a_silent_failure_says_so():
    with pytest.raises(ReleaseFailedError, match="it printed nothing"):
        run("raise SystemExit(1)")


def test_a_command_that_does_not_listen_is_judged_by_its_exit_code():
    assert run("print('done')", "x" * 5_000_000) == ["done"]


def test_other_work_goes_on_meanwhile():
    async def both():
        ticks = 0

        async def tick():
            nonlocal ticks
            while True:
                ticks += 1
                await asyncio.sleep(0.01)

        ticking = asyncio.create_task(tick())
        await run_command([sys.executable, "-c", "import time; time.sleep(0.5)"], "", print)
        ticking.cancel()
        return ticks

    assert asyncio.run(both()) > 10


def test_cancelling_ends_the_command(tmp_path):
    mark = tmp_path / "pid"
    code = f"import os, time; open({str(mark)!r}, 'w').write(str(os.getpid())); time.sleep(60)"

    async def cancel():
        task = asyncio.create_task(run_command([sys.executable, "-c", code], "", print))
        while not (mark.exists() and mark.read_text()):
            await asyncio.sleep(0.02)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    started = time.monotonic()
    asyncio.run(cancel())
    assert time.monotonic() - started < 20
    with pytest.raises(ProcessLookupError):
        os.kill(int(mark.read_text()), 0)


def test_the_document_has_every_key_and_whole_numbers():
    document = json.loads(outputs_document({"url": "u", "instanceCount": 6.0, "foreign": 1}))
    assert list(document) == list(OUTPUT_KEYS)
    assert document["instanceCount"] == 6
    assert "6.0" not in outputs_document({"instanceCount": 6.0})
    assert document["instanceId"] is None


def test_the_command_is_the_one_that_users_run():
    assert (sys.executable, "-m", "loadtest", "post-up") == POST_UP
