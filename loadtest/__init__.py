"""Releases the application to a stack, puts it under load and reports what its users experienced."""
