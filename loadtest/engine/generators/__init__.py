"""The load generators behind one interface, which `base` defines; `registry` has them by name.

- each in a package of its own: `artillery/`, `k6/`, `locust/`, `jmeter/`. Read by all but Artillery:
  `translation/` (a script in its parts) and `portable/` (the script as plain steps).
- a run of one: `process`, with `recorded_process` and `recorder` for those that print what they measure;
  `script_failures` puts what a script does wrong into one line.
"""
