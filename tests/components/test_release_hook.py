"""The release hook: its command, its binding, and what triggers it."""

from __future__ import annotations

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


def failure(code):
    lines = []
    with pytest.raises(ReleaseFailedError) as raised:
        asyncio.run(run_command([sys.executable, "-c", code], "{}", lines.append))
    return str(raised.value), lines


def test_the_error_that_a_command_reports_is_the_message_and_is_there_once():
    message, lines = failure(
        "print('deployment d-1 Failed: 1 Failed'); print('error: deployment d-1 failed: why');"
        "print('  i-1: AfterInstall failed'); raise SystemExit(4)"
    )
    first, second, *rest = message.splitlines()
    assert first == "deployment d-1 failed: why"
    assert second == "  i-1: AfterInstall failed"
    assert lines == ["deployment d-1 Failed: 1 Failed"]
    assert "exit code 4" in rest[-1]
    # Nothing is announced that does not follow.
    assert "pulumi stack output --json | python -m loadtest post-up" in rest[-1]


def test_a_long_error_keeps_its_beginning():
    message, _ = failure("print('error: why'); [print(n) for n in range(99)]; raise SystemExit(4)")
    assert message.startswith("why\n0\n1\n")
    assert "(40 more lines)" in message


def test_a_command_that_reports_no_error_fails_with_its_last_lines():
    message, _ = failure("[print('line', n) for n in range(40)]; raise SystemExit(1)")
    assert message.startswith("line 25\n")
    assert "line 39" in message
    assert "line 24" not in message


@pytest.mark.parametrize(("code", "said"), [(2, "broke its promise"), (3, "neither")])
def test_a_verdict_is_not_an_error_to_be_fixed(code, said):
    message, lines = failure(f"print('error: in passing'); print('p99'); raise SystemExit({code})")
    assert said in message
    assert f"exit code {code}" in message
    assert "Fix" not in message
    assert "again" not in message
    assert lines == ["error: in passing", "p99"]


def test_what_looks_like_an_error_is_passed_on_if_all_went_well():
    assert run("print('error: in passing'); print('done')") == ["error: in passing", "done"]


def test_a_failure_without_output_is_reported():
    with pytest.raises(ReleaseFailedError, match="printed nothing"):
        run("raise SystemExit(1)")


def test_a_command_that_does_not_read_stdin_is_judged_by_its_exit_code():
    assert run("print('done')", "x" * 5_000_000) == ["done"]


def test_the_event_loop_is_not_blocked():
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


RELEASE = "haproof:deployment:Release"


def test_the_hook_follows_creation_and_update_of_the_release(either):
    release = either.one(RELEASE)
    assert release.hooks["after_create"] == ("release",)
    assert release.hooks["after_update"] == ("release",)
    assert [hook.name for hook in either.hooks] == ["release"]


def test_the_hook_is_on_the_release_only_and_never_in_a_preview(either):
    bound = [r for r in either.resources.values() if any(r.hooks.values())]
    assert bound == [either.one(RELEASE)]
    (hook,) = either.hooks
    assert hook.opts.on_dry_run is False
    assert hook.opts.ignore_errors is False


def test_it_can_be_switched_off(build):
    recording = build("ha", releaseOnUp="false")
    assert recording.hooks == []
    assert not any(recording.one(RELEASE).hooks.values())


@pytest.mark.parametrize(
    "change", [{"loadProfile": "quick"}, {"seedUsers": "5"}, {"minSize": "3"}, {"protect": "true"}]
)
def test_a_setting_that_matters_causes_a_release(build, change):
    before, after = build("ha").one(RELEASE), build("ha", **change).one(RELEASE)
    assert before.inputs["settingsDigest"] != after.inputs["settingsDigest"]


def test_switching_the_hook_off_is_not_a_change_by_itself(build):
    before, after = build("ha").one(RELEASE), build("ha", releaseOnUp="false").one(RELEASE)
    assert before.inputs == after.inputs


def test_another_revision_causes_a_release(build, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    (other / "appspec.yml").write_text("version: 0.0\nos: linux\nfiles: []\n", encoding="utf-8")
    before, after = build("ha").one(RELEASE), build("ha", appPath=str(other)).one(RELEASE)
    assert before.inputs["revisionDigest"] != after.inputs["revisionDigest"]
    assert before.inputs["settingsDigest"] == after.inputs["settingsDigest"]


@pytest.mark.parametrize(
    ("stack", "replaced"),
    [
        ("single", "aws:ec2/instance:Instance"),
        ("single", "aws:rds/instance:Instance"),
        ("ha", "aws:autoscaling/group:Group"),
        ("ha", "aws:lb/targetGroup:TargetGroup"),
        ("ha", "aws:lb/loadBalancer:LoadBalancer"),
        ("ha", "aws:codedeploy/deploymentGroup:DeploymentGroup"),
        ("ha", "aws:rds/instance:Instance"),
    ],
)
def test_what_is_replaced_without_any_setting_causes_a_release(build, stack, replaced):
    release = build(stack).one(RELEASE)
    (urn,) = (r.urn for r in build(stack).of(replaced))
    assert any(urn in found for found in release.property_dependencies.values())


def test_the_same_stack_twice_has_the_same_inputs(build):
    first, second = build("ha"), build("ha", fresh=True)
    assert {u: r.inputs for u, r in first.resources.items() if not r.custom} == {
        u: r.inputs for u, r in second.resources.items() if not r.custom
    }


@pytest.mark.parametrize(
    "slow",
    [
        "aws:autoscaling/policy:Policy",
        "aws:codedeploy/deploymentGroup:DeploymentGroup",
        "aws:ec2/vpcEndpoint:VpcEndpoint",
        "aws:lb/listener:Listener",
        "aws:s3/bucketPolicy:BucketPolicy",
    ],
)
def test_the_hook_waits_for_the_slowest_resource(build, slow):
    # The engine runs the hook when the release's outputs are registered, and a failing hook cancels
    # what does not exist yet.
    recording = build("ha", slow=[slow])
    moment = recording.order.index(f"outputs {recording.one(RELEASE).urn}")
    late = [urn for urn in recording.resources if recording.order.index(urn) > moment]
    assert late == []
