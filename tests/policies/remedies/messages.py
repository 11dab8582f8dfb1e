"""What cures the rules about queues, schedules, web ACLs, notifications and contents."""

from __future__ import annotations

import json

from tests.policies.draft import Ref
from tests.policies.remedies.registry import cures, sets

sets("five_minute", ("hourly", "scheduleExpression", "rate(5 minutes)"))
sets("ordered_queue_without_the_suffix", ("jobs", "name", "jobs.fifo"))
sets("logs_for_ten_days", ("notes", "retentionInDays", 14))
sets("edge-errors-short", ("edge", "customErrorResponses.0.errorCachingMinTtl", 10))
sets("content-no-credentials", ("settings-file", "content", "secret: shop/database"))
sets(
    "rule_that_blocks_every_path",
    ("acl", "rules.0.statement.byteMatchStatement.searchString", "/internal/"),
)
sets("more_unhealthy_hosts_than_there_are", ("unhealthy", "threshold", 0))
sets("percentage_above_a_hundred", ("busy", "threshold", 80))
sets(
    "machine_with_a_role_for_instances",
    (
        "its-role",
        "assumeRolePolicy",
        json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"Service": "states.amazonaws.com"},
                        "Action": "sts:AssumeRole",
                    }
                ],
            }
        ),
    ),
)


@cures("bucket_that_may_not_call")
def a_permission_for_the_bucket(stack):
    given = {
        "function": Ref("report", "name"),
        "action": "lambda:InvokeFunction",
        "principal": "s3.amazonaws.com",
        "sourceArn": Ref("bucket", "arn"),
    }
    stack.add("may", "aws:lambda/permission:Permission", given)
