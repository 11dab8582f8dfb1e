"""CloudWatch in the local region."""
