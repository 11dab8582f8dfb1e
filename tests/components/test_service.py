"""What the services export."""

from __future__ import annotations

from components.service import OUTPUT_KEYS, http_url
from loadtest.stack.outputs import StackOutputs
from tests.components.templates import REGION


def test_urls_omit_the_default_port():
    assert http_url("h", 80) == "http://h"
    assert http_url("h", 8080) == "http://h:8080"


def test_the_url_of_the_baseline_is_its_instance(single):
    assert single.outputs()["url"] == "http://203.0.113.10:8080"
    assert single.outputs()["availabilityZones"] == ["ap-northeast-2a"]


def test_another_listener_port_is_part_of_the_url(build):
    assert build("ha", listenerPort="8081").outputs()["url"].endswith(".com:8081")


def test_the_load_balancers_name_is_exported_for_a_domain_hosted_elsewhere(built):
    outputs = built("given certificate").outputs()
    assert outputs["loadBalancerDnsName"] == f"web-balancer-alb-123.{REGION}.elb.amazonaws.com"


def test_protect_switches_every_protection_together(build):
    recording = build("ha", protect="true")
    database = recording.one("aws:rds/instance:Instance").inputs
    assert database["deletionProtection"] is True
    assert database["skipFinalSnapshot"] is False
    assert database["finalSnapshotIdentifier"]
    balancer = recording.one("aws:lb/loadBalancer:LoadBalancer").inputs
    assert balancer["enableDeletionProtection"] is True
    assert recording.one("aws:s3/bucket:Bucket").inputs["forceDestroy"] is False
    assert recording.one("aws:autoscaling/group:Group").inputs["forceDelete"] is False


def test_without_protect_a_stack_can_be_destroyed_at_once(ha):
    database = ha.one("aws:rds/instance:Instance").inputs
    assert database["deletionProtection"] is False
    assert database["skipFinalSnapshot"] is True
    assert "finalSnapshotIdentifier" not in database
    assert ha.one("aws:s3/bucket:Bucket").inputs["forceDestroy"] is True


def test_the_load_test_declares_the_same_outputs(either):
    assert {field.alias for field in StackOutputs.model_fields.values()} == set(OUTPUT_KEYS)
    StackOutputs.model_validate(either.outputs())
