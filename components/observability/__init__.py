"""Alarms, dashboard and budget of a stack."""
