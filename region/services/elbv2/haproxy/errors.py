"""The error of the data plane."""

from __future__ import annotations


class LoadBalancerError(RuntimeError):
    """A load balancer that cannot work; the message names the value and the remedy."""
