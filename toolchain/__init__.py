"""Gets and finds the toolchain: Pulumi engine, Artillery, HAProxy, PostgreSQL, and the sample revision."""
