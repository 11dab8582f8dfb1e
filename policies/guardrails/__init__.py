"""Guardrails: rules that decide, from a stack's resources alone, whether it is highly available.

Everything but `pack` and `convert` is free of Pulumi imports: a rule is a function over plain data.
"""
