"""The proxy variables of the user's environment, which no part of a local region may see.

A proxy that is reached by one of them would be asked for loopback addresses: gRPC, boto3, Node and curl
each read their own selection, in their own spelling.
"""

from __future__ import annotations

import os


def is_proxy_variable(name: str) -> bool:
    """Return whether an environment variable configures a proxy (`http_proxy`, `NO_PROXY`, …)."""
    return name.lower().endswith("_proxy")


def forget() -> list[str]:
    """Remove the proxy variables from this process's environment, and return their names, sorted."""
    found = sorted(filter(is_proxy_variable, os.environ))
    for name in found:
        del os.environ[name]
    return found
