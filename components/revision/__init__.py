"""The CodeDeploy revision: checked, zipped and stored in S3."""
