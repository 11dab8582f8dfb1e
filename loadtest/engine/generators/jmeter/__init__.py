"""JMeter as a load generator: a test plan of its Open Model Thread Group, and its results as ours.

- before a run: `generator`, with `plan` of `elements`; `values` are filled in, `schedule` says when
  visitors arrive, `settings` what is measured.
- while it runs: `process`, which reads `results`.
"""
