"""CloudWatch in the local region.

- calls: `patches` and `<area>_patches`, with `alarm_checks`, `put_checks` and `parameters`.
- metrics: `metrics` is how the region's parts publish, `store` keeps `points`; `queries` answers
  GetMetricData by `query_order`, `statistics` and `expressions` (`expression_parser`,
  `expression_functions`, `search_expressions`; `lexing` for all languages).
- alarms: `controller` evaluates them (`windows`, `evaluation`, `verdicts`; composite ones by
  `rule_expressions`); `alarms` keeps states and history, `descriptions` shows them. `suppression` and
  `mute_schedules` decide whether `acting` does what `alarm_actions` says: `ec2_actions`, `notifications`,
  `alarm_events`.
- `records` and `periods`.
"""
