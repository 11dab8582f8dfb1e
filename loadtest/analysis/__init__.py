"""From a run's requests to figures, confidence, validity and a verdict.

Modules depend on what stands above them:

- definitions: `columns` (failed user, latency, percentile); `bootstrap`, `sample_size`, `inference` and
  `percentiles` (confidence); `margins` (which change does not matter); `usl` (scalability).
- one run: `measurements`; `counting` (its figures), `slo` and `missed` (its promise), `bottleneck` by
  `latency_excess`; `validity` (whether to trust it); `host_windows`, then `host_conditions`,
  `request_cost`, `cpu_waiting`, `stalls` and `fleet_capacity` (what the computer did), put together by
  `host_evidence`.
- `verdict`, `summary`: all of that as one record. `run_loading` makes it from the files of a run,
  `recovery` from broken ones, `stretch` from a part of a load.
- several runs: `comparability`, `saved_runs` (found by name), `uneven_host`, then `run_comparison` (two),
  `group_comparison` (groups), `baselines`, `history_figures`; series by `series_verdict`, `repeats`,
  `sequential` and `self_comparison`.
- capacity and price: `load_windows`, then `saturation`, `latency_curve`, `capacity`, `sizing`; `price`,
  `fleet_price`. `planning` says how long a run must be; `preload` loads scipy ahead of its first use.
"""
