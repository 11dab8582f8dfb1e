"""Running the load: a generator and its recorder, the availability prober and live progress.

- `runner` runs one load by a generator of `generators/`, alone or split (`workers/`, `fargate/`);
  `series` repeats it, `turn` waits for the stack's turn, `hook_variables` configure the hook after `up`.
- beside it: `prober`, `progress`, and the watch on the computer: `host` with `processes`, `cpu_quota`,
  `target_usage`; `stall_recorder` starts `stall_watch`. `descriptors` are checked before.
- `otava` finds change points in the history of runs.
"""
