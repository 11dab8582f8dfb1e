"""Limits of AWS that more than one part of the region enforces."""

from __future__ import annotations

USER_DATA_BYTES = 16 * 1024
"""EC2's limit of raw user data, before base64."""
