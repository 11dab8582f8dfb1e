"""Runs the load: Artillery, its recorder, the availability probe and live progress."""
