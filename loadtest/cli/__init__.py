"""The command line of the load test, one module per group of commands."""
