"""Installs and finds the toolchain: Pulumi, Artillery, HAProxy, PostgreSQL, and the sample revision."""
