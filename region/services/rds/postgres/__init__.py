"""The data plane of a DB instance: one PostgreSQL cluster each. Knows nothing of AWS's API."""
