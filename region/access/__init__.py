"""The user's way into instances: a list of them, a shell in one, its logs."""
