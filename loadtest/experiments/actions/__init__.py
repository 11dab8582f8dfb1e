"""What experiments do to a stack: functions that the engine calls by name.

Each finds its targets among the stack's own resources, writes down the way back, acts, and says when
that took effect and when it was over. In a dry run they only report.

- `instances`, `connections`, `long_requests`: instances and their requests, by `scripts` that `commands`
  runs there; `network`, `database`, `capacity`, `fis`: what AWS's APIs can do.
- `deployments` with `revisions` and `mutable_tag`: what is deployed.
- `way_back`: the rollback of them all.
"""
