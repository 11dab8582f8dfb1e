"""Scaling by policies: what alarms make of a group's desired capacity.

- calls: `policy_patches` and `policy_checks`; `policies` and `records` are their objects, `tracking_alarms`
  the alarms that a target-tracking policy owns.
- `alarm_handler` gets an alarm, `execution` runs the policy: `adjustments` compute (pure), `cooldown` and
  `warmup` say what has to wait.
"""
