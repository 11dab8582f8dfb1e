"""RDS in the local region."""
