"""The building blocks of both stacks: one ComponentResource per file, and pure helpers."""
