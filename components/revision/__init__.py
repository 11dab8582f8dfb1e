"""The CodeDeploy revision: validated, zipped and stored in S3."""
