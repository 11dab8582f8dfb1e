"""The baseline's instance."""

from __future__ import annotations


def test_a_new_image_does_not_replace_the_server(single):
    instance = single.one("aws:ec2/instance:Instance")
    assert instance.ignore_changes == ("ami",)
    assert instance.inputs["userDataReplaceOnChange"] is True


def test_a_pinned_image_needs_no_lookup_and_replaces_the_server(build):
    recording = build("single", machineImage="ami-00000000deadbeef0")
    instance = recording.one("aws:ec2/instance:Instance")
    assert instance.inputs["ami"] == "ami-00000000deadbeef0"
    assert instance.ignore_changes == ()
    assert not [token for token, _ in recording.invokes if "getParameter" in token]


def test_codedeploy_never_finds_two_servers(single):
    """Both would carry its tag, and the release would wait for the one that is to go."""
    (group,) = single.of("aws:codedeploy/deploymentGroup:DeploymentGroup")
    (wanted,) = group.inputs["ec2TagFilters"]
    tags = single.one("aws:ec2/instance:Instance").inputs["tags"]
    assert tags[wanted["key"]] == wanted["value"]
    assert single.one("aws:ec2/instance:Instance").delete_before_replace
