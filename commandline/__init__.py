"""What every command line of the project shares: exit codes, expected errors, and the entry point."""
