"""The stack under test: its outputs, its release and the health of its instances."""
