"""EventBridge in the local region: what happens here, to the rules that match it.

emit(plane, "aws.autoscaling", "EC2 Instance Launch Successful", detail, [group.arn])

`controller` sends what the `schedules` of rules make.
"""

from __future__ import annotations

from region.services.events.emission import emit

__all__ = ["emit"]
