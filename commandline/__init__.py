"""What every command line of the project shares: exit codes, foreseen errors, how one is run."""
