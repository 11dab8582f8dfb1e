"""Containers by runc: what a machine of the region runs in (https://github.com/opencontainers/runc)."""
