"""Ports and addresses that more than one module names."""

from __future__ import annotations

HTTP_PORT = 80
HTTPS_PORT = 443
POSTGRESQL_PORT = 5432

ANYWHERE = "0.0.0.0/0"
"""Every IPv4 address, as a route's destination or a rule's source."""
