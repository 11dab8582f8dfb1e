"""AWS Fault Injection Service: experiments that really act on what runs here.

- calls: `patches` and `template_checks`, by the `catalogue` of actions.
- `controller` runs an experiment on its `targets`; `behaviours` says what each action does, `actions` and
  `capacity_action` do it. `durations` and `records`.
"""
