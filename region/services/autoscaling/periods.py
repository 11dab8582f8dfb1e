"""How long Amazon EC2 Auto Scaling waits."""

from __future__ import annotations

from typing import Final

from region.periods import Period

GUIDE = "https://docs.aws.amazon.com/autoscaling/ec2/userguide/"
API = "https://docs.aws.amazon.com/autoscaling/ec2/APIReference/"

IMPAIRED: Final = Period(
    "From an impaired status check to an unhealthy instance of a group",
    180,
    f"{GUIDE}ec2-auto-scaling-health-checks.html: 'waits a few minutes', taken as three",
)
HEARTBEAT: Final = Period(
    "Heartbeat timeout of a lifecycle hook", 3600, f"{GUIDE}adding-lifecycle-hooks.html"
)
SHORTEST_HEARTBEAT: Final = Period(
    "Shortest heartbeat timeout of a lifecycle hook", 30, f"{GUIDE}adding-lifecycle-hooks.html"
)
LONGEST_HEARTBEAT: Final = Period(
    "Longest heartbeat timeout of a lifecycle hook", 7200, f"{GUIDE}adding-lifecycle-hooks.html"
)
LONGEST_WAIT: Final = Period(
    "Longest wait for a lifecycle hook; or 100 heartbeat timeouts, if that is shorter",
    172_800,
    f"{API}API_LifecycleHook.html, GlobalTimeout",
)
PROCEED: Final = Period(
    "From the end of a launch's lifecycle hooks to InService (Pending:Proceed)",
    5,
    "Not documented: some seconds, while the instance is registered with its target groups",
)
ADDING: Final = Period(
    "Shortest time that a traffic source is Adding, Added, Removing",
    5,
    f"{GUIDE}load-balancer-status.html names the states; their length is not documented",
)
ZONE_RETRY: Final = Period(
    "Until a zone that had no capacity is tried again", 60, "Not documented: about a minute"
)
LAUNCH_RETRY: Final = Period(
    "Longest wait between launches that fail; 1, 2, 4 … seconds before",
    60,
    "Not documented: about a minute",
)
ADMINISTRATIVE_SUSPENSION: Final = Period(
    "Until a group that launches nothing has its processes suspended",
    86_400,
    f"{GUIDE}as-suspend-resume-processes.html, administrative suspension",
)
SHORTEST_LIFETIME: Final = Period(
    "Shortest maximum lifetime of an instance in a group",
    86_400,
    f"{GUIDE}asg-max-instance-lifetime.html",
)
HEALTH_CHECK_GRACE: Final = Period(
    "Health check grace period of a group that is created by API or SDK",
    0,
    f"{GUIDE}health-check-grace-period.html",
)
GROUP_METRICS: Final = Period(
    "Interval of a group's metrics", 60, "Auto Scaling guide, Group metrics"
)
CHECKPOINT_DELAY: Final = Period(
    "Wait at a checkpoint of an instance refresh", 3600, "API reference, RefreshPreferences"
)
REFRESH_PATIENCE: Final = Period(
    "Time without progress after which an instance refresh fails",
    3600,
    "Auto Scaling guide, Instance refresh, Limitations",
)
