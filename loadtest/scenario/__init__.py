"""Scenarios: the files that describe what a user does, validated and prepared for Artillery."""
