"""The files that a run leaves behind, and how each of them is read."""
