"""Run Command of AWS Systems Manager in the local region."""
