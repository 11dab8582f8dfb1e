"""Workers of one load on AWS: ECS tasks on Fargate that get their share and return records through S3.

`worker.py` runs in the task, everything else where `python -m loadtest` runs; `store.py` and
`package.py` say what they exchange.
"""
