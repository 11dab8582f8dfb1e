"""EC2 Auto Scaling in the local region."""
