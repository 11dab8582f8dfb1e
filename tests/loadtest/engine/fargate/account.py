"""An account in which workers may run."""

from __future__ import annotations

REGION, BUCKET = "us-east-1", "our-load-tests"
SETTINGS = {
    "image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/haproof-worker:1",
    "bucket": BUCKET,
    "taskRole": "arn:aws:iam::123456789012:role/haproof-worker",
    "executionRole": "arn:aws:iam::123456789012:role/haproof-worker-start",
    "cluster": "load",
    "region": REGION,
    "subnets": ["subnet-0a1b"],
}
