"""EC2 Auto Scaling in the local region.

- calls: `patches` and `<area>_patches`, with `group_checks`; `records` and `groups` are their objects.
- `controller` keeps a group's capacity: `views` and `settings` make plain values of it, `scaling_plan`,
  `balance`, `replacement` and `termination_policies` decide (pure), `launching` (`launch_requests`,
  `launch_settings`) and `termination` act, `lifecycle` and `targets` say what they wait for, `health` which
  instances are replaced.
- `automation` does what a group does by itself: `scaling/`, `scheduled/`, `refresh/`, `lifetime`,
  `warm_pool_upkeep` (`warm_pool`), `group_metrics`, `traffic_sources`, `zonal_shift`.
- told to others: `activities`, `announcements`, `hook_messages`. `moves`: standby and detaching;
  `processes`: which are suspended; `clock` and `periods`.
"""
