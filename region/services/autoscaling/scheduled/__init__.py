"""Scheduled actions: a group's bounds and desired capacity at given times."""
