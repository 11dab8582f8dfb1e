"""The errors of this package; every message names the value and the remedy."""

from __future__ import annotations

from commandline.errors import UserError


class NetworkError(UserError):
    """The region's network refused a change."""


class NetworkUnavailable(NetworkError):  # noqa: N818 - a state of the host, named as such
    """The host does not let this user create the region's network."""


class FirewallError(NetworkError, ValueError):
    """A security group or interface that cannot be turned into rules."""
