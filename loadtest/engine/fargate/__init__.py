"""Workers of one load on AWS: tasks of ECS on Fargate, which get their share and send records by S3.

`worker.py` runs in the task, everything else where `python -m loadtest` runs; `store.py` and
`package.py` say what they exchange.
"""
