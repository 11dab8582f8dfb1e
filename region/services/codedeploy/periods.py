"""How long CodeDeploy waits."""

from __future__ import annotations

from region.periods import Period

AGENT = Period(
    "Start of a lifecycle event on an instance",
    300,
    "CodeDeploy User Guide, CodeDeploy limits: lifecycle event that does not start",
)
HEALTHY = Period(
    "AllowTraffic: until the instance is healthy",
    3600,
    "CodeDeploy User Guide, Integrating CodeDeploy with Elastic Load Balancing",
)
IN_PLACE = Period(
    "An in-place deployment",
    8 * 3600,
    "CodeDeploy User Guide, CodeDeploy limits: hours an in-place deployment can run",
)
BLUE_GREEN = Period(
    "A blue/green deployment with both of its waits",
    109 * 3600,
    "CodeDeploy User Guide, CodeDeploy limits: hours between the deployment of a revision and the "
    "shift of its traffic (48), until the end of the original instances (48), and the parts between "
    "them (13)",
)
HOOK = Period(
    "CodeDeploy's lifecycle hook in an Auto Scaling group",
    600,
    "CodeDeploy User Guide, Integrating CodeDeploy with Amazon EC2 Auto Scaling: heartbeat timeout",
)
PROVISIONING = Period(
    "Instances of a copied Auto Scaling group, until they are in service",
    3600,
    "Not documented: the longest that an Auto Scaling lifecycle hook waits by default",
)
