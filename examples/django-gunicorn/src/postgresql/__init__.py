"""Django's PostgreSQL backend, with user and password from Secrets Manager."""
