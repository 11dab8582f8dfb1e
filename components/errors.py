"""Errors that the user of the program can fix."""

from __future__ import annotations

import pulumi


class ConfigurationError(pulumi.RunError):
    """A value or file supplied by the user makes the stack impossible.

    The message names the value and the remedy. Derived from `RunError`, which the engine prints
    without a stack trace.
    """
