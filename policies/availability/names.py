"""How long names may be, and which are invalid.

ELB API reference, CreateLoadBalancer and CreateTargetGroup; CodeDeploy and Auto Scaling API
references.
"""

from __future__ import annotations

LONGEST = {
    "load balancer": 32,
    "target group": 32,
    "Auto Scaling group": 255,
    "deployment group": 100,
    "deployment configuration": 100,
    "application": 100,
}
"""Characters of a name, by what it names."""

BALANCING_NAME = r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?"
"""Characters of the name of a load balancer or target group, as a regular expression."""


def bad_name(kind: str, name: str, suffix: int = 0) -> str | None:
    """Return what is wrong with a name, as a clause; None if AWS takes it.

    `suffix` is how many characters are still added to it.
    """
    if name.startswith("arn:"):
        return f'"{name}" is an ARN where the name of a {kind} belongs'
    most = LONGEST[kind] - suffix
    if len(name) > most:
        return f'"{name}" is too long for a {kind}: {len(name)} characters, at most {most}'
    return None
