"""Workers of one load on AWS: ECS tasks on Fargate that get their share and return records through S3.

`worker.py` runs in the task, everything else where `python -m loadtest` runs; `store.py` and
`package.py` say what they exchange.

- before: `settings`, `plan` (with `sizing`, `prices`, `quota`), `documents` for AWS.
- the run: `generator`, with `remote` for each worker, `tasks`, `messages` and `ledger`; `clock` bounds how
  far a worker's is off. `aws` makes every API call.
"""
