"""The stack under test: its outputs, its release and the health of its instances.

- `outputs` is all that the load test knows of a stack; `clients` and `aws` call the APIs.
- `release` deploys the revision (`deployments`) and waits (`pace`) until `health` is good. If it is not,
  `examination` looks into an instance through `run_command`, and `diagnosis` says why.
- `clock_offset`: the difference between AWS's clock and ours.
"""
