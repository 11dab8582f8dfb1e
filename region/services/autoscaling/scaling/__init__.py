"""Scaling by policies: what alarms make of a group's desired capacity."""
