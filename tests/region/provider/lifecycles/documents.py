"""Policy documents and metrics that several cases use."""

from __future__ import annotations

from typing import Any

POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}],
}
OTHER_POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*"}],
}


def metric(name: str) -> dict[str, Any]:
    return {
        "namespace": "AWS/ApplicationELB",
        "metricName": name,
        "dimensions": {"LoadBalancer": "app/a/1"},
        "period": 60,
        "stat": "Sum",
    }
