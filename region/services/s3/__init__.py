"""S3 in the local region."""
