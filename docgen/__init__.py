"""Generates the files in `docs/` that restate the code, and checks that they are current."""
