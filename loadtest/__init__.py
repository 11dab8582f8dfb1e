"""Releases the application to a stack, puts it under load and says what its users met."""
