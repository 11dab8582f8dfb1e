"""What the program tells a user who can put it right."""

from __future__ import annotations

import pulumi


class ConfigurationError(pulumi.RunError):
    """A value or file of the user's makes the stack impossible.

    The message names the value and the remedy. Derived from `RunError`, which the engine prints
    without a stack trace.
    """
