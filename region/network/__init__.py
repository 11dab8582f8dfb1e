"""The region's network: one network namespace without a way out, instances on cables, security groups.

- `network` is all of it: a `namespace`, the `links` (cables) of instances, and the `traffic` on them.
- The rules of nftables, which touch nothing by themselves: `firewall` with `services` (ports and peers),
  `acls`, `internet` (what is open to the user's shell) with `listening`. `errors` are those of the package.
"""

from __future__ import annotations

from region.network.errors import FirewallError, NetworkError, NetworkUnavailable
from region.network.firewall import (
    API,
    API_PORT,
    CONTROL_PORT,
    GATEWAY,
    METADATA,
    METADATA_PORT,
    Firewall,
    Interface,
    Permission,
    SecurityGroup,
)
from region.network.network import RegionNetwork, leftovers

__all__ = [
    "API",
    "API_PORT",
    "CONTROL_PORT",
    "GATEWAY",
    "METADATA",
    "METADATA_PORT",
    "Firewall",
    "FirewallError",
    "Interface",
    "NetworkError",
    "NetworkUnavailable",
    "Permission",
    "RegionNetwork",
    "SecurityGroup",
    "leftovers",
]
