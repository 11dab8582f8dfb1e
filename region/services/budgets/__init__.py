"""AWS Budgets in the local region."""
