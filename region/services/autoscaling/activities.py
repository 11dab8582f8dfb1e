"""Scaling activities: the history that `DescribeScalingActivities` answers with.

Kept on moto's Auto Scaling backend, newest last, as plain mappings in the API's own field names.
"""

import uuid
from datetime import UTC, datetime
from typing import Any

HISTORY_LENGTH = 500
IN_PROGRESS = "InProgress"
FINAL_PROGRESS = 100


def timestamp() -> str:
    """The present as Auto Scaling writes it in a cause."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def history(backend: Any) -> list[dict[str, Any]]:
    """All activities of a backend, oldest first."""
    return backend.__dict__.setdefault("activities", [])


def begin(backend: Any, group: Any, description: str, cause: str, details: str = "{}") -> str:
    """Record an activity that has started; returns its id."""
    activities = history(backend)
    activity = {
        "ActivityId": str(uuid.uuid4()),
        "AutoScalingGroupName": group.name,
        "AutoScalingGroupARN": group.arn,
        "Description": description,
        "Cause": cause,
        "StartTime": datetime.now(UTC),
        "StatusCode": IN_PROGRESS,
        "Progress": 50,
        "Details": details,
    }
    activities.append(activity)
    del activities[:-HISTORY_LENGTH]
    return str(activity["ActivityId"])


def describe(backend: Any, activity_id: str, description: str) -> None:
    """Change what an activity says that it does."""
    for activity in history(backend):
        if activity["ActivityId"] == activity_id:
            activity["Description"] = description


def finish(backend: Any, activity_id: str, status: str, message: str = "") -> None:
    """Record how an activity ended: `Successful`, `Failed` or `Cancelled`."""
    for activity in history(backend):
        if activity["ActivityId"] == activity_id and activity["StatusCode"] == IN_PROGRESS:
            activity["StatusCode"] = status
            activity["Progress"] = FINAL_PROGRESS
            activity["EndTime"] = datetime.now(UTC)
            if message:
                activity["StatusMessage"] = message


def find(backend: Any, group_name: str | None, ids: list[str]) -> list[dict[str, Any]]:
    """Activities of a group (or all), newest first, as the API orders them."""
    return [
        activity
        for activity in reversed(history(backend))
        if (not group_name or activity["AutoScalingGroupName"] == group_name)
        and (not ids or activity["ActivityId"] in ids)
    ]
