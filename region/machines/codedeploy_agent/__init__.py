"""The CodeDeploy agent that runs on every instance."""
