"""The data plane of RDS: a PostgreSQL cluster per DB instance. Knows nothing of AWS's API."""
