"""EC2 in the local region.

- calls: `patches` and `<area>_patches`, `refusals`; what they check: `<area>_checks`, `capacity`; their
  filters: `wildcards`; `records` and `arns`.
- moto's objects as values for calls, controllers and other services: `instances`, `instance_metadata`,
  `security_groups`, `network_acls`, `routes`, `default_subnets`, `placement`, `root_volumes`,
  `template_versions`, `image_parameters`.
- `controller` makes a machine of each instance; `metrics` publishes what it uses (`credits` and
  `metric_data`, pure), `state_events` tells its changes of state. `periods`: how long EC2 waits.
"""
