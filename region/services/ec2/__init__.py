"""EC2 in the local region."""
