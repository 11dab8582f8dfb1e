"""The rules, one module per subject; `guardrails.catalogue` has them in the order of the documentation.

`accepted_<subject>` are what AWS itself would refuse or change, and `guardrails.refused` their tables. All
other modules ask whether the architecture holds: what they ask it about is in `guardrails.architecture`.
"""
