"""CodeDeploy in the local region."""
