"""The bucket for access logs."""

from __future__ import annotations

import json

from tests.components.templates import ACCOUNT


def test_access_logs_go_to_a_bucket_that_accepts_nothing_else(built):
    recording = built("access logs")
    balancer = recording.one("aws:lb/loadBalancer:LoadBalancer")
    assert balancer.inputs["accessLogs"] == {
        "bucket": "web-access-logs-bucket-id",
        "enabled": True,
    }
    policy = recording.called("web-access-logs-tls")
    assert policy.urn in balancer.dependencies
    deliver, refuse = json.loads(policy.inputs["policy"])["Statement"]
    assert deliver["Principal"] == {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"}
    assert deliver["Action"] == "s3:PutObject"
    bucket = "arn:aws:s3:::web-access-logs-bucket-1234567"
    assert deliver["Resource"] == f"{bucket}/AWSLogs/{ACCOUNT}/*"
    assert refuse["Effect"] == "Deny"
    encryption = recording.called("web-access-logs-encryption").inputs["rules"]
    assert encryption == [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}]


def test_access_logs_expire_and_revisions_do_not(built):
    recording = built("access logs")
    logs = recording.called("web-access-logs-lifecycle").inputs["rules"]
    assert {rule["expiration"]["days"] for rule in logs if "expiration" in rule} == {90}
    revisions = recording.called("web-revision-lifecycle").inputs["rules"]
    assert not [rule for rule in revisions if "xpiration" in json.dumps(rule)]


def test_protect_keeps_the_access_logs(built):
    recording = built("access logs", protect="true")
    assert recording.called("web-access-logs-bucket").inputs["forceDestroy"] is False
