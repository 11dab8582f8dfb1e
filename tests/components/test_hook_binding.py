"""When the release hook runs: bound to the service, and the service changes with what matters."""

import pytest


def test_the_hook_follows_creation_and_update_of_the_service(either):
    service = either.service()
    assert service.hooks["after_create"] == ("release",)
    assert service.hooks["after_update"] == ("release",)
    assert [hook.name for hook in either.hooks] == ["release"]


def test_the_hook_is_on_the_service_only_and_never_in_a_preview(either):
    bound = [r for r in either.resources.values() if any(r.hooks.values())]
    assert bound == [either.service()]
    (hook,) = either.hooks
    assert hook.opts.on_dry_run is False
    assert hook.opts.ignore_errors is False


def test_it_can_be_switched_off(build):
    recording = build("ha", releaseOnUp="false")
    assert recording.hooks == []
    assert not any(recording.service().hooks.values())


@pytest.mark.parametrize(
    "change", [{"loadProfile": "quick"}, {"seedUsers": "5"}, {"minSize": "3"}, {"protect": "true"}]
)
def test_a_setting_that_matters_changes_the_services_inputs(build, change):
    before, after = build("ha").service(), build("ha", **change).service()
    assert before.inputs["settingsDigest"] != after.inputs["settingsDigest"]


def test_switching_the_hook_off_is_no_change_by_itself(build):
    before, after = build("ha").service(), build("ha", releaseOnUp="false").service()
    assert before.inputs == after.inputs


def test_another_revision_changes_the_services_inputs(build, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    (other / "appspec.yml").write_text("version: 0.0\nos: linux\nfiles: []\n", encoding="utf-8")
    before, after = build("ha").service(), build("ha", appPath=str(other)).service()
    assert before.inputs["revisionDigest"] != after.inputs["revisionDigest"]
    assert before.inputs["settingsDigest"] == after.inputs["settingsDigest"]


def test_the_same_stack_twice_is_the_same_inputs(build):
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
    # The engine runs the hook when the service's outputs are registered, and a failing hook cancels
    # what does not exist yet.
    recording = build("ha", slow=[slow])
    moment = recording.order.index(f"outputs {recording.service().urn}")
    late = [urn for urn in recording.resources if recording.order.index(urn) > moment]
    assert late == []
