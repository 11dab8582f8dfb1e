"""The command line of the load test: one module per command."""
