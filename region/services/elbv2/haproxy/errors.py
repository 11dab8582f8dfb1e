"""The error of the data plane."""

from __future__ import annotations


class LoadBalancerError(RuntimeError):
    """A load balancer that cannot work; the message names the value and the remedy.

    Attributes:
        code: AWS's code for it.
    """

    def __init__(self, message: str, code: str = "ValidationError") -> None:
        """Say what cannot work."""
        super().__init__(message)
        self.code = code
