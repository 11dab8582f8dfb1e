"""Experiments: a stack under load, something that fails, and whether the users noticed.

An experiment is a file of the Chaos Toolkit's format: a hypothesis with a reason, a steady
state, a method, the way back. Everything that it does to a stack goes through the AWS APIs, on the
stack's own resources, so it is the same on AWS and on a local region.

- `runner` runs experiments one after the other under a `load`; `execution` runs one: `engine` (chaoslib,
  with `follower`, `robust_engine`, `interruption`, `stop_alarms`, `foreign`) and `observe` beside it.
- the file: `files`, `file_form`, `http_form`, `own_functions`, `arguments`, `kinds`; where a mistake is:
  `form_errors`; its words: `blast_radius`.
- the running experiment: `session`, as `actions` and `probes` see it; `resources` and `fleet_size`.
- the way back: `undo` (the journal), `ways_back`, `deployments_back`, `recovery`, `guard`, `one_at_a_time`.
- what was observed, on one `clock`: `collectors`, `target_watch`, `load_watch`, `scaling`, `disturbances`
  into `observations`.
- the outcome: `timing`, `launches` and `prediction` beside `measurement`, judged by `judgement` from
  `engine_journal`; `repetition` over several. `faults` and `models` are the vocabulary; `proof/` puts all
  on one page.
"""
