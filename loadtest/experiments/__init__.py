"""Experiments: a stack under load, something that fails, and whether the users noticed.

An experiment is a file of the Chaos Toolkit's format: a hypothesis with a reason, a steady
state, a method, the way back. Everything that it does to a stack goes through the AWS APIs, on the
stack's own resources, so it is the same on AWS and on a local region.
"""
