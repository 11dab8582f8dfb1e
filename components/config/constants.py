"""Ports and addresses that more than one module names."""

from __future__ import annotations

HTTP_PORT = 80
HTTPS_PORT = 443
POSTGRESQL_PORT = 5432

STOP_ALARM_PERIOD = 60
STOP_ALARM_POINTS = 2
"""How fast the alarms that stop a deployment go off: seconds, and bad periods among the latest three. One
alone may be a noisy minute, and would roll back a good revision."""

ANYWHERE = "0.0.0.0/0"
"""Every IPv4 address, as a route's destination or a rule's source."""
