"""Guardrails: rules that decide, from a stack's resources alone, whether it is highly available.

Only `analyzer` and `convert` import Pulumi: a rule is a function over plain data.
"""
